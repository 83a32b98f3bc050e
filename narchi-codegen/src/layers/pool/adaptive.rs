//! Pooling with as many windows as are asked for.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::super::check::{floats, image, settled_param};
use crate::{
    dim::{Bindings, Dim},
    document::{Node, Value},
    layer::{Layer, Needs, Number, Param, Problem, Role, Site, Unfit, exactly, layer, of_axes},
    shape::Type,
};

/// How many windows an adaptive pooling has along each of `D` axes; none keeps the size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes<const D: usize>(pub(crate) [Option<Dim>; D]);

impl<const D: usize> Param for Sizes<D> {
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

    fn schema() -> String {
        of_axes::<D>(&Option::<Dim>::schema())
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        let Value::Array(items) = &node.value else {
            let size = Option::<Dim>::read(node)?;
            return Ok(Self(std::array::from_fn(|_| size.clone())));
        };
        let sizes = items
            .iter()
            .map(|it| Option::<Dim>::read(it).map_err(|why| why.at(it)))
            .collect::<Result<Vec<_>, _>>()?;
        sizes.try_into().map(Self).map_err(|_| Unfit::default())
    }

    fn spell(&self) -> String {
        let sizes = self.0.each_ref().map(Param::spell);
        if sizes.iter().all(|it| *it == sizes[0]) {
            sizes[0].clone()
        } else {
            format!("[{}]", sizes.join(", "))
        }
    }

    fn bind(self, bindings: &Bindings) -> Self {
        Self(self.0.map(|it| it.map(|size| bindings.apply(&size))))
    }
}

macro_rules! adaptive_pool {
    ($(#[doc = $docs:literal])+ $class:ident, $axes:literal, $noun:literal, $method:ident $(, $part:tt)?) => {
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
                $noun
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
                quote!(#input.$method([#(#sizes),*])? $(.$part)?)
            }
        }
    };
}

adaptive_pool! {
    /// The mean of each of as many windows as are asked for:
    /// `[N, channels, length] → [N, channels, output_feats]`.
    ///
    /// As `torch.nn.AdaptiveAvgPool1d`.
    AdaptiveAvgPool1d, 1, "avg_pool", f_adaptive_avg_pool1d
}

adaptive_pool! {
    /// The mean of each of as many windows as are asked for:
    /// `[N, channels, height, width] → [N, channels, output_feats…]`.
    ///
    /// As `torch.nn.AdaptiveAvgPool2d`.
    AdaptiveAvgPool2d, 2, "avg_pool", f_adaptive_avg_pool2d
}

adaptive_pool! {
    /// The mean of each of as many windows as are asked for:
    /// `[N, channels, depth, height, width] → [N, channels, output_feats…]`.
    ///
    /// As `torch.nn.AdaptiveAvgPool3d`.
    AdaptiveAvgPool3d, 3, "avg_pool", f_adaptive_avg_pool3d
}

adaptive_pool! {
    /// The greatest value of each of as many windows as are asked for:
    /// `[N, channels, length] → [N, channels, output_feats]`.
    ///
    /// As `torch.nn.AdaptiveMaxPool1d`.
    AdaptiveMaxPool1d, 1, "max_pool", f_adaptive_max_pool1d, 0
}

adaptive_pool! {
    /// The greatest value of each of as many windows as are asked for:
    /// `[N, channels, height, width] → [N, channels, output_feats…]`.
    ///
    /// As `torch.nn.AdaptiveMaxPool2d`.
    AdaptiveMaxPool2d, 2, "max_pool", f_adaptive_max_pool2d, 0
}

adaptive_pool! {
    /// The greatest value of each of as many windows as are asked for:
    /// `[N, channels, depth, height, width] → [N, channels, output_feats…]`.
    ///
    /// As `torch.nn.AdaptiveMaxPool3d`.
    AdaptiveMaxPool3d, 3, "max_pool", f_adaptive_max_pool3d, 0
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code};

    fn block(class: &str, sizes: &str) -> String {
        format!(r#"{{"_class": "{class}", "output_feats": {sizes}}}"#)
    }

    #[test]
    fn the_size_is_what_is_asked_for() {
        let adaptive = |sizes: &str, expected: &str| {
            for class in ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"] {
                check(&block(class, sizes), &["[N, C, ⌈H/32⌉, 7]"], expected);
            }
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
        check(
            &block("AdaptiveMaxPool1d", "3"),
            &["[N, C, L]"],
            "[N, C, 3]",
        );
        check(
            &block("AdaptiveAvgPool1d", "[3]"),
            &["[N, C, L]"],
            "[N, C, 3]",
        );
        check(
            &block("AdaptiveMaxPool3d", "[1, null, 3]"),
            &["[N, C, 5, H, W]"],
            "[N, C, 1, H, 3]",
        );
    }

    #[test]
    fn wrong_sizes_are_refused() {
        for wrong in ["0", "[1, -1]", "[1]", "[1, 2, 3]"] {
            check(
                &block("AdaptiveAvgPool2d", wrong),
                &["[N, C, 7, 7]"],
                &format!(
                    "wrong-parameter: `block`: `output_feats` of `AdaptiveAvgPool2d` cannot be {wrong}\n\
                     note: it is a size, or a list of two: rows and columns; `null` keeps a size"
                ),
            );
        }
        check(
            &block("AdaptiveMaxPool1d", "[1, 2]"),
            &["[N, C, 7]"],
            "wrong-parameter: `block`: `output_feats` of `AdaptiveMaxPool1d` cannot be [1, 2]\n\
             note: it is a size, or `null` to keep it",
        );
    }

    #[test]
    fn wrong_inputs_are_refused() {
        check(
            &block("AdaptiveAvgPool2d", "1"),
            &["[N, 512]"],
            "wrong-rank: expects [N, channels, height, width], but gets [N, 512]",
        );
        check(
            &block("AdaptiveMaxPool1d", "1"),
            &["#[N, 5, 12]"],
            "wrong-dtype: needs floating point numbers, but gets [N, 5, 12] of whole numbers",
        );
    }

    #[test]
    fn kept_sizes_are_read_from_the_input() {
        let code = |class, sizes, input, expected| {
            check_forward(&block(class, sizes), &[input], expected);
        };
        let image = "[N, 3, H, W]";
        code(
            "AdaptiveAvgPool2d",
            "1",
            image,
            "a.f_adaptive_avg_pool2d([1, 1])?",
        );
        code(
            "AdaptiveAvgPool2d",
            "[null, 2]",
            image,
            "a.f_adaptive_avg_pool2d([a.size()[2], 2])?",
        );
        code(
            "AdaptiveMaxPool2d",
            "[2, null]",
            image,
            "a.f_adaptive_max_pool2d([2, a.size()[3]])?.0",
        );
        code(
            "AdaptiveMaxPool1d",
            "3",
            "[N, 3, L]",
            "a.f_adaptive_max_pool1d([3])?.0",
        );
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |other: &str, expected: bool| {
            check_same_code(
                "[N, 4, H, W]",
                &block("AdaptiveAvgPool2d", "2"),
                &block("AdaptiveAvgPool2d", other),
                expected,
            );
        };
        same("[3, 4]", true);
        same("[3, null]", false);
    }
}
