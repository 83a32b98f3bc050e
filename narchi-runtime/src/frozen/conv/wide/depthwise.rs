//! Convolutions of each channel alone.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use std::array;
use std::ops::Range;

use super::{Geometry, Job, Lanes, Method, Scratch, Share, parts};
use crate::frozen::lanes::{LANES, Vector, prefetch};

/// So many places of a row are computed together at most, with the same weights: images often have a multiple of seven.
const TOGETHER: usize = 7;

/// See above.
pub(super) struct Depthwise;

pub(super) fn suits(geometry: &Geometry) -> bool {
    geometry.groups == geometry.inputs
        && geometry.outputs == geometry.inputs
        && geometry.inputs.is_multiple_of(LANES)
}

/// `[channels, 1, height, width]`, for each sixteen channels those of each tap.
pub(super) fn packed(geometry: &Geometry, weights: &[f32]) -> Vec<Lanes> {
    let taps: usize = geometry.kernel.iter().product();
    let mut packed = vec![Lanes::ZERO; geometry.inputs / LANES * taps];
    for (channel, weights) in weights.chunks_exact(taps).enumerate() {
        let group = &mut packed[channel / LANES * taps..][..taps];
        for (Lanes(to), weight) in group.iter_mut().zip(weights) {
            to[channel % LANES] = *weight;
        }
    }
    packed
}

impl Method for Depthwise {
    /// Places are rows.
    fn shares(job: &Job<'_>, threads: usize) -> Vec<Share> {
        job.rows(threads)
    }

    #[inline(always)]
    fn compute<V: Vector>(job: &Job<'_>, share: &Share, _: &mut Scratch) {
        let [height, width] = job.images.output;
        let inside = job.inside();
        let blocks = inside.len().div_ceil(TOGETHER);
        for row in share.places.clone() {
            let row = job.row(row / height, row % height);
            for columns in parts(inside.len(), blocks) {
                row.inner::<V>(inside.start + columns.start, columns.len());
            }
            for column in (0..inside.start).chain(inside.end..width) {
                row.outputs::<V, 1, false>(column);
            }
        }
    }
}

/// A row of the output, and the rows of the input that it needs.
struct Row<'a> {
    job: &'a Job<'a>,
    input: &'a [[f32; LANES]],
    /// The place of its first output.
    first: usize,
    /// The row of the input with which its image begins, which may be before the first one.
    image: usize,
    /// The row of the padded image at which the first tap is.
    top: usize,
    /// Of the kernel: those inside the image.
    taps: Range<usize>,
}

impl Job<'_> {
    /// The columns of the output for which all taps are inside the image.
    fn inside(&self) -> Range<usize> {
        let geometry = self.geometry;
        let (stride, padding) = (geometry.stride[1], geometry.padding[1]);
        let window = (geometry.kernel[1] - 1) * geometry.dilation[1];
        let width = self.images.output[1];
        let end = (self.images.input[1] + padding).saturating_sub(window);
        let end = end.div_ceil(stride).min(width);
        let start = padding.div_ceil(stride);
        start.min(end)..end
    }

    #[inline(always)]
    fn row(&self, image: usize, row: usize) -> Row<'_> {
        let Geometry {
            kernel,
            stride,
            padding,
            dilation,
            ..
        } = self.geometry;
        let height = self.images.input[0];
        let skipped = self.images.skipped;
        // How far the first tap is above the image, and how many taps are before its end.
        let top = row * stride[0];
        let above = padding[0].saturating_sub(top).div_ceil(dilation[0]);
        let below = (height + padding[0])
            .saturating_sub(top)
            .div_ceil(dilation[0]);
        Row {
            job: self,
            input: self.input.as_chunks().0,
            first: (image * self.images.output[0] + row - skipped[1]) * self.images.output[1],
            image: (image * height).wrapping_sub(skipped[0]),
            top,
            taps: above.min(kernel[0])..below.min(kernel[0]),
        }
    }
}

