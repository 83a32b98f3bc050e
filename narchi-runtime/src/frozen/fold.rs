//! Batch norms as part of the weights next to them.

use tch::{Device, Kind, TchError, Tensor};

use super::dense::{IS_OPTIMIZED, Order, Rows, Sizes, elements, filled};
use super::shared::Shared;
use crate::nn::name::Name;
use crate::{Error, nn};

/// What a batch norm does out of training: `scale * x + shift` for each channel, both `[features]` in double precision.
pub(super) struct Affine {
    pub(super) scale: Tensor,
    pub(super) shift: Tensor,
}

/// A weight `[out, in / groups, …]` and its bias.
pub(super) type Pair = (Shared<Tensor>, Option<Shared<Tensor>>);

/// Rounding is once, at the end. On the CPU: not every device has double precision.
fn double(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor
        .f_detach()?
        .f_to_device(Device::Cpu)?
        .f_to_kind(Kind::Double)
}

impl Affine {
    /// Nothing, if the batch norm has no running statistics.
    pub(super) fn of<const D: usize>(norm: &nn::BatchNorm<D>) -> Result<Option<Self>, TchError> {
        let Some(running) = &norm.running else {
            return Ok(None);
        };
        let _no_grad = tch::no_grad_guard();
        let (mean, variance) = (double(&running.mean)?, double(&running.var)?);
        let eps = Tensor::from_slice(&[norm.config.eps]);
        let mut scale = variance.f_add(&eps)?.f_rsqrt()?;
        if let Some(weight) = &norm.weight {
            scale = scale.f_mul(&double(weight)?)?;
        }
        let mut shift = mean.f_mul(&scale)?.f_neg()?;
        if let Some(bias) = &norm.bias {
            shift = shift.f_add(&double(bias)?)?;
        }
        Ok(Some(Self { scale, shift }))
    }

    /// The batch norm comes after the weight.
    pub(super) fn after(&self, (weight, bias): &Pair) -> Result<Pair, TchError> {
        let _no_grad = tch::no_grad_guard();
        let scaled = match scaled_rows(weight, &self.scale)? {
            Some(scaled) => scaled,
            None => {
                let mut ones = vec![1; weight.dim()];
                ones[0] = -1;
                double(weight)?.f_mul(&self.scale.f_view(&ones[..])?)?
            }
        };
        let shift = match bias {
            Some(bias) => double(bias)?.f_mul(&self.scale)?.f_add(&self.shift)?,
            None => self.shift.shallow_clone(),
        };
        rounded(weight, &scaled, &shift)
    }

    /// The batch norm comes before the weight.
    pub(super) fn before(&self, (weight, bias): &Pair, groups: i64) -> Result<Pair, TchError> {
        let _no_grad = tch::no_grad_guard();
        let size = weight.size();
        // Each group of outputs sees channels of its own: `[groups, out / groups, in / groups, taps]`.
        let grouped = double(weight)?.f_reshape([groups, size[0] / groups, size[1], -1])?;
        let of_inputs = |it: &Tensor| it.f_view([groups, 1, size[1], 1]);
        let scaled = grouped.f_mul(&of_inputs(&self.scale)?)?;
        let mut shift = grouped
            .f_mul(&of_inputs(&self.shift)?)?
            .f_sum_dim_intlist(&[2_i64, 3][..], false, Kind::Double)?
            .f_view(-1)?;
        if let Some(bias) = bias {
            shift = shift.f_add(&double(bias)?)?;
        }
        rounded(weight, &scaled.f_reshape(&size[..])?, &shift)
    }
}

/// Each row of the weight times its scale, in one go, as copies in double precision would take most of the time of loading
/// a model. Nothing for weights that are not plainly there.
fn scaled_rows(weight: &Tensor, scale: &Tensor) -> Result<Option<Tensor>, TchError> {
    let Some(sizes) = Sizes::of(weight).filter(|_| IS_OPTIMIZED) else {
        return Ok(None);
    };
    let Some(from) = elements(weight, &sizes) else {
        return Ok(None);
    };
    let Ok(scale) = Vec::<f64>::try_from(scale) else {
        return Ok(None);
    };
    let width = from.len() / scale.len().max(1);
    filled(&sizes, Order::First, |to| {
        Rows::new(to, width).fill(1, |row, to| {
            let from = &from[row * width..][..width];
            for (to, from) in to.iter_mut().zip(from) {
                #[expect(clippy::cast_possible_truncation, reason = "this is the one rounding")]
                {
                    *to = (f64::from(*from) * scale[row]) as f32;
                }
            }
        })
    })
}

fn rounded(like: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Pair, TchError> {
    let like = |it: &Tensor| it.f_to_kind(like.kind())?.f_to_device(like.device());
    Ok((Shared(like(weight)?), Some(Shared(like(bias)?))))
}

/// The same in another kind.
pub(super) fn in_kind((weight, bias): &Pair, kind: Kind) -> Result<Pair, TchError> {
    let _no_grad = tch::no_grad_guard();
    let bias = bias.as_ref().map(|it| it.f_to_kind(kind)).transpose()?;
    Ok((Shared(weight.f_to_kind(kind)?), bias.map(Shared)))
}

/// For builders, which have no place for an error.
#[track_caller]
pub(super) fn folded<const D: usize>(
    name: &Name,
    norm: &nn::BatchNorm<D>,
    is_packed: bool,
    fold: impl FnOnce(Affine) -> Result<Pair, TchError>,
) -> Pair {
    let reason = match Affine::of(norm).map(|it| it.map(fold)) {
        _ if is_packed => "its weights are packed already".to_owned(),
        Ok(Some(Ok(pair))) => return pair,
        Ok(None) => "it has no running statistics".to_owned(),
        Ok(Some(Err(error))) | Err(error) => Error::from(error).to_string(),
    };
    #[expect(
        clippy::panic,
        reason = "checked when the code is generated, as what panics in constructors of trained modules"
    )]
    {
        panic!(
            "cannot fold the batch norm `{}` into `{}`: {reason}",
            norm.name.path(),
            name.path()
        )
    }
}
