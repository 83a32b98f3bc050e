//! Whether a checkpoint is one of the model, of which only the header is read.

use std::{collections::BTreeMap, path::Path};

use narchi_weights::{Checkpoint, Dtype, Problem, Wanted, fit};

use crate::{
    diagnostic::{Diagnostic, Sink},
    dim::Env,
    document::Place,
    frontend::Reads,
    layer::{Weight, WeightKind},
    model::Model,
    shape::Shape,
    source::Sources,
    wiring::Wiring,
};

/// The code for a checkpoint of something else.
pub(crate) const DIFFERS: &str = "checkpoint-differs";

/// The code for a file that is no checkpoint.
pub(crate) const UNREADABLE: &str = "unreadable-checkpoint";

/// Opens a checkpoint; why that fails is reported.
pub(crate) fn open(
    sink: &mut Sink,
    sources: &mut Sources,
    reads: &mut Reads,
    path: &Path,
) -> Option<Checkpoint> {
    let is_there = path.is_file();
    let list = if is_there {
        &mut reads.files
    } else {
        &mut reads.missing
    };
    list.push(path.to_owned());
    match Checkpoint::open(path) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            let name = path.display().to_string();
            let place = sources.add(&name, path, String::new()).start();
            let message = if is_there {
                format!("the checkpoint `{name}` {}", error.message())
            } else {
                format!("there is no checkpoint `{name}`")
            };
            let report = Diagnostic::error(UNREADABLE, place, message);
            let help = if is_there {
                "name a file of safetensors, of `torch.save` or of `numpy.savez`"
            } else {
                "correct the path: it is relative to the Rust file that has it, or in a build script to the package"
            };
            sink.push_found(report.help(Some(help)));
            None
        }
    }
}

/// Reports every tensor that is not the same on both sides, at its block. Sizes that are known only when the model is made are
/// those of the file.
pub(crate) fn check(
    sink: &mut Sink,
    checkpoint: &Checkpoint,
    model: &Model,
    wiring: &Wiring<'_>,
    blocks: &Place,
) {
    let weights = model.weights();
    let shared = model.shared();
    let env = free_sizes(model, &weights, checkpoint);
    let wanted: Vec<Wanted> = weights
        .iter()
        .map(|it| wanted(it, &env, checkpoint))
        .collect();
    let Err(misfit) = fit(&wanted, checkpoint, &shared) else {
        return;
    };
    let places: BTreeMap<String, Place> = wiring.paths().into_iter().collect();
    let shapes: BTreeMap<&str, String> = weights
        .iter()
        .map(|it| (it.0.as_str(), Shape(it.1.shape.clone()).to_string()))
        .collect();
    let file = checkpoint.path().display();
    for problem in &misfit.problems {
        let name = problem.name();
        // Names come from the file and may hold anything.
        let shown = name.escape_debug();
        let here = shapes.get(name).map_or("", String::as_str);
        let (message, help) = match problem {
            Problem::Missing { .. } => (
                format!("`{file}` has no `{shown}` {here}"),
                "where it has another name, `narchi-codegen weights map` proposes how to rename it",
            ),
            Problem::Unexpected { file: shape, .. } => (
                format!("`{file}` has `{shown}` {shape:?}, and the architecture has not"),
                "where it has another name, `narchi-codegen weights map` proposes how to rename it",
            ),
            Problem::Shape { file: shape, .. } => (
                format!("`{shown}` is {here}, and {shape:?} in `{file}`"),
                "give the block the sizes of the checkpoint, or name a checkpoint of this architecture",
            ),
            Problem::Dtype {
                model, file: dtype, ..
            } => (
                format!("`{shown}` has numbers of type {model}, and of {dtype} in `{file}`"),
                "name a checkpoint of this architecture",
            ),
            // What is added to them says itself what it is.
            other => (other.to_string(), "name a checkpoint of this architecture"),
        };
        let place = block_of(name, &places).unwrap_or(blocks);
        sink.push(Diagnostic::error(DIFFERS, place.clone(), message).help(Some(help)));
    }
}

/// The innermost block that a tensor is in.
fn block_of<'a>(name: &str, places: &'a BTreeMap<String, Place>) -> Option<&'a Place> {
    let mut path = name;
    while let Some((outer, _)) = path.rsplit_once('.') {
        if let Some(place) = places.get(outer) {
            return Some(place);
        }
        path = outer;
    }
    None
}

/// The sizes that are arguments of `new`, as the tensors of the file have them.
fn free_sizes(model: &Model, weights: &[(String, Weight)], checkpoint: &Checkpoint) -> Env {
    let mut env = Env::default();
    for (name, weight) in weights {
        let Some(entry) = checkpoint.get(name) else {
            continue;
        };
        for (dim, size) in weight.shape.iter().zip(entry.shape()) {
            let symbol = dim.as_symbol().filter(|it| model.free.contains(it));
            if let Some(symbol) = symbol.filter(|it| env.get(it).is_none()) {
                env.set(symbol.clone(), *size);
            }
        }
    }
    env
}

fn wanted((name, weight): &(String, Weight), env: &Env, checkpoint: &Checkpoint) -> Wanted {
    let found = checkpoint.get(name).map(narchi_weights::Entry::shape);
    let size = |(index, dim): (usize, &crate::dim::Dim)| {
        let of_file = || {
            found
                .and_then(|it| it.get(index))
                .copied()
                .unwrap_or_default()
        };
        dim.eval_int(env).unwrap_or_else(|_| of_file())
    };
    Wanted {
        name: name.clone(),
        shape: weight.shape.iter().enumerate().map(size).collect(),
        dtype: Ok(if weight.kind == WeightKind::Counter {
            Dtype::I64
        } else {
            Dtype::F32
        }),
    }
}
