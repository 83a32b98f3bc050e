//! Convolutions.

use std::array;

use tch::nn::Path;
use tch::{TchError, Tensor};

use super::name::{Name, Of};
use super::variable::{Fill, fan_in, parameter};
use crate::Result;

/// `torch.nn.Conv1d`
pub type Conv1d = Conv<1>;
/// `torch.nn.Conv2d`
pub type Conv2d = Conv<2>;
/// `torch.nn.Conv3d`
pub type Conv3d = Conv<3>;

/// `torch.nn.Conv1d`, `Conv2d` or `Conv3d`: a convolution over the last `D` dimensions.
#[derive(Debug)]
pub struct Conv<const D: usize> {
    /// `[out_channels, in_channels / groups, kernel…]`
    pub weight: Tensor,
    /// `[out_channels]`
    pub bias: Option<Tensor>,
    /// What `new` was given.
    pub config: ConvConfig<D>,
    pub(crate) name: Name,
}

/// Options of [`Conv`], by default those of torch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvConfig<const D: usize> {
    /// Elements from one window to the next.
    pub stride: [i64; D],
    /// Elements added at both ends of each axis.
    pub padding: [i64; D],
    /// Elements added at the end of each axis on top of `padding`: what torch's `padding='same'` needs where
    /// `dilation * (kernel - 1)` is odd.
    pub end_padding: [i64; D],
    /// Elements from one tap of the kernel to the next.
    pub dilation: [i64; D],
    /// Into how many parts the channels are split; each part of the output sees one part of the input.
    pub groups: i64,
    /// Whether to add a learned bias.
    pub bias: bool,
    /// What padding consists of.
    pub padding_mode: PaddingMode,
}

/// What the padding of a convolution consists of: `padding_mode` of torch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaddingMode {
    /// Zeros.
    #[default]
    Zeros,
    /// The input mirrored at its first and last element, which are not repeated.
    Reflect,
    /// The first and the last element.
    Replicate,
    /// The input's other end.
    Circular,
}

impl<const D: usize> Default for ConvConfig<D> {
    fn default() -> Self {
        Self {
            stride: [1; D],
            padding: [0; D],
            end_padding: [0; D],
            dilation: [1; D],
            groups: 1,
            bias: true,
            padding_mode: PaddingMode::Zeros,
        }
    }
}

impl<const D: usize> ConvConfig<D> {
    /// The padding that the convolution itself does.
    pub(crate) fn own_padding(&self) -> [i64; D] {
        match self.padding_mode {
            PaddingMode::Zeros => self.padding,
            _ => [0; D],
        }
    }

    /// The convolution of an input that is padded already, but for [`own_padding`](Self::own_padding).
    pub(crate) fn convolved(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor, TchError> {
        let padding = &self.own_padding();
        let Self {
            stride,
            dilation,
            groups,
            ..
        } = self;
        match D {
            1 => input.f_conv1d(weight, bias, stride, padding, dilation, *groups),
            2 => input.f_conv2d(weight, bias, stride, padding, dilation, *groups),
            _ => input.f_conv3d(weight, bias, stride, padding, dilation, *groups),
        }
    }

    /// For the start and the end of each axis, the padding that the convolution itself cannot do; as libtorch wants it, the
    /// last axis first.
    fn other_padding(&self) -> [[i64; 2]; D] {
        let start = match self.padding_mode {
            PaddingMode::Zeros => [0; D],
            _ => self.padding,
        };
        array::from_fn(|it| {
            let axis = D - 1 - it;
            [start[axis], start[axis] + self.end_padding[axis]]
        })
    }

    /// Whether all padding is what the convolution itself does.
    pub(crate) fn pads_itself(&self) -> bool {
        self.other_padding()
            .as_flattened()
            .iter()
            .all(|it| *it == 0)
    }

    /// The input with the padding that the convolution itself cannot do; none is the usual case.
    pub(crate) fn padded(&self, input: &Tensor) -> Option<Result<Tensor, TchError>> {
        if self.pads_itself() {
            return None;
        }
        let pad = self.other_padding();
        let pad = pad.as_flattened();
        Some(match self.padding_mode {
            PaddingMode::Zeros => input.f_constant_pad_nd(pad),
            PaddingMode::Reflect => input.f_pad(pad, "reflect", None),
            PaddingMode::Replicate => input.f_pad(pad, "replicate", None),
            PaddingMode::Circular => input.f_pad(pad, "circular", None),
        })
    }
}

impl<const D: usize> Conv<D> {
    /// Registers `weight` and `bias` under the path, both uniform within 1/√(`in_channels` / groups · kernel)
    /// of zero.
    ///
    /// # Panics
    ///
    /// If libtorch cannot create the tensors, as for a negative number of channels.
    #[track_caller]
    pub fn new(
        vs: Path<'_>,
        in_channels: i64,
        out_channels: i64,
        kernel: [i64; D],
        config: ConvConfig<D>,
    ) -> Self {
        // Without groups nothing can be computed; libtorch says so in `forward`.
        let mut size = vec![out_channels, in_channels / config.groups.max(1)];
        size.extend(kernel);
        let weight = parameter(&vs, "weight", &size, Fill::KaimingUniform);
        let fan_in = fan_in(&size);
        let bias = config
            .bias
            .then(|| parameter(&vs, "bias", &[out_channels], Fill::Bias { fan_in }));
        Self {
            weight,
            bias,
            config,
            name: Name::of(&vs),
        }
    }