impl Row<'_> {
    /// Some columns that are inside.
    #[inline(always)]
    fn inner<V: Vector>(&self, first: usize, count: usize) {
        match count {
            1 => self.outputs::<V, 1, true>(first),
            2 => self.outputs::<V, 2, true>(first),
            3 => self.outputs::<V, 3, true>(first),
            4 => self.outputs::<V, 4, true>(first),
            5 => self.outputs::<V, 5, true>(first),
            6 => self.outputs::<V, 6, true>(first),
            _ => self.outputs::<V, TOGETHER, true>(first),
        }
    }

    /// The outputs of `P` places from `column` on.
    #[inline(always)]
    fn outputs<V: Vector, const P: usize, const IS_INSIDE: bool>(&self, column: usize) {
        let geometry = self.job.geometry;
        let [_, width] = geometry.kernel;
        let (stride, dilation) = (geometry.stride[1], geometry.dilation[1]);
        let taps = geometry.kernel[0] * width;
        let groups = geometry.inputs / LANES;
        let wide = self.job.images.input[1];
        let left = (column * stride).wrapping_sub(geometry.padding[1]);
        let step = stride * groups;
        for group in 0..groups {
            let mut sums = [V::load(&self.job.bias[group].0); P];
            for row in self.taps.clone() {
                let y = self.top + row * geometry.dilation[0] - geometry.padding[0];
                let line = self.image.wrapping_add(y) * wide;
                let weights = &self.job.weights[group * taps + row * width..][..width];
                for (tap, Lanes(weight)) in weights.iter().enumerate() {
                    let weight = V::load(weight);
                    let first = left.wrapping_add(tap * dilation);
                    if IS_INSIDE {
                        let at = (line + first) * groups + group;
                        let inputs = spread::<_, P>(self.input, at, step);
                        for (sum, input) in sums.iter_mut().zip(inputs) {
                            *sum = V::load(input).mul_add(weight, *sum);
                        }
                        continue;
                    }
                    for (index, sum) in sums.iter_mut().enumerate() {
                        let x = first.wrapping_add(index * stride);
                        if x < wide {
                            let input = &self.input[(line + x) * groups + group];
                            *sum = V::load(input).mul_add(weight, *sum);
                        }
                    }
                }
            }
            if IS_INSIDE {
                self.announce::<P>(column, group);
            }
            let first = ((self.first + column) * groups + group) * LANES;
            let mut at = [first; P];
            for (index, at) in at.iter_mut().enumerate() {
                *at += index * groups * LANES;
            }
            self.job.output.put(at, sums);
        }
    }

    /// Lets the inputs come that the next `P` places need: of the last row, as those above were needed before.
    #[inline(always)]
    fn announce<const P: usize>(&self, column: usize, group: usize) {
        let geometry = self.job.geometry;
        let [height, width] = geometry.dilation;
        let groups = geometry.inputs / LANES;
        if self.taps.is_empty() {
            return;
        }
        let last = (self.taps.end - 1) * height + self.top;
        let line = self.image.wrapping_add(last - geometry.padding[0]) * self.job.images.input[1];
        let right = (column + P) * geometry.stride[1] + (geometry.kernel[1] - 1) * width;
        let at = (line + right - geometry.padding[1]) * groups + group;
        for index in 0..P {
            let step = index * geometry.stride[1] * groups;
            prefetch(self.input.as_ptr().wrapping_add(at + step));
        }
    }
}

/// Every `step`th from `at` on, `P` of them.
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "one check for all: one for each takes longer than the multiplication"
)]
pub(super) fn spread<T, const P: usize>(from: &[T], at: usize, step: usize) -> [&T; P] {
    assert!(at + (P - 1) * step < from.len(), "the image has ended");
    // SAFETY: the last one is inside, and so are those before it.
    array::from_fn(|it| unsafe { from.get_unchecked(at + it * step) })
}
