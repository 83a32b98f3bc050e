//! Convolutions of few channels, as the first ones of models that see: each number of the image is used where it is.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use super::depthwise::spread;
use super::{Geometry, Job, Lanes, Method, PANEL, Pair, Scratch, Share, grown};
use crate::frozen::dense::Order;
use crate::frozen::lanes::{LANES, Vector, flat, flat_mut};

/// Of so many numbers for each output at most: sums are not longer than in other kernels.
const MOST: usize = 256;
/// With more channels, other kernels read whole registers of them.
const INPUTS: usize = 4;

/// See above. Its places are rows.
pub(super) struct Direct;

pub(super) fn suits(geometry: &Geometry) -> bool {
    let taps: usize = geometry.kernel.iter().product();
    geometry.groups == 1
        && geometry.inputs <= INPUTS
        && geometry.inputs * taps <= MOST
        && geometry.outputs.is_multiple_of(LANES)
}

/// `[outputs, inputs, height, width]`, for each panel of outputs and each number that it needs; zeros fill the last panel.
pub(super) fn packed(geometry: &Geometry, weights: &[f32]) -> Vec<Lanes> {
    let count = geometry.inputs * geometry.kernel.iter().product::<usize>();
    let mut packed = vec![Lanes::ZERO; geometry.panels() * count * 2];
    let (pairs, _) = packed.as_chunks_mut::<2>();
    for (output, weights) in weights.chunks_exact(count).enumerate() {
        let (panel, lane) = (output / PANEL, output % PANEL);
        for (pair, weight) in pairs[panel * count..][..count].iter_mut().zip(weights) {
            pair[lane / LANES].0[lane % LANES] = *weight;
        }
    }
    packed
}

impl Method for Direct {
    fn shares(job: &Job<'_>, threads: usize) -> Vec<Share> {
        job.rows(threads)
    }

    #[inline(always)]
    fn compute<V: Vector>(job: &Job<'_>, share: &Share, scratch: &mut Scratch) {
        match job.geometry.stride[1] {
            1 => job.strided::<V, 1>(share, scratch),
            2 => job.strided::<V, 2>(share, scratch),
            _ => job.strided::<V, ANY>(share, scratch),
        }
    }
}

/// A stride that is known when it runs.
const ANY: usize = 0;

impl Job<'_> {
    #[inline(always)]
    fn strided<V: Vector, const S: usize>(&self, share: &Share, scratch: &mut Scratch) {
        let lines = Lines::of(self);
        let length = lines.length().div_ceil(LANES);
        let values = grown(&mut scratch.inputs, length, Lanes::ZERO);
        let [height, width] = self.images.output;
        let (weights, _): (&[Pair], _) = self.weights.as_chunks();
        for row in share.places.clone() {
            lines.fill(self, row / height, row % height, flat_mut(values));
            for (panel, weights) in weights.chunks_exact(lines.offsets.len()).enumerate() {
                let block = Block {
                    job: self,
                    offsets: &lines.offsets,
                    values: flat(values),
                    panel,
                    weights,
                    row: row * width,
                };
                if self.geometry.outputs > panel * PANEL + LANES {
                    block.columns::<V, S, 2>(width);
                } else {
                    block.columns::<V, S, 1>(width);
                }
            }
        }
    }
}

/// The part of an image that a row of the output needs, with the zeros around it: for each channel its rows.
struct Lines {
    /// Where the numbers of the first place are, in the order of the weights.
    offsets: Vec<usize>,
    /// How many numbers a line has, and how many lines there are.
    width: usize,
    count: usize,
}

impl Lines {
    fn of(job: &Job<'_>) -> Self {
        let Geometry {
            inputs,
            kernel: [height, width],
            dilation: [_, right],
            stride: [_, stride],
            ..
        } = job.geometry;
        let line = (job.images.output[1] - 1) * stride + (width - 1) * right + 1;
        let taps = (0..inputs * height).flat_map(|row| (0..width).map(move |tap| (row, tap)));
        Self {
            offsets: taps.map(|(row, tap)| row * line + tap * right).collect(),
            width: line,
            count: inputs * height,
        }
    }

