//! The sizes of a convolution.

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
}

impl Images {
    pub(super) fn of(call: &Call<'_>) -> Self {
        let last_two = |sizes: &Sizes| {
            let size = sizes.as_slice();
            [2, 3].map(|axis| size.get(axis).copied().map_or(0, count))
        };
        Self {
            count: call.sizes.as_slice().first().copied().map_or(0, count),
            input: last_two(call.sizes),
            output: last_two(call.outputs),
        }
    }
}
