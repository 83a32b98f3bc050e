//! Convolutions one after the other, some rows at a time: what is between them stays in the cache of a core, and no thread waits
//! for the others between them.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use tch::TchError;

use super::depthwise::Depthwise;
use super::geometry::{Images, last_two};
use super::output::Output;
use super::pointwise::Pointwise;
use super::{GRAIN, Job, Lanes, Share, Way, grown, parts, run, with_scratch};
use crate::frozen::conv::chain::Link;
use crate::frozen::conv::small::Call;
use crate::frozen::dense::{Order, count, in_parts};
use crate::frozen::lanes::{LANES, flat, flat_mut};

/// So many bytes between two convolutions, so that they stay in the cache of a core with all that is needed beside.
const BAND: usize = 512 << 10;
/// Of so many rows one at most may be computed by two threads.
const MOST_TWICE: usize = 4;

/// A convolution of each channel alone, with what is computed for each place before and after it.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    before: Option<Link<'a>>,
    middle: Link<'a>,
    after: Option<Link<'a>>,
}

impl<'a> Chain<'a> {
    /// Nothing for other convolutions.
    pub(super) fn of(links: &[Link<'a>]) -> Option<Self> {
        let is_depthwise = |it: &Link<'_>| it.wide.way == Way::Depthwise;
        let is_pointwise =
            |it: &Link<'_>| it.wide.way == Way::Pointwise && it.wide.geometry.stride == [1, 1];
        let (before, middle, after) = match *links {
            [before, middle, after] => (Some(before), middle, Some(after)),
            [before, middle] if is_depthwise(&middle) => (Some(before), middle, None),
            [middle, after] => (None, middle, Some(after)),
            _ => return None,
        };
        let is_right = is_depthwise(&middle) && before.iter().chain(&after).all(is_pointwise);
        is_right.then_some(Self {
            before,
            middle,
            after,
        })
    }

    fn first(&self) -> Link<'a> {
        self.before.unwrap_or(self.middle)
    }

    /// Those of the convolution in the middle.
    pub(super) fn images(&self, call: &Call<'_>) -> Images {
        Images {
            output: last_two(&self.middle.outputs),
            ..Images::of(call)
        }
    }

    /// How many threads are worth waking; weights that nobody has packed yet are packed.
    pub(super) fn threads(&self, images: &Images) -> usize {
        let threads = count(i64::from(tch::get_num_threads())).max(1);
        let multiplications = |link: &Link<'_>| {
            LazyLock::force(&link.wide.weights);
            let geometry = &link.wide.geometry;
            let taps: usize = geometry.kernel.iter().product();
            let [height, width] = last_two(&link.outputs);
            images.count * height * width * geometry.outputs * taps * geometry.inputs
                / geometry.groups.max(1)
        };
        let links = [self.before, Some(self.middle), self.after];
        let all: usize = links.iter().flatten().map(multiplications).sum();
        threads.min(all / GRAIN + 1)
    }

    /// Whether rows one after the other are faster: as long as no thread computes many that another one has, too.
    pub(super) fn pays(&self, images: &Images, threads: usize) -> bool {
        let geometry = &self.middle.wide.geometry;
        let twice = match self.before {
            Some(_) => geometry.window().saturating_sub(geometry.stride[0]),
            None => 0,
        };
        let rows = images.count * images.input[0];
        let cuts = if images.count.is_multiple_of(threads) {
            0
        } else {
            threads - 1
        };
        cuts * twice * MOST_TWICE <= rows
    }
}

/// What there is to compute.
pub(super) struct Bands<'a> {
    pub(super) chain: Chain<'a>,
    /// Those of the convolution in the middle.
    pub(super) images: Images,
    /// Channels-last.
    pub(super) input: &'a [f32],
    pub(super) output: Output,
}

/// What is between the convolutions of a band; its memory is kept for the next call.
#[derive(Default)]
pub(super) struct Between {
    wide: Vec<Lanes>,
    narrow: Vec<Lanes>,
}

/// Some rows of an image, which are in [`Between::wide`].
struct Kept {
    image: usize,
    rows: Range<usize>,
}

thread_local! {
    static BETWEEN: RefCell<Between> = RefCell::default();
}