    fn length(&self) -> usize {
        self.width * self.count
    }

    /// Copies what a row of the output needs.
    #[inline(always)]
    fn fill(&self, job: &Job<'_>, image: usize, row: usize, to: &mut [f32]) {
        let geometry = &job.geometry;
        let (inputs, rows) = (geometry.inputs, geometry.kernel[0]);
        let [height, width] = job.images.input;
        let before = geometry.padding[1].min(self.width);
        let there = width.min(self.width - before);
        let lines = to.chunks_exact_mut(self.width).take(self.count);
        for (index, to) in lines.enumerate() {
            let (channel, tap) = (index / rows, index % rows);
            let y = row * geometry.stride[0] + tap * geometry.dilation[0];
            let y = y.checked_sub(geometry.padding[0]).filter(|it| *it < height);
            let Some(y) = y else {
                to.fill(0.);
                continue;
            };
            let (left, rest) = to.split_at_mut(before);
            let (inside, right) = rest.split_at_mut(there);
            left.fill(0.);
            right.fill(0.);
            match job.order {
                Order::First => {
                    let from = ((image * inputs + channel) * height + y) * width;
                    inside.copy_from_slice(&job.input[from..][..there]);
                }
                Order::Last => {
                    let from = (image * height + y) * width * inputs;
                    let from = &job.input[from..][..width * inputs];
                    for (to, from) in inside.iter_mut().zip(from.chunks_exact(inputs)) {
                        *to = from[channel];
                    }
                }
            }
        }
    }
}

/// A row of the output, for one panel.
struct Block<'a> {
    job: &'a Job<'a>,
    offsets: &'a [usize],
    values: &'a [f32],
    panel: usize,
    weights: &'a [Pair],
    /// Its first place among those of all images.
    row: usize,
}

impl Block<'_> {
    #[inline(always)]
    fn columns<V: Vector, const S: usize, const W: usize>(&self, width: usize) {
        let mut column = 0;
        if V::SUMS > 3 {
            while column + 14 <= width {
                self.compute::<V, S, 14, W>(column);
                column += 14;
            }
            while column + 6 <= width {
                self.compute::<V, S, 6, W>(column);
                column += 6;
            }
        }
        while column + 3 <= width {
            self.compute::<V, S, 3, W>(column);
            column += 3;
        }
        while column < width {
            self.compute::<V, S, 1, W>(column);
            column += 1;
        }
    }

    /// `P` places from this column on.
    #[inline(always)]
    fn compute<V: Vector, const S: usize, const P: usize, const W: usize>(&self, column: usize) {
        let (biases, _): (&[Pair], _) = self.job.bias.as_chunks();
        let mut sums = [[V::splat(0.); W]; P];
        for sums in &mut sums {
            for (sum, Lanes(bias)) in sums.iter_mut().zip(&biases[self.panel]) {
                *sum = V::load(bias);
            }
        }
        let stride = if S == ANY {
            self.job.geometry.stride[1]
        } else {
            S
        };
        let first = column * stride;
        for (offset, pair) in self.offsets.iter().zip(self.weights) {
            let mut weights = [V::splat(0.); W];
            for (weight, Lanes(values)) in weights.iter_mut().zip(pair) {
                *weight = V::load(values);
            }
            let values = spread::<_, P>(self.values, first + offset, stride);
            for (sums, value) in sums.iter_mut().zip(values) {
                let value = V::splat(*value);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = value.mul_add(weight, *sum);
                }
            }
        }
        let outputs = self.job.output.channels;
        let at = (self.row + column) * outputs + self.panel * PANEL;
        self.job.output.put_rows(at, outputs, sums);
    }
}
