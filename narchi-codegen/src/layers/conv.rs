//! Convolutions.

use std::array;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::check::{
    at_least, axis_names, fits, floats, image, reaches, settled, settled_param, windows,
};
use crate::{
    dim::{Dim, Window},
    layer::{
        Axes, Channels, Layer, LayerDef, Mode, Module, Needs, Number, Padding, Problem, Reach,
        Role, Site, Weight, exactly, layer,
    },
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[Conv1d::DEF, Conv2d::DEF, Conv3d::DEF];

macro_rules! convolution {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal) => {
        layer! {
            $(#[doc = $docs])+
            ///
            /// Each axis becomes `⌊(size + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1`.
            pub(crate) struct $class {
                /// The number of channels of the output.
                output_feats: Dim,
                /// The size of the kernel.
                kernel_size: Axes<$axes>,
                /// How far the kernel moves from one output to the next.
                stride: Axes<$axes> = 1,
                /// How many elements are added at both ends of each axis. `"valid"` adds none, `"same"` as
                /// many as keep the size, which takes a stride of 1.
                padding: Padding<$axes> = 0,
                /// The distance between neighbouring elements of the kernel.
                dilation: Axes<$axes> = 1,
                /// Into how many groups the channels are split; each group of the output sees one of the input.
                groups: i64 = 1,
                /// Whether to add a learned bias.
                bias: bool = true,
                /// What the added elements are: zeros, a reflection of the input, its outermost elements, or
                /// those of the other end.
                padding_mode: Mode = Mode::Zeros => "`\"zeros\"`",
            }
        }

        impl $class {
            fn conv(&self) -> Conv<'_, $axes> {
                Conv {
                    class: stringify!($class),
                    out_feats: &self.output_feats,
                    kernel: self.kernel_size.0,
                    stride: self.stride.0,
                    padding: self.padding,
                    dilation: self.dilation.0,
                    groups: self.groups,
                    bias: self.bias,
                    mode: self.padding_mode,
                }
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                self.conv().outputs(inputs, needs)
            }

            fn weights(&self, inputs: &[Type]) -> Vec<Weight> {
                self.conv().weights(inputs)
            }

            fn key(&self, _inputs: &[Type]) -> String {
                self.conv().key()
            }

            fn noun(&self) -> &'static str {
                "conv"
            }

            fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
                self.conv().numbers(inputs)
            }

            fn module(&self, _inputs: &[Type]) -> Option<Module> {
                Some(self.conv().module(concat!("conv", stringify!($axes), "d")))
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (field, input) = (&site.field, site.inputs[0].by_ref());
                quote!(#field.forward(#input)?)
            }

            fn channels(&self) -> Channels {
                Channels::Makes
            }

            // Once for each place of the output.
            fn applications(&self, _inputs: &[Type], outputs: &[Type]) -> Option<Vec<Dim>> {
                let mut dims = outputs[0].dims().to_vec();
                dims.remove(1);
                Some(dims)
            }

            fn kernel_channels(&self, _output: &Type) -> Option<usize> {
                Some(1)
            }

            fn reach(&self, inputs: &[Type]) -> Option<Reach> {
                self.conv().reach(inputs)
            }

            fn pads(&self) -> bool {
                self.conv().padding() != ([0; $axes], [0; $axes])
            }
        }
    };
}

convolution! {
    /// A convolution over one axis: `[N, in, length] → [N, output_feats, length']`.
    ///
    /// As `torch.nn.Conv1d`.
    Conv1d, 1
}

convolution! {
    /// A convolution over two axes: `[N, in, height, width] → [N, output_feats, height', width']`.
    ///
    /// As `torch.nn.Conv2d`.
    Conv2d, 2
}

convolution! {
    /// A convolution over three axes:
    /// `[N, in, depth, height, width] → [N, output_feats, depth', height', width']`.
    ///
    /// As `torch.nn.Conv3d`.
    Conv3d, 3
}

/// A convolution over any number of axes.
struct Conv<'a, const D: usize> {
    class: &'static str,
    out_feats: &'a Dim,
    kernel: [i64; D],
    stride: [i64; D],
    padding: Padding<D>,
    dilation: [i64; D],
    groups: i64,
    bias: bool,
    mode: Mode,
}

