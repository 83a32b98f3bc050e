//! Pooling: windows that slide, or as many as are asked for.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{
    check::{at_least, axis_names, fits, floats, image, settled_param, windows},
    conv::is_uniform,
};
use crate::{
    dim::{Bindings, Dim},
    document::{Node, Value},
    layer::{Axes, Layer, LayerDef, Needs, Number, Param, Problem, Role, Site, exactly, layer},
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[MaxPool2d::DEF, AvgPool2d::DEF, AdaptiveAvgPool2d::DEF];

/// What poolings with windows have in common.
struct Pool<const D: usize> {
    kernel: [i64; D],
    stride: [i64; D],
    padding: [i64; D],
    dilation: [i64; D],
    ceil_mode: bool,
}

impl<const D: usize> Pool<D> {
    fn outputs(&self, inputs: &[Type]) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        at_least("kernel_size", &self.kernel, 1)?;
        at_least("stride", &self.stride, 1)?;
        at_least("dilation", &self.dilation, 1)?;
        self.check_padding()?;
        let (batch, channels, axes) = image::<D>(input)?;
        let windows = windows(self.kernel, self.stride, self.padding, self.dilation);
        let mut dims = vec![batch.clone(), channels.clone()];
        for (axis, (dim, window)) in axes.iter().zip(windows).enumerate() {
            let output = dim.pool(window, self.ceil_mode)?;
            fits::<D>(axis, dim, window, &output)?;
            dims.push(output);
        }
        Ok(vec![input.with(dims)])
    }

    /// A window that lies in the padding alone would have nothing to pool.
    fn check_padding(&self) -> Result<(), Problem> {
        at_least("padding", &self.padding, 0)?;
        for (axis, name) in axis_names::<D>().into_iter().enumerate() {
            let (padding, kernel) = (self.padding[axis], self.kernel[axis]);
            // libtorch does not count the dilation.
            if padding > kernel / 2 {
                let message =
                    format!("has a padding of {padding}, more than half of its kernel of {name} {kernel}");
                return Err(Problem::param("padding", message));
            }
        }
        Ok(())
    }

    fn is_uniform(&self) -> bool {
        [self.kernel, self.stride, self.padding, self.dilation]
            .iter()
            .all(is_uniform)
    }

    /// Kernel, stride, padding, dilation.
    fn numbers(&self) -> Vec<Number> {
        let uniform = self.is_uniform();
        let axes = |name, role, values| Number::axes(name, role, values, uniform).in_forward();
        vec![
            axes("kernel_size", Role::Kernel, &self.kernel),
            axes("stride", Role::Other, &self.stride),
            axes("padding", Role::Padding, &self.padding),
            axes("dilation", Role::Other, &self.dilation),
        ]
    }

    /// The numbers as lists, with one for each axis.
    fn lists(&self, site: &Site<'_>) -> Vec<TokenStream> {
        let axes = if self.is_uniform() { D } else { 0 };
        site.numbers.iter().map(|it| it.per_axis(axes)).collect()
    }
}

macro_rules! max_pool {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal, $method:ident) => {
        layer! {
            $(#[doc = $docs])+
            ///
            /// Each axis becomes `⌊(size + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1`.
            pub(crate) struct $class {
                /// The size of the window.
                kernel_size: Axes<$axes>,
                /// How far the window moves from one output to the next.
                stride: Option<Axes<$axes>> = None => "`kernel_size`",
                /// How many elements that never are the greatest are added at both ends of each axis; at most half
                /// of `kernel_size`.
                padding: Axes<$axes> = 0,
                /// The distance between neighbouring elements of the window.
                dilation: Axes<$axes> = 1,
                /// Whether to round up instead of down: a last window may reach beyond the end, but must not
                /// begin there.
                ceil_mode: bool = false,
            }
        }

        impl $class {
            fn pool(&self) -> Pool<$axes> {
                Pool {
                    kernel: self.kernel_size.0,
                    stride: self.stride.unwrap_or(self.kernel_size).0,
                    padding: self.padding.0,
                    dilation: self.dilation.0,
                    ceil_mode: self.ceil_mode,
                }
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                _needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                self.pool().outputs(inputs)
            }

            fn key(&self, _inputs: &[Type]) -> String {
                let (uniform, ceil) = (self.pool().is_uniform(), self.ceil_mode);
                format!("{} uniform={uniform} ceil={ceil}", stringify!($class))
            }

            fn noun(&self) -> &'static str {
                "max_pool"
            }

            fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
                self.pool().numbers()
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (input, lists, ceil) = (&site.inputs[0].name, self.pool().lists(site), self.ceil_mode);
                quote!(#input.$method(#(#lists,)* #ceil)?)
            }
        }
    };
}

