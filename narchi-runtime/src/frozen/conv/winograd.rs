//! Convolutions of 3 × 3 taps with fewer multiplications: 16 for four outputs, and not 36.
//!
//! After S. Winograd; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015).

mod product;
mod transform;

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use tch::Tensor;

use super::ending::Ending;
use super::small::Call;
use crate::Result;
use crate::frozen::dense::{self, Cells, Order, Sizes, count, elements, in_parts};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::fold;
use crate::frozen::lanes::{Instructions, LANES, Lanes, One, Two, Vector};
use crate::frozen::shared::Shared;
use crate::nn::ConvConfig;
use product::Product;
use transform::{PLACES, of_weights};

/// So many bytes of patches at once, so that they stay in the cache of a core.
const PATCHES: usize = 512 << 10;
/// Each weight is used for so many tiles at least before the next one comes.
const TILES: usize = 28;

/// A convolution of 3 × 3 taps and stride 1.
///
/// Its results differ from those of a direct sum by rounding, as those of another order of the sum do.
pub(super) struct Winograd {
    /// For each panel of outputs, each place of a patch and each input; transformed when the first input comes.
    weights: LazyLock<Box<[Pair]>, Transform>,
    bias: Box<[Lanes]>,
    padding: [usize; 2],
    inputs: usize,
    outputs: usize,
    instructions: Instructions,
}

type Transform = Box<dyn FnOnce() -> Box<[Pair]> + Send>;

/// Of the two times sixteen outputs of a panel.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Pair([Lanes; 2]);

/// How images are cut into tiles of 2 × 2 outputs.
#[derive(Debug, Clone, Copy)]
struct Grid {
    images: usize,
    inputs: usize,
    outputs: usize,
    padding: [usize; 2],
    input: [usize; 2],
    output: [usize; 2],
    tiles: [usize; 2],
}

/// What there is to compute.
struct Job<'a> {
    grid: Grid,
    /// Channels-last.
    input: &'a [[f32; LANES]],
    weights: &'a [Pair],
    bias: &'a [Lanes],
    /// What is added.
    others: Option<Cells<LANES>>,
    epilogue: Epilogue,
    output: Cells<LANES>,
    instructions: Instructions,
}

/// A part of it: some tiles, of some panels of outputs.
#[derive(Clone)]
struct Share {
    tiles: Range<usize>,
    panels: Range<usize>,
}

impl Winograd {
    /// Of the weights of a convolution; nothing for others, and on processors without the instructions.
    pub(super) fn new<const D: usize>(
        config: &ConvConfig<D>,
        (weight, bias): &fold::Pair,
    ) -> Option<Self> {
        let weight = weight.f_contiguous().ok()?;
        let sizes = Sizes::of(&weight)?;
        let [outputs, inputs, 3, 3] = *sizes.as_slice() else {
            return None;
        };
        let (inputs, outputs) = (count(inputs), count(outputs));
        let suits = D == 2
            && config.groups == 1
            && config.stride == [1; D]
            && config.dilation == [1; D]
            && config.pads_itself()
            && inputs != 0
            && outputs != 0
            && inputs.is_multiple_of(LANES)
            && outputs.is_multiple_of(LANES)
            && elements(&weight, &sizes).is_some();
        if !suits {
            return None;
        }
        let instructions = Instructions::of_processor()?;
        let padding = config.own_padding();
        let padding = [count(*padding.first()?), count(*padding.get(1)?)];
        let mut rows = vec![Lanes::ZERO; outputs / LANES];
        if let Some(bias) = bias {
            let bias = bias.f_contiguous().ok()?;
            let (values, _) = elements(&bias, &Sizes::of(&bias)?)?.as_chunks::<LANES>();
            rows = values.iter().copied().map(Lanes).collect();
        }
        let weight = Shared(weight);
        let weights = move || {
            let values = elements(&weight, &sizes).unwrap_or_default();
            packed(values, inputs, outputs)
        };
        Some(Self {
            weights: LazyLock::new(Box::new(weights)),
            bias: rows.into(),
            padding,
            inputs,
            outputs,
            instructions,
        })
    }

    /// The convolution of an input of `f32` on the CPU, the sum written over what `call` adds if that may be.
    #[track_caller]
    pub(super) fn run(&self, call: &Call<'_>, may_overwrite: bool) -> Result<Tensor> {
        let last;
        let input = match dense::ordered(call.input, call.sizes) {
            Some((input, Order::Last)) => input,
            _ => {
                last = call.input.f_permute([0, 2, 3, 1])?.f_contiguous()?;
                let sizes = Sizes::of(&last);
                sizes
                    .and_then(|it| elements(&last, &it))
                    .unwrap_or_default()
            }
        };
        let ending = Ending::of(call);
        let output = match ending.added {
            Some(other) if may_overwrite => other.shallow_clone(),
            _ => dense::uninitialized(call.outputs, Order::Last)?,
        };
        let Some(cells) = Cells::of(&output, call.outputs) else {
            return ending.finished(output);
        };
        let job = Job {
            grid: self.grid(call),
            input: input.as_chunks().0,
            weights: &self.weights,
            bias: &self.bias,
            others: ending.added.and_then(|it| Cells::of(it, call.outputs)),
            epilogue: ending.now,
            output: cells,
            instructions: self.instructions,
        };
        let shares = job.shares(count(i64::from(tch::get_num_threads())));
        in_parts(shares.len(), 1, &|from, to| {
            for share in &shares[from..to] {
                job.run(share);
            }
        })?;
        ending.finished(output)
    }

