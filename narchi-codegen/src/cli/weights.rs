//! `weights list FILE`, `weights check ARCH FILE`, and what is done about names that differ.

mod alike;
mod map;
mod propose;
mod rename;
mod rules;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use narchi_codegen::{Model, compile, thousands};
use narchi_weights::{Checkpoint, Dtype, Wanted, fit};

use super::{
    Jsonnet, PROBLEMS,
    message::Messages,
    output::{self, failed},
    size, tell, usage,
};

/// Looks into checkpoints: safetensors, what `torch.save` writes, `.npz`.
#[derive(Debug, Subcommand)]
pub(crate) enum Weights {
    /// Lists the tensors of a checkpoint.
    List {
        /// The checkpoint.
        file: PathBuf,
    },
    /// Says whether a checkpoint has the tensors of an architecture, and every difference if not.
    Check(Box<Check>),
    /// Proposes rules that rename the tensors of a checkpoint to those of an architecture, by shapes and names.
    Map(Box<map::Map>),
    /// Writes a checkpoint with renamed tensors, as safetensors.
    Rename(rename::Rename),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The architecture file, jsonnet or JSON.
    architecture: PathBuf,
    /// The checkpoint.
    file: PathBuf,
    /// Sizes that are known only when a model is made, `classes=10`.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    at: Vec<(String, i64)>,
    /// Rules that rename the tensors of the checkpoint, such as `weights map` writes.
    #[arg(long, value_name = "RULES")]
    renames: Option<PathBuf>,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

pub(crate) fn run(weights: Weights) -> ExitCode {
    match weights {
        Weights::List { file } => list(&file),
        Weights::Check(check) => check.run(),
        Weights::Map(map) => map.run(),
        Weights::Rename(rename) => rename.run(),
    }
}

fn list(file: &Path) -> ExitCode {
    let checkpoint = match Checkpoint::open(file) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return failed(&error.to_string()),
    };
    let rows = checkpoint.tensors().map(|it| {
        let numbers: i64 = it.shape().iter().product();
        // Names come from the file and may hold anything.
        let name = it.name().escape_debug().to_string();
        let shape = format!("{:?}", it.shape());
        ([name, shape, it.dtype().to_string()], numbers)
    });
    let rows: Vec<([String; 3], i64)> = rows.collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|it| it.0[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (name_width, shape_width) = (width(0), width(1));
    let line = |([name, shape, dtype], _): &([String; 3], i64)| {
        format!("{name:name_width$}  {shape:shape_width$}  {dtype}\n")
    };
    let lines = rows.iter().map(line);
    let numbers = rows.iter().fold(0_i64, |sum, it| sum.saturating_add(it.1));
    let (count, numbers, format) = (rows.len(), thousands(numbers), checkpoint.format());
    let total = format!("{count} tensors, {numbers} numbers, {format}\n");
    let notes = checkpoint.notes().iter().map(|it| format!("note: {it}\n"));
    let text: String = lines.chain([total]).chain(notes).collect();
    output::done(None, text.as_bytes(), ExitCode::SUCCESS)
}

impl Check {
    fn run(self) -> ExitCode {
        let asked = asked(&self.architecture, &self.at, &self.jsonnet, &self.messages);
        let (model, wanted) = match asked {
            Ok(asked) => asked,
            Err(code) => return code,
        };
        let checkpoint = match opened(&self.file, self.renames.as_deref()) {
            Ok(checkpoint) => checkpoint,
            Err(message) => return failed(&message),
        };
        let shared = model.shared();
        match fit(&wanted, &checkpoint, &shared) {
            Err(misfit) => failed(&misfit.to_string()),
            Ok(fit) => {
                let file = self.file.display();
                tell(&format!("{file}: all {} tensors fit", fit.pairs.len()));
                for note in checkpoint.notes().iter().chain(&fit.notes) {
                    tell(&format!("note: {note}"));
                }
                ExitCode::SUCCESS
            }
        }
    }
}

/// The model of an architecture and the tensors that it has at these sizes; or the exit code, when all is said.
fn asked(
    architecture: &Path,
    at: &[(String, i64)],
    jsonnet: &Jsonnet,
    messages: &Messages,
) -> Result<(Model, Vec<Wanted>), ExitCode> {
    let input = jsonnet
        .input(architecture.to_owned())
        .map_err(|it| usage(&it))?;
    let Some(model) = messages.report(compile(&input)).model else {
        return Err(ExitCode::from(PROBLEMS));
    };
    let wanted = wanted(&model, at).map_err(|it| usage(&it))?;
    Ok((model, wanted))
}

/// The tensors of a model as the trained form makes them.
fn wanted(model: &Model, at: &[(String, i64)]) -> Result<Vec<Wanted>, String> {
    let state = model.state_at(at)?;
    let mut wanted = Vec::new();
    for weight in state {
        let known: Option<Vec<i64>> = weight.shape.iter().copied().collect();
        let Some(shape) = known else {
            return Err(format!(
                "the shape of `{}` depends on sizes that are known only when the model is made: give them with --at",
                weight.name
            ));
        };
        wanted.push(Wanted {
            name: weight.name,
            shape,
            dtype: Ok(if weight.is_int {
                Dtype::I64
            } else {
                Dtype::F32
            }),
        });
    }
    Ok(wanted)
}

/// A checkpoint, with its tensors renamed by the rules of a file.
fn opened(file: &Path, rules: Option<&Path>) -> Result<Checkpoint, String> {
    let mut checkpoint = Checkpoint::open(file).map_err(|it| it.to_string())?;
    if let Some(rules) = rules {
        let name = rules.display();
        let text = fs::read_to_string(rules).map_err(|it| format!("cannot read `{name}`: {it}"))?;
        let renames = text.parse().map_err(|it| format!("`{name}`: {it}"))?;
        checkpoint.rename(&renames).map_err(|it| it.to_string())?;
    }
    Ok(checkpoint)
}