max_pool! {
    /// The greatest value of each window: `[N, channels, height, width] → [N, channels, height', width']`.
    ///
    /// As `torch.nn.MaxPool2d`.
    MaxPool2d, 2, f_max_pool2d
}

macro_rules! avg_pool {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal, $method:ident) => {
        layer! {
            $(#[doc = $docs])+
            ///
            /// Each axis becomes `⌊(size + 2·padding − kernel_size) / stride⌋ + 1`.
            pub(crate) struct $class {
                /// The size of the window.
                kernel_size: Axes<$axes>,
                /// How far the window moves from one output to the next.
                stride: Option<Axes<$axes>> = None => "`kernel_size`",
                /// How many zeros are added at both ends of each axis; at most half of `kernel_size`.
                padding: Axes<$axes> = 0,
                /// Whether to round up instead of down: a last window may reach beyond the end, but must not
                /// begin there.
                ceil_mode: bool = false,
                /// Whether the padding counts in the mean.
                count_include_pad: bool = true,
                /// What the sum of a window is divided by.
                divisor_override: Option<i64> = None => "the number of elements",
            }
        }

        impl $class {
            fn pool(&self) -> Pool<$axes> {
                Pool {
                    kernel: self.kernel_size.0,
                    stride: self.stride.unwrap_or(self.kernel_size).0,
                    padding: self.padding.0,
                    dilation: [1; $axes],
                    ceil_mode: self.ceil_mode,
                }
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                _needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                if self.divisor_override == Some(0) {
                    let message = "needs a `divisor_override` other than 0";
                    return Err(Problem::param("divisor_override", message));
                }
                self.pool().outputs(inputs)
            }

            fn key(&self, _inputs: &[Type]) -> String {
                let (class, uniform) = (stringify!($class), self.pool().is_uniform());
                let Self { ceil_mode, count_include_pad, divisor_override, .. } = self;
                format!("{class} uniform={uniform} ceil={ceil_mode} include={count_include_pad} divisor={divisor_override:?}")
            }

            fn noun(&self) -> &'static str {
                "avg_pool"
            }

            fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
                let mut numbers = self.pool().numbers();
                // There is no dilation.
                numbers.truncate(3);
                numbers
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (input, lists) = (&site.inputs[0].name, self.pool().lists(site));
                let (ceil, include) = (self.ceil_mode, self.count_include_pad);
                let divisor = match self.divisor_override.map(Literal::i64_unsuffixed) {
                    Some(divisor) => quote!(#divisor),
                    None => quote!(None),
                };
                quote!(#input.$method(#(#lists,)* #ceil, #include, #divisor)?)
            }
        }
    };
}

avg_pool! {
    /// The mean of each window: `[N, channels, height, width] → [N, channels, height', width']`.
    ///
    /// As `torch.nn.AvgPool2d`.
    AvgPool2d, 2, f_avg_pool2d
}

/// How many windows an adaptive pooling has along each of `D` axes; none keeps the size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes<const D: usize>(pub(crate) [Option<Dim>; D]);

impl<const D: usize> Param for Sizes<D> {
    fn bind(self, bindings: &Bindings) -> Self {
        Self(self.0.map(|it| it.map(|size| bindings.apply(&size))))
    }

