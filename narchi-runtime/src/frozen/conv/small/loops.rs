//! The loops themselves, once for any processor and once for those with wider registers.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use std::array;
use std::ops::Range;

use super::image::Taps;
use super::weights::{LANES, Lanes, Weights};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::activate;

/// What there is to compute.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) weights: &'a Weights,
    /// Padded and channels-last.
    pub(super) input: &'a [f32],
    /// Where the window of each output starts.
    pub(super) starts: &'a [usize],
    pub(super) taps: &'a Taps,
    /// What is added to the outputs; may be empty.
    pub(super) others: &'a [f32],
    pub(super) epilogue: Epilogue,
}

/// Computes the places in `range`.
pub(super) fn run(mut job: Job<'_>, range: Range<usize>, outputs: &mut [f32]) {
    let width = job.weights.outputs;
    job.starts = &job.starts[range.clone()];
    if !job.others.is_empty() {
        job.others = &job.others[range.start * width..range.end * width];
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        #[expect(unsafe_code, reason = "the processor was asked for what it needs")]
        // SAFETY: see above.
        unsafe {
            fused(&job, outputs);
        }
        return;
    }
    all::<false>(&job, outputs);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fused(job: &Job<'_>, outputs: &mut [f32]) {
    all::<true>(job, outputs);
}

#[inline(always)]
fn all<const FUSED: bool>(job: &Job<'_>, outputs: &mut [f32]) {
    let weights = job.weights;
    let depth = weights.inputs * weights.taps;
    let (pairs, single) = weights.bias.as_chunks::<2>();
    for (index, (bias, weights)) in pairs
        .iter()
        .zip(weights.pairs.chunks_exact(depth))
        .enumerate()
    {
        let filter = Filter {
            weights,
            bias,
            first: index * 2 * LANES,
        };
        // As many sums as there are registers for.
        let mut done = filter.places::<FUSED, 6>(job, outputs, 0);
        done = filter.places::<FUSED, 4>(job, outputs, done);
        done = filter.places::<FUSED, 2>(job, outputs, done);
        filter.places::<FUSED, 1>(job, outputs, done);
    }
    if let [bias] = single {
        let filter = Filter {
            weights: &weights.single,
            bias: &[*bias],
            first: pairs.len() * 2 * LANES,
        };
        let mut done = filter.places::<FUSED, 8>(job, outputs, 0);
        done = filter.places::<FUSED, 4>(job, outputs, done);
        done = filter.places::<FUSED, 2>(job, outputs, done);
        filter.places::<FUSED, 1>(job, outputs, done);
    }
}

/// The weights of `O` lanes of outputs.
struct Filter<'a, const O: usize> {
    /// For each tap and input.
    weights: &'a [[Lanes; O]],
    bias: &'a [Lanes; O],
    /// The first of these outputs.
    first: usize,
}

impl<const O: usize> Filter<'_, O> {
    /// These outputs of the places from `from` on, `P` at once; returns how many places are done.
    #[inline(always)]
    fn places<const FUSED: bool, const P: usize>(
        &self,
        job: &Job<'_>,
        outputs: &mut [f32],
        from: usize,
    ) -> usize {
        let stride = job.weights.outputs;
        let width = (stride - self.first).min(O * LANES);
        let (blocks, _) = job.starts[from..].as_chunks::<P>();
        let mut place = from;
        for starts in blocks {
            let mut sums = if job.weights.is_depthwise {
                self.of_each::<FUSED, P>(job, starts)
            } else {
                self.of_all::<FUSED, P>(job, starts)
            };
            for sums in &mut sums {
                let at = place * stride + self.first;
                let range = at..at + width;
                // A length that is known is copied without a call.
                if width == O * LANES {
                    if let Some(others) = job.others.get(range.clone()) {
                        let (others, _) = others.as_chunks::<LANES>();
                        for lane in 0..O {
                            for it in 0..LANES {
                                sums[lane][it] += others[lane][it];
                            }
                        }
                    }
                    activate(job.epilogue, sums.as_flattened_mut());
                    let (target, _) = outputs[range].as_chunks_mut::<LANES>();
                    target[..O].copy_from_slice(sums);
                } else {
                    let sums = sums.as_flattened_mut();
                    if let Some(others) = job.others.get(range.clone()) {
                        for (sum, other) in sums.iter_mut().zip(others) {
                            *sum += other;
                        }
                    }
                    activate(job.epilogue, sums);
                    for (to, sum) in outputs[range].iter_mut().zip(sums) {
                        *to = *sum;
                    }
                }
                place += 1;
            }
        }
        place
    }

    /// Each output sees all inputs.
    #[inline(always)]
    fn of_all<const FUSED: bool, const P: usize>(
        &self,
        job: &Job<'_>,
        starts: &[usize; P],
    ) -> [[Lanes; O]; P] {
        let mut sums = [*self.bias; P];
        let length = job.taps.length;
        let mut weights = self.weights;
        for part in &job.taps.parts {
            let (now, later) = weights.split_at(length);
            weights = later;
            let x: [&[f32]; P] = array::from_fn(|it| &job.input[starts[it] + part..][..length]);
            for (index, weights) in now.iter().enumerate() {
                for place in 0..P {
                    let x = [x[place][index]; LANES];
                    for lane in 0..O {
                        add::<FUSED>(&mut sums[place][lane], &x, &weights[lane]);
                    }
                }
            }
        }
        sums
    }

    /// Each output sees one input.
    #[inline(always)]
    fn of_each<const FUSED: bool, const P: usize>(
        &self,
        job: &Job<'_>,
        starts: &[usize; P],
    ) -> [[Lanes; O]; P] {
        let mut sums = [*self.bias; P];
        for (tap, weights) in job.taps.parts.iter().zip(self.weights) {
            let tap = tap + self.first;
            for place in 0..P {
                let (x, _) = job.input[starts[place] + tap..][..O * LANES].as_chunks::<LANES>();
                for lane in 0..O {
                    add::<FUSED>(&mut sums[place][lane], &x[lane], &weights[lane]);
                }
            }
        }
        sums
    }
}

#[inline(always)]
fn add<const FUSED: bool>(sums: &mut Lanes, x: &Lanes, weights: &Lanes) {
    for it in 0..LANES {
        // Without an instruction for it, `mul_add` would be a call.
        sums[it] = if FUSED {
            x[it].mul_add(weights[it], sums[it])
        } else {
            x[it] * weights[it] + sums[it]
        };
    }
}