impl<const D: usize> Conv<'_, D> {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        self.check_params(needs)?;
        let (batch, channels, axes) = image::<D>(input)?;
        floats(input)?;
        settled(channels, "channels", needs)?;
        self.check_groups(channels)?;
        let mut dims = vec![batch.clone(), self.out_feats.clone()];
        for (axis, dim) in axes.iter().enumerate() {
            self.check_padding(axis, dim, needs)?;
            dims.push(self.output(axis, dim)?);
        }
        Ok(vec![input.with(dims)])
    }

    fn check_params(&self, needs: &mut Needs<'_>) -> Result<(), Problem> {
        at_least("kernel_size", &self.kernel, 1)?;
        at_least("stride", &self.stride, 1)?;
        at_least("dilation", &self.dilation, 1)?;
        at_least("groups", &[self.groups], 1)?;
        settled_param("output_feats", self.out_feats, needs)?;
        match self.padding {
            Padding::Each(each) => at_least("padding", &each, 0),
            Padding::Same if self.stride == [1; D] => Ok(()),
            Padding::Same => {
                let message = "can keep the size with a stride of 1 only";
                Err(Problem::param("padding", message)
                    .help("leave out `stride`, or write the padding as a number"))
            }
        }
    }

    fn check_groups(&self, channels: &Dim) -> Result<(), Problem> {
        let sides = [
            ("the channels of the input", channels),
            ("`output_feats`", self.out_feats),
        ];
        for (what, feats) in sides {
            if self.groups > 1 && feats.as_fixed().is_none_or(|it| it % self.groups != 0) {
                let message = format!(
                    "needs a multiple of its {} groups for {what}, but gets {feats}",
                    self.groups
                );
                return Err(Problem::param("groups", message));
            }
        }
        Ok(())
    }

    fn reach(&self, inputs: &[Type]) -> Option<Reach> {
        let is_bare = self.kernel == [1; D] && self.padding() == ([0; D], [0; D]);
        // The kernels for this are those of two axes.
        if D != 2 || self.mode != Mode::Zeros {
            return None;
        }
        if is_bare && self.stride == [1; D] && self.groups == 1 {
            return Some(Reach::Place);
        }
        let groups = Dim::from(self.groups);
        let is_each = inputs.first()?.dims().get(1) == Some(&groups) && *self.out_feats == groups;
        (is_each && self.groups > 1).then_some(Reach::Channel)
    }

    /// What is added at the start of each axis, and what the end gets beyond that.
    fn padding(&self) -> ([i64; D], [i64; D]) {
        match self.padding {
            Padding::Each(each) => (each, [0; D]),
            Padding::Same => {
                let total: [i64; D] =
                    array::from_fn(|it| self.dilation[it] * (self.kernel[it] - 1));
                (total.map(|it| it / 2), total.map(|it| it % 2))
            }
        }
    }

    /// A reflection or a repetition shows no more than there is.
    fn check_padding(&self, axis: usize, dim: &Dim, needs: &mut Needs<'_>) -> Result<(), Problem> {
        let (start, more) = self.padding();
        let padding = start[axis] + more[axis];
        let (least, verb) = match self.mode {
            Mode::Zeros | Mode::Replicate => return Ok(()),
            Mode::Reflect => (padding + 1, "reflect"),
            Mode::Circular => (padding, "repeat"),
        };
        let name = axis_names::<D>()[axis];
        let refuse = || {
            let message = format!("cannot {verb} {padding} elements of an input with {name} {dim}");
            let help = format!("use a padding of less than the {name}, or another `padding_mode`");
            Problem::param("padding", message).help(help)
        };
        let why = || format!("there must be {padding} elements to {verb} in {dim}");
        if reaches(dim, least, needs, why)? {
            Ok(())
        } else {
            Err(refuse())
        }
    }

    fn output(&self, axis: usize, dim: &Dim) -> Result<Dim, Problem> {
        let Padding::Each(padding) = self.padding else {
            return Ok(dim.clone());
        };
        let window: Window = windows(self.kernel, self.stride, padding, self.dilation)[axis];
        let output = dim.conv(window)?;
        fits::<D>(axis, dim, window, &output)?;
        Ok(output)
    }

    fn weights(&self, inputs: &[Type]) -> Vec<Weight> {
        let into = &inputs[0].dims()[1];
        // `outputs` has seen that it divides.
        let into = into
            .as_fixed()
            .map_or_else(|| into.clone(), |it| Dim::from(it / self.groups));
        let mut shape = vec![self.out_feats.clone(), into];
        shape.extend(self.kernel.map(Dim::from));
        let weight = Weight::parameter("weight", shape);
        let bias = self
            .bias
            .then(|| Weight::parameter("bias", vec![self.out_feats.clone()]));
        [Some(weight), bias].into_iter().flatten().collect()
    }

    /// Whether each number is the same on all axes.
    fn is_uniform(&self) -> bool {
        let (start, more) = self.padding();
        [self.kernel, self.stride, start, more, self.dilation]
            .iter()
            .all(is_uniform)
    }

    fn key(&self) -> String {
        let Self {
            class, bias, mode, ..
        } = self;
        format!(
            "{class} bias={bias} mode={mode:?} uniform={}",
            self.is_uniform()
        )
    }

    fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
        let uniform = self.is_uniform();
        let (start, more) = self.padding();
        vec![
            Number::int("in_feats", Role::InFeats, inputs[0].dims()[1].clone()),
            Number::int("out_feats", Role::OutFeats, self.out_feats.clone()),
            Number::axes("kernel_size", Role::Kernel, &self.kernel, uniform),
            Number::axes("stride", Role::Other, &self.stride, uniform).or(1),
            Number::axes("padding", Role::Padding, &start, uniform).or(0),
            Number::axes("end_padding", Role::Other, &more, uniform).or(0),
            Number::axes("dilation", Role::Other, &self.dilation, uniform).or(1),
            Number::int("groups", Role::Feats, self.groups).or(1),
        ]
    }

    fn module(&self, wrapper: &'static str) -> Module {
        let ty = format_ident!("{}", self.class);
        let mode = match self.mode {
            Mode::Zeros => None,
            Mode::Reflect => Some(quote!(padding_mode: nn::PaddingMode::Reflect)),
            Mode::Replicate => Some(quote!(padding_mode: nn::PaddingMode::Replicate)),
            Mode::Circular => Some(quote!(padding_mode: nn::PaddingMode::Circular)),
        };
        let bias = (!self.bias).then(|| quote!(bias: false));
        Module {
            ty: quote!(nn::#ty),
            frozen: Some(quote!(frozen::#ty)),
            function: quote!(nn::#ty::new),
            wrapper,
            arguments: 3,
            config: quote!(nn::ConvConfig),
            config_fields: 7,
            fixed: bias.into_iter().chain(mode).collect(),
        }
    }
}

pub(super) fn is_uniform<const D: usize>(values: &[i64; D]) -> bool {
    values.iter().all(|it| *it == values[0])
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{
        check, check_forward, check_module, check_same_code, check_weights,
    };

    fn conv2d(params: &str) -> String {
        format!(r#"{{"_class": "Conv2d", "output_feats": 8, {params}}}"#)
    }

    #[track_caller]
    fn check_2d(params: &str, input: &str, expected: &str) {
        check(&conv2d(params), &[input], expected);
    }

    #[test]
    fn axes_are_those_of_pytorch() {
        check_2d(r#""kernel_size": 3"#, "[N, 3, 32, 5]", "[N, 8, 30, 3]");
        check_2d(
            r#""kernel_size": [3, 5], "padding": [1, 2]"#,
            "[N, 3, H, W]",
            "[N, 8, H, W]",
        );
        let stem = r#""kernel_size": 7, "stride": 2, "padding": 3"#;
        check_2d(stem, "[N, 3, H, 33]", "[N, 8, ⌈H/2⌉, 17]");
        check_2d(
            r#""kernel_size": 3, "dilation": [1, 4]"#,
            "[N, 3, 10, 10]",
            "[N, 8, 8, 2]",
        );
        check_2d(
            r#""kernel_size": 3, "padding": "valid""#,
            "[N, 3, 10, H]",
            "[N, 8, 8, H-2]",
        );
        let block = r#"{"_class": "Conv1d", "output_feats": 4, "kernel_size": 5, "stride": 2}"#;
        check(block, &["[N, 3, 10]"], "[N, 4, 3]");
        let block =
            r#"{"_class": "Conv3d", "output_feats": "<<variable:K>>", "kernel_size": [1, 2, 3]}"#;
        check(block, &["[N, 3, 9, 9, W]"], "[N, K, 9, 8, W-2]");
    }

    #[test]
    fn same_keeps_the_size() {
        let same = r#""kernel_size": [4, 3], "dilation": [3, 2], "padding": "same""#;
        check_2d(same, "[N, 3, 1, W]", "[N, 8, 1, W]");
        check_module(
            &conv2d(same),
            "[N, 3, 1, W]",
            "nn::Conv2d::new(3, 8, [4, 3], nn::ConvConfig { padding: [4, 2], end_padding: [1, 0], dilation: [3, 2] })",
        );
        check_2d(
            r#""kernel_size": 3, "padding": "same", "stride": [1, 2]"#,
            "[N, 3, 8, 8]",
            "wrong-parameter(padding): can keep the size with a stride of 1 only\n\
             help: leave out `stride`, or write the padding as a number",
        );
    }

    #[test]
    fn kernels_that_do_not_fit_are_refused() {
        check_2d(
            r#""kernel_size": 7"#,
            "[N, 3, 7, 6]",
            "kernel-too-large: has a kernel of width 7, but the input has width 6\n\
             help: use a smaller kernel or more padding, or reduce the size less before",
        );
        check_2d(
            r#""kernel_size": 3, "dilation": 3, "padding": 1"#,
            "[N, 3, 4, W]",
            "kernel-too-large: has a kernel of height 7, but the padded input has height 6\n\
             note: 3 elements with a dilation of 3 cover 7\n\
             note: 4 and 1 at both ends make 6\n\
             help: use a smaller kernel or more padding, or reduce the size less before",
        );
        let block = r#"{"_class": "Conv1d", "output_feats": 4, "kernel_size": 5, "stride": 9}"#;
        check(block, &["[N, 3, 5]"], "[N, 4, 1]");
        check(
            block,
            &["[N, 3, 4]"],
            "kernel-too-large: has a kernel of length 5, but the input has length 4\n\
             help: use a smaller kernel or more padding, or reduce the size less before",
        );
    }

    #[test]
    fn numbers_are_in_range() {
        let wrong = |params: &str, expected: &str| check_2d(params, "[N, 4, 9, 9]", expected);
        wrong(
            r#""kernel_size": [3, 0]"#,
            "wrong-parameter(kernel_size): needs a `kernel_size` of at least 1, but gets [3, 0]",
        );
        wrong(
            r#""kernel_size": 3, "stride": 0"#,
            "wrong-parameter(stride): needs a `stride` of at least 1, but gets 0",
        );
        wrong(
            r#""kernel_size": 3, "dilation": -1"#,
            "wrong-parameter(dilation): needs a `dilation` of at least 1, but gets -1",
        );
        wrong(
            r#""kernel_size": 3, "padding": [0, -1]"#,
            "wrong-parameter(padding): needs a `padding` of at least 0, but gets [0, -1]",
        );
        wrong(
            r#""kernel_size": 3000000000"#,
            "wrong-parameter(kernel_size): needs a `kernel_size` below 2³¹, but gets 3000000000",
        );
        wrong(
            r#""kernel_size": 3, "groups": 0"#,
            "wrong-parameter(groups): needs a `groups` of at least 1, but gets 0",
        );
    }

    #[test]
    fn groups_divide_the_channels() {
        check_2d(
            r#""kernel_size": 3, "groups": 4"#,
            "[N, 4, 9, 9]",
            "[N, 8, 7, 7]",
        );
        check_2d(
            r#""kernel_size": 3, "groups": 4"#,
            "[N, 6, 9, 9]",
            "wrong-parameter(groups): needs a multiple of its 4 groups for the channels of the input, but gets 6",
        );
        check_2d(
            r#""kernel_size": 3, "groups": 3"#,
            "[N, 6, 9, 9]",
            "wrong-parameter(groups): needs a multiple of its 3 groups for `output_feats`, but gets 8",
        );
    }

    #[test]
    fn padding_shows_no_more_than_there_is() {
        let padding = |padding: &str, mode: &str| {
            format!(r#""kernel_size": 3, "padding": {padding}, "padding_mode": "{mode}""#)
        };
        check_2d(&padding("4", "reflect"), "[N, 3, 5, 5]", "[N, 8, 11, 11]");
        check_2d(
            &padding("5", "reflect"),
            "[N, 3, 5, 5]",
            "wrong-parameter(padding): cannot reflect 5 elements of an input with height 5\n\
             help: use a padding of less than the height, or another `padding_mode`",
        );
        check_2d(&padding("5", "circular"), "[N, 3, 5, 5]", "[N, 8, 13, 13]");
        check_2d(
            &padding("[5, 6]", "circular"),
            "[N, 3, 5, 5]",
            "wrong-parameter(padding): cannot repeat 6 elements of an input with width 5\n\
             help: use a padding of less than the width, or another `padding_mode`",
        );
        check_2d(&padding("9", "replicate"), "[N, 3, 5, 5]", "[N, 8, 21, 21]");
        check_2d(
            &padding("9", "replicate"),
            "[N, 3, H, W]",
            "[N, 8, H+16, W+16]",
        );
        let expected = "[N, 8, H+6, ⌊W/2⌋+6] where H ≥ 5, W ≥ 10";
        check_2d(&padding("4", "reflect"), "[N, 3, H, ⌊W/2⌋]", expected);
        check_2d(
            &padding("4", "circular"),
            "[N, 3, H, 9]",
            "[N, 8, H+6, 15] where H ≥ 4",
        );
        // The end gets one more.
        let even = r#""kernel_size": 4, "padding": "same", "padding_mode": "reflect""#;
        check_2d(even, "[N, 3, H, W]", "[N, 8, H, W] where H ≥ 3, W ≥ 3");
    }

    #[test]
    fn channels_are_fixed() {
        check_2d(
            r#""kernel_size": 3"#,
            "[N, 2*C, 9, 9]",
            "symbolic-features: needs a fixed number of channels, but gets 2*C\n\
             note: the sizes of weights are the same for all inputs\n\
             help: declare a number or a single symbol in the shape of the input",
        );
        // A symbol becomes an argument of `new`.
        check_2d(r#""kernel_size": 3"#, "[N, C, 9, 9]", "[N, 8, 7, 7]");
        check_2d(r#""kernel_size": 3"#, "[N, K, 9, 9]", "[N, 8, 7, 7]");
    }

    #[test]
    fn wrong_inputs_are_refused() {
        check_2d(
            r#""kernel_size": 3"#,
            "[N, 512]",
            "wrong-rank: expects [N, channels, height, width], but gets [N, 512]",
        );
        check_2d(
            r#""kernel_size": 3"#,
            "#[N, 3, 8, 8]",
            "wrong-dtype: needs floating point numbers, but gets [N, 3, 8, 8] of whole numbers",
        );
        let block = r#"{"_class": "Conv3d", "output_feats": 4, "kernel_size": 5}"#;
        let expected =
            "wrong-rank: expects [N, channels, depth, height, width], but gets [N, 3, 8, 8]";
        check(block, &["[N, 3, 8, 8]"], expected);
        let block = r#"{"_class": "Conv1d", "output_feats": 4, "kernel_size": 5}"#;
        check(
            block,
            &["[N]"],
            "wrong-rank: expects [N, channels, length], but gets [N]",
        );
    }

    #[test]
    fn weights_are_those_of_pytorch() {
        check_weights(
            &conv2d(r#""kernel_size": [3, 5], "groups": 2"#),
            "[N, 6, H, W]",
            &["weight [8, 3, 3, 5] Parameter", "bias [8] Parameter"],
        );
        check_weights(
            &conv2d(r#""kernel_size": 1, "bias": false"#),
            "[N, 2*K, H, W]",
            &["weight [8, 2*K, 1, 1] Parameter"],
        );
    }

    #[test]
    fn the_code_says_what_is_not_usual() {
        let module =
            |params: &str, expected: &str| check_module(&conv2d(params), "[N, 4, H, W]", expected);
        module(
            r#""kernel_size": 3"#,
            "nn::Conv2d::new(4, 8, [3, 3], nn::ConvConfig {  })",
        );
        module(
            r#""kernel_size": 3, "stride": 2, "padding": 1, "bias": false"#,
            "nn::Conv2d::new(4, 8, [3, 3], nn::ConvConfig { stride: [2, 2], padding: [1, 1], bias: false })",
        );
        module(
            r#""kernel_size": [3, 1], "padding": 1, "groups": 4, "padding_mode": "circular""#,
            "nn::Conv2d::new(4, 8, [3, 1], nn::ConvConfig { padding: [1, 1], groups: 4, padding_mode: nn::PaddingMode::Circular })",
        );
        check_forward(
            &conv2d(r#""kernel_size": 3"#),
            &["[N, 4, H, W]"],
            "self.layer.forward(a)?",
        );
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |one: &str, other: &str, expected: bool| {
            check_same_code("[N, 4, H, W]", &conv2d(one), &conv2d(other), expected);
        };
        same(
            r#""kernel_size": 3"#,
            r#""kernel_size": 5, "stride": 2, "groups": 4"#,
            true,
        );
        same(
            r#""kernel_size": 3"#,
            r#""kernel_size": 5, "padding": "same""#,
            true,
        );
        same(
            r#""kernel_size": 3"#,
            r#""kernel_size": 3, "padding": [1, 0]"#,
            false,
        );
        same(
            r#""kernel_size": 3"#,
            r#""kernel_size": 3, "bias": false"#,
            false,
        );
        same(
            r#""kernel_size": 3"#,
            r#""kernel_size": 3, "padding_mode": "reflect""#,
            false,
        );
    }
}