    /// `[N, in_channels, input…]` → `[N, out_channels, output…]`, where for each axis
    /// output = ⌊(input + 2 · padding + `end_padding` − dilation · (kernel − 1) − 1) / stride⌋ + 1.
    /// Without `N` too.
    ///
    /// # Errors
    ///
    /// If the input has other channels or another number of dimensions, is smaller than the kernel, or is of
    /// another kind or on another device than the weight.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let convolved = |it: &Tensor| self.config.convolved(it, &self.weight, self.bias.as_ref());
        let Some(padded) = self.config.padded(input) else {
            return convolved(input).of(&self.name);
        };
        convolved(&padded.of(&self.name)?).of(&self.name)
    }
}

#[cfg(test)]
mod tests {

    use tch::{Device, Kind};

    use super::*;
    use crate::nn::VarStore;

    /// A convolution of one channel with the given kernel and no bias.
    fn conv<const D: usize>(
        kernel: &[f32],
        size: [i64; D],
        mut config: ConvConfig<D>,
    ) -> (VarStore, Conv<D>) {
        config.bias = false;
        let vs = VarStore::new(Device::Cpu);
        let conv = Conv::new(vs.root(), 1, 1, size, config);
        let values = Tensor::from_slice(kernel).view_as(&conv.weight);
        tch::no_grad(|| conv.weight.shallow_clone().copy_(&values));
        (vs, conv)
    }

    fn check_1d(kernel: &[f32], config: ConvConfig<1>, expected: &[f32]) {
        let length = i64::try_from(kernel.len()).unwrap();
        let (_vs, conv) = conv(kernel, [length], config);
        let input = Tensor::from_slice(&[1_f32, 2., 3., 4.]).view([1, 1, 4]);
        let output = conv.forward(&input).unwrap();
        let output = Vec::<f32>::try_from(output.view(-1)).unwrap();
        assert_eq!(output, expected, "{:?}", conv.config);
    }

    #[test]
    fn padding_is_what_its_mode_says() {
        // The kernel picks its first tap, so the output is the padded input less its last two elements.
        let pick = [1_f32, 0., 0.];
        for (padding_mode, expected) in [
            (PaddingMode::Zeros, [0_f32, 0., 1., 2., 3., 4.]),
            (PaddingMode::Reflect, [3., 2., 1., 2., 3., 4.]),
            (PaddingMode::Replicate, [1., 1., 1., 2., 3., 4.]),
            (PaddingMode::Circular, [3., 4., 1., 2., 3., 4.]),
        ] {
            let config = ConvConfig {
                padding: [2],
                padding_mode,
                ..Default::default()
            };
            check_1d(&pick, config, &expected);
        }
    }

