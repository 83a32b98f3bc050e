//! Pooling: windows that slide, or as many as are asked for.

mod adaptive;
mod avg;
mod max;

use proc_macro2::TokenStream;

use self::{
    adaptive::{
        AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d,
        AdaptiveMaxPool2d, AdaptiveMaxPool3d,
    },
    avg::{AvgPool1d, AvgPool2d, AvgPool3d},
    max::{MaxPool1d, MaxPool2d, MaxPool3d},
};
use super::{
    check::{at_least, axis_names, fits, image, windows},
    conv::is_uniform,
};
use crate::{
    layer::{LayerDef, Number, Problem, Role, Site, exactly},
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[
    MaxPool1d::DEF,
    MaxPool2d::DEF,
    MaxPool3d::DEF,
    AvgPool1d::DEF,
    AvgPool2d::DEF,
    AvgPool3d::DEF,
    AdaptiveAvgPool1d::DEF,
    AdaptiveAvgPool2d::DEF,
    AdaptiveAvgPool3d::DEF,
    AdaptiveMaxPool1d::DEF,
    AdaptiveMaxPool2d::DEF,
    AdaptiveMaxPool3d::DEF,
];

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
                let message = format!(
                    "has a padding of {padding}, more than half of its kernel of {name} {kernel}"
                );
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

#[cfg(test)]
mod tests {
    use crate::layers::testing::check;

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
    fn there_may_be_one_axis_or_three() {
        for kind in ["Max", "Avg"] {
            let sliding = r#""kernel_size": 3, "stride": 2, "padding": 1"#;
            check(
                &block(&format!("{kind}Pool1d"), sliding),
                &["[N, 64, L]"],
                "[N, 64, ⌈L/2⌉]",
            );
            check(
                &block(
                    &format!("{kind}Pool3d"),
                    r#""kernel_size": [1, 2, 3], "stride": [1, 2, 2]"#,
                ),
                &["[N, 64, D, H, 7]"],
                "[N, 64, D, ⌊H/2⌋, 3]",
            );
            check(
                &block(&format!("{kind}Pool1d"), r#""kernel_size": 2"#),
                &["[N, 3, H, W]"],
                "wrong-rank: expects [N, channels, length], but gets [N, 3, H, W]",
            );
        }
    }

    #[test]
    fn wrong_inputs_are_refused() {
        check_both(
            r#""kernel_size": 2"#,
            "[N, 512]",
            "wrong-rank: expects [N, channels, height, width], but gets [N, 512]",
        );
    }
}
