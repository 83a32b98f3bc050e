//! How reports speak of blocks and sizes.

use crate::{
    diagnostic::{Diagnostic, Severity},
    dim::Dim,
    document::{Node, Place},
    layer::Problem,
    model::{Scope, Segment, Value, WeightPath},
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
pub(super) fn advice(code: &str) -> Option<&'static str> {
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
        param,
        message,
        notes,
        help,
    } = problem;
    let help = help.or_else(|| advice(code).map(str::to_owned));
    let at = param.and_then(|it| node.get(it)).map(Node::place);
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
        report = report.label(source.place.clone(), text);
    }
    report
}
