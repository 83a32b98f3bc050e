//! The greatest value of each window.

use proc_macro2::TokenStream;
use quote::quote;

use super::{super::check::floats, Pool};
use crate::{
    layer::{Axes, Layer, Needs, Number, Problem, Site, layer},
    shape::{Dtype, Type},
};

macro_rules! max_pool {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal, $method:ident, $takes:expr $(, $frozen:ident)?) => {
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
                let outputs = self.pool().outputs(inputs)?;
                if self.takes().is_some() {
                    floats(&inputs[0])?;
                }
                Ok(outputs)
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

            fn takes(&self) -> Option<Dtype> {
                $takes
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (input, lists, ceil) = (&site.inputs[0].name, self.pool().lists(site), self.ceil_mode);
                $(if site.is_frozen {
                    let input = site.inputs[0].by_ref();
                    return quote!(frozen::$frozen(#input, #(#lists,)* #ceil)?);
                })?
                quote!(#input.$method(#(#lists,)* #ceil)?)
            }
        }
    };
}

max_pool! {
    /// The greatest value of each window:
    /// `[N, channels, length] → [N, channels, length']`.
    ///
    /// As `torch.nn.MaxPool1d`.
    MaxPool1d, 1, f_max_pool1d, Some(Dtype::Float)
}

max_pool! {
    /// The greatest value of each window:
    /// `[N, channels, height, width] → [N, channels, height', width']`.
    ///
    /// As `torch.nn.MaxPool2d`.
    MaxPool2d, 2, f_max_pool2d, None, max_pool2d
}

max_pool! {
    /// The greatest value of each window:
    /// `[N, channels, depth, height, width] → [N, channels, depth', height', width']`.
    ///
    /// As `torch.nn.MaxPool3d`.
    MaxPool3d, 3, f_max_pool3d, None
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
            "MaxPool2d",
            r#""kernel_size": 3, "stride": 2, "padding": 1"#,
            "[N, 3, H, W]",
            "a.f_max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)?",
        );
        code(
            "MaxPool2d",
            r#""kernel_size": [2, 1], "ceil_mode": true"#,
            "[N, 3, H, W]",
            "a.f_max_pool2d([2, 1], [2, 1], [0, 0], [1, 1], true)?",
        );
        code(
            "MaxPool1d",
            r#""kernel_size": 3, "dilation": 2"#,
            "[N, 3, L]",
            "a.f_max_pool1d([3], [3], [0], [2], false)?",
        );
        code(
            "MaxPool3d",
            r#""kernel_size": 2"#,
            "[N, 3, D, H, W]",
            "a.f_max_pool3d([2, 2, 2], [2, 2, 2], [0, 0, 0], [1, 1, 1], false)?",
        );
    }

    #[test]
    fn whole_numbers_are_taken_where_libtorch_takes_them() {
        let check = |class, input, expected| {
            check(&block(class, r#""kernel_size": 2"#), &[input], expected);
        };
        check(
            "MaxPool1d",
            "#[N, 3, L]",
            "wrong-dtype: needs floating point numbers, but gets [N, 3, L] of whole numbers",
        );
        check(
            "MaxPool2d",
            "#[N, 3, 4, 5]",
            "[N, 3, 2, 2] of whole numbers",
        );
        check(
            "MaxPool3d",
            "#[N, 3, 4, 5, 6]",
            "[N, 3, 2, 2, 3] of whole numbers",
        );
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |other: &str, expected: bool| {
            check_same_code(
                "[N, 4, H, W]",
                &block("MaxPool2d", r#""kernel_size": 2"#),
                &block("MaxPool2d", other),
                expected,
            );
        };
        same(r#""kernel_size": 3, "stride": 1"#, true);
        same(r#""kernel_size": [2, 1]"#, false);
        same(r#""kernel_size": 2, "ceil_mode": true"#, false);
    }
}
