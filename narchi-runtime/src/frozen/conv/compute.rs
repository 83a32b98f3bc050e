//! Which kernel computes a call, and what is added to its output.

use tch::{Device, Kind, Tensor};

use super::packed::{Packed, lifted, lowered};
use super::small::Call;
use super::{Conv, Fast};
use crate::frozen::dense::Sizes;
use crate::frozen::epilogue::Epilogue;
use crate::frozen::memory;
use crate::frozen::options::taken;
use crate::frozen::shim::Addend;
use crate::{Error, Result};

/// A second input.
#[derive(Clone, Copy)]
pub(super) enum Sum<'a> {
    None,
    With(&'a Tensor),
    Over(&'a Tensor),
}

impl<'a> Sum<'a> {
    pub(super) fn other(self) -> Option<&'a Tensor> {
        match self {
            Sum::None => None,
            Sum::With(other) | Sum::Over(other) => Some(other),
        }
    }
}

impl<const D: usize> Conv<D> {
    #[track_caller]
    pub(super) fn run(&self, input: &Tensor, sum: Sum<'_>) -> Result<Tensor> {
        if let Some(small) = &self.small
            && let Some(sizes) = self.suitable(input, Kind::Float)
            && let Some(outputs) = self.output_size(&sizes)
        {
            let call = self.call(input, &sizes, &outputs, sum);
            if let Some(output) = small.run(&call)? {
                return Ok(output);
            }
        }
        let _no_grad = tch::no_grad_guard();
        let kind = match &self.fast {
            Some(Fast::Packed(packed)) => packed.kind,
            Some(Fast::Wide(_)) | None => Kind::Float,
        };
        let reduced = taken(input, kind)?;
        let input = reduced.as_ref().unwrap_or(input);
        let x = self.config.padded(input).transpose()?;
        let x = x.as_ref().unwrap_or(input);
        let Some(fast) = &self.fast else {
            let (weight, bias) = &self.weights;
            let bias = bias.as_deref();
            return self.finished(self.config.convolved(x, weight, bias)?, sum);
        };
        let Some(sizes) = self.suitable(x, kind) else {
            return Err(self.refusal(input, kind));
        };
        let Some(size) = self.output_size(&sizes) else {
            return Err(Error::module(format!(
                "an input of {:?} is smaller than a kernel of {:?}",
                sizes.as_slice(),
                self.kernel
            )));
        };
        if size.as_slice().contains(&0) {
            let output = Tensor::f_empty(size.as_slice(), (kind, Device::Cpu))?;
            return self.finished(output, sum);
        }
        match fast {
            Fast::Packed(packed) => self.fused(packed, x, sum, &size),
            Fast::Wide(wide) => {
                let may_overwrite =
                    matches!(sum, Sum::Over(other) if memory::may_be_overwritten(other, x));
                wide.run(&self.call(x, &sizes, &size, sum), may_overwrite)
            }
        }
    }

    #[inline]
    pub(super) fn call<'a>(
        &self,
        input: &'a Tensor,
        sizes: &'a Sizes,
        outputs: &'a Sizes,
        sum: Sum<'a>,
    ) -> Call<'a> {
        Call {
            input,
            sizes,
            outputs,
            other: sum.other(),
            epilogue: self.epilogue,
        }
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
        let reduced = taken(other, packed.kind)?;
        let other = reduced.as_ref().unwrap_or(other);
        let fits = Sizes::of(other).is_some_and(|it| it.as_slice() == size.as_slice())
            && memory::is_plain(other)
            && other.f_kind()? == packed.kind;
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
    pub(super) fn suitable(&self, input: &Tensor, kind: Kind) -> Option<Sizes> {
        let sizes = Sizes::of(input)?;
        let size = sizes.as_slice();
        let is_right = size.len() == D + 2 && size[1] == self.in_channels;
        (is_right && memory::is_plain(input) && input.f_kind().is_ok_and(|it| it == kind))
            .then_some(sizes)
    }

    #[cold]
    #[track_caller]
    fn refusal(&self, input: &Tensor, kind: Kind) -> Error {
        let found = memory::described(input);
        Error::module(format!(
            "a packed convolution takes {} dimensions, {} channels, and kind {kind:?} on Cpu, not {found}",
            D + 2,
            self.in_channels
        ))
    }

    /// Of an input that is padded already; nothing if it is smaller than the kernel.
    #[inline]
    pub(super) fn output_size(&self, input: &Sizes) -> Option<Sizes> {
        let config = &self.config;
        let mut size = *input;
        size.as_mut_slice()[1] = self.out_channels;
        for (axis, padding) in config.own_padding().iter().enumerate() {
            // What overflows is larger than any image.
            let window = config.dilation[axis].checked_mul(self.kernel[axis] - 1)?;
            let padded = padding
                .checked_mul(2)?
                .checked_add(size.as_slice()[2 + axis])?;
            let free = padded.checked_sub(window.checked_add(1)?)?;
            if free < 0 {
                return None;
            }
            size.as_mut_slice()[2 + axis] = free / config.stride[axis] + 1;
        }
        Some(size)
    }
}
