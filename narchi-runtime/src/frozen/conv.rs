//! Convolutions with packed weights.

mod packed;
mod packs;
mod point;
mod small;

use std::array;

use tch::{Device, Tensor};

use super::blocks::Blocks;
use super::dense::Sizes;
use super::epilogue::{Epilogue, epilogues};
use super::fold::{Pair, folded};
use super::memory;
use super::shared::Shared;
use super::shim::{Addend, Kernels};
use packed::{KIND, Packed, lifted, lowered};
use point::Point;
use small::{Call, Small};

use crate::nn::name::{Name, Of};
use crate::nn::{self, ConvConfig};
use crate::{Error, Result};

/// A frozen [`nn::Conv1d`]
pub type Conv1d = Conv<1>;
/// A frozen [`nn::Conv2d`]
pub type Conv2d = Conv<2>;
/// A frozen [`nn::Conv3d`]
pub type Conv3d = Conv<3>;

/// A convolution for inference, with what comes before and after it: batch norms become part of its weights, a sum and an
/// activation are done while the output is still in registers.
///
/// Packed, its output is channels-last, and an input that is channels-last too is read without a copy.
#[derive(Debug)]
pub struct Conv<const D: usize> {
    weights: Pair,
    config: ConvConfig<D>,
    /// Those of the weight, which packed has others with `D` = 1.
    out_channels: i64,
    in_channels: i64,
    kernel: [i64; D],
    epilogue: Epilogue,
    small: Option<Small>,
    point: Option<Point>,
    packed: Option<Packed>,
    choice: String,
    name: Name,
}

/// A second input.
#[derive(Clone, Copy)]
enum Sum<'a> {
    None,
    With(&'a Tensor),
    Over(&'a Tensor),
}

impl<'a> Sum<'a> {
    fn other(self) -> Option<&'a Tensor> {
        match self {
            Sum::None => None,
            Sum::With(other) | Sum::Over(other) => Some(other),
        }
    }
}

impl<const D: usize> Conv<D> {
    /// The same convolution; it shares the weights, which must not be trained any more.
    pub fn new(conv: nn::Conv<D>) -> Self {
        let size = conv.weight.size();
        let size = |it: usize| size.get(it).copied().unwrap_or(0);
        Self {
            out_channels: size(0),
            in_channels: size(1) * conv.config.groups,
            kernel: array::from_fn(|axis| size(2 + axis)),
            weights: (
                Shared(conv.weight.detach()),
                conv.bias.map(|it| Shared(it.detach())),
            ),
            config: conv.config,
            epilogue: Epilogue::None,
            small: None,
            point: None,
            packed: None,
            choice: "libtorch, not packed".to_owned(),
            name: conv.name,
        }
    }

    /// Followed by a batch norm, which becomes part of the weights.
    ///
    /// # Panics
    ///
    /// If the batch norm has no running statistics or other features than the convolution has outputs, or the weights are
    /// packed already.
    #[must_use]
    #[track_caller]
    pub fn batch_norm(mut self, norm: &nn::BatchNorm<D>) -> Self {
        let is_packed = self.is_packed();
        self.weights = folded(&self.name, norm, is_packed, |it| it.after(&self.weights));
        self
    }

    /// After a batch norm, which becomes part of the weights. Only without padding is the result the same: padding comes
    /// after the batch norm, and is not shifted by it.
    ///
    /// # Panics
    ///
    /// If the batch norm has no running statistics or other features than the convolution has inputs, or the weights are
    /// packed already.
    #[must_use]
    #[track_caller]
    pub fn input_norm(mut self, norm: &nn::BatchNorm<D>) -> Self {
        let (is_packed, groups) = (self.is_packed(), self.config.groups);
        self.weights = folded(&self.name, norm, is_packed, |it| {
            it.before(&self.weights, groups)
        });
        self
    }

    epilogues!();

    fn is_packed(&self) -> bool {
        self.small.is_some() || self.packed.is_some()
    }

    /// Brings the weights into the layout of the fastest kernel; call it last. Where there is none, libtorch's own
    /// convolution stays, and [`choice`](Self::choice) says why.
    #[must_use]
    pub fn pack(self) -> Self {
        self.pack_with(Kernels::of_libtorch())
    }

    /// With kernels that may be missing.
    fn pack_with(mut self, kernels: Result<&'static Kernels, &'static str>) -> Self {
        if self.is_packed() {
            return self;
        }
        let small = Small::new(&self.config, &self.weights);
        self.choice = match Packed::of(&self.config, &self.weights, kernels) {
            Ok(packed) => {
                self.point = Point::new(&self.config, &self.weights, self.epilogue);
                // The weights are in there alone, so that the memory of dense ones is free once they are packed.
                self.weights.0 = Shared(Tensor::new());
                self.packed = Some(packed);
                "oneDNN, packed".to_owned()
            }
            Err(reason) => format!("libtorch, {reason}"),
        };
        self.small = small.map(|it| it.beside(self.point.is_some()));
        self
    }

    /// Which kernel computes it, and why.
    pub fn choice(&self) -> &str {
        &self.choice
    }

