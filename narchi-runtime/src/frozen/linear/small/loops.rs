//! The loops themselves, once for any processor and once for those with wider registers.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::activate;

/// So many outputs are summed up at once, in registers.
pub(super) const WIDTH: usize = 32;

/// What there is to compute.
pub(super) struct Job<'a> {
    /// For each panel of `WIDTH` outputs, and each input, the weights of the panel.
    pub(super) weights: &'a [f32],
    /// For each panel.
    pub(super) bias: &'a [f32],
    /// Row after row.
    pub(super) inputs: &'a [f32],
    /// What is added to the outputs; may be empty.
    pub(super) others: &'a [f32],
    pub(super) outputs: &'a mut [f32],
    /// How many inputs and outputs a row has.
    pub(super) sizes: (usize, usize),
    pub(super) epilogue: Epilogue,
}

#[inline]
pub(super) fn run(job: Job<'_>) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        #[expect(unsafe_code, reason = "the processor was asked for what it needs")]
        // SAFETY: see above.
        unsafe {
            fused(job);
        }
        return;
    }
    rows::<false>(job);
}

/// Wider registers than these are not to be had on the oldest Rust that this crate supports.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fused(job: Job<'_>) {
    rows::<true>(job);
}

#[inline(always)]
fn rows<const FUSED: bool>(job: Job<'_>) {
    let (inputs, outputs) = job.sizes;
    let panels = job
        .weights
        .chunks_exact(inputs * WIDTH)
        .zip(job.bias.as_chunks().0);
    for (panel, (weights, bias)) in panels.enumerate() {
        let first = panel * WIDTH;
        let width = WIDTH.min(outputs - first);
        let rows = job.inputs.chunks_exact(inputs);
        for (row, (x, y)) in rows.zip(job.outputs.chunks_exact_mut(outputs)).enumerate() {
            let mut sums = product::<FUSED>(x, weights.as_chunks().0, bias);
            if let Some(others) = job.others.get(row * outputs + first..) {
                for (sum, other) in sums[..width].iter_mut().zip(others) {
                    *sum += other;
                }
            }
            activate(job.epilogue, &mut sums);
            y[first..first + width].copy_from_slice(&sums[..width]);
        }
    }
}

#[inline(always)]
fn product<const FUSED: bool>(
    x: &[f32],
    weights: &[[f32; WIDTH]],
    bias: &[f32; WIDTH],
) -> [f32; WIDTH] {
    // Two sums for each output: additions take longer than it takes to begin the next.
    let (mut even, mut odd) = (*bias, [0.; WIDTH]);
    let (pairs, last) = x.as_chunks::<2>();
    let (weights_of_pairs, weights_of_last) = weights.as_chunks::<2>();
    for (x, weights) in pairs.iter().zip(weights_of_pairs) {
        add::<FUSED>(&mut even, x[0], &weights[0]);
        add::<FUSED>(&mut odd, x[1], &weights[1]);
    }
    for (x, weights) in last.iter().zip(weights_of_last) {
        add::<FUSED>(&mut even, *x, weights);
    }
    for (even, odd) in even.iter_mut().zip(odd) {
        *even += odd;
    }
    even
}

#[inline(always)]
fn add<const FUSED: bool>(sums: &mut [f32; WIDTH], x: f32, weights: &[f32; WIDTH]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        // Without an instruction for it, `mul_add` would be a call.
        *sum = if FUSED {
            x.mul_add(*weight, *sum)
        } else {
            x * weight + *sum
        };
    }
}
