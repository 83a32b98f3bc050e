//! Convolutions of one tap: a product of matrices, in which each place is a row.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use std::ops::Range;

use super::product::{End, PART, Product, Soon};
use super::{Geometry, Job, Lanes, Method, PANEL, PLACES, Pair, Scratch, Share, grown};
use crate::frozen::lanes::{LANES, Vector};

/// So many bytes of inputs at once, so that they stay in the cache of a core.
const INPUTS: usize = 512 << 10;
/// And of so many places at most, so that their sums stay in the nearest one.
const MOST: usize = 112;
/// With fewer outputs most of a register would be empty.
const OUTPUTS: usize = 8;

/// See above.
pub(super) struct Pointwise;

pub(super) fn suits(geometry: &Geometry) -> bool {
    geometry.kernel == [1, 1]
        && geometry.padding == [0, 0]
        && geometry.groups == 1
        && geometry.outputs >= OUTPUTS
}

/// `[outputs, inputs, 1, 1]`, for each panel of outputs and each input; zeros fill the last panel.
pub(super) fn packed(geometry: &Geometry, weights: &[f32]) -> Vec<Lanes> {
    let inputs = geometry.inputs;
    let mut packed = vec![Lanes::ZERO; geometry.panels() * inputs * 2];
    let (pairs, _) = packed.as_chunks_mut::<2>();
    for (output, weights) in weights.chunks_exact(inputs).enumerate() {
        let (panel, lane) = (output / PANEL, output % PANEL);
        let panel = &mut pairs[panel * inputs..][..inputs];
        for (pair, weight) in panel.iter_mut().zip(weights) {
            pair[lane / LANES].0[lane % LANES] = *weight;
        }
    }
    packed
}

impl Method for Pointwise {
    fn shares(job: &Job<'_>, threads: usize) -> Vec<Share> {
        let [height, width] = job.images.output;
        job.shares(job.images.count * height * width, threads)
    }

    #[inline(always)]
    fn compute<V: Vector>(job: &Job<'_>, share: &Share, scratch: &mut Scratch) {
        let geometry = job.geometry;
        let groups = geometry.inputs.div_ceil(LANES);
        let most = (INPUTS / (groups * size_of::<Lanes>())).clamp(PLACES, MOST);
        let blocks = share.places.len().div_ceil(most).max(1);
        for block in super::parts(share.places.len(), blocks) {
            let block = share.places.start + block.start..share.places.start + block.end;
            let inputs = grown(&mut scratch.inputs, groups * block.len(), Lanes::ZERO);
            let sums = grown(&mut scratch.sums, block.len(), [Lanes::ZERO; 2]);
            job.gather::<V>(block.clone(), inputs);
            for panel in share.panels.clone() {
                let is_last = panel + 1 == share.panels.end;
                job.panel::<V>(block.clone(), panel, is_last, inputs, sums);
            }
        }
    }
}

impl Job<'_> {
    /// The inputs of some places, for each sixteen of them those of each place; zeros fill the last sixteen.
    #[inline(always)]
    fn gather<V: Vector>(&self, places: Range<usize>, to: &mut [Lanes]) {
        let count = places.len();
        let inputs = self.geometry.inputs;
        for (index, place) in places.enumerate() {
            let from = &self.input[self.source(place) * inputs..][..inputs];
            let (full, rest) = from.as_chunks::<LANES>();
            for (group, values) in full.iter().enumerate() {
                V::load(values).store(&mut to[group * count + index].0);
            }
            if !rest.is_empty() {
                let Lanes(to) = &mut to[full.len() * count + index];
                to[..rest.len()].copy_from_slice(rest);
                to[rest.len()..].fill(0.);
            }
        }
    }

    /// Where the input of a place of the output is.
    #[inline(always)]
    fn source(&self, place: usize) -> usize {
        if self.geometry.stride == [1, 1] {
            return place;
        }
        let [height, width] = self.images.output;
        let (image, row, column) = (
            place / (height * width),
            place / width % height,
            place % width,
        );
        let [down, right] = self.geometry.stride;
        (image * self.images.input[0] + row * down) * self.images.input[1] + column * right
    }

    /// The outputs of one panel.
    #[inline(always)]
    fn panel<V: Vector>(
        &self,
        places: Range<usize>,
        panel: usize,
        is_last: bool,
        inputs: &[Lanes],
        sums: &mut [Pair],
    ) {
        let count = self.geometry.inputs;
        let (weights, _): (&[Pair], _) = self.weights.as_chunks();
        let weights = &weights[panel * count..][..count];
        let (biases, _): (&[Pair], _) = self.bias.as_chunks();
        let bias = &biases[panel];
        // The weights of the next panel; after the last one, the inputs of the next places.
        let mut soon = Soon {
            from: weights.as_ptr_range().end.cast(),
            blocks: 2,
        };
        if is_last {
            let next = self.source(places.end) * count;
            soon.from = self.input.as_ptr().wrapping_add(next).cast();
            soon.blocks = Product::blocks_of::<V>(places.len());
        }
        let outputs = self.geometry.outputs - panel * PANEL;
        let at = places.start * self.output.channels + panel * PANEL;
        let parts = count.div_ceil(PART);
        for (part, weights) in weights.chunks(PART).enumerate() {
            let ends = part + 1 == parts && (outputs == LANES || outputs >= PANEL);
            let product = Product {
                inputs: &inputs[part * (PART / LANES) * places.len()..],
                places: places.len(),
                weights,
                is_full: outputs > LANES,
                is_first: part == 0,
                soon: Soon {
                    from: soon.from.wrapping_add(part * PART * soon.blocks),
                    ..soon
                },
                end: ends.then_some(End {
                    output: &self.output,
                    bias,
                    at,
                    apart: self.output.channels,
                }),
            };
            product.add::<V>(sums);
            if ends {
                return;
            }
        }
        // The last panel, where it is no full one.
        for (index, [low, high]) in sums.iter().enumerate() {
            let at = at + index * self.output.channels;
            let low = V::load(&low.0).plus(V::load(&bias[0].0));
            let high = V::load(&high.0).plus(V::load(&bias[1].0));
            if outputs < LANES {
                self.output.put_some(at, outputs, low);
            } else {
                self.output.put([at], [low]);
                self.output.put_some(at + LANES, outputs - LANES, high);
            }
        }
    }
}
