//! Convolutions that are too small for any library: a call would take longer than the multiplications.

mod image;
mod loops;
mod weights;

use tch::Tensor;

use super::ending::Ending;
use crate::Result;
use crate::frozen::cpu::is_intel;
use crate::frozen::dense::{Order, Rows, Sizes, count, filled, ordered};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::fold::Pair;
use crate::nn::ConvConfig;
use image::Places;
use loops::Job;
use weights::{LANES, Weights};

/// What loops take as long for as for so many multiplications at most is done here.
const SMALL: usize = 2_000_000;
/// The same where there is a linear map, for which libtorch has the product of Intel on its processors.
const SMALL_BESIDE: usize = 300_000;
/// Beginning and ending eight sums takes as long as so many multiplications.
const SUMS: usize = 125;
/// With one input for each output, most time goes into reading: each multiplication takes as long as so many others.
const READING: usize = 7;
/// More weights are not kept a second time for it.
const WEIGHTS: usize = 100_000;
/// Each thread has at least so much: waking and waiting for one costs little only while nobody else uses the processor.
const GRAIN: usize = 1_000_000;

/// A convolution in plain Rust, for the sizes that are small enough, as is known before it begins: so that the same input
/// always has the same output, whatever else the machine does.
///
/// Microseconds on an Intel Sapphire Rapids with one thread, `relu` included; a call of libtorch's packed convolution takes 28
/// before it computes anything, and the one that is not packed 50 with several images:
///
/// | channels | kernel | images | libtorch | packed | loops |
/// |---|---|---|---|---|---|
/// | 1 → 12 | 3 × 3 | 1 × 8 × 8 | 5.0 | 28 | 1.5 |
/// | 12 → 24 | 3 × 3 | 1 × 8 × 8 | 8.6 | 28 | 2.0 |
/// | 24 → 24 | 3 × 3 | 8 × 4 × 4 | 76 | 45 | 19 |
/// | 24 → 24 | 3 × 3 | 1 × 16 × 16 | 45 | 51 | 38 |
/// | 48 → 48 | 3 × 3 | 1 × 4 × 4 | 21 | 35 | 8.6 |
/// | 48 → 48 | 3 × 3 | 8 × 8 × 8 | 191 | 154 | (249) |
/// | 64 → 64 | 3 × 3 | 1 × 8 × 8 | 67 | 54 | (57) |
/// | 64 → 24 | 1 × 1 | 8 × 4 × 4 | 8.3 | 36 | 6.6 |
/// | 32, each alone | 3 × 3 | 1 × 16 × 16 | 64 | 29 | 9.3 |
/// | 64, each alone | 3 × 3 | 8 × 8 × 8 | 83 | 37 | (39) |
///
/// In brackets what is too large for them.
#[derive(Debug)]
pub(super) struct Small {
    weights: Weights,
    geometry: Geometry,
    most: usize,
}

/// The same with one dimension, as two of which the first is 1.
#[derive(Debug, Clone, Copy)]
struct Geometry {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

/// What to compute beside the convolution.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) input: &'a Tensor,
    pub(super) sizes: &'a Sizes,
    /// As they will be.
    pub(super) outputs: &'a Sizes,
    pub(super) other: Option<&'a Tensor>,
    pub(super) epilogue: Epilogue,
}

impl Small {
    /// Of the weights of a sound convolution; nothing for what is never small, or has an unusual shape.
    pub(super) fn new<const D: usize>(config: &ConvConfig<D>, weights: &Pair) -> Option<Self> {
        let size = Sizes::of(&weights.0)?;
        let at_least = |least, it: &[i64]| it.iter().all(|it| *it >= least);
        let suits = D <= 2
            && (1..=WEIGHTS).contains(&size.numel())
            && at_least(1, &config.stride)
            && at_least(1, &config.dilation)
            && at_least(0, &config.padding)
            && config.pads_itself();
        if !suits {
            return None;
        }
        let flat = |it: [i64; D], first| {
            let last = [it.first().copied()?, it.last().copied()?];
            let both = if D == 1 { [first, last[1]] } else { last };
            Some(both.map(count))
        };
        let kernel = std::array::from_fn(|it| size.as_slice()[2 + it]);
        let geometry = Geometry {
            kernel: flat(kernel, 1)?,
            stride: flat(config.stride, 1)?,
            padding: flat(config.own_padding(), 0)?,
            dilation: flat(config.dilation, 1)?,
        };
        Some(Self {
            weights: Weights::new(weights, config.groups)?,
            geometry,
            most: SMALL,
        })
    }

    /// Beside a linear map or not.
    pub(super) fn beside(self, is_map: bool) -> Self {
        if is_map && is_intel() {
            return Self {
                most: SMALL_BESIDE,
                ..self
            };
        }
        self
    }

    /// How many multiplications of a full convolution take as long as one place of the output.
    #[inline]
    fn effort(&self) -> usize {
        let weights = &self.weights;
        let each = if weights.is_depthwise { READING } else { 1 };
        let of_lanes = weights.inputs * weights.taps * LANES * each + SUMS;
        weights.bias.len() * of_lanes
    }

    /// The convolution of an input that suits: `f32` on the CPU, without gaps, and not too large.
    #[inline]
    #[track_caller]
    pub(super) fn run(&self, call: &Call<'_>) -> Result<Option<Tensor>> {
        let width = self.weights.outputs;
        let of_place = self.effort();
        if (call.outputs.numel() / width).saturating_mul(of_place) > self.most {
            return Ok(None);
        }
        let Some((input, order)) = ordered(call.input, call.sizes).filter(|it| !it.0.is_empty())
        else {
            return Ok(None);
        };
        let ending = Ending::of(call);
        let others = ending.added.and_then(|it| ordered(it, call.outputs));
        let others = others.map_or(&[][..], |(others, _)| others);
        let pitch = self.weights.pitch();
        let places = Places::of(call.sizes, call.outputs, self.geometry, pitch);
        let padded;
        let input = if order == Order::Last && places.is_bare() {
            input
        } else {
            padded = places.padded(input, order);
            &padded
        };
        let job = Job {
            weights: &self.weights,
            input,
            starts: &places.starts(),
            taps: &places.taps(self.weights.is_depthwise),
            others,
            epilogue: ending.now,
        };
        let output = filled(call.outputs, Order::Last, |outputs| {
            let grain = GRAIN.div_ceil(of_place);
            Rows::new(outputs, width)
                .fill_ranges(grain, |range, outputs| loops::run(job, range, outputs))
        })?;
        output.map(|it| ending.finished(it)).transpose()
    }
}
