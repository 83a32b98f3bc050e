//! Convolutions of one tap: linear maps of each place.

use tch::Tensor;

use crate::Result;
use crate::frozen::dense::{Sizes, count};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::fold::Pair;
use crate::frozen::linear::Linear;
use crate::frozen::memory::is_channels_last;
use crate::frozen::shared::Shared;
use crate::nn::ConvConfig;

/// More weights are not kept a second time for it.
const WEIGHTS: usize = 200_000;
/// With fewer inputs libtorch's product is slow.
const INPUTS: i64 = 32;
/// With more multiplications it does not matter what a call costs.
const MULTIPLICATIONS: usize = 50_000_000;

/// A convolution of one tap, for inputs that are channels-last: there it is a linear map of a matrix, calls of which cost
/// less.
///
/// Microseconds on an Intel Sapphire Rapids with one thread and with two, one image, `relu` included; libtorch's own is that of
/// contiguous images:
///
/// | channels | image | libtorch | packed convolution | linear |
/// |---|---|---|---|---|
/// | 64 → 24 | 16 × 16 | 9.4, 12 | 36, 36 | 9, – |
/// | 64 → 16 | 55 × 55 | 51, 134 | 70, 54 | 61, 39 |
/// | 192 → 32 | 28 × 28 | 64, 138 | 86, 58 | 79, 53 |
/// | 384 → 64 | 14 × 14 | 65, 145 | 83, 65 | 76, 60 |
/// | 96 → 24 | 56 × 56 | 110, 226 | 156, 89 | 146, 86 |
/// | 256 → 64 | 56 × 56 | 657, 647 | 677, 353 | 657, 351 |
///
/// Of 24 outputs oneDNN's kernels fill one and a half registers: with one thread libtorch, which computes the transposed
/// product, stays faster there.
#[derive(Debug)]
pub(super) struct Point {
    linear: Linear,
    epilogue: Epilogue,
}

impl Point {
    /// Of the weights of a convolution; nothing for others, and for what does not gain by it.
    pub(super) fn new<const D: usize>(
        config: &ConvConfig<D>,
        (weight, bias): &Pair,
        epilogue: Epilogue,
    ) -> Option<Self> {
        let size = Sizes::of(weight)?;
        let [outputs, inputs, taps @ ..] = size.as_slice() else {
            return None;
        };
        let suits = D == 2
            && config.groups == 1
            && taps.iter().all(|it| *it == 1)
            && config.stride == [1; D]
            && config.padding == [0; D]
            && config.pads_itself()
            && *inputs >= INPUTS
            && (1..=WEIGHTS).contains(&size.numel());
        if !suits {
            return None;
        }
        let rows = weight.f_contiguous().ok()?;
        let rows = Shared(rows.f_view([*outputs, *inputs]).ok()?);
        let bias = bias.as_ref().map(|it| Shared(it.shallow_clone()));
        let linear = Linear::of((rows, bias), epilogue);
        linear.is_packed().then_some(Self { linear, epilogue })
    }

    /// The map of an input that suits.
    #[track_caller]
    pub(super) fn run(
        &self,
        x: &Tensor,
        outputs: &Sizes,
        inputs: i64,
        epilogue: Epilogue,
    ) -> Result<Option<Tensor>> {
        let multiplications = outputs.numel().saturating_mul(count(inputs));
        let suits = multiplications <= MULTIPLICATIONS
            && epilogue == self.epilogue
            && outputs.as_slice().len() == 4
            && is_channels_last(x);
        if !suits {
            return Ok(None);
        }
        let y = self.linear.run(&x.f_permute([0, 2, 3, 1])?, None)?;
        Ok(Some(y.f_permute([0, 3, 1, 2])?))
    }
}
