//! The sizes of a convolution.

use std::ops::Range;

use super::PANEL;
use crate::frozen::conv::small::Call;
use crate::frozen::dense::{Sizes, count};
use crate::nn::ConvConfig;

/// What is known of a convolution before it has an input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) groups: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
    pub(super) dilation: [usize; 2],
}

/// And of its images.
#[derive(Debug, Clone, Copy)]
pub(super) struct Images {
    pub(super) count: usize,
    pub(super) input: [usize; 2],
    pub(super) output: [usize; 2],
    /// So many rows of the input and of the output are missing at the beginning: there is one image then.
    pub(super) skipped: [usize; 2],
}

impl Geometry {
    /// Of two dimensions of zeros around the image, or none.
    pub(super) fn of<const D: usize>(config: &ConvConfig<D>, weight: &Sizes) -> Option<Self> {
        let [outputs, inputs, height, width] = *weight.as_slice() else {
            return None;
        };
        let padding = config.own_padding();
        // So that nothing overflows.
        let mut numbers = config.stride.iter().chain(&padding).chain(&config.dilation);
        if D != 2 || !config.pads_itself() || numbers.any(|it| *it > i64::from(i32::MAX)) {
            return None;
        }
        let both = |it: [i64; D]| Some([count(*it.first()?), count(*it.get(1)?)]);
        Some(Self {
            inputs: count(inputs * config.groups),
            outputs: count(outputs),
            groups: count(config.groups),
            kernel: [count(height), count(width)],
            stride: both(config.stride)?,
            padding: both(padding)?,
            dilation: both(config.dilation)?,
        })
    }

    pub(super) fn panels(&self) -> usize {
        self.outputs.div_ceil(PANEL)
    }

    /// From the first row that an output needs to the one behind the last.
    pub(super) fn window(&self) -> usize {
        (self.kernel[0] - 1) * self.dilation[0] + 1
    }

    /// The rows that some rows of the output need, of an image of this height.
    pub(super) fn needed(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        let (stride, padding) = (self.stride[0], self.padding[0]);
        let start = (rows.start * stride).saturating_sub(padding).min(height);
        let last = rows.end.saturating_sub(1) * stride;
        let end = (last + self.window()).saturating_sub(padding).min(height);
        start..end.max(start)
    }
}

impl Images {
    pub(super) fn of(call: &Call<'_>) -> Self {
        Self {
            count: call.sizes.as_slice().first().copied().map_or(0, count),
            input: last_two(call.sizes),
            output: last_two(call.outputs),
            skipped: [0, 0],
        }
    }
}

/// Height and width.
pub(super) fn last_two(sizes: &Sizes) -> [usize; 2] {
    let size = sizes.as_slice();
    [2, 3].map(|axis| size.get(axis).copied().map_or(0, count))
}