    #[test]
    fn end_padding_comes_after_padding() {
        // The kernel picks its last tap: the padded input less its first element.
        let pick = [0_f32, 1.];
        for (padding_mode, expected) in [
            (PaddingMode::Zeros, [1_f32, 2., 3., 4., 0., 0.]),
            (PaddingMode::Reflect, [1., 2., 3., 4., 3., 2.]),
            (PaddingMode::Replicate, [1., 2., 3., 4., 4., 4.]),
            (PaddingMode::Circular, [1., 2., 3., 4., 1., 2.]),
        ] {
            let config = ConvConfig {
                padding: [1],
                end_padding: [1],
                padding_mode,
                ..Default::default()
            };
            check_1d(&pick, config, &expected);
        }
    }

    #[test]
    fn end_padding_keeps_the_size_under_an_even_kernel() {
        let config = ConvConfig {
            end_padding: [1],
            ..Default::default()
        };
        check_1d(&[1., 10.], config, &[21., 32., 43., 4.]);
    }

    #[test]
    fn stride_and_dilation_are_torch_s() {
        let config = ConvConfig {
            padding: [1],
            stride: [2],
            dilation: [2],
            ..Default::default()
        };
        // 0 1 2 3 4 0 → (0, 2), (2, 4)
        check_1d(&[1., 10.], config, &[20., 42.]);
    }

    #[test]
    fn each_axis_has_its_own_padding() {
        let config = ConvConfig {
            padding: [1, 0],
            end_padding: [0, 2],
            padding_mode: PaddingMode::Replicate,
            ..Default::default()
        };
        let (_vs, conv) = conv(&[1.], [1, 1], config);
        let input = Tensor::from_slice(&[1_f32, 2., 3., 4.]).view([1, 1, 2, 2]);
        let output = conv.forward(&input).unwrap();
        assert_eq!(output.size(), [1, 1, 4, 4]);
        let expected = [
            1_f32, 2., 2., 2., 1., 2., 2., 2., 3., 4., 4., 4., 3., 4., 4., 4.,
        ];
        assert_eq!(
            Vec::<f32>::try_from(output.view(-1)).unwrap(),
            expected.to_vec()
        );
    }

    #[test]
    fn three_dimensions_and_no_batch_work() {
        let vs = VarStore::new(Device::Cpu);
        let config = ConvConfig {
            groups: 2,
            end_padding: [0, 1, 0],
            ..Default::default()
        };
        let conv = Conv3d::new(vs.root(), 4, 6, [1, 2, 3], config);
        assert_eq!(conv.weight.size(), [6, 2, 1, 2, 3]);
        let input = Tensor::ones([4, 5, 6, 7], (Kind::Float, Device::Cpu));
        assert_eq!(conv.forward(&input).unwrap().size(), [6, 5, 6, 5]);
    }

    #[test]
    fn wrong_inputs_and_groups_are_errors() {
        let vs = VarStore::new(Device::Cpu);
        let root = vs.root();
        let conv = Conv2d::new(&root / "a", 3, 4, [3, 3], ConvConfig::default());
        for size in [vec![1, 2, 8, 8], vec![1, 3, 2, 2], vec![3]] {
            let input = Tensor::ones(&size, (Kind::Float, Device::Cpu));
            assert!(conv.forward(&input).is_err(), "{size:?}");
        }
        for groups in [0, 2] {
            let config = ConvConfig {
                groups,
                ..Default::default()
            };
            let conv = Conv2d::new(&root / groups, 3, 4, [3, 3], config);
            let input = Tensor::ones([1, 3, 8, 8], (Kind::Float, Device::Cpu));
            assert!(conv.forward(&input).is_err(), "{groups} groups");
        }
        // A mirror cannot show more than there is.
        let config = ConvConfig {
            padding: [8, 8],
            padding_mode: PaddingMode::Reflect,
            ..Default::default()
        };
        let conv = Conv2d::new(&root / "b", 3, 4, [3, 3], config);
        let input = Tensor::ones([1, 3, 8, 8], (Kind::Float, Device::Cpu));
        assert!(conv.forward(&input).is_err());
    }
}
