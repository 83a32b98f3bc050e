//! How reports speak of blocks and sizes.

use std::fmt;

use crate::{
    diagnostic::{Diagnostic, Severity},
    dim::Dim,
    document::{Node, Place},
    layer::{Blame, Problem},
    model::{Kind, Scope, Segment, Value, WeightPath},
    wiring::{From, Source, Wired, WiredScope},
};

/// A size as one would write it in a file.
pub(super) fn as_written(dim: &Dim) -> String {
    match dim.as_fixed() {
        Some(number) => format!("`{number}`"),
        None => format!("`'<<variable:{dim:#}>>'`"),
    }
}

/// What people call a block.
pub(super) fn label(block: &Wired<'_>) -> String {
    match (&block.name, &block.segment) {
        (Some(name), _) | (None, Segment::Name(name)) => name.clone(),
        (None, Segment::Index(index)) => index.to_string(),
    }
}

/// How messages about a block begin. One whose id is wrong has no name.
pub(super) struct Prefix<'a>(pub(super) &'a WeightPath);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.to_string();
        if name.is_empty() {
            return Ok(());
        }
        write!(f, "`{name}`: ")
    }
}

pub(super) fn source_label(source: &Source, wired: &WiredScope<'_>) -> String {
    match source.from {
        Some(From::Block(index)) => format!("`{}`", label(&wired.blocks[index])),
        Some(From::Input(index)) => match wired.inputs.get(index).and_then(|it| it.name.as_ref()) {
            Some(name) => format!("`{name}`"),
            None => "what comes in".to_owned(),
        },
        None => "this".to_owned(),
    }
}

/// What helps against a kind of problem, where the layer has no better advice.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "shapes-differ" => "change one of the blocks before it, so that both give one shape",
        "size-too-complex" => "use smaller numbers, or a symbol for a whole size",
        "wrong-dtype" => "wire other blocks to it, which give the numbers it needs",
        "wrong-inputs" => {
            "add or remove arrows into it in `graph`; several tensors need a block that joins them"
        }
        "wrong-rank" => "declare an input with as many sizes, or reshape before",
        _ => return None,
    })
}

/// The report on a layer that refuses, or warns.
pub(super) fn report(
    problem: Problem,
    severity: Severity,
    block: &Wired<'_>,
    node: &Node,
    path: &WeightPath,
) -> Diagnostic<Place> {
    let Problem {
        code,
        blame,
        message,
        notes,
        help,
    } = problem;
    let help = help.or_else(|| advice(code).map(str::to_owned));
    let at = match blame {
        Blame::Block => None,
        Blame::Param(name) => node.get(name).map(Node::place),
        Blame::Item(name, index) => {
            let items = node.get(name).map(Node::items);
            items.and_then(|it| it.get(index)).map(Node::place)
        }
        Blame::Input(index) => block.inputs.get(index).map(|it| it.place.clone()),
    };
    let place = at.unwrap_or_else(|| block.place.clone());
    let mut report = Diagnostic {
        severity,
        ..Diagnostic::error(code, place, format!("`{path}` {message}")).help(help)
    };
    for note in notes {
        report = report.note(note);
    }
    report
}

/// The report on a container that takes more or fewer inputs than lead into it.
pub(super) fn wrong_inputs(block: &Wired<'_>, takes: usize) -> Diagnostic<Place> {
    let s = if takes == 1 { "" } else { "s" };
    let many = block.inputs.len();
    let message = format!("`{}` takes {takes} input{s}, but has {many}", label(block));
    // The first that is too many, if there are too many.
    let surplus = block.inputs.get(takes).map(|it| it.place.clone());
    let place = surplus.unwrap_or_else(|| block.place.clone());
    Diagnostic::error("wrong-inputs", place, message).help(advice("wrong-inputs"))
}

/// Adds what comes in, and from where.
pub(super) fn show_inputs(
    mut report: Diagnostic<Place>,
    scope: &Scope,
    wired: &WiredScope<'_>,
    block: &Wired<'_>,
    operands: &[Option<Value>],
) -> Diagnostic<Place> {
    for (source, value) in block.inputs.iter().zip(operands) {
        let Some(value) = value else { continue };
        let text = format!("{} gives {}", source_label(source, wired), scope.ty(*value));
        report = if source.place == report.place {
            report.here(text)
        } else {
            report.label(source.place.clone(), text)
        };
    }
    if report.code != "shapes-differ" {
        return report;
    }
    for (source, value) in block.inputs.iter().zip(operands) {
        if let Some(chain) = value.and_then(|it| chain(scope, it)) {
            let end = source_label(source, wired);
            report = report.note(format!("{end} comes from {chain}"));
        }
    }
    report
}

/// How a value came to its shape: the blocks before it that changed it, back to where values meet.
fn chain(scope: &Scope, value: Value) -> Option<String> {
    /// Longer chains are cut at their beginning.
    const LONGEST: usize = 6;
    let mut steps: Vec<String> = Vec::new();
    let mut next = Some(value);
    while let Some(here) = next {
        let block = scope.block(here.block);
        let inputs = scope.inputs_of(here.block);
        next = match inputs.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let ty = scope.ty(here);
        if next.is_none_or(|it| scope.ty(it) != ty) {
            let name = match (&block.name, &block.segment, &block.kind) {
                (Some(name), ..) | (None, Segment::Name(name), _) => name.clone(),
                (None, _, Kind::Input) => "the input".to_owned(),
                (None, Segment::Index(index), _) => index.to_string(),
            };
            steps.push(format!("{name} {ty}"));
        }
        if steps.len() > LONGEST {
            steps.pop();
            steps.push("…".to_owned());
            break;
        }
    }
    steps.reverse();
    (steps.len() > 1).then(|| steps.join(" -> "))
}