    fn grid(&self, call: &Call<'_>) -> Grid {
        let last_two = |sizes: &Sizes| {
            let size = sizes.as_slice();
            [2, 3].map(|axis| size.get(axis).copied().map_or(0, count))
        };
        let output = last_two(call.outputs);
        Grid {
            images: call.sizes.as_slice().first().copied().map_or(0, count),
            inputs: self.inputs,
            outputs: self.outputs,
            padding: self.padding,
            input: last_two(call.sizes),
            output,
            tiles: output.map(|it| it.div_ceil(2)),
        }
    }
}

impl Job<'_> {
    /// One part for each of `threads`, if there are enough tiles: then by tiles, of which each thread transforms its own; by
    /// panels where weights would be read by too few tiles. All give the same result.
    fn shares(&self, threads: usize) -> Vec<Share> {
        let [rows, columns] = self.grid.tiles;
        let tiles = self.grid.images * rows * columns;
        let panels = self.grid.outputs.div_ceil(2 * LANES);
        let by_tiles = (tiles / TILES).clamp(1, threads.max(1));
        let by_panels = (threads / by_tiles).clamp(1, panels);
        let tiles = (0..by_tiles).map(|it| it * tiles / by_tiles..(it + 1) * tiles / by_tiles);
        let shares = tiles.flat_map(|tiles| {
            (0..by_panels).map(move |it| Share {
                tiles: tiles.clone(),
                panels: it * panels / by_panels..(it + 1) * panels / by_panels,
            })
        });
        shares.collect()
    }

    #[expect(
        unsafe_code,
        reason = "the processor has the instructions that it is known to have"
    )]
    fn run(&self, share: &Share) {
        match self.instructions {
            // SAFETY: see above.
            Instructions::Avx512 => unsafe { self.with_avx512(share) },
            // SAFETY: see above.
            Instructions::Avx2 => unsafe { self.with_avx2(share) },
        }
    }

    #[target_feature(enable = "avx512f")]
    fn with_avx512(&self, share: &Share) {
        self.compute::<One>(share);
    }

    #[target_feature(enable = "avx2,fma")]
    fn with_avx2(&self, share: &Share) {
        self.compute::<Two>(share);
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "what is not inlined is not compiled for the wider registers of its caller"
    )]
    fn compute<V: Vector>(&self, share: &Share) {
        let inputs = self.grid.inputs;
        let most = (PATCHES / (PLACES * inputs * size_of::<f32>())).max(TILES);
        let blocks = share.tiles.len().div_ceil(most).max(1);
        let width = share.tiles.len().div_ceil(blocks);
        SCRATCH.with_borrow_mut(|scratch| {
            scratch
                .patches
                .resize(width * PLACES * inputs / LANES, Lanes::ZERO);
            scratch.sums.resize(width * PLACES, Pair([Lanes::ZERO; 2]));
            let Scratch { patches, sums } = scratch;
            let mut first = share.tiles.start;
            while first < share.tiles.end {
                let tiles = width.min(share.tiles.end - first);
                self.patches::<V>(first, tiles, patches);
                for panel in share.panels.clone() {
                    for place in 0..PLACES {
                        let product = Product {
                            inputs: &patches[place * tiles * inputs / LANES..],
                            tiles,
                            weights: &self.weights[(panel * PLACES + place) * inputs..][..inputs],
                        };
                        product.compute::<V>(&mut sums[place * tiles..][..tiles]);
                    }
                    self.outputs::<V>(first, tiles, panel, sums);
                }
                first += tiles;
            }
        });
    }
}

/// What a thread needs beside inputs and outputs; it is kept for the next call.
#[derive(Default)]
struct Scratch {
    patches: Vec<Lanes>,
    sums: Vec<Pair>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// `[outputs, inputs, 3, 3]`, transformed, in the order in which it is read; zeros fill the last panel.
fn packed(weight: &[f32], inputs: usize, outputs: usize) -> Box<[Pair]> {
    let panels = outputs.div_ceil(2 * LANES);
    let mut packed = vec![Pair([Lanes::ZERO; 2]); panels * PLACES * inputs];
    let (filters, _) = weight.as_chunks::<9>();
    for (output, filters) in filters.chunks_exact(inputs).enumerate() {
        let (panel, lane) = (output / (2 * LANES), output % (2 * LANES));
        for (input, taps) in filters.iter().enumerate() {
            for (place, value) in of_weights(taps).into_iter().enumerate() {
                let Pair(lanes) = &mut packed[(panel * PLACES + place) * inputs + input];
                lanes[lane / LANES].0[lane % LANES] = value;
            }
        }
    }
    packed.into()
}

impl fmt::Debug for Winograd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Winograd").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
