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
    /// Of each input, for a pair of outputs. What follows them in memory is needed next.
    pub(super) weights: &'a [Pair],
    /// Whether the second of the pair counts.
    pub(super) is_full: bool,
    /// Whether there is nothing yet to which it is added.
    pub(super) is_first: bool,
    /// What becomes of the sums then, if nothing more is added.
    pub(super) end: Option<End<'a>>,
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
        // As even as may be: the processor is waited for where only a few places share its weights.
        let blocks = self.places.div_ceil(V::PLACES).max(1);
        let width = self.places.div_ceil(blocks).max(1);
        for (index, block) in sums[..self.places].chunks_mut(width).enumerate() {
            let from = index * width;
            match block.len() {
                1 => self.block::<V, 1, W>(from, block),
                2 => self.block::<V, 2, W>(from, block),
                3 => self.block::<V, 3, W>(from, block),
                length if V::PLACES > 3 => match length {
                    4 => self.block::<V, 4, W>(from, block),
                    5 => self.block::<V, 5, W>(from, block),
                    6 => self.block::<V, 6, W>(from, block),
                    7 => self.block::<V, 7, W>(from, block),
                    8 => self.block::<V, 8, W>(from, block),
                    9 => self.block::<V, 9, W>(from, block),
                    10 => self.block::<V, 10, W>(from, block),
                    11 => self.block::<V, 11, W>(from, block),
                    12 => self.block::<V, 12, W>(from, block),
                    13 => self.block::<V, 13, W>(from, block),
                    _ => self.block::<V, 14, W>(from, block),
                },
                _ => {}
            }
        }
    }

    /// The `P` places from `from` on.
    #[inline(always)]
    fn block<V: Vector, const P: usize, const W: usize>(&self, from: usize, block: &mut [Pair]) {
        let Some(block) = block.first_chunk_mut::<P>() else {
            return;
        };
        let mut sums = [[V::splat(0.); W]; P];
        // What is needed next comes while this is computed.
        let mut next = self.weights.as_ptr_range().end.cast::<Lanes>();
        if from == P {
            next = next.wrapping_add(self.weights.len());
        }
        for (index, weights) in self.weights.chunks(LANES).enumerate() {
            let Some(inputs) = self.inputs[index * self.places + from..].first_chunk::<P>() else {
                return;
            };
            for (input, pair) in weights.iter().enumerate() {
                let mut weights = [V::splat(0.); W];
                for (weight, Lanes(values)) in weights.iter_mut().zip(pair) {
                    *weight = V::load(values);
                }
                prefetch(next);
                next = next.wrapping_add(1);
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
