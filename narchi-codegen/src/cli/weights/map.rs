//! `weights map ARCH FILE`

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use narchi_weights::{Checkpoint, Renames, fit};
use serde_json::{Value, json};

use super::{
    super::{
        Jsonnet, PROBLEMS,
        message::Messages,
        output::{failed, put},
        size, tell,
    },
    asked,
    propose::{Ambiguous, propose},
    rules::rules,
    tree::Tensor,
};

#[derive(Debug, Args)]
pub(crate) struct Map {
    /// The architecture file, jsonnet or JSON.
    architecture: PathBuf,
    /// The checkpoint.
    file: PathBuf,
    /// Where to write the rules; standard output if left out.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Takes modules in the order of the file where neither shapes nor names tell which is which.
    #[arg(long)]
    by_order: bool,
    /// Writes one JSON object: `rules`, and the problems that are left.
    #[arg(long)]
    json: bool,
    /// Sizes that are known only when a model is made, `classes=10`.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    at: Vec<(String, i64)>,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

impl Map {
    pub(crate) fn run(self) -> ExitCode {
        let asked = asked(&self.architecture, &self.at, &self.jsonnet, &self.messages);
        let (model, wanted) = match asked {
            Ok(asked) => asked,
            Err(code) => return code,
        };
        let mut checkpoint = match Checkpoint::open(&self.file) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return failed(&error.to_string()),
        };
        let of_model: Vec<Tensor> = wanted
            .iter()
            .map(|it| (it.name.clone(), it.shape.clone()))
            .collect();
        let of_file = checkpoint
            .tensors()
            .map(|it| (it.name().to_owned(), it.shape().to_vec()));
        let of_file: Vec<Tensor> = of_file.collect();
        let found = propose(&of_model, &of_file, self.by_order);
        let names: Vec<String> = of_file.into_iter().map(|it| it.0).collect();
        let renames = rules(&found, &names);

        // Whatever the rules do not mend is said as `weights check` says it.
        let problems = match checkpoint.rename(&renames) {
            Err(error) => vec![error.message().to_owned()],
            Ok(()) => match fit(&wanted, &checkpoint, &model.shared()) {
                Ok(_) => Vec::new(),
                Err(misfit) => misfit.problems.iter().map(ToString::to_string).collect(),
            },
        };
        let text = if self.json {
            format!("{:#}\n", object(&renames, &found.ambiguous, &problems))
        } else {
            renames.to_string()
        };
        if let Err(message) = put(self.output.as_deref(), text.as_bytes()) {
            return failed(&message);
        }
        let file = self.file.display();
        if problems.is_empty() {
            let (rules, tensors) = (renames.iter().count(), wanted.len());
            tell(&match rules {
                0 => format!("{file}: fits as it is"),
                1 => format!("{file}: with 1 rule, all {tensors} tensors fit"),
                _ => format!("{file}: with {rules} rules, all {tensors} tensors fit"),
            });
            return ExitCode::SUCCESS;
        }
        if !self.json {
            self.report(&found.ambiguous, &problems);
        }
        ExitCode::from(PROBLEMS)
    }

    fn report(&self, ambiguous: &[Ambiguous], problems: &[String]) {
        /// More than these are counted, not shown.
        const SHOWN: usize = 20;
        for Ambiguous { model, file } in ambiguous {
            tell(&format!(
                "ambiguous: {} of the model could each be any of {} in the file",
                listed(model),
                listed(file)
            ));
        }
        let file = self.file.display();
        let with = format!(
            "`{file}` does not fit the model with these rules: {} problems",
            problems.len()
        );
        tell(&format!("error: {with}"));
        for problem in problems.iter().take(SHOWN) {
            tell(&format!("  {problem}"));
        }
        if problems.len() > SHOWN {
            tell(&format!("  and {} more", problems.len() - SHOWN));
        }
        if !ambiguous.is_empty() && !self.by_order {
            tell(
                "help: write a rule for each of what is ambiguous, or take them in the order of the file with --by-order",
            );
        }
    }
}

/// Names come from the file and may hold anything.
fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|it| format!("`{}`", it.escape_debug()))
        .collect();
    quoted.join(", ")
}

fn object(renames: &Renames, ambiguous: &[Ambiguous], problems: &[String]) -> Value {
    let rules: Vec<Value> = renames
        .iter()
        .map(|(from, to)| json!({ "from": from, "to": to }))
        .collect();
    let ambiguous: Vec<Value> = ambiguous
        .iter()
        .map(|it| json!({ "model": it.model, "file": it.file }))
        .collect();
    json!({ "rules": rules, "ambiguous": ambiguous, "problems": problems })
}
