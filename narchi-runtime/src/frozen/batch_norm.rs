//! Batch norms that stand alone.

use tch::{TchError, Tensor};

use super::blocks::Blocks;
use super::fold::Affine;
use super::memory;
use super::shared::Shared;
use crate::nn::name::Of;
use crate::{Result, nn};

/// A frozen [`nn::BatchNorm1d`]
pub type BatchNorm1d = BatchNorm<1>;
/// A frozen [`nn::BatchNorm2d`]
pub type BatchNorm2d = BatchNorm<2>;
/// A frozen [`nn::BatchNorm3d`]
pub type BatchNorm3d = BatchNorm<3>;

/// A batch norm for inference that is no part of another module.
#[derive(Debug)]
pub struct BatchNorm<const D: usize> {
    norm: Shared<nn::BatchNorm<D>>,
    /// What it comes down to, if that does not depend on the batch: `[features]`, and with a dimension for each of `D`.
    known: Option<[Known; 2]>,
}

/// `scale * x + shift`
#[derive(Debug)]
struct Known {
    scale: Shared<Tensor>,
    shift: Shared<Tensor>,
}

impl<const D: usize> BatchNorm<D> {
    /// The same batch norm; it shares the weights, which must not be trained any more.
    pub fn new(norm: nn::BatchNorm<D>) -> Self {
        // Where this fails, libtorch's own is left, which has the same to complain about.
        let known = known(&norm).ok().flatten();
        Self {
            norm: Shared(norm),
            known,
        }
    }

    /// The same: there is nothing to pack.
    #[must_use]
    pub fn pack(self) -> Self {
        self
    }

    /// Which kernel computes it, and why.
    pub fn choice(&self) -> &'static str {
        match self.known {
            Some(_) => "libtorch, one multiplication and addition",
            None => "libtorch, by mean and variance of each batch",
        }
    }

    /// `[N, features, …]` → the same shape, with `D` dimensions after the features; with `D` = 1 also `[N, features]`.
    ///
    /// # Errors
    ///
    /// As those of [`nn::BatchNorm::forward_t`] out of training.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let _no_grad = tch::no_grad_guard();
        let Some(known) = self.known_for(input) else {
            return self.norm.forward_t(input, false);
        };
        let output = known.shift.f_addcmul(input, &known.scale);
        output.of(&self.norm.name)
    }

    /// Nothing for what is to be refused, or computed in another kind.
    fn known_for(&self, input: &Tensor) -> Option<&Known> {
        let [flat, shaped] = self.known.as_ref()?;
        let known = match input.dim() {
            2 if D == 1 => flat,
            // In any other order libtorch's own loop is twice as fast as one that looks up the channel of each number.
            dims if dims == D + 2 && memory::is_channels_last(input) => shaped,
            _ => return None,
        };
        let fits = input.size()[1] == flat.scale.numel().cast_signed() as i64
            && input.f_kind().ok()? == flat.scale.kind()
            && input.device() == flat.scale.device();
        fits.then_some(known)
    }
}

fn known<const D: usize>(norm: &nn::BatchNorm<D>) -> Result<Option<[Known; 2]>, TchError> {
    let (Some(affine), Some(running)) = (Affine::of(norm)?, &norm.running) else {
        return Ok(None);
    };
    let _no_grad = tch::no_grad_guard();
    let like = |it: &Tensor| {
        it.f_to_kind(running.mean.kind())?
            .f_to_device(running.mean.device())
    };
    let (scale, shift) = (like(&affine.scale)?, like(&affine.shift)?);
    let mut size = vec![1; D + 1];
    size[0] = -1;
    let shaped = Known {
        scale: Shared(scale.f_view(&size[..])?),
        shift: Shared(shift.f_view(&size[..])?),
    };
    let flat = Known {
        scale: Shared(scale),
        shift: Shared(shift),
    };
    Ok(Some([flat, shaped]))
}

impl<const D: usize> Blocks for BatchNorm<D> {
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        each(self.norm.name.path(), self.choice());
    }
}
