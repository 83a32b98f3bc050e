//! Products of matrices: the inputs of some places with one panel of weights.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use super::Pair;
use super::output::Output;
use crate::frozen::lanes::{LANES, Lanes, Vector, prefetch};

/// Weights of so many inputs at once, so that they stay in the nearest cache while all places use them.
pub(super) const PART: usize = 128;

/// What is multiplied.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    /// For each sixteen inputs, those of each place.
    pub(super) inputs: &'a [Lanes],
    pub(super) places: usize,
    /// Of each input, for a pair of outputs.
    pub(super) weights: &'a [Pair],
    /// Whether the second of the pair counts.
    pub(super) is_full: bool,
    /// Whether there is nothing yet to which it is added.
    pub(super) is_first: bool,
    pub(super) soon: Soon,
    /// What becomes of the sums then, if nothing more is added.
    pub(super) end: Option<End<'a>>,
}

/// Memory that is needed soon, and comes while a product is computed: with each input a line of the cache. It need not be
/// anybody's.
#[derive(Clone, Copy)]
pub(super) struct Soon {
    /// The lines from here on come with the first block of places, and those behind them with the next one.
    pub(super) from: *const Lanes,
    /// So many blocks have lines of their own; the others have those of the last one of these again.
    pub(super) blocks: usize,
}

/// The outputs of one panel.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) output: &'a Output,
    pub(super) bias: &'a Pair,
    /// Where those of the first place go, and how far the next place is.
    pub(super) at: usize,
    pub(super) apart: usize,
}

impl Product<'_> {
    /// How many blocks there are of so many places.
    pub(super) fn blocks_of<V: Vector>(places: usize) -> usize {
        places.div_ceil(V::SUMS).max(1)
    }

    /// Adds it to the sums of each place.
    #[inline(always)]
    pub(super) fn add<V: Vector>(self, sums: &mut [Pair]) {
        if self.is_full {
            self.blocks::<V, 2>(sums);
        } else {
            self.blocks::<V, 1>(sums);
        }
    }

    #[inline(always)]
    fn blocks<V: Vector, const W: usize>(self, sums: &mut [Pair]) {
        const { assert!(V::SUMS <= 14, "larger blocks are missing below") }
        // None much smaller than the others: the processor is waited for where only a few places share its weights.
        let blocks = Self::blocks_of::<V>(self.places);
        let width = self.places.div_ceil(blocks).max(1);
        for (index, block) in sums[..self.places].chunks_mut(width).enumerate() {
            let from = index * width;
            match block.len() {
                1 => self.block::<V, 1, W>(index, from, block),
                2 => self.block::<V, 2, W>(index, from, block),
                3 => self.block::<V, 3, W>(index, from, block),
                length if V::SUMS > 3 => match length {
                    4 => self.block::<V, 4, W>(index, from, block),
                    5 => self.block::<V, 5, W>(index, from, block),
                    6 => self.block::<V, 6, W>(index, from, block),
                    7 => self.block::<V, 7, W>(index, from, block),
                    8 => self.block::<V, 8, W>(index, from, block),
                    9 => self.block::<V, 9, W>(index, from, block),
                    10 => self.block::<V, 10, W>(index, from, block),
                    11 => self.block::<V, 11, W>(index, from, block),
                    12 => self.block::<V, 12, W>(index, from, block),
                    13 => self.block::<V, 13, W>(index, from, block),
                    _ => self.block::<V, 14, W>(index, from, block),
                },
                _ => {}
            }
        }
    }

    /// The block of this index: the `P` places from `from` on.
    #[inline(always)]
    fn block<V: Vector, const P: usize, const W: usize>(
        &self,
        index: usize,
        from: usize,
        block: &mut [Pair],
    ) {
        let Some(block) = block.first_chunk_mut::<P>() else {
            return;
        };
        let mut sums = [[V::splat(0.); W]; P];
        let ahead = index.min(self.soon.blocks - 1) * self.weights.len();
        let mut soon = self.soon.from.wrapping_add(ahead);
        for (group, weights) in self.weights.chunks(LANES).enumerate() {
            let Some(inputs) = self.inputs[group * self.places + from..].first_chunk::<P>() else {
                return;
            };
            for (input, pair) in weights.iter().enumerate() {
                let mut weights = [V::splat(0.); W];
                for (weight, Lanes(values)) in weights.iter_mut().zip(pair) {
                    *weight = V::load(values);
                }
                prefetch(soon);
                soon = soon.wrapping_add(1);
                for (sums, Lanes(values)) in sums.iter_mut().zip(inputs) {
                    let value = V::splat(values[input]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = value.mul_add(weight, *sum);
                    }
                }
            }
        }
        // Part by part, so that rounding errors do not add up over all inputs.
        if !self.is_first {
            for (sums, before) in sums.iter_mut().zip(block.iter()) {
                for (sum, Lanes(before)) in sums.iter_mut().zip(before) {
                    *sum = sum.plus(V::load(before));
                }
            }
        }
        if let Some(end) = self.end {
            for sums in &mut sums {
                for (sum, Lanes(bias)) in sums.iter_mut().zip(end.bias) {
                    *sum = sum.plus(V::load(bias));
                }
            }
            let at = end.at + from * end.apart;
            end.output.put_rows(at, end.apart, sums);
            return;
        }
        for (to, sums) in block.iter_mut().zip(sums) {
            for (Lanes(to), sum) in to.iter_mut().zip(sums) {
                sum.store(to);
            }
        }
    }
}
