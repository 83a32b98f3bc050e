//! Convolutions in plain Rust, in the widest registers of x86.
//!
//! They write channels-last images, and read them. Nothing stands between them and libtorch's threads, so that a call costs a few
//! microseconds where one of oneDNN's costs 28.

mod bands;
mod cells;
mod depthwise;
mod direct;
mod geometry;
mod output;
mod pointwise;
mod product;
mod winograd;

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use tch::Tensor;

use super::chain::Link;
use super::ending::Ending;
use super::joined::Part;
use super::small::Call;
use crate::frozen::dense::{Order, Sizes, count, elements, in_parts, ordered};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::split;
use crate::frozen::fold;
use crate::frozen::lanes::{Avx2, Avx512, Instructions, LANES, Lanes, Level, Vector};
use crate::frozen::memory::described;
use crate::frozen::shared::Shared;
use crate::nn::ConvConfig;
use crate::{Error, Result};
use bands::{Bands, Chain};
use cells::{Cells, uninitialized};
use depthwise::Depthwise;
use direct::Direct;
use geometry::{Geometry, Images};
use output::Output;
use pointwise::Pointwise;
use winograd::Winograd;

/// Each thread has at least so many multiplications: waking one takes as long as some of them.
const GRAIN: usize = 500_000;
/// Each weight is used for so many places at least before the next one comes.
const PLACES: usize = 28;

/// A convolution in wide registers.
///
/// Its results are the same for any number of threads, and on all processors that have the instructions. They differ from those
/// of libtorch by rounding, as those of another order of the sum do; but by Winograd's algorithm errors are relative to the
/// largest number in a window of 4 × 4, whatever its weight: beside 1e8 a 1 is lost even where the weight of 1e8 is zero; an
/// infinite number makes NaN of the outputs around it.
pub(super) struct Wide {
    way: Way,
    /// Packed when the first input comes.
    weights: LazyLock<Weights, Pack>,
    geometry: Geometry,
    instructions: Instructions,
}

type Pack = Box<dyn FnOnce() -> Weights + Send>;

/// In the order in which they are read.
struct Weights {
    values: Vec<Lanes>,
    /// Of full panels: zeros follow.
    bias: Vec<Lanes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Winograd,
    Pointwise,
    Depthwise,
    Direct,
}

/// What there is to compute.
struct Job<'a> {
    geometry: Geometry,
    images: Images,
    input: &'a [f32],
    /// That of the input.
    order: Order,
    weights: &'a [Lanes],
    /// Of full panels: zeros follow.
    bias: &'a [Lanes],
    output: Output,
    instructions: Instructions,
}

