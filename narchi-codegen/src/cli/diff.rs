//! `diff A [B]`

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use clap::Args;
use narchi_codegen::{Model, Row, Summary, compile, thousands};
use serde_json::{Value, json};

use super::{Jsonnet, PROBLEMS, message::Messages, output, size, usage};

/// Shows what is different about two architectures, or about two settings of one.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// An architecture file, jsonnet or JSON.
    a: PathBuf,
    /// Another one; the same, if it is left out.
    b: Option<PathBuf>,
    /// An external variable of the first alone, as jsonnet code.
    #[arg(long, value_name = "NAME=CODE")]
    ext_code_a: Vec<String>,
    /// An external variable of the second alone, as jsonnet code.
    #[arg(long, value_name = "NAME=CODE")]
    ext_code_b: Vec<String>,
    /// Sizes of the inputs, `N=1,H=224,W=224`: then multiply-adds are compared, too.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    at: Vec<(String, i64)>,
    /// Writes one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

/// What there is of a model to compare.
struct Side {
    summary: Summary,
    /// Shapes of tensors, by name.
    tensors: BTreeMap<String, String>,
}

/// One block that is not the same.
enum Change<'a> {
    Removed(&'a Row),
    Added(&'a Row),
    /// It is another layer.
    Changed(&'a Row, &'a Row),
    /// The same layer gives another shape, because something before it has changed.
    Reshaped(&'a Row, &'a Row),
}

impl Diff {
    pub(crate) fn run(self) -> ExitCode {
        let b = self.b.clone().unwrap_or_else(|| self.a.clone());
        let sides = [(&self.a, &self.ext_code_a), (&b, &self.ext_code_b)];
        let mut read = Vec::new();
        for (file, ext_code) in sides {
            let mut jsonnet = self.jsonnet.clone();
            jsonnet.ext_code.extend(ext_code.iter().cloned());
            let input = match jsonnet.input(file.clone()) {
                Ok(input) => input,
                Err(message) => return usage(&message),
            };
            read.push(self.messages.report(compile(&input)).model);
        }
        let [Some(a), Some(b)] = read.as_slice() else {
            return ExitCode::from(PROBLEMS);
        };
        let sides = Side::new(a, &self.at).and_then(|a| Ok((a, Side::new(b, &self.at)?)));
        let (a, b) = match sides {
            Ok(sides) => sides,
            Err(message) => return usage(&message),
        };
        let changes = changes(&a.summary.rows, &b.summary.rows);
        let text = if self.json {
            format!("{:#}\n", object(&a, &b, &changes))
        } else {
            report(&a, &b, &changes)
        };
        let is_same = changes.is_empty() && a.tensors == b.tensors;
        let code = ExitCode::from(if is_same { 0 } else { PROBLEMS });
        output::done(None, text.as_bytes(), code)
    }
}

impl Side {
    fn new(model: &Model, at: &[(String, i64)]) -> Result<Self, String> {
        let tensors = model.state_at(at)?.into_iter().map(|it| {
            let size = |it: &Option<i64>| it.map_or("?".to_owned(), |it| it.to_string());
            let shape: Vec<String> = it.shape.iter().map(size).collect();
            (it.name, format!("[{}]", shape.join(", ")))
        });
        Ok(Self {
            tensors: tensors.collect(),
            summary: model.summarize(at)?,
        })
    }
}

/// Blocks that are in one of the two alone, or not the same in both. Of a scope that is, nothing inside is said.
fn changes<'a>(a: &'a [Row], b: &'a [Row]) -> Vec<Change<'a>> {
    let by_path = |rows: &'a [Row]| -> BTreeMap<&'a str, &'a Row> {
        rows.iter().map(|it| (it.path.as_str(), it)).collect()
    };
    let (in_a, in_b) = (by_path(a), by_path(b));
    let is_top = |row: &Row, others: &BTreeMap<&str, &Row>| match row.path.rsplit_once('.') {
        Some((outer, _)) => others.contains_key(outer),
        None => true,
    };
    let mut changes = Vec::new();
    for row in a {
        match in_b.get(row.path.as_str()) {
            None if is_top(row, &in_b) => changes.push(Change::Removed(row)),
            None => {}
            Some(other) => {
                if layer(row) != layer(other) {
                    changes.push(Change::Changed(row, other));
                } else if row.outputs != other.outputs {
                    changes.push(Change::Reshaped(row, other));
                }
            }
        }
    }
    let added = b.iter().filter(|it| !in_a.contains_key(it.path.as_str()));
    changes.extend(added.filter(|it| is_top(it, &in_a)).map(Change::Added));
    changes
}

