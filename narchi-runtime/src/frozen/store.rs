//! Where the weights of a frozen model come from.

use std::path::Path as FilePath;

use tch::{Device, TchError, Tensor};

use crate::nn::variable::unfilled;
use crate::nn::{Path, VarStore, Weights};
use crate::{Error, Result};

/// Builds the frozen form of a model, from copies of its weights: training goes on without it.
///
/// `build` gets the root of a store that has the weights under their names, less what the model's own path is: modules made
/// there take them. `first` is the path of the first module with weights, as seen from the model; what comes before it in the
/// name of the model's first weight is the model's own path. Gradients are not recorded.
///
/// # Errors
///
/// [`Error::Module`] if the first weight is not that of `first`, a weight is outside the model's path, or `build` makes others
/// than the model has; [`Error::Torch`] if there is no memory for the copies.
#[track_caller]
pub fn freeze<M: Weights, F>(
    model: &M,
    first: &str,
    build: impl FnOnce(&Path<'_>) -> F,
) -> Result<F> {
    let _no_grad = tch::no_grad_guard();
    let mut weights: Vec<(String, Tensor)> = Vec::new();
    model.visit(&mut |name, tensor| weights.push((name.to_owned(), tensor.shallow_clone())));
    let device = weights.first().map_or(Device::Cpu, |it| it.1.device());
    let own = match weights.first() {
        Some((name, _)) => own_path(name, first)?,
        None => "",
    };
    let vs = VarStore::new(device);
    for (name, tensor) in &weights {
        let Some(name) = name.strip_prefix(own) else {
            return Err(Error::module(format!(
                "`{name}` is not a weight below `{own}`"
            )));
        };
        add(&vs, name, tensor)?;
    }
    built(&vs, build)
}

/// What `build` makes of the weights that are there, and of no others.
#[track_caller]
fn built<F>(vs: &VarStore, build: impl FnOnce(&Path<'_>) -> F) -> Result<F> {
    let before = vs.len();
    let frozen = build(&vs.root());
    if vs.len() == before {
        return Ok(frozen);
    }
    let message = format!(
        "the frozen form has {} weights, the model {before}",
        vs.len()
    );
    Err(Error::module(message))
}

/// What precedes `first` in the name of one of its weights, with the dot.
#[track_caller]
fn own_path<'a>(name: &'a str, first: &str) -> Result<&'a str> {
    // `eye.conv1.weight`: a module `eye.conv1.`, with the dot that joins it.
    let module = &name[..name.rfind('.').map_or(0, |it| it + 1)];
    let own = match first {
        "" => Some(module),
        first => module
            .strip_suffix('.')
            .and_then(|it| it.strip_suffix(first)),
    };
    match own {
        Some(own) if own.is_empty() || own.ends_with('.') => Ok(own),
        _ => Err(Error::module(format!(
            "`{name}` is not a weight of `{first}`"
        ))),
    }
}

/// What is there already is shared by parts of the model.
fn add(vs: &VarStore, name: &str, tensor: &Tensor) -> Result<(), TchError> {
    let mut path = vs.root();
    let mut steps = name.split('.').peekable();
    while let Some(step) = steps.next() {
        if steps.peek().is_some() {
            path = path.sub(step);
        } else if path.get(step).is_none() {
            let _ = path.add(step, copied(tensor)?, false);
        }
    }
    Ok(())
}

/// In memory of its own.
pub(super) fn copied(tensor: &Tensor) -> Result<Tensor, TchError> {
    let tensor = tensor.f_detach()?;
    let mut copy = tensor.f_empty_like()?;
    copy.f_copy_(&tensor)?;
    Ok(copy)
}

/// Builds the frozen form of a model from a checkpoint, on the CPU. `model` makes the trained form, which is gone when `build`
/// makes the frozen one; no time goes into its first values.
///
/// # Errors
///
/// As those of [`load`](crate::load): every tensor of the model must be there, and no other. [`Error::Module`] if `build`
/// makes other weights than the model has.
#[track_caller]
pub fn load<M, F>(
    path: impl AsRef<FilePath>,
    model: impl FnOnce(&Path<'_>) -> M,
    build: impl FnOnce(&Path<'_>) -> F,
) -> Result<F> {
    load_shared(path, &[], model, build)
}

/// As [`load`], for a model in which several parts share their weights: `shared` is the `SHARED` of its type.
///
/// # Errors
///
/// As those of [`load_shared`](crate::load_shared).
#[track_caller]
pub fn load_shared<M, F>(
    path: impl AsRef<FilePath>,
    shared: &[(&str, &str)],
    model: impl FnOnce(&Path<'_>) -> M,
    build: impl FnOnce(&Path<'_>) -> F,
) -> Result<F> {
    let _no_grad = tch::no_grad_guard();
    let mut vs = VarStore::new(Device::Cpu);
    drop(unfilled(|| model(&vs.root())));
    crate::load_shared(&vs, path, shared)?;
    vs.freeze();
    built(&vs, build)
}
