//! Concatenation of images, by all threads.

use std::borrow::Borrow;

use tch::Tensor;

use super::dense::{Order, Rows, Sizes, count, filled, ordered};
use crate::Result;

/// A thread copies so many numbers at least.
const GRAIN: usize = 32 << 10;

/// One image, channels-last.
struct Image<'a> {
    values: &'a [f32],
    channels: usize,
}

/// `torch.cat`: `[N, a, *], [N, b, *], … → [N, a + b + …, *]` for `dim` 1.
///
/// Of images of `f32` that are channels-last, as convolutions leave them, and along their channels, all threads copy; libtorch
/// itself uses one.
///
/// # Errors
///
/// If there are none, or they differ in more than the size of `dim`.
#[track_caller]
pub fn cat<T: Borrow<Tensor>>(tensors: &[T], dim: i64) -> Result<Tensor> {
    let _no_grad = tch::no_grad_guard();
    if dim == 1
        && let Some(sizes) = sum_of_sizes(tensors)
        && let Some(images) = images(tensors)
        && let Some(output) = copied(&images, &sizes)?
    {
        return Ok(output);
    }
    Ok(Tensor::f_cat(tensors, dim)?)
}

/// Nothing where they differ in more than channels.
fn sum_of_sizes<T: Borrow<Tensor>>(tensors: &[T]) -> Option<Sizes> {
    let (first, others) = tensors.split_first()?;
    let mut sum = Sizes::of(first.borrow())?;
    if sum.as_slice().len() < 3 {
        return None;
    }
    for other in others {
        let other = Sizes::of(other.borrow())?;
        let channels = sum.as_slice()[1];
        let total = channels.checked_add(*other.as_slice().get(1)?)?;
        sum.as_mut_slice()[1] = other.as_slice()[1];
        if sum.as_slice() != other.as_slice() {
            return None;
        }
        sum.as_mut_slice()[1] = total;
    }
    Some(sum)
}

fn images<T: Borrow<Tensor>>(tensors: &[T]) -> Option<Vec<Image<'_>>> {
    let images = tensors.iter().map(|it| {
        let sizes = Sizes::of(it.borrow())?;
        let channels = count(*sizes.as_slice().get(1)?);
        match ordered(it.borrow(), &sizes)? {
            (values, Order::Last) => Some(Image { values, channels }),
            (_, Order::First) => None,
        }
    });
    images.collect()
}

fn copied(images: &[Image<'_>], sizes: &Sizes) -> Result<Option<Tensor>> {
    let width = count(sizes.as_slice()[1]);
    let output = filled(sizes, Order::Last, |output| {
        let grain = GRAIN.div_ceil(width.max(1));
        Rows::new(output, width).fill(grain, |place, mut output| {
            for image in images {
                let (part, rest) = output.split_at_mut(image.channels);
                part.copy_from_slice(&image.values[place * image.channels..][..image.channels]);
                output = rest;
            }
        })
    })?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    fn random(size: &[i64]) -> Tensor {
        Tensor::randn(size, (Kind::Float, Device::Cpu))
    }

    fn channels_last(tensor: &Tensor) -> Tensor {
        let last = tensor.permute([0, 2, 3, 1]).contiguous();
        last.permute([0, 3, 1, 2])
    }

    #[test]
    fn images_are_joined_in_any_layout() {
        for size in [[1, 1], [5, 3], [64, 64]] {
            let [height, width] = size;
            let parts = [16, 3, 48].map(|it| random(&[2, it, height, width]));
            let expected = Tensor::cat(&parts, 1);
            assert_eq!(cat(&parts, 1).unwrap(), expected);
            let last = parts.each_ref().map(channels_last);
            let joined = cat(&last, 1).unwrap();
            assert_eq!(joined, expected);
            assert_eq!(joined.stride()[1], 1, "channels-last, as the parts");
            let [a, b, c] = &last;
            let mixed = [&parts[0], b, c];
            assert_eq!(cat(&mixed, 1).unwrap(), expected);
            assert_eq!(cat(&[a], 1).unwrap(), parts[0]);
        }
    }

    #[test]
    fn other_tensors_are_joined_by_libtorch() {
        let [a, b] = [[2, 3, 4], [2, 3, 1]].map(|it| random(&it));
        assert_eq!(cat(&[&a, &b], -1).unwrap(), Tensor::cat(&[&a, &b], -1));
        assert_eq!(cat(&[&a, &a], 0).unwrap(), Tensor::cat(&[&a, &a], 0));
        let [a, b] = [2, 3].map(|it| random(&[4, it]));
        assert_eq!(cat(&[&a, &b], 1).unwrap(), Tensor::cat(&[&a, &b], 1));
        let whole = a.to_kind(Kind::Int64);
        assert_eq!(
            cat(&[&a, &whole], 1).unwrap(),
            Tensor::cat(&[&a, &whole], 1)
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let [a, b] = [[1, 2, 3, 3], [1, 2, 3, 4]].map(|it| channels_last(&random(&it)));
        assert!(cat(&[&a, &b], 1).is_err());
        assert!(cat::<Tensor>(&[], 1).is_err());
        let no_channels = random(&[1, 0, 3, 3]);
        assert_eq!(cat(&[&a, &no_channels], 1).unwrap(), a);
    }
}
