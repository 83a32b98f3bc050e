//! Models that the build script compiled, called with named tensors.

use std::collections::BTreeMap;

use narchi_runtime::{Kind, Tensor, nn};

type Result<T, E = narchi_runtime::Error> = std::result::Result<T, E>;

pub(crate) type Tensors = BTreeMap<String, Tensor>;

/// Which form of a model computes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Trained,
    Frozen,
}

/// Makes a model in an empty store, calls back to have its weights set, and computes the outputs in inference mode.
pub(crate) type Driver =
    fn(&nn::VarStore, Form, &dyn Fn(&nn::VarStore), &Tensors) -> Result<Tensors>;

/// How far the greatest difference of two sets of outputs is from zero.
pub(crate) fn distance(ours: &Tensors, theirs: &Tensors) -> f64 {
    let distance = |(name, theirs): (&String, &Tensor)| {
        let difference = ours[name].to_kind(Kind::Double) - theirs.to_kind(Kind::Double);
        difference.abs().max().double_value(&[])
    };
    // A comparison with NaN is false.
    theirs
        .iter()
        .map(distance)
        .fold(0.0, |a, b| if b <= a { a } else { b })
}

/// Whether the frozen form is as near to what would be computed without rounding, `exact`, as the trained one: at most
/// twice as far, and one in ten million of the greatest value.
pub(crate) fn check_frozen(
    exact: &Tensors,
    trained: &Tensors,
    frozen: &Tensors,
) -> Result<(), String> {
    let greatest = exact.values().map(|it| it.abs().max().double_value(&[]));
    let greatest = greatest.fold(0.0, f64::max);
    let (trained, frozen) = (distance(trained, exact), distance(frozen, exact));
    if frozen <= 2.0 * trained + 1e-7 * greatest {
        return Ok(());
    }
    Err(format!(
        "the frozen form is off by {frozen:e}, the trained one by {trained:e}, of {greatest:e}"
    ))
}
