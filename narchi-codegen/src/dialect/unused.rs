//! What no output needs: allowed, and rarely meant.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Sink},
    wiring::{From, Source, WiredKind, WiredScope},
};

/// Warns of blocks and inputs that no output needs, inner scopes included.
pub(super) fn warn(sink: &mut Sink, scope: &WiredScope<'_>) {
    let needed = needed(scope);
    let mut read: BTreeSet<From> = scope.outputs.iter().filter_map(|it| it.1.from).collect();
    for block in &scope.blocks {
        read.extend(block.inputs.iter().filter_map(|it| it.from));
    }
    for (index, input) in scope.inputs.iter().enumerate() {
        if let (Some(name), false) = (&input.name, read.contains(&From::Input(index))) {
            let message = format!("nothing reads the input `{name}`");
            let warning = Diagnostic::warning("unused-input", input.place.clone(), message);
            let help = format!("begin a line of `graph` with `{name} ->`, or remove the input");
            sink.push(warning.help(Some(help)));
        }
    }
    for (index, block) in scope.blocks.iter().enumerate() {
        if let (Some(name), false, false) = (
            &block.name,
            needed[index],
            // What only feeds such a block is not needed for that reason, and goes without saying.
            read.contains(&From::Block(index)),
        ) {
            let message = format!("no output needs the block `{name}`");
            let warning = Diagnostic::warning("unused-block", block.place.clone(), message);
            let help = format!("lead `{name}` to an output in `graph`, or remove it");
            sink.push(warning.help(Some(help)));
        }
        if let WiredKind::Scope { scope, .. } = &block.kind {
            warn(sink, scope);
        }
    }
}

/// For each block, whether an output depends on it.
fn needed(scope: &WiredScope<'_>) -> Vec<bool> {
    let mut needed = vec![false; scope.blocks.len()];
    let block = |it: &Source| match it.from {
        Some(From::Block(index)) => Some(index),
        Some(From::Input(_)) | None => None,
    };
    let mut left: Vec<usize> = scope.outputs.iter().filter_map(|it| block(&it.1)).collect();
    while let Some(index) = left.pop() {
        if !std::mem::replace(&mut needed[index], true) {
            left.extend(scope.blocks[index].inputs.iter().filter_map(block));
        }
    }
    needed
}
