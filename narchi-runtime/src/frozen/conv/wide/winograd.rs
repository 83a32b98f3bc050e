//! Convolutions of 3 × 3 taps with fewer multiplications: 16 for four outputs, and not 36.
//!
//! After S. Winograd; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015).

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

mod transform;

use super::product::{PART, Product, Soon};
use super::{Geometry, Job, Lanes, Method, PANEL, PLACES, Pair, Scratch, Share, grown};
use crate::frozen::lanes::{LANES, Vector};
use transform::{PATCH, of_weights};

/// So many bytes of patches at once, so that they stay in the cache of a core.
const PATCHES: usize = 512 << 10;

/// Its places are tiles of 2 × 2 outputs.
pub(super) struct Winograd;

pub(super) fn suits(geometry: &Geometry) -> bool {
    geometry.kernel == [3, 3]
        && geometry.groups == 1
        && geometry.stride == [1, 1]
        && geometry.dilation == [1, 1]
        && geometry.inputs.is_multiple_of(LANES)
        && geometry.outputs.is_multiple_of(LANES)
}

/// `[outputs, inputs, 3, 3]`, transformed: for each panel of outputs, each part of the inputs, each place of a patch and each
/// input; zeros fill the last panel.
pub(super) fn packed(geometry: &Geometry, weights: &[f32]) -> Vec<Lanes> {
    let inputs = geometry.inputs;
    let mut packed = vec![Lanes::ZERO; geometry.panels() * PATCH * inputs * 2];
    let (pairs, _) = packed.as_chunks_mut::<2>();
    let (filters, _) = weights.as_chunks::<9>();
    for (output, filters) in filters.chunks_exact(inputs).enumerate() {
        let (panel, lane) = (output / PANEL, output % PANEL);
        let parts = pairs[panel * PATCH * inputs..].chunks_mut(PATCH * PART);
        for (part, filters) in parts.zip(filters.chunks(PART)) {
            for (input, taps) in filters.iter().enumerate() {
                for (place, value) in of_weights(taps).into_iter().enumerate() {
                    let pair = &mut part[place * filters.len() + input];
                    pair[lane / LANES].0[lane % LANES] = value;
                }
            }
        }
    }
    packed
}

/// Tiles that are computed together.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    tiles: usize,
    /// Of sixteen inputs.
    groups: usize,
}

impl Block {
    /// From the patches of one place to those of the next. It is odd, so that what is written at once for all places meets as
    /// many sets of the cache, and not one again and again.
    fn patches_apart(&self) -> usize {
        (self.groups * self.tiles) | 1
    }

    /// From the sums of one place to those of the next.
    fn sums_apart(&self) -> usize {
        self.tiles | 1
    }
}

impl Method for Winograd {
    fn shares(job: &Job<'_>, threads: usize) -> Vec<Share> {
        let [rows, columns] = job.tiles();
        job.shares(job.images.count * rows * columns, threads)
    }

    #[inline(always)]
    fn compute<V: Vector>(job: &Job<'_>, share: &Share, scratch: &mut Scratch) {
        let groups = job.geometry.inputs / LANES;
        let most = (PATCHES / (PATCH * groups * size_of::<Lanes>())).max(PLACES);
        let blocks = share.places.len().div_ceil(most).max(1);
        for tiles in super::parts(share.places.len(), blocks) {
            let block = Block {
                first: share.places.start + tiles.start,
                tiles: tiles.len(),
                groups,
            };
            let inputs = grown(
                &mut scratch.inputs,
                PATCH * block.patches_apart(),
                Lanes::ZERO,
            );
            let sums = grown(
                &mut scratch.sums,
                PATCH * block.sums_apart(),
                [Lanes::ZERO; 2],
            );
            job.patches::<V>(block, inputs);
            for panel in share.panels.clone() {
                job.products::<V>(block, panel, inputs, sums);
                job.outputs::<V>(block, panel, sums);
            }
        }
    }
}

impl Job<'_> {
    /// Rows and columns of tiles.
    fn tiles(&self) -> [usize; 2] {
        self.images.output.map(|it| it.div_ceil(2))
    }

    /// The sums of one panel, for each place of the patches and each tile.
    #[inline(always)]
    fn products<V: Vector>(
        &self,
        block: Block,
        panel: usize,
        patches: &[Lanes],
        sums: &mut [Pair],
    ) {
        let count = PATCH * self.geometry.inputs;
        let (weights, _): (&[Pair], _) = self.weights.as_chunks();
        let weights = &weights[panel * count..][..count];
        for (part, weights) in weights.chunks(PATCH * PART).enumerate() {
            let inputs = &patches[part * (PART / LANES) * block.tiles..];
            for (place, weights) in weights.chunks_exact(weights.len() / PATCH).enumerate() {
                let product = Product {
                    inputs: &inputs[place * block.patches_apart()..],
                    places: block.tiles,
                    weights,
                    is_full: panel * PANEL + LANES < self.geometry.outputs,
                    is_first: part == 0,
                    soon: Soon {
                        from: weights.as_ptr_range().end.cast(),
                        blocks: 2,
                    },
                    end: None,
                };
                product.add::<V>(&mut sums[place * block.sums_apart()..]);
            }
        }
    }
}