    const ACCEPTS: &'static str = match D {
        1 => "a size, or `null` to keep it",
        2 => "a size, or a list of two: rows and columns; `null` keeps a size",
        _ => "a size, or a list with one for each axis; `null` keeps a size",
    };
    const SAMPLES: &'static [&'static str] = match D {
        1 => &["1", "2", "7", "[3]", "null", "0", "-1", "1.5"],
        2 => &[
            "1",
            "3",
            "[1, 2]",
            "[5, 7]",
            "[null, 2]",
            "null",
            "0",
            "[2, -1]",
            "[2]",
            "1.5",
        ],
        _ => &[
            "1",
            "3",
            "[1, 2, 3]",
            "[null, 2, 1]",
            "null",
            "0",
            "[2, -1, 1]",
            "[2]",
            "1.5",
        ],
    };

    fn read(node: &Node) -> Result<Self, Option<String>> {
        let Value::Array(items) = &node.value else {
            let size = Option::<Dim>::read(node)?;
            return Ok(Self(std::array::from_fn(|_| size.clone())));
        };
        let sizes = items
            .iter()
            .map(Option::<Dim>::read)
            .collect::<Result<Vec<_>, _>>()?;
        sizes.try_into().map(Self).map_err(|_| None)
    }

    fn spell(&self) -> String {
        let sizes = self.0.each_ref().map(Param::spell);
        if sizes.iter().all(|it| *it == sizes[0]) {
            sizes[0].clone()
        } else {
            format!("[{}]", sizes.join(", "))
        }
    }
}