fn report(a: &Side, b: &Side, changes: &[Change<'_>]) -> String {
    let mut lines: Vec<String> = changes.iter().filter_map(line).collect();
    let reshaped = |it: &&Change<'_>| matches!(it, Change::Reshaped(..));
    match changes.iter().filter(reshaped).count() {
        0 => {}
        1 => lines.push("1 block is the same, but for its shape".to_owned()),
        count => lines.push(format!("{count} blocks are the same, but for their shapes")),
    }
    let costs = (&a.summary.total, &b.summary.total);
    let numbers = [
        ("parameters", costs.0.parameters, costs.1.parameters),
        (
            "multiply-adds",
            costs.0.multiply_adds,
            costs.1.multiply_adds,
        ),
    ];
    if !lines.is_empty() {
        lines.push(String::new());
    }
    for (what, a, b) in numbers {
        if let (Some(a), Some(b)) = (a, b) {
            lines.push(format!("{what}: {}", compared(a, b)));
        }
    }
    let (same, all) = loadable(a, b);
    lines.push(format!(
        "of a checkpoint for the first, {same} of {all} tensors load into the second, which has {}",
        b.tensors.len()
    ));
    lines.join("\n") + "\n"
}

/// How many tensors of the first have their name and shape in the second, and how many there are.
fn loadable(a: &Side, b: &Side) -> (usize, usize) {
    let same = a
        .tensors
        .iter()
        .filter(|(name, shape)| b.tensors.get(*name) == Some(*shape));
    (same.count(), a.tensors.len())
}

fn line(change: &Change<'_>) -> Option<String> {
    Some(match change {
        Change::Reshaped(..) => return None,
        Change::Removed(row) => format!("- {}", described(row)),
        Change::Added(row) => format!("+ {}", described(row)),
        Change::Changed(a, b) => {
            let layers = format!("{} → {}", layer(a), layer(b));
            let (was, is) = (a.outputs.join(", "), b.outputs.join(", "));
            let outputs = if was == is {
                was
            } else {
                format!("{was} → {is}")
            };
            format!("~ {}: {layers} -> {outputs}", a.path)
        }
    })
}

fn described(row: &Row) -> String {
    format!("{}: {} -> {}", row.path, layer(row), row.outputs.join(", "))
}

fn layer(row: &Row) -> String {
    row.spelled.clone().unwrap_or_else(|| row.class.clone())
}

/// `11,689,512 → 21,797,672 (+86.5 %)`
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
fn compared(a: i64, b: i64) -> String {
    if a == b {
        return format!("{}, as before", thousands(a));
    }
    let change = 100.0 * (b as f64 / a as f64 - 1.0);
    format!("{} → {} ({change:+.1} %)", thousands(a), thousands(b))
}

fn object(a: &Side, b: &Side, changes: &[Change<'_>]) -> Value {
    let block = |row: &Row| json!({ "layer": layer(row), "outputs": row.outputs });
    let changes: Vec<Value> = changes
        .iter()
        .map(|it| match it {
            Change::Removed(row) => json!({ "path": row.path, "a": block(row), "b": null }),
            Change::Added(row) => json!({ "path": row.path, "a": null, "b": block(row) }),
            Change::Changed(a, b) | Change::Reshaped(a, b) => {
                json!({ "path": a.path, "a": block(a), "b": block(b) })
            }
        })
        .collect();
    let (same, all) = loadable(a, b);
    let total = |it: &Side| {
        let total = &it.summary.total;
        json!({ "parameters": total.parameters, "multiply_adds": total.multiply_adds })
    };
    json!({
        "changes": changes,
        "a": total(a),
        "b": total(b),
        "tensors": { "a": all, "b": b.tensors.len(), "same": same },
    })
}
