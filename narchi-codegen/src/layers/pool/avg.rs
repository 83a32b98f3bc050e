//! The mean of each window.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{
    super::check::{axis_names, reaches},
    Pool,
};
use crate::{
    layer::{Axes, Layer, Needs, Number, Problem, Site, layer},
    shape::{Dtype, Type},
};

impl<const D: usize> Pool<D> {
    /// In three dimensions libtorch refuses an axis that is smaller than the kernel, even if it is padded or
    /// the size is rounded up.
    fn fits_without_padding(&self, input: &Type, needs: &mut Needs<'_>) -> Result<(), Problem> {
        let is_plain = self.padding == [0; D] && !self.ceil_mode;
        if D != 3 || is_plain {
            return Ok(());
        }
        let axes = input.dims().iter().skip(2).zip(axis_names::<D>());
        for ((dim, name), kernel) in axes.zip(self.kernel) {
            let why = || format!("a kernel of {name} {kernel} must fit into {dim}");
            if !reaches(dim, kernel, needs, why)? {
                let message =
                    format!("has a kernel of {name} {kernel}, but the input has {name} {dim}");
                let note = "libtorch does not count the padding here";
                return Err(Problem::new("kernel-too-large", message).note(note));
            }
        }
        Ok(())
    }
}

macro_rules! avg_pool {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal, $method:ident $(, $divisor:ident)?) => {
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
                $(
                    /// What the sum of a window is divided by.
                    $divisor: Option<i64> = None => "the number of elements",
                )?
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
                needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                $(if self.$divisor == Some(0) {
                    let message = "needs a `divisor_override` other than 0";
                    return Err(Problem::param("divisor_override", message));
                })?
                let outputs = self.pool().outputs(inputs)?;
                self.pool().fits_without_padding(&inputs[0], needs)?;
                Ok(outputs)
            }

            fn key(&self, _inputs: &[Type]) -> String {
                let (class, uniform) = (stringify!($class), self.pool().is_uniform());
                let divisors: &[Option<i64>] = &[$(self.$divisor)?];
                let Self { ceil_mode, count_include_pad, .. } = self;
                format!("{class} uniform={uniform} ceil={ceil_mode} include={count_include_pad} divisor={divisors:?}")
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

            fn takes(&self) -> Option<Dtype> {
                None
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (input, lists) = (&site.inputs[0].name, self.pool().lists(site));
                let (ceil, include) = (self.ceil_mode, self.count_include_pad);
                let divisors: &[Option<i64>] = &[$(self.$divisor)?];
                let divisors = divisors.iter().map(|it| match it.map(Literal::i64_unsuffixed) {
                    Some(divisor) => quote!(#divisor),
                    None => quote!(None),
                });
                quote!(#input.$method(#(#lists,)* #ceil, #include #(, #divisors)*)?)
            }
        }
    };
}

avg_pool! {
    /// The mean of each window:
    /// `[N, channels, length] → [N, channels, length']`.
    ///
    /// As `torch.nn.AvgPool1d`.
    AvgPool1d, 1, f_avg_pool1d
}

avg_pool! {
    /// The mean of each window:
    /// `[N, channels, height, width] → [N, channels, height', width']`.
    ///
    /// As `torch.nn.AvgPool2d`.
    AvgPool2d, 2, f_avg_pool2d, divisor_override
}

avg_pool! {
    /// The mean of each window:
    /// `[N, channels, depth, height, width] → [N, channels, depth', height', width']`.
    ///
    /// As `torch.nn.AvgPool3d`.
    AvgPool3d, 3, f_avg_pool3d, divisor_override
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code};

    fn block(class: &str, params: &str) -> String {
        format!(r#"{{"_class": "{class}", {params}}}"#)
    }

    #[test]
    fn the_code_has_every_argument() {
        let code = |class, params, input, expected| {
            check_forward(&block(class, params), &[input], expected);
        };
        code(
            "AvgPool1d",
            r#""kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": false"#,
            "[N, 3, L]",
            "a.f_avg_pool1d([3], [2], [1], false, false)?",
        );
        code(
            "AvgPool2d",
            r#""kernel_size": 2"#,
            "[N, 3, H, W]",
            "a.f_avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None)?",
        );
        code(
            "AvgPool2d",
            r#""kernel_size": 2, "count_include_pad": false, "divisor_override": 3"#,
            "[N, 3, H, W]",
            "a.f_avg_pool2d([2, 2], [2, 2], [0, 0], false, false, 3)?",
        );
        code(
            "AvgPool3d",
            r#""kernel_size": [1, 2, 3], "ceil_mode": true, "divisor_override": -1"#,
            "[N, 3, D, H, W]",
            "a.f_avg_pool3d([1, 2, 3], [1, 2, 3], [0, 0, 0], true, true, -1)?",
        );
    }

    #[test]
    fn only_two_axes_and_more_have_a_divisor() {
        check(
            &block("AvgPool1d", r#""kernel_size": 2, "divisor_override": 3"#),
            &["[N, 4, L]"],
            "unknown-parameter: `block`: `AvgPool1d` has no parameter `divisor_override`\n\
             note: `AvgPool1d` accepts: kernel_size, stride, padding, ceil_mode, count_include_pad\n\
             help: leave out `divisor_override`",
        );
    }

    #[test]
    fn three_axes_are_as_large_as_the_kernel() {
        let padded = r#""kernel_size": 3, "padding": 1, "stride": 1"#;
        check(
            &block("AvgPool3d", padded),
            &["[N, 1, 9, 2, 9]"],
            "kernel-too-large: has a kernel of height 3, but the input has height 2\n\
             note: libtorch does not count the padding here",
        );
        check(
            &block("AvgPool3d", padded),
            &["[N, 1, D, ⌈H/2⌉, 9]"],
            "[N, 1, D, ⌈H/2⌉, 9] where D ≥ 3, H ≥ 5",
        );
        check(
            &block("AvgPool2d", padded),
            &["[N, 1, 2, H]"],
            "[N, 1, 2, H]",
        );
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |other: &str, expected: bool| {
            check_same_code(
                "[N, 4, H, W]",
                &block("AvgPool2d", r#""kernel_size": 2"#),
                &block("AvgPool2d", other),
                expected,
            );
        };
        same(r#""kernel_size": 3"#, true);
        same(r#""kernel_size": 2, "divisor_override": 2"#, false);
        same(r#""kernel_size": 2, "count_include_pad": false"#, false);
    }
}