macro_rules! adaptive_pool {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal, $method:ident) => {
        layer! {
            $(#[doc = $docs])+
            pub(crate) struct $class {
                /// The sizes of the output; `null` keeps that of the input. PyTorch's `output_size`.
                output_feats: Sizes<$axes>,
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                let [input] = exactly(inputs)?;
                let (batch, channels, axes) = image::<$axes>(input)?;
                floats(input)?;
                let mut dims = vec![batch.clone(), channels.clone()];
                for (size, kept) in self.output_feats.0.iter().zip(axes) {
                    if let Some(size) = size {
                        settled_param("output_feats", size, needs)?;
                    }
                    dims.push(size.as_ref().unwrap_or(kept).clone());
                }
                Ok(vec![input.with(dims)])
            }

            fn key(&self, _inputs: &[Type]) -> String {
                let kept = self.output_feats.0.each_ref().map(Option::is_none);
                format!("{} kept={kept:?}", stringify!($class))
            }

            fn noun(&self) -> &'static str {
                "avg_pool"
            }

            fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
                let number = |it: &Dim| Number::int("output_size", Role::Other, it.clone()).in_forward();
                self.output_feats.0.iter().flatten().map(number).collect()
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let input = &site.inputs[0].name;
                let mut numbers = site.numbers.iter();
                let sizes = self.output_feats.0.iter().enumerate().map(|(axis, size)| {
                    let number = size.as_ref().and_then(|_| numbers.next());
                    let dim = Literal::usize_unsuffixed(axis + 2);
                    number.map_or_else(|| quote!(#input.size()[#dim]), |it| quote!(#it))
                });
                quote!(#input.$method([#(#sizes),*])?)
            }
        }
    };
}

adaptive_pool! {
    /// The mean of as many windows as are asked for:
    /// `[N, channels, height, width] → [N, channels, output_feats…]`.
    ///
    /// As `torch.nn.AdaptiveAvgPool2d`.
    AdaptiveAvgPool2d, 2, f_adaptive_avg_pool2d
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code};

    fn block(class: &str, params: &str) -> String {
        format!(r#"{{"_class": "{class}", {params}}}"#)
    }

    #[track_caller]
    fn check_both(params: &str, input: &str, expected: &str) {
        for class in ["MaxPool2d", "AvgPool2d"] {
            check(&block(class, params), &[input], expected);
        }
    }

    #[test]
    fn axes_are_those_of_pytorch() {
        check_both(r#""kernel_size": 2"#, "[N, 3, H, 9]", "[N, 3, ⌊H/2⌋, 4]");
        check_both(
            r#""kernel_size": 3, "stride": 1"#,
            "[N, 3, H, 9]",
            "[N, 3, H-2, 7]",
        );
        let stem = r#""kernel_size": 3, "stride": 2, "padding": 1"#;
        check_both(stem, "[N, 64, ⌈H/2⌉, C]", "[N, 64, ⌈H/4⌉, ⌈C/2⌉]");
        check_both(
            r#""kernel_size": [2, 1], "stride": null"#,
            "[N, C, H, W]",
            "[N, C, ⌊H/2⌋, W]",
        );
        let block = block(
            "MaxPool2d",
            r#""kernel_size": 3, "dilation": 2, "stride": 1, "padding": 1"#,
        );
        check(&block, &["[N, 3, H, 5]"], "[N, 3, H-2, 3]");
        check(&block, &["#[N, 3, 3, 5]"], "[N, 3, 1, 3] of whole numbers");
    }

    #[test]
    fn ceil_mode_drops_windows_that_begin_beyond_the_end() {
        check_both(
            r#""kernel_size": 3, "stride": 2, "ceil_mode": true"#,
            "[N, 3, H, 6]",
            "[N, 3, ⌊H/2⌋, 3]",
        );
        check_both(
            r#""kernel_size": 2, "ceil_mode": true"#,
            "[N, 3, H, 1]",
            "[N, 3, ⌈H/2⌉, 1]",
        );
        let padded = r#""kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": true"#;
        check_both(padded, "[N, 3, 2, 3]", "[N, 3, 1, 2]");
    }

    #[test]
    fn kernels_that_do_not_fit_are_refused() {
        check_both(
            r#""kernel_size": [2, 5], "padding": 1"#,
            "[N, 3, 2, 2]",
            "kernel-too-large: has a kernel of width 5, but the padded input has width 4\n\
             note: 2 and 1 at both ends make 4\n\
             help: use a smaller kernel or more padding, or reduce the size less before",
        );
    }

    #[test]
    fn numbers_are_in_range() {
        let wrong = |params: &str, expected: &str| check_both(params, "[N, 4, 9, 9]", expected);
        wrong(
            r#""kernel_size": 0"#,
            "wrong-parameter(kernel_size): needs a `kernel_size` of at least 1, but gets 0",
        );
        wrong(
            r#""kernel_size": 2, "stride": [1, 0]"#,
            "wrong-parameter(stride): needs a `stride` of at least 1, but gets [1, 0]",
        );
        wrong(
            r#""kernel_size": 2, "padding": -1"#,
            "wrong-parameter(padding): needs a `padding` of at least 0, but gets -1",
        );
        wrong(
            r#""kernel_size": [4, 3], "padding": 2"#,
            "wrong-parameter(padding): has a padding of 2, more than half of its kernel of width 3",
        );
        check(
            &block("MaxPool2d", r#""kernel_size": 2, "dilation": 0"#),
            &["[N, 4, 9, 9]"],
            "wrong-parameter(dilation): needs a `dilation` of at least 1, but gets 0",
        );
        check(
            &block("AvgPool2d", r#""kernel_size": 2, "divisor_override": 0"#),
            &["[N, 4, 9, 9]"],
            "wrong-parameter(divisor_override): needs a `divisor_override` other than 0",
        );
    }

    #[test]
    fn wrong_inputs_are_refused() {
        let expected = "wrong-rank: expects [N, channels, height, width], but gets [N, 512]";
        check_both(r#""kernel_size": 2"#, "[N, 512]", expected);
        check(
            &block("AdaptiveAvgPool2d", r#""output_feats": 1"#),
            &["[N, 512]"],
            expected,
        );
    }

    #[test]
    fn adaptive_pooling_gives_what_is_asked_for() {
        let adaptive = |sizes: &str, expected: &str| {
            let block = block("AdaptiveAvgPool2d", &format!(r#""output_feats": {sizes}"#));
            check(&block, &["[N, C, ⌈H/32⌉, 7]"], expected);
        };
        adaptive("1", "[N, C, 1, 1]");
        adaptive("[3, 9]", "[N, C, 3, 9]");
        adaptive("[null, 2]", "[N, C, ⌈H/32⌉, 2]");
        adaptive("null", "[N, C, ⌈H/32⌉, 7]");
        adaptive(r#"[1, "<<variable:K>>"]"#, "[N, C, 1, K]");
        adaptive(
            r#"["<<variable:2*H>>", 1]"#,
            "symbolic-features(output_feats): needs a `output_feats` that no input decides, but gets 2*H\n\
             note: the sizes of weights are the same for all inputs\n\
             help: write a number, or a symbol that occurs in no input: it becomes an argument of `new`",
        );
        for wrong in ["0", "[1, -1]", "[1]", "[1, 2, 3]"] {
            let shown = wrong;
            adaptive(
                wrong,
                &format!(
                    "wrong-parameter: `output_feats` of `AdaptiveAvgPool2d` cannot be {shown}\n\
                     note: it is a size, or a list of two: rows and columns; `null` keeps a size"
                ),
            );
        }
    }

    #[test]
    fn the_code_has_every_argument() {
        let code = |class, params, expected| {
            check_forward(&block(class, params), &["[N, 3, H, W]"], expected);
        };
        code(
            "MaxPool2d",
            r#""kernel_size": 3, "stride": 2, "padding": 1"#,
            "a.f_max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)?",
        );
        code(
            "MaxPool2d",
            r#""kernel_size": [2, 1], "ceil_mode": true"#,
            "a.f_max_pool2d([2, 1], [2, 1], [0, 0], [1, 1], true)?",
        );
        code(
            "AvgPool2d",
            r#""kernel_size": 2"#,
            "a.f_avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None)?",
        );
        code(
            "AvgPool2d",
            r#""kernel_size": 2, "count_include_pad": false, "divisor_override": 3"#,
            "a.f_avg_pool2d([2, 2], [2, 2], [0, 0], false, false, 3)?",
        );
        code(
            "AdaptiveAvgPool2d",
            r#""output_feats": 1"#,
            "a.f_adaptive_avg_pool2d([1, 1])?",
        );
        code(
            "AdaptiveAvgPool2d",
            r#""output_feats": [null, 2]"#,
            "a.f_adaptive_avg_pool2d([a.size()[2], 2])?",
        );
        code(
            "AdaptiveAvgPool2d",
            r#""output_feats": [2, null]"#,
            "a.f_adaptive_avg_pool2d([2, a.size()[3]])?",
        );
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |class: &str, one: &str, other: &str, expected: bool| {
            check_same_code(
                "[N, 4, H, W]",
                &block(class, one),
                &block(class, other),
                expected,
            );
        };
        same(
            "MaxPool2d",
            r#""kernel_size": 2"#,
            r#""kernel_size": 3, "stride": 1"#,
            true,
        );
        same(
            "MaxPool2d",
            r#""kernel_size": 2"#,
            r#""kernel_size": [2, 1]"#,
            false,
        );
        same(
            "MaxPool2d",
            r#""kernel_size": 2"#,
            r#""kernel_size": 2, "ceil_mode": true"#,
            false,
        );
        same(
            "AvgPool2d",
            r#""kernel_size": 2"#,
            r#""kernel_size": 3"#,
            true,
        );
        same(
            "AvgPool2d",
            r#""kernel_size": 2"#,
            r#""kernel_size": 2, "divisor_override": 2"#,
            false,
        );
        same(
            "AvgPool2d",
            r#""kernel_size": 2"#,
            r#""kernel_size": 2, "count_include_pad": false"#,
            false,
        );
        same(
            "AdaptiveAvgPool2d",
            r#""output_feats": 2"#,
            r#""output_feats": [3, 4]"#,
            true,
        );
        same(
            "AdaptiveAvgPool2d",
            r#""output_feats": 2"#,
            r#""output_feats": [3, null]"#,
            false,
        );
    }
}
