//! Pooling without what only gradients need.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use tch::Tensor;

use super::dense::{IS_OPTIMIZED, Order, Rows, Sizes, count, filled, ordered};
use crate::Result;

/// Rows of output for one thread at least.
const GRAIN: usize = 4;

/// `torch.nn.functional.max_pool2d`: `[N, C, H, W]` → `[N, C, …]`, the largest number of each window; NaN counts as larger.
///
/// Of an input that is channels-last, as convolutions leave it, and without dilation the indices are not computed that
/// libtorch computes along, and the output is channels-last.
///
/// # Errors
///
/// What libtorch refuses: another number of dimensions, a window without size, padding by more than half of it, or an input
/// that is smaller.
#[track_caller]
pub fn max_pool2d(
    x: &Tensor,
    kernel: [i64; 2],
    stride: [i64; 2],
    padding: [i64; 2],
    dilation: [i64; 2],
    ceil_mode: bool,
) -> Result<Tensor> {
    let _no_grad = tch::no_grad_guard();
    if IS_OPTIMIZED
        && dilation == [1, 1]
        && let Some(sizes) = Sizes::of(x)
        && let [_, _, height, width] = *sizes.as_slice()
    {
        let axis =
            |size, it: usize| Axis::new(size, kernel[it], stride[it], padding[it], ceil_mode);
        if let (Some(rows), Some(columns)) = (axis(height, 0), axis(width, 1))
            && let Some(output) = pooled(x, &sizes, rows, columns)?
        {
            return Ok(output);
        }
    }
    Ok(x.f_max_pool2d(kernel, stride, padding, dilation, ceil_mode)?)
}

/// The windows along one axis.
#[derive(Clone, Copy)]
struct Axis {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Axis {
    /// Nothing for what libtorch refuses.
    fn new(input: i64, kernel: i64, stride: i64, padding: i64, ceil_mode: bool) -> Option<Self> {
        if kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2 || input < 1 {
            return None;
        }
        let free = input.checked_add(2 * padding)?.checked_sub(kernel)?;
        if free < 0 && !ceil_mode {
            return None;
        }
        let more = if ceil_mode { stride - 1 } else { 0 };
        let mut output = (free + more).div_euclid(stride) + 1;
        // A window has to begin in the input, or in the padding before it.
        if ceil_mode && (output - 1) * stride >= input + padding {
            output -= 1;
        }
        let positive = |it: i64| usize::try_from(it).ok().filter(|it| *it > 0);
        Some(Self {
            input: positive(input)?,
            output: positive(output)?,
            kernel: positive(kernel)?,
            stride: positive(stride)?,
            padding: usize::try_from(padding).ok()?,
        })
    }

    /// The part of a window that lies in the input; never empty.
    #[inline(always)]
    fn window(self, index: usize) -> std::ops::Range<usize> {
        let start = index * self.stride;
        let end = (start + self.kernel)
            .saturating_sub(self.padding)
            .min(self.input);
        start.saturating_sub(self.padding)..end
    }
}

#[track_caller]
fn pooled(x: &Tensor, input: &Sizes, rows: Axis, columns: Axis) -> Result<Option<Tensor>> {
    let Some((source, Order::Last)) = ordered(x, input) else {
        return Ok(None);
    };
    let width = count(input.as_slice()[1]);
    let mut output = *input;
    output.as_mut_slice()[2] = rows.output.cast_signed() as i64;
    output.as_mut_slice()[3] = columns.output.cast_signed() as i64;
    Ok(filled(&output, Order::Last, |target| {
        Rows::new(target, columns.output * width).fill(GRAIN, |row, target| {
            let image = row / rows.output * rows.input;
            let window = rows.window(row % rows.output);
            let window = image + window.start..image + window.end;
            run(source, window, columns, target, width);
        })
    })?)
}

/// One row of the output, of the given rows of the input.
fn run(
    source: &[f32],
    rows: std::ops::Range<usize>,
    columns: Axis,
    target: &mut [f32],
    width: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the processor was asked for what it needs")]
        // SAFETY: see above.
        unsafe {
            wide(source, rows, columns, target, width);
        }
        return;
    }
    largest(source, rows, columns, target, width);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide(
    source: &[f32],
    rows: std::ops::Range<usize>,
    columns: Axis,
    target: &mut [f32],
    width: usize,
) {
    largest(source, rows, columns, target, width);
}

#[inline(always)]
fn largest(
    source: &[f32],
    rows: std::ops::Range<usize>,
    columns: Axis,
    target: &mut [f32],
    width: usize,
) {
    for (index, target) in target.chunks_exact_mut(width).enumerate() {
        let mut is_first = true;
        for row in rows.clone() {
            for column in columns.window(index) {
                let start = (row * columns.input + column) * width;
                let source = &source[start..start + width];
                if is_first {
                    target.copy_from_slice(source);
                    is_first = false;
                    continue;
                }
                for (to, from) in target.iter_mut().zip(source) {
                    *to = if *from > *to || from.is_nan() {
                        *from
                    } else {
                        *to
                    };
                }
            }
        }
    }
}
