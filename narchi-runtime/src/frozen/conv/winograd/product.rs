//! The multiplications: one matrix product for each of the sixteen places of a patch.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use super::transform::PLACES;
use super::{Block, Pair};
use crate::frozen::lanes::{LANES, Lanes, Vector, prefetch};

/// Adds to the sums of each place and tile the products of some inputs with the weights of one panel, or sets the sums to
/// them if there is nothing yet.
#[inline(always)]
pub(super) fn add<V: Vector>(
    block: Block,
    inputs: &[Lanes],
    weights: &[Pair],
    is_first: bool,
    sums: &mut [Pair],
) {
    let count = weights.len() / PLACES;
    for (place, weights) in weights.chunks_exact(count).enumerate() {
        let product = Product {
            inputs: &inputs[place * block.patches_apart()..],
            tiles: block.tiles,
            weights,
            is_first,
        };
        product.add::<V>(&mut sums[place * block.sums_apart()..][..block.tiles]);
    }
}

/// Of one place.
#[derive(Clone, Copy)]
struct Product<'a> {
    /// For each sixteen inputs, those of each tile.
    inputs: &'a [Lanes],
    tiles: usize,
    /// Of each input, for a pair of outputs.
    weights: &'a [Pair],
    is_first: bool,
}

impl Product<'_> {
    /// For each tile, the sums of a pair of outputs.
    #[inline(always)]
    fn add<V: Vector>(self, sums: &mut [Pair]) {
        // As even as may be: the processor is waited for where only a few tiles share its weights.
        let blocks = self.tiles.div_ceil(V::PLACES).max(1);
        let width = self.tiles.div_ceil(blocks).max(1);
        for (index, block) in sums[..self.tiles].chunks_mut(width).enumerate() {
            let from = index * width;
            match block.len() {
                1 => self.block::<V, 1>(from, block),
                2 => self.block::<V, 2>(from, block),
                3 => self.block::<V, 3>(from, block),
                length if V::PLACES > 3 => match length {
                    4 => self.block::<V, 4>(from, block),
                    5 => self.block::<V, 5>(from, block),
                    6 => self.block::<V, 6>(from, block),
                    7 => self.block::<V, 7>(from, block),
                    8 => self.block::<V, 8>(from, block),
                    9 => self.block::<V, 9>(from, block),
                    10 => self.block::<V, 10>(from, block),
                    11 => self.block::<V, 11>(from, block),
                    12 => self.block::<V, 12>(from, block),
                    13 => self.block::<V, 13>(from, block),
                    _ => self.block::<V, 14>(from, block),
                },
                _ => {}
            }
        }
    }

    /// The `P` tiles from `from` on.
    #[inline(always)]
    fn block<V: Vector, const P: usize>(&self, from: usize, block: &mut [Pair]) {
        let Some(block) = block.first_chunk_mut::<P>() else {
            return;
        };
        let mut sums = [[V::splat(0.); 2]; P];
        if !self.is_first {
            for (sums, Pair(block)) in sums.iter_mut().zip(block.iter()) {
                *sums = [V::load(&block[0].0), V::load(&block[1].0)];
            }
        }
        // The weights of the next place follow these, and come while these are used.
        let mut soon = self.weights.as_ptr_range().end.cast::<Lanes>();
        if from == P {
            soon = soon.wrapping_add(self.weights.len());
        }
        for (index, weights) in self.weights.chunks(LANES).enumerate() {
            let Some(inputs) = self.inputs[index * self.tiles + from..].first_chunk::<P>() else {
                return;
            };
            for (input, Pair(weights)) in weights.iter().enumerate() {
                let weights = [V::load(&weights[0].0), V::load(&weights[1].0)];
                prefetch(soon);
                soon = soon.wrapping_add(1);
                for (sums, Lanes(values)) in sums.iter_mut().zip(inputs) {
                    let value = V::splat(values[input]);
                    sums[0] = value.mul_add(weights[0], sums[0]);
                    sums[1] = value.mul_add(weights[1], sums[1]);
                }
            }
        }
        for (Pair(to), sums) in block.iter_mut().zip(sums) {
            sums[0].store(&mut to[0].0);
            sums[1].store(&mut to[1].0);
        }
    }
}
