//! Convolutions whose outputs are concatenated.

use tch::{Kind, Tensor};

use super::small::Call;
use super::wide::Wide;
use super::{Conv2d, Fast};
use crate::Result;
use crate::frozen::cat;
use crate::frozen::dense::Sizes;

/// The outputs of convolutions, each of its own input, concatenated along their channels: `[N, a, H, W], [N, b, H, W], …` →
/// `[N, a + b + …, H, W]`.
///
/// The kernels of this crate write where the whole is, so that nothing is copied. The results are those of the convolutions
/// and [`cat`].
///
/// # Errors
///
/// As [`Conv::forward`](super::Conv::forward); and if there are none, or their outputs differ in more than channels.
#[track_caller]
pub fn joined(parts: &[(&Conv2d, &Tensor)]) -> Result<Tensor> {
    if let Some(output) = together(parts)? {
        return Ok(output);
    }
    let mut outputs = Vec::with_capacity(parts.len());
    for (conv, input) in parts {
        outputs.push(conv.forward(input)?);
    }
    cat(&outputs, 1)
}

/// A part of the whole.
pub(super) struct Part<'a> {
    pub(super) wide: &'a Wide,
    pub(super) call: Call<'a>,
}

/// Nothing where the kernels are others, or the inputs have other sizes.
#[track_caller]
fn together(parts: &[(&Conv2d, &Tensor)]) -> Result<Option<Tensor>> {
    let mut sizes = Vec::with_capacity(parts.len());
    for (conv, input) in parts {
        let Some(inputs) = conv.suitable(input, Kind::Float) else {
            return Ok(None);
        };
        let Some(outputs) = conv.output_size(&inputs) else {
            return Ok(None);
        };
        sizes.push((inputs, outputs));
    }
    let Some(whole) = whole(sizes.iter().map(|it| &it.1)) else {
        return Ok(None);
    };
    let mut all = Vec::with_capacity(parts.len());
    for ((conv, input), (inputs, outputs)) in parts.iter().zip(&sizes) {
        let Some(Fast::Wide(wide)) = &conv.fast else {
            return Ok(None);
        };
        let call = Call {
            input,
            sizes: inputs,
            outputs,
            other: None,
            epilogue: conv.epilogue,
        };
        all.push(Part { wide, call });
    }
    Wide::joined(&all, &whole)
}

/// The sizes of the whole; nothing where it would be empty, or parts differ in more than channels.
fn whole<'a>(mut parts: impl Iterator<Item = &'a Sizes>) -> Option<Sizes> {
    let mut whole = *parts.next()?;
    for part in parts {
        let (channels, mut same) = (whole.as_slice()[1], *part);
        same.as_mut_slice()[1] = channels;
        if same.as_slice() != whole.as_slice() {
            return None;
        }
        whole.as_mut_slice()[1] = channels.checked_add(part.as_slice()[1])?;
    }
    (whole.numel() > 0).then_some(whole)
}

// What is computed together is so with the instructions of x86.
#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests;