impl Bands<'_> {
    /// The same for any number of threads.
    pub(super) fn run(&self, threads: usize) -> Result<(), TchError> {
        let rows = self.images.count * self.images.output[0];
        let shares: Vec<Range<usize>> = parts(rows, threads.min(rows)).collect();
        in_parts(shares.len(), 1, &|from, to| {
            for rows in &shares[from..to] {
                let compute = |it: &mut Between| self.compute(rows.clone(), it);
                let kept = BETWEEN.try_with(|it| compute(&mut it.borrow_mut()));
                if kept.is_err() {
                    compute(&mut Between::default());
                }
            }
        })
    }

    /// Rows of the output, those of all images counted.
    fn compute(&self, rows: Range<usize>, between: &mut Between) {
        let [height, _] = self.images.output;
        let mut kept = Kept {
            image: 0,
            rows: 0..0,
        };
        let mut row = rows.start;
        while row < rows.end {
            let (image, first) = (row / height, row % height);
            let rest = (rows.end - row).min(height - first);
            // None much smaller than the others.
            let count = rest.div_ceil(rest.div_ceil(self.height()));
            self.band(image, first..first + count, &mut kept, between);
            row += count;
        }
    }

    /// How many rows of the output are computed at a time.
    fn height(&self) -> usize {
        let geometry = &self.chain.middle.wide.geometry;
        let row = self.images.input[1] * geometry.inputs * size_of::<f32>();
        let rows = (BAND / row.max(1)).saturating_sub(geometry.window());
        (rows / geometry.stride[0]).max(1)
    }

    fn band(&self, image: usize, rows: Range<usize>, kept: &mut Kept, between: &mut Between) {
        let Chain { middle, after, .. } = self.chain;
        let geometry = &middle.wide.geometry;
        let ([height, width], [out_height, out_width]) = (self.images.input, self.images.output);
        let input = self.image(image);
        let needed = geometry.needed(rows.clone(), height);
        let (input, from) = match self.chain.before {
            None => (input, 0),
            Some(link) => {
                self.fill(link, input, needed.clone(), image, kept, &mut between.wide);
                let length = needed.len() * width * geometry.inputs / LANES;
                (flat(&between.wide[..length]), needed.start)
            }
        };
        let images = Images {
            count: 1,
            skipped: [from, rows.start],
            ..self.images
        };
        let (first, places) = (
            (image * out_height + rows.start) * out_width,
            rows.len() * out_width,
        );
        let output = |link: Link<'_>| self.output.from(first * link.wide.geometry.outputs);
        let Some(after) = after else {
            return on_rows(&job(middle, input, images, output(middle)), rows);
        };
        let length = places * geometry.outputs / LANES;
        let lanes = grown(&mut between.narrow, length, Lanes::ZERO);
        let inside = Output::inside(flat_mut(lanes), geometry.outputs, middle.epilogue);
        on_rows(&job(middle, input, images, inside), rows);
        on_places(&job(after, flat(lanes), images, output(after)), places);
    }

    /// The input of an image.
    fn image(&self, image: usize) -> &[f32] {
        let first = self.chain.first();
        let size = self.images.input.iter().product::<usize>() * first.wide.geometry.inputs;
        &self.input[image * size..][..size]
    }

    /// What comes before the middle, for these rows.
    fn fill(
        &self,
        link: Link<'_>,
        input: &[f32],
        rows: Range<usize>,
        image: usize,
        kept: &mut Kept,
        to: &mut Vec<Lanes>,
    ) {
        let width = self.images.input[1];
        let (row, of_input) = (
            width * link.wide.geometry.outputs / LANES,
            width * link.wide.geometry.inputs,
        );
        let most = rows.len().max(kept.rows.len());
        let lanes = grown(to, most * row, Lanes::ZERO);
        let mut there = 0;
        if kept.image == image && kept.rows.contains(&rows.start) {
            let from = (rows.start - kept.rows.start) * row;
            there = rows.end.min(kept.rows.end) - rows.start;
            lanes.copy_within(from..from + there * row, 0);
        }
        let new = rows.start + there..rows.end;
        let input = &input[new.start * of_input..new.end * of_input];
        let inside = Output::inside(
            flat_mut(&mut lanes[there * row..rows.len() * row]),
            link.wide.geometry.outputs,
            link.epilogue,
        );
        on_places(&job(link, input, self.images, inside), new.len() * width);
        *kept = Kept { image, rows };
    }
}

fn job<'a>(link: Link<'a>, input: &'a [f32], images: Images, output: Output) -> Job<'a> {
    let weights = &link.wide.weights;
    Job {
        geometry: link.wide.geometry,
        images,
        input,
        order: Order::Last,
        weights: &weights.values,
        bias: &weights.bias,
        output,
        instructions: link.wide.instructions,
    }
}

/// The convolution of each place.
fn on_places(job: &Job<'_>, places: usize) {
    let share = Share {
        places: 0..places,
        panels: 0..job.geometry.panels(),
    };
    with_scratch(|it| run::<Pointwise>(job, &share, it));
}

/// That of each channel.
fn on_rows(job: &Job<'_>, rows: Range<usize>) {
    let share = Share {
        places: rows,
        panels: 0..0,
    };
    with_scratch(|it| run::<Depthwise>(job, &share, it));
}