    /// `[N, in_channels, input…]` → `[N, out_channels, output…]`, with sizes as [`nn::Conv::forward`] says, and the
    /// activation. Not packed also without `N`.
    ///
    /// # Errors
    ///
    /// If the input has other channels or another number of dimensions, is smaller than the kernel, or is of another kind
    /// or on another device than the weight.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        self.run(input, Sum::None).of(&self.name)
    }

    /// As [`forward`](Self::forward), with `other` added before the activation: a new tensor.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward); and if `other` cannot be added to the output.
    #[track_caller]
    pub fn forward_add(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        self.run(input, Sum::With(other)).of(&self.name)
    }

    /// As [`forward_add`](Self::forward_add), for an `other` that nobody needs any more: where the kernel can do so, the
    /// result is written over it, and is a second handle to the same memory.
    ///
    /// # Errors
    ///
    /// As [`forward_add`](Self::forward_add). What `other` holds then is not said.
    #[track_caller]
    pub fn forward_add_(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        self.run(input, Sum::Over(other)).of(&self.name)
    }

    #[track_caller]
    fn run(&self, input: &Tensor, sum: Sum<'_>) -> Result<Tensor> {
        if let Some(small) = &self.small
            && let Some(sizes) = self.suitable(input)
            && let Some(outputs) = self.output_size(&sizes)
        {
            let call = Call {
                input,
                sizes: &sizes,
                outputs: &outputs,
                other: sum.other(),
                epilogue: self.epilogue,
            };
            if let Some(output) = small.run(&call)? {
                return Ok(output);
            }
        }
        let _no_grad = tch::no_grad_guard();
        let x = self.config.padded(input).transpose()?;
        let x = x.as_ref().unwrap_or(input);
        let Some(packed) = &self.packed else {
            let (weight, bias) = &self.weights;
            let bias = bias.as_deref();
            return self.finished(self.config.convolved(x, weight, bias)?, sum);
        };
        let Some(sizes) = self.suitable(x) else {
            return Err(self.refusal(input));
        };
        let Some(size) = self.output_size(&sizes) else {
            return Err(Error::module(format!(
                "an input of {:?} is smaller than a kernel of {:?}",
                sizes.as_slice(),
                self.kernel
            )));
        };
        if size.as_slice().contains(&0) {
            let output = Tensor::f_empty(size.as_slice(), (KIND, Device::Cpu))?;
            return self.finished(output, sum);
        }
        if let (Some(point), Sum::None) = (&self.point, sum)
            && let Some(output) = point.run(x, &size, self.in_channels, self.epilogue)?
        {
            return Ok(output);
        }
        self.fused(packed, x, sum, &size)
    }

    #[track_caller]
    fn fused(&self, packed: &Packed, x: &Tensor, sum: Sum<'_>, size: &Sizes) -> Result<Tensor> {
        let lifted_x;
        let x = match D {
            1 => {
                lifted_x = lifted::<D>(x)?;
                &lifted_x
            }
            _ => x,
        };
        let (Sum::With(other) | Sum::Over(other)) = sum else {
            return Ok(lowered::<D>(packed.conv(x, self.epilogue)?)?);
        };
        let fits = Sizes::of(other).is_some_and(|it| it.as_slice() == size.as_slice())
            && memory::is_plain(other)
            && other.f_kind()? == KIND;
        if !fits {
            // What libtorch can add nevertheless, as by broadcasting.
            return self.finished(lowered::<D>(packed.conv(x, Epilogue::None)?)?, sum);
        }
        let other = lifted::<D>(other)?;
        let addend = match sum {
            Sum::Over(_) if memory::may_be_overwritten(&other, x) => Addend::Over(&other),
            _ => Addend::Kept(&other),
        };
        let is_relu = self.epilogue == Epilogue::Relu;
        let output = lowered::<D>(packed.conv_add(x, addend, is_relu)?)?;
        if is_relu {
            return Ok(output);
        }
        self.epilogue.applied(output)
    }

    /// What comes after the convolution, by libtorch.
    #[track_caller]
    fn finished(&self, mut output: Tensor, sum: Sum<'_>) -> Result<Tensor> {
        if let Sum::With(other) | Sum::Over(other) = sum {
            output = output.f_add_(other)?;
        }
        self.epilogue.applied(output)
    }

    /// The sizes of an input that is right but for them.
    #[inline]
    fn suitable(&self, input: &Tensor) -> Option<Sizes> {
        let sizes = Sizes::of(input)?;
        let size = sizes.as_slice();
        let is_right = size.len() == D + 2 && size[1] == self.in_channels;
        (is_right && memory::is_plain(input) && matches!(input.f_kind(), Ok(KIND))).then_some(sizes)
    }

    #[cold]
    #[track_caller]
    fn refusal(&self, input: &Tensor) -> Error {
        let found = memory::described(input);
        Error::module(format!(
            "a packed convolution takes {} dimensions, {} channels, and kind {KIND:?} on Cpu, not {found}",
            D + 2,
            self.in_channels
        ))
    }

    /// Of an input that is padded already; nothing if it is smaller than the kernel.
    #[inline]
    fn output_size(&self, input: &Sizes) -> Option<Sizes> {
        let config = &self.config;
        let mut size = *input;
        size.as_mut_slice()[1] = self.out_channels;
        for (axis, padding) in config.own_padding().iter().enumerate() {
            let window = config.dilation[axis] * (self.kernel[axis] - 1) + 1;
            let free = size.as_slice()[2 + axis] + 2 * padding - window;
            if free < 0 {
                return None;
            }
            size.as_mut_slice()[2 + axis] = free / config.stride[axis] + 1;
        }
        Some(size)
    }
}

impl<const D: usize> Blocks for Conv<D> {
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        each(
            self.name.path(),
            &format!("{}{}", self.choice, self.epilogue),
        );
    }
}

#[cfg(test)]
mod tests;
