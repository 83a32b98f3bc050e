//! Creates the parameters and buffers of modules, filled as torch fills them.

use std::cell::Cell;

use tch::nn::Path;
use tch::{Kind, TchError, Tensor};

use crate::Error;

/// How a new tensor is filled.
#[derive(Clone, Copy)]
pub(crate) enum Fill {
    /// Everywhere the same.
    Const(f64),
    /// `torch.nn.init.kaiming_uniform_(a=sqrt(5))`, the default for weights.
    KaimingUniform,
    /// The default for a bias: within 1/√`fan_in` of zero.
    Bias {
        /// How many values are summed for one output.
        fan_in: i64,
    },
    /// Evenly, within `bound` of zero.
    Uniform { bound: f64 },
    /// Normally distributed around 0, with a deviation of 1.
    Normal,
}

thread_local! {
    static UNFILLED: Cell<bool> = const { Cell::new(false) };
}

/// Runs it with new parameters left as memory happens to be, where random numbers would be drawn: a checkpoint sets them
/// all.
pub(crate) fn unfilled<T>(make: impl FnOnce() -> T) -> T {
    /// Also where `make` panics: the thread may go on.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            UNFILLED.set(self.0);
        }
    }
    let _before = Before(UNFILLED.replace(true));
    make()
}

/// A trainable tensor, registered under the path.
#[track_caller]
pub(crate) fn parameter(vs: &Path<'_>, name: &str, size: &[i64], fill: Fill) -> Tensor {
    if let Some(shared) = shared(vs, name, size) {
        return shared;
    }
    let tensor = created(vs, name, size, fill, vs.kind());
    vs.add(name, tensor, true)
}

/// A tensor that is saved and loaded but not trained, registered under the path.
#[track_caller]
pub(crate) fn buffer(vs: &Path<'_>, name: &str, size: &[i64], value: f64, kind: Kind) -> Tensor {
    if let Some(shared) = shared(vs, name, size) {
        return shared;
    }
    let tensor = created(vs, name, size, Fill::Const(value), kind);
    vs.add(name, tensor, false)
}

/// The tensor of that name, if there is one already: parts of a model that share weights are made under one path.
fn shared(vs: &Path<'_>, name: &str, size: &[i64]) -> Option<Tensor> {
    vs.get(name).filter(|it| it.size() == size)
}

/// How many values are summed for one output, given the size of a weight.
pub(crate) fn fan_in(weight: &[i64]) -> i64 {
    weight.iter().skip(1).product()
}

#[track_caller]
fn created(vs: &Path<'_>, name: &str, size: &[i64], fill: Fill, kind: Kind) -> Tensor {
    let error = match filled(vs, size, fill, kind) {
        Ok(tensor) => return tensor,
        Err(error) => Error::from(error),
    };
    let name = vs.path(name);
    #[expect(
        clippy::panic,
        reason = "sizes are checked when the code is generated, and out of memory has no remedy here"
    )]
    {
        panic!("cannot create `{name}` of size {size:?}: {error}")
    }
}

fn filled(vs: &Path<'_>, size: &[i64], fill: Fill, kind: Kind) -> Result<Tensor, TchError> {
    if let Fill::Const(value) = fill {
        return Tensor::f_full(size, value, (kind, vs.device()));
    }
    if UNFILLED.get() {
        return Tensor::f_empty(size, (kind, vs.device()));
    }
    let bound = match fill {
        Fill::Const(value) => value,
        Fill::Normal => 1.,
        Fill::KaimingUniform => kaiming_bound(fan_in(size)),
        Fill::Bias { fan_in } if fan_in > 0 => 1. / root(fan_in),
        Fill::Bias { .. } => 0.,
        Fill::Uniform { bound } => bound,
    };
    let mut tensor = Tensor::f_zeros(size, (kind, vs.device()))?;
    if size.contains(&0) {
        return Ok(tensor);
    }
    if matches!(fill, Fill::Normal) {
        return tensor.f_normal_(0., bound);
    }
    tensor.f_uniform_(-bound, bound)
}

/// Step by step as torch computes it: that way the bound has the same last bit, and one seed gives the same
/// weights here and there.
fn kaiming_bound(fan_in: i64) -> f64 {
    let slope = 5_f64.sqrt();
    let gain = (2. / (1. + slope * slope)).sqrt();
    let deviation = gain / root(fan_in);
    3_f64.sqrt() * deviation
}

#[expect(clippy::cast_precision_loss, reason = "no weight has 2⁵³ inputs")]
fn root(fan_in: i64) -> f64 {
    (fan_in as f64).sqrt()
}