/// A way to compute a convolution.
trait Method {
    /// Parts of a job, for so many threads. Results do not depend on them.
    fn shares(job: &Job<'_>, threads: usize) -> Vec<Share>;

    /// One of them.
    fn compute<V: Vector>(job: &Job<'_>, share: &Share, scratch: &mut Scratch);
}

/// Some places of the output, whatever a method takes for one, and of these some panels.
#[derive(Clone)]
struct Share {
    places: Range<usize>,
    panels: Range<usize>,
}

/// So many outputs are computed together.
type Pair = [Lanes; 2];
const PANEL: usize = 2 * LANES;

/// What a thread needs beside inputs and outputs; it is kept for the next call, and what is in it means nothing then.
#[derive(Default)]
struct Scratch {
    inputs: Vec<Lanes>,
    sums: Vec<Pair>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fn share_out<M: Method>(job: &Job<'_>) -> Result<()> {
    let threads = count(i64::from(tch::get_num_threads()));
    let shares = M::shares(job, threads.min(job.multiplications() / GRAIN + 1));
    in_parts(shares.len(), 1, &|from, to| {
        for share in &shares[from..to] {
            with_scratch(|it| run::<M>(job, share, it));
        }
    })?;
    Ok(())
}

/// That of this thread, or a new one while the thread ends.
fn with_scratch(work: impl Fn(&mut Scratch)) {
    let kept = SCRATCH.try_with(|it| work(&mut it.borrow_mut()));
    if kept.is_err() {
        work(&mut Scratch::default());
    }
}

impl Wide {
    /// Of the weights of a sound convolution; nothing for those without such a way, and on processors without the
    /// instructions.
    pub(super) fn new<const D: usize>(
        config: &ConvConfig<D>,
        (weight, bias): &fold::Pair,
    ) -> Option<Self> {
        let instructions = Instructions::of_processor()?;
        let weight = weight.f_contiguous().ok()?;
        let sizes = Sizes::of(&weight)?;
        let geometry = Geometry::of(config, &sizes)?;
        let way = Way::of(&geometry)?;
        // What is a slice here is one later.
        elements(&weight, &sizes)?;
        let weight = Shared(weight);
        let mut shared_bias = None;
        if let Some(bias) = bias {
            let bias = bias.f_contiguous().ok()?;
            if elements(&bias, &Sizes::of(&bias)?)?.len() != geometry.outputs {
                return None;
            }
            shared_bias = Some(Shared(bias));
        }
        let weights = move || Weights {
            values: way.packed(&geometry, elements(&weight, &sizes).unwrap_or_default()),
            bias: rows(shared_bias.as_deref(), &geometry),
        };
        Some(Self {
            way,
            weights: LazyLock::new(Box::new(weights)),
            geometry,
            instructions,
        })
    }

    /// What it is called where models are described.
    pub(super) fn name(&self) -> &'static str {
        match self.way {
            Way::Winograd => "Winograd",
            Way::Pointwise => "pointwise",
            Way::Depthwise => "depthwise",
            Way::Direct => "direct",
        }
    }

    /// The convolution of an input of `f32` on the CPU, the sum written over what `call` adds if that may be.
    #[track_caller]
    pub(super) fn run(&self, call: &Call<'_>, may_overwrite: bool) -> Result<Tensor> {
        let ending = Ending::of(call);
        let output = match ending.added {
            Some(other) if may_overwrite => other.shallow_clone(),
            _ => uninitialized(call.outputs, Order::Last)?,
        };
        let cells = |it| Cells::of(it, call.outputs).ok_or_else(|| unreadable(it));
        let to = Output {
            cells: cells(&output)?,
            channels: self.geometry.outputs,
            others: ending.added.map(cells).transpose()?,
            epilogue: ending.now,
        };
        self.compute(call, to)?;
        ending.finished(output)
    }

    /// The same, to where its outputs go.
    #[track_caller]
    fn compute(&self, call: &Call<'_>, output: Output) -> Result<()> {
        let last;
        let (input, order) = match ordered(call.input, call.sizes) {
            Some((input, Order::First)) if self.way == Way::Direct => (input, Order::First),
            Some((input, Order::Last)) => (input, Order::Last),
            _ => {
                last = call.input.f_permute([0, 2, 3, 1])?.f_contiguous()?;
                let sizes = Sizes::of(&last);
                let input = sizes.and_then(|it| elements(&last, &it));
                let input = input.ok_or_else(|| unreadable(call.input))?;
                (input, Order::Last)
            }
        };
        let images = Images::of(call);
        if input.len() != images.count * images.input[0] * images.input[1] * self.geometry.inputs {
            return Err(unreadable(call.input));
        }
        let job = Job {
            geometry: self.geometry,
            images,
            input,
            order,
            weights: &self.weights.values,
            bias: &self.weights.bias,
            output,
            instructions: self.instructions,
        };
        match self.way {
            Way::Winograd => share_out::<Winograd>(&job),
            Way::Pointwise => share_out::<Pointwise>(&job),
            Way::Depthwise => share_out::<Depthwise>(&job),
            Way::Direct => share_out::<Direct>(&job),
        }
    }

    /// The outputs of several, side by side in a tensor of these sizes; nothing where one of them cannot write so.
    #[track_caller]
    pub(super) fn joined(parts: &[Part<'_>], whole: &Sizes) -> Result<Option<Tensor>> {
        let can = |part: &Part<'_>| {
            part.wide.way != Way::Depthwise && split(part.call.epilogue).1 == Epilogue::None
        };
        if !parts.iter().all(can) {
            return Ok(None);
        }
        let output = uninitialized(whole, Order::Last)?;
        let cells = Cells::of(&output, whole).ok_or_else(|| unreadable(&output))?;
        let channels = parts.iter().map(|it| it.wide.geometry.outputs).sum();
        let mut first = 0;
        for Part { wide, call } in parts {
            let to = Output {
                cells: cells.from(first),
                channels,
                others: None,
                epilogue: call.epilogue,
            };
            wide.compute(call, to)?;
            first += wide.geometry.outputs;
        }
        Ok(Some(output))
    }

    /// The outputs of the last one of a chain; nothing for others, and where that would be no faster.
    #[track_caller]
    pub(super) fn chained(
        links: &[Link<'_>],
        call: &Call<'_>,
        may_overwrite: bool,
    ) -> Result<Option<Tensor>> {
        let (Some(chain), Some(last)) = (Chain::of(links), links.last()) else {
            return Ok(None);
        };
        let Some((input, Order::Last)) = ordered(call.input, call.sizes) else {
            return Ok(None);
        };
        let images = chain.images(call);
        let threads = chain.threads(&images);
        if !chain.pays(&images, threads) {
            return Ok(None);
        }
        let ending = Ending::of(call);
        let output = match ending.added {
            Some(other) if may_overwrite => other.shallow_clone(),
            _ => uninitialized(call.outputs, Order::Last)?,
        };
        let cells = |it| Cells::of(it, &last.outputs).ok_or_else(|| unreadable(it));
        let bands = Bands {
            chain,
            images,
            input,
            output: Output {
                cells: cells(&output)?,
                channels: last.wide.geometry.outputs,
                others: ending.added.map(cells).transpose()?,
                epilogue: ending.now,
            },
        };
        bands.run(threads)?;
        ending.finished(output).map(Some)
    }
}

#[expect(
    unsafe_code,
    reason = "the processor has the instructions that it is known to have"
)]
fn run<M: Method>(job: &Job<'_>, share: &Share, scratch: &mut Scratch) {
    match job.instructions.level() {
        // SAFETY: nobody has `Instructions` of a level whose instructions the processor lacks.
        Level::Avx512 => unsafe { with_avx512::<M>(job, share, scratch) },
        // SAFETY: as above.
        Level::Avx2 => unsafe { with_avx2::<M>(job, share, scratch) },
    }
}

#[target_feature(enable = "avx512f")]
fn with_avx512<M: Method>(job: &Job<'_>, share: &Share, scratch: &mut Scratch) {
    M::compute::<Avx512>(job, share, scratch);
}

#[target_feature(enable = "avx2,fma")]
fn with_avx2<M: Method>(job: &Job<'_>, share: &Share, scratch: &mut Scratch) {
    M::compute::<Avx2>(job, share, scratch);
}

impl Way {
    fn of(geometry: &Geometry) -> Option<Self> {
        if winograd::suits(geometry) {
            return Some(Self::Winograd);
        }
        if pointwise::suits(geometry) {
            return Some(Self::Pointwise);
        }
        if depthwise::suits(geometry) {
            return Some(Self::Depthwise);
        }
        direct::suits(geometry).then_some(Self::Direct)
    }

