//! The multiplications: one matrix product for each of the sixteen places of a patch.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use std::array;

use super::Pair;
use crate::frozen::lanes::{LANES, Lanes, Vector, prefetch};

/// So many inputs at once, so that their weights stay in the nearest cache while all tiles use them.
const INPUTS: usize = 128;

/// The product of the tiles' inputs and one panel of weights.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    /// For each sixteen inputs, those of each tile.
    pub(super) inputs: &'a [Lanes],
    pub(super) tiles: usize,
    /// Of each input, for a pair of outputs.
    pub(super) weights: &'a [Pair],
}

impl Product<'_> {
    /// For each tile, the sums of a pair of outputs.
    #[inline(always)]
    pub(super) fn compute<V: Vector>(self, sums: &mut [Pair]) {
        for (index, weights) in self.weights.chunks(INPUTS).enumerate() {
            let part = Part {
                inputs: &self.inputs[index * (INPUTS / LANES) * self.tiles..],
                tiles: self.tiles,
                weights,
                is_first: index == 0,
            };
            let mut done = 0;
            if V::PLACES >= 14 {
                done = part.places::<V, 14>(sums, done);
                done = part.places::<V, 7>(sums, done);
            }
            done = part.places::<V, 3>(sums, done);
            part.places::<V, 1>(sums, done);
        }
    }
}

/// The product over some of the inputs.
struct Part<'a> {
    inputs: &'a [Lanes],
    tiles: usize,
    weights: &'a [Pair],
    is_first: bool,
}

impl Part<'_> {
    /// The tiles from `done` on, `P` at once; returns how many are done.
    #[inline(always)]
    fn places<V: Vector, const P: usize>(&self, sums: &mut [Pair], mut done: usize) -> usize {
        let (blocks, _) = sums[done..].as_chunks_mut::<P>();
        for block in blocks {
            // The weights of the next product come while this one is computed.
            let ahead = if done < 2 * P { 1 + done / P } else { 1 };
            let next = self.weights.as_ptr().cast::<Lanes>();
            let next = next.wrapping_add((1 + ahead) * self.weights.len());
            self.block::<V, P>(done, block, next);
            done += P;
        }
        done
    }

    #[inline(always)]
    fn block<V: Vector, const P: usize>(
        &self,
        from: usize,
        block: &mut [Pair; P],
        mut next: *const Lanes,
    ) {
        let mut sums = [[V::splat(0.); 2]; P];
        if !self.is_first {
            sums = array::from_fn(|it| [0, 1].map(|half: usize| V::load(&block[it].0[half].0)));
        }
        for (index, weights) in self.weights.chunks(LANES).enumerate() {
            let (inputs, _) = self.inputs[index * self.tiles + from..].as_chunks::<P>();
            let Some(inputs) = inputs.first() else {
                return;
            };
            for (input, Pair(weights)) in weights.iter().enumerate() {
                let weights = [0, 1].map(|half: usize| V::load(&weights[half].0));
                prefetch(next);
                next = next.wrapping_add(1);
                for place in 0..P {
                    let x = V::splat(inputs[place].0[input]);
                    sums[place] =
                        [0, 1].map(|half: usize| x.mul_add(weights[half], sums[place][half]));
                }
            }
        }
        for (to, sums) in block.iter_mut().zip(sums) {
            for (to, sum) in to.0.iter_mut().zip(sums) {
                sum.store(&mut to.0);
            }
        }
    }
}
