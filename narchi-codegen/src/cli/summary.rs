//! `summary FILE`

mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use narchi_codegen::{Costs, Row, Summary as Numbers, compile};
use serde_json::{Value, json};

use super::{Jsonnet, PROBLEMS, message::Messages, output, size, usage};

/// Shows the blocks of an architecture with their shapes, parameters and costs.
#[derive(Debug, Args)]
pub(crate) struct Summary {
    /// The architecture file, jsonnet or JSON.
    file: PathBuf,
    /// Sizes of the inputs, `N=8,H=224,W=224`. The batch N is 1 if nothing else is said.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    at: Vec<(String, i64)>,
    /// How many levels of scopes are opened; the others are one row each.
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,
    /// What is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For a terminal.
    #[default]
    Table,
    /// For a page.
    Markdown,
    /// One object: rows, and totals.
    Json,
    /// A line for each block.
    Csv,
}

impl Summary {
    pub(crate) fn run(mut self) -> ExitCode {
        let input = match self.jsonnet.input(self.file.clone()) {
            Ok(input) => input,
            Err(message) => return usage(&message),
        };
        let Some(model) = self.messages.report(compile(&input)).model else {
            return ExitCode::from(PROBLEMS);
        };
        let has_batch = self.at.iter().any(|it| it.0 == "N");
        if !has_batch && model.has_batch() {
            self.at.insert(0, ("N".to_owned(), 1));
        }
        let mut summary = match model.summarize(&self.at) {
            Ok(summary) => summary,
            Err(message) => return usage(&message),
        };
        if let Some(depth) = self.depth {
            summary.rows.retain(|it| it.depth <= depth);
        }
        let text = match self.format {
            Format::Table => table::table(&summary, &self.at),
            Format::Markdown => table::markdown(&summary, &self.at),
            Format::Json => format!("{:#}\n", object(&summary, &self.at)),
            Format::Csv => csv(&summary),
        };
        output::done(None, text.as_bytes(), ExitCode::SUCCESS)
    }
}

fn object(summary: &Numbers, at: &[(String, i64)]) -> Value {
    let rows = summary.rows.iter().map(|row| {
        let Row {
            depth,
            name,
            path,
            spelled,
            class,
            outputs,
            costs,
        } = row;
        let mut object = costs_of(costs);
        object["name"] = json!(name);
        object["path"] = json!(path);
        object["class"] = json!(class);
        object["layer"] = json!(spelled);
        object["depth"] = json!(depth);
        object["outputs"] = json!(outputs);
        object
    });
    let rows: Vec<Value> = rows.collect();
    let mut total = costs_of(&summary.total);
    total["peak_bytes"] = json!(summary.peak);
    let at: serde_json::Map<String, Value> = at
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({ "at": at, "blocks": rows, "total": total, "unknown": summary.unknown })
}

fn costs_of(costs: &Costs) -> Value {
    json!({
        "parameters": costs.parameters,
        "buffers": costs.buffers,
        "multiply_adds": costs.multiply_adds,
        "activation_bytes": costs.activations,
    })
}

fn csv(summary: &Numbers) -> String {
    let mut text =
        "path,class,outputs,parameters,buffers,multiply_adds,activation_bytes\n".to_owned();
    for row in &summary.rows {
        let Costs {
            parameters,
            buffers,
            multiply_adds,
            activations,
        } = row.costs;
        let numbers = [parameters, buffers, multiply_adds, activations];
        let numbers = numbers.map(|it| it.map_or_else(String::new, |it| it.to_string()));
        let cells = [row.path.clone(), row.class.clone(), row.outputs.join(" ")];
        let cells = cells.iter().map(|it| quoted(it)).chain(numbers);
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

/// A cell as RFC 4180 has it.
pub(super) fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
