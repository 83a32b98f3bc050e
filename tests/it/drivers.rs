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
///
/// `trained` is what the trained form gives for the same inputs in several layouts. For channels-last images libtorch has
/// other kernels than for the usual layout. They add up all products of an output in one go, and lose more digits by that;
/// the frozen form uses them always.
pub(crate) fn check_frozen(
    exact: &Tensors,
    trained: &[Tensors],
    frozen: &Tensors,
) -> Result<(), String> {
    let greatest = exact.values().map(|it| it.abs().max().double_value(&[]));
    let greatest = greatest.fold(0.0, f64::max);
    let trained = trained.iter().map(|it| distance(it, exact));
    let (trained, frozen) = (trained.fold(0.0, f64::max), distance(frozen, exact));
    if frozen <= 2.0 * trained + 1e-7 * greatest {
        return Ok(());
    }
    Err(format!(
        "the frozen form is off by {frozen:e}, the trained one by {trained:e}, of {greatest:e}"
    ))
}

/// The same values, with the channels of images next to each other in memory.
pub(crate) fn channels_last(tensors: &Tensors) -> Tensors {
    let last = |it: &Tensor| match it.dim() {
        4 => it.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]),
        _ => it.shallow_clone(),
    };
    tensors
        .iter()
        .map(|(name, it)| (name.clone(), last(it)))
        .collect()
}
