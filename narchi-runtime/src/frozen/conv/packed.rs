//! A convolution by oneDNN.

use std::fmt;

use tch::{Device, Kind, TchError, Tensor};

use super::packs::{Packing, Packs};
use crate::Error;
use crate::frozen::dense::Sizes;
use crate::frozen::epilogue::Epilogue;
use crate::frozen::fold::{Pair, in_kind};
use crate::frozen::options::wished;
use crate::frozen::shared::Shared;
use crate::frozen::shim::{Addend, Geometry, Kernels};
use crate::nn::ConvConfig;

/// Why the weights of a convolution cannot be packed at all, if so.
pub(super) fn obstacle<const D: usize>(config: &ConvConfig<D>, weights: &Pair) -> Option<String> {
    let (weight, _) = weights;
    if weight.device() != Device::Cpu {
        return Some("not on the CPU".to_owned());
    }
    if weight.kind() != Kind::Float {
        return Some(format!("of kind {:?}", weight.kind()));
    }
    let smallest = |it: &[i64], least| it.iter().all(|it| *it >= least);
    let is_sound = smallest(&config.stride, 1)
        && smallest(&config.dilation, 1)
        && smallest(&config.padding, 0)
        && smallest(&[config.groups], 1)
        && !weight.size().contains(&0);
    (!is_sound).then(|| "degenerate".to_owned())
}

/// What a packed convolution is called with, in the two dimensions that a packed one has at least.
pub(super) struct Packed {
    kernels: &'static Kernels,
    packs: Packs,
    bias: Option<Shared<Tensor>>,
    groups: i64,
    padding: Vec<i64>,
    stride: Vec<i64>,
    dilation: Vec<i64>,
    pub(super) kind: Kind,
}

impl Packed {
    /// Of a convolution without an [`obstacle`], or why not.
    pub(super) fn of<const D: usize>(
        config: &ConvConfig<D>,
        weights: &Pair,
        kernels: Result<&'static Kernels, &'static str>,
    ) -> Result<Self, String> {
        let kernels = kernels.map_err(|missing| format!("which lacks {missing}"))?;
        // oneDNN in libtorch knows two dimensions and three: one is two of which the first is 1.
        let flat = |it: &[i64; D], first| match D {
            1 => vec![first, it[0]],
            _ => it.to_vec(),
        };
        let geometry = Geometry {
            padding: &flat(&config.own_padding(), 0),
            stride: &flat(&config.stride, 1),
            dilation: &flat(&config.dilation, 1),
            groups: config.groups,
        };
        let _no_grad = tch::no_grad_guard();
        let reduced = wished().map(|kind| in_kind(weights, kind)).transpose();
        let reduced = reduced.map_err(|error| Error::from(error).to_string())?;
        let (weight, bias) = reduced.as_ref().unwrap_or(weights);
        let bias = bias.as_deref();
        let packed = lifted::<D>(weight).and_then(|it| Self::new(kernels, &it, bias, geometry));
        packed.map_err(|error| Error::from(error).to_string())
    }

    /// Of a weight with at least two dimensions of taps.
    fn new(
        kernels: &'static Kernels,
        weight: &Tensor,
        bias: Option<&Tensor>,
        geometry: Geometry<'_>,
    ) -> Result<Self, TchError> {
        Ok(Self {
            kernels,
            packs: Packs::new(weight.f_contiguous()?),
            bias: bias.map(|it| Shared(it.shallow_clone())),
            groups: geometry.groups,
            padding: geometry.padding.to_vec(),
            stride: geometry.stride.to_vec(),
            dilation: geometry.dilation.to_vec(),
            kind: weight.f_kind()?,
        })
    }

    fn geometry(&self) -> Geometry<'_> {
        Geometry {
            padding: &self.padding,
            stride: &self.stride,
            dilation: &self.dilation,
            groups: self.groups,
        }
    }

    fn weight(&self, x: &Tensor) -> Result<&Tensor, TchError> {
        match Sizes::of(x) {
            Some(size) => self.packs.for_input(size.as_slice(), self),
            None => Err(TchError::Shape("a convolution takes a tensor".to_owned())),
        }
    }

    pub(super) fn conv(&self, x: &Tensor, epilogue: Epilogue) -> Result<Tensor, TchError> {
        let (weight, bias) = (self.weight(x)?, self.bias.as_deref());
        self.kernels
            .conv(x, weight, bias, self.geometry(), epilogue)
    }

    pub(super) fn conv_add(
        &self,
        x: &Tensor,
        addend: Addend<'_>,
        is_relu: bool,
    ) -> Result<Tensor, TchError> {
        let (weight, bias) = (self.weight(x)?, self.bias.as_deref());
        self.kernels
            .conv_add(x, weight, bias, self.geometry(), addend, is_relu)
    }
}

impl Packing for Packed {
    fn pack(&self, dense: &Tensor, input: &[i64]) -> Result<Tensor, TchError> {
        self.kernels.pack_conv(dense, self.geometry(), input)
    }

    fn layout(&self, packed: &Tensor) -> Option<Vec<u8>> {
        self.kernels.layout(packed)
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").finish_non_exhaustive()
    }
}

/// One dimension, as two of which the first is 1.
pub(super) fn lifted<const D: usize>(tensor: &Tensor) -> Result<Tensor, TchError> {
    match D {
        1 => tensor.f_unsqueeze(2),
        _ => Ok(tensor.shallow_clone()),
    }
}

pub(super) fn lowered<const D: usize>(tensor: Tensor) -> Result<Tensor, TchError> {
    match D {
        1 => tensor.f_squeeze_dim(2),
        _ => Ok(tensor),
    }
}
