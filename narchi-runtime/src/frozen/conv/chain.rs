//! Convolutions one after the other.

use tch::{Kind, Tensor};

use super::compute::Sum;
use super::wide::Wide;
use super::{Conv2d, Fast};
use crate::Result;
use crate::frozen::dense::Sizes;
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::split;
use crate::frozen::memory;
use crate::nn::name::Of;

/// `convs`, one after the other: `[N, C, H, W]` → `[N, C', H', W']`, with sizes as [`nn::Conv::forward`](crate::nn::Conv::forward)
/// says.
///
/// Where one of them is of each channel alone, and those beside it of one tap, as in `MobileNet`, rows go through all of them
/// before the next ones do: what is between them is in the cache of a core then, and nowhere else. The results are the same.
///
/// # Errors
///
/// As [`Conv::forward`](super::Conv::forward).
#[track_caller]
pub fn chain(convs: &[&Conv2d], input: &Tensor) -> Result<Tensor> {
    run(convs, input, Sum::None)
}

/// As [`chain`], with `other` added before the last activation: a new tensor.
///
/// # Errors
///
/// As [`chain`]; and if `other` cannot be added to the output.
#[track_caller]
pub fn chain_add(convs: &[&Conv2d], input: &Tensor, other: &Tensor) -> Result<Tensor> {
    run(convs, input, Sum::With(other))
}

/// As [`chain_add`], for an `other` that nobody needs any more: the result may be written over it.
///
/// # Errors
///
/// As [`chain_add`]. What `other` holds then is not said.
#[track_caller]
pub fn chain_add_(convs: &[&Conv2d], input: &Tensor, other: &Tensor) -> Result<Tensor> {
    run(convs, input, Sum::Over(other))
}

#[track_caller]
fn run(convs: &[&Conv2d], input: &Tensor, sum: Sum<'_>) -> Result<Tensor> {
    let Some((last, others)) = convs.split_last() else {
        return Ok(match sum.other() {
            None => input.shallow_clone(),
            Some(other) => input.f_add(other)?,
        });
    };
    if let Some(output) = together(convs, input, sum).of(&last.name)? {
        return Ok(output);
    }
    let mut x = input.shallow_clone();
    for conv in others {
        x = conv.forward(&x)?;
    }
    last.run(&x, sum).of(&last.name)
}

/// A convolution of a chain, and what is done to its outputs.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(dead_code, reason = "there is no kernel that reads it")
)]
pub(super) struct Link<'a> {
    pub(super) wide: &'a Wide,
    pub(super) epilogue: Epilogue,
    pub(super) outputs: Sizes,
}

/// Nothing where they are no such chain, or not for this input.
#[track_caller]
fn together(convs: &[&Conv2d], input: &Tensor, sum: Sum<'_>) -> Result<Option<Tensor>> {
    let (Some(first), Some(last)) = (convs.first(), convs.last()) else {
        return Ok(None);
    };
    let Some(sizes) = first.suitable(input, Kind::Float) else {
        return Ok(None);
    };
    let mut links = Vec::with_capacity(convs.len());
    let mut before = sizes;
    for conv in convs {
        let Some(Fast::Wide(wide)) = &conv.fast else {
            return Ok(None);
        };
        let fits = before.as_slice().get(1) == Some(&conv.in_channels);
        let Some(outputs) = conv.output_size(&before).filter(|_| fits) else {
            return Ok(None);
        };
        if outputs.as_slice().contains(&0) {
            return Ok(None);
        }
        links.push(Link {
            wide,
            epilogue: conv.epilogue,
            outputs,
        });
        before = outputs;
    }
    // What loops cannot do would have to wait for a whole image.
    let is_done = |it: &Link<'_>| split(it.epilogue).1 == Epilogue::None;
    if !links[..links.len() - 1].iter().all(is_done) {
        return Ok(None);
    }
    let may_overwrite = matches!(sum, Sum::Over(other) if memory::may_be_overwritten(other, input));
    Wide::chained(
        &links,
        &last.call(input, &sizes, &before, sum),
        may_overwrite,
    )
}

// What is computed together is so with the instructions of x86.
#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests;
