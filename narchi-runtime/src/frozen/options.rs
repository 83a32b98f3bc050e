//! How a model is frozen.

use std::cell::Cell;
use std::marker::PhantomData;
use std::path::Path as FilePath;

use tch::{Kind, Tensor};

use super::shim::Kernels;
use super::store::{freeze, load_shared};
use crate::nn::{Path, Weights};
use crate::{Error, Result};

/// What [`freeze_with`] and [`load_with`] are asked for; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    kind: Option<Kind>,
}

impl Options {
    /// None of the below.
    pub fn new() -> Self {
        Self::default()
    }

    /// Convolutions and linear maps compute with 16 bits a number, of which 8 are digits. Sums are kept in single precision.
    /// Errors are about 4e-3 of the largest output of a network, and should be measured on real inputs.
    ///
    /// It takes 0.55 of the time for a `ResNet` on AMD's Zen 5, but is not faster everywhere that there are instructions for it:
    /// on an Intel Sapphire Rapids without its matrix unit, as virtual machines have it, convolutions take 1.9 times as long as
    /// in single precision, and linear maps 1.6 times. Measure before you ask for it.
    #[must_use]
    pub fn bf16(self) -> Self {
        Self {
            kind: Some(Kind::BFloat16),
        }
    }

    /// As [`bf16`](Self::bf16), with 11 of the bits as digits: more exact, but what is larger than 65,504 becomes infinite. On the
    /// same Sapphire Rapids convolutions take 1.9 times as long as in single precision, linear maps as long.
    #[must_use]
    pub fn f16(self) -> Self {
        Self {
            kind: Some(Kind::Half),
        }
    }

    /// Which kind of numbers convolutions and linear maps give out: with it a root casts its inputs, and with
    /// `Kind::Float` its outputs.
    pub fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Float)
    }

    #[track_caller]
    fn begin(self) -> Result<Scope> {
        if let Some(kind) = self.kind {
            let supports = Kernels::of_libtorch().map(|it| it.supports(kind));
            let reason = match supports {
                Ok(Ok(true)) => None,
                Ok(Ok(false)) => Some("the processor has no instructions for it".to_owned()),
                Ok(Err(error)) => Some(Error::from(error).to_string()),
                Err(missing) => Some(format!("libtorch lacks {missing}")),
            };
            if let Some(reason) = reason {
                return Err(Error::module(format!(
                    "cannot freeze in {kind:?}: {reason}"
                )));
            }
        }
        Ok(Scope {
            before: WISH.replace(self.kind),
            thread: PhantomData,
        })
    }
}

thread_local! {
    static WISH: Cell<Option<Kind>> = const { Cell::new(None) };
}

/// What kind of numbers `pack()` is to choose now, other than that of the weights.
pub(super) fn wished() -> Option<Kind> {
    WISH.get()
}

/// While it lives, its thread has a wish.
struct Scope {
    before: Option<Kind>,
    thread: PhantomData<*const ()>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        WISH.set(self.before);
    }
}

/// As [`freeze`](super::freeze), with options: what `build` packs is as they say.
///
/// # Errors
///
/// As [`freeze`](super::freeze); and if the processor or libtorch cannot do what is asked for.
#[track_caller]
pub fn freeze_with<M: Weights, F>(
    model: &M,
    first: &str,
    options: Options,
    build: impl FnOnce(&Path<'_>) -> F,
) -> Result<F> {
    let _scope = options.begin()?;
    freeze(model, first, build)
}

/// As [`load_shared`](super::load_shared), with options: what `build` packs is as they say. `shared` may be empty.
///
/// # Errors
///
/// As [`load_shared`](super::load_shared); and if the processor or libtorch cannot do what is asked for.
#[track_caller]
pub fn load_with<M, F>(
    path: impl AsRef<FilePath>,
    shared: &[(&str, &str)],
    options: Options,
    model: impl FnOnce(&Path<'_>) -> M,
    build: impl FnOnce(&Path<'_>) -> F,
) -> Result<F> {
    let _scope = options.begin()?;
    load_shared(path, shared, model, build)
}

/// A tensor of floating-point numbers in another kind; any other tensor, and one that is of that kind, as it is.
///
/// # Errors
///
/// If libtorch has no memory for it.
#[track_caller]
pub fn cast(tensor: &Tensor, kind: Kind) -> Result<Tensor> {
    if !tensor.defined() || !tensor.is_floating_point() || tensor.f_kind()? == kind {
        return Ok(tensor.shallow_clone());
    }
    Ok(tensor.f_to_kind(kind)?)
}

/// For a module that computes in single precision only: what others that do not give it.
#[inline]
#[track_caller]
pub(super) fn widened(input: &Tensor) -> Result<Option<Tensor>> {
    if !input.defined() || !matches!(input.f_kind()?, Kind::BFloat16 | Kind::Half) {
        return Ok(None);
    }
    Ok(Some(input.f_to_kind(Kind::Float)?))
}

/// For a module that computes in `kind`: an input of single precision in that kind; others as they are, to be refused.
#[inline]
#[track_caller]
pub(super) fn taken(input: &Tensor, kind: Kind) -> Result<Option<Tensor>> {
    if kind == Kind::Float || !input.defined() || input.f_kind()? != Kind::Float {
        return Ok(None);
    }
    Ok(Some(input.f_to_kind(kind)?))
}