    fn packed(self, geometry: &Geometry, weights: &[f32]) -> Vec<Lanes> {
        match self {
            Self::Winograd => winograd::packed(geometry, weights),
            Self::Pointwise => pointwise::packed(geometry, weights),
            Self::Depthwise => depthwise::packed(geometry, weights),
            Self::Direct => direct::packed(geometry, weights),
        }
    }
}

impl Job<'_> {
    fn multiplications(&self) -> usize {
        let Geometry { inputs, groups, .. } = self.geometry;
        let [height, width] = self.images.output;
        let taps: usize = self.geometry.kernel.iter().product();
        let outputs = self.images.count * height * width * self.geometry.outputs;
        outputs * taps * (inputs / groups.max(1))
    }

    /// One share of rows for each thread.
    fn rows(&self, threads: usize) -> Vec<Share> {
        let rows = self.images.count * self.images.output[0];
        let shares = parts(rows, threads.clamp(1, rows.max(1)));
        let shares = shares.map(|places| Share {
            places,
            panels: 0..0,
        });
        shares.collect()
    }

    /// One share for each thread, of places if there are enough of them, otherwise also of panels.
    fn shares(&self, places: usize, threads: usize) -> Vec<Share> {
        let by_places = (places / PLACES).clamp(1, threads.max(1));
        let by_panels = (threads / by_places).clamp(1, self.geometry.panels());
        let shares = parts(places, by_places).flat_map(|places| {
            parts(self.geometry.panels(), by_panels).map(move |panels| Share {
                places: places.clone(),
                panels,
            })
        });
        shares.collect()
    }
}

/// The bias of full panels.
fn rows(bias: Option<&Tensor>, geometry: &Geometry) -> Vec<Lanes> {
    let mut rows = vec![Lanes::ZERO; geometry.panels() * PANEL / LANES];
    let values = bias.and_then(|it| elements(it, &Sizes::of(it)?));
    for (row, values) in rows
        .iter_mut()
        .zip(values.unwrap_or_default().chunks(LANES))
    {
        row.0[..values.len()].copy_from_slice(values);
    }
    rows
}

#[cold]
#[track_caller]
fn unreadable(tensor: &Tensor) -> Error {
    Error::module(format!(
        "a convolution cannot read the memory of {}",
        described(tensor)
    ))
}

/// At least so many, for a scratch.
fn grown<T: Copy>(values: &mut Vec<T>, count: usize, zero: T) -> &mut [T] {
    if values.len() < count {
        values.resize(count, zero);
    }
    &mut values[..count]
}

/// Even ones.
fn parts(whole: usize, count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).map(move |it| it * whole / count..(it + 1) * whole / count)
}

impl fmt::Debug for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wide")
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
