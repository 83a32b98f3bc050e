//! What comes after the sums of a convolution: by the loops that have them at hand, or by libtorch.

use tch::Tensor;

use super::small::Call;
use crate::Result;
use crate::frozen::dense::{Order, Sizes, ordered};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::split;

/// What loops do now, and what libtorch does later.
pub(super) struct Ending<'a> {
    /// Has one number for each output, in the same order.
    pub(super) added: Option<&'a Tensor>,
    pub(super) now: Epilogue,
    added_later: Option<&'a Tensor>,
    later: Epilogue,
}

impl<'a> Ending<'a> {
    #[inline]
    pub(super) fn of(call: &Call<'a>) -> Self {
        // What loops cannot add, libtorch can, as by broadcasting: then all that comes after it is its, too.
        if let Some(other) = call.other
            && !matches_outputs(other, call.outputs)
        {
            return Self {
                added: None,
                now: Epilogue::None,
                added_later: Some(other),
                later: call.epilogue,
            };
        }
        let (now, later) = split(call.epilogue);
        Self {
            added: call.other,
            now,
            added_later: None,
            later,
        }
    }

    #[inline]
    #[track_caller]
    pub(super) fn finished(self, mut output: Tensor) -> Result<Tensor> {
        if self.added_later.is_none() && self.later == Epilogue::None {
            return Ok(output);
        }
        let _no_grad = tch::no_grad_guard();
        if let Some(other) = self.added_later {
            output = output.f_add_(other)?;
        }
        self.later.applied(output)
    }
}

#[inline]
fn matches_outputs(other: &Tensor, outputs: &Sizes) -> bool {
    Sizes::of(other).is_some_and(|it| it.as_slice() == outputs.as_slice())
        && matches!(ordered(other, outputs), Some((_, Order::Last)))
}
