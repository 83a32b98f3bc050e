//! Normalisation over the batch.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::check::{floats, settled, wrong_rank};
use crate::{
    dim::Dim,
    layer::{
        Layer, LayerDef, Module, Needs, Number, Problem, Role, Site, Weight, WeightKind, exactly,
        layer,
    },
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[BatchNorm1d::DEF, BatchNorm2d::DEF, BatchNorm3d::DEF];

const DEFAULT_MOMENTUM: f64 = 0.1;

macro_rules! batch_norm {
    ($(#[doc = $docs:literal])+ $class:ident, ranks: $ranks:expr, expects: $expects:literal, wrapper: $wrapper:literal) => {
        layer! {
            $(#[doc = $docs])+
            pub(crate) struct $class {
                /// Added to the variance before it divides.
                eps: f64 = 1e-5,
                /// The weight of a new batch in the running mean and variance; with `null` all batches weigh the
                /// same.
                momentum: Option<f64> = Some(DEFAULT_MOMENTUM) => "`0.1`",
                /// Whether to scale and shift by learned numbers.
                affine: bool = true,
                /// Whether to gather mean and variance in training; without, those of the batch are used for
                /// inference too.
                track_running_stats: bool = true,
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                let [input] = exactly(inputs)?;
                if !$ranks.contains(&input.rank()) {
                    return Err(wrong_rank($expects, input));
                }
                BatchNorm::from(self).outputs(input, needs)
            }

            fn weights(&self, inputs: &[Type]) -> Vec<Weight> {
                BatchNorm::from(self).weights(&inputs[0].dims()[1])
            }

            fn key(&self, _inputs: &[Type]) -> String {
                format!("{} {}", stringify!($class), BatchNorm::from(self).key())
            }

            fn noun(&self) -> &'static str {
                "bn"
            }

            fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
                let feats = inputs[0].dims()[1].clone();
                vec![
                    Number::int("feats", Role::InFeats, feats),
                    Number::float("eps", self.eps).or_float(1e-5),
                ]
            }

            fn module(&self, _inputs: &[Type]) -> Option<Module> {
                Some(Module {
                    ty: quote!(nn::$class),
                    frozen: Some(quote!(frozen::$class)),
                    function: quote!(nn::$class::new),
                    wrapper: $wrapper,
                    arguments: 1,
                    config: quote!(nn::BatchNormConfig),
                    config_fields: 4,
                    fixed: BatchNorm::from(self).fixed(),
                })
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (field, input) = (&site.field, site.inputs[0].by_ref());
                if site.is_frozen {
                    return quote!(#field.forward(#input)?);
                }
                quote!(#field.forward_t(#input, train)?)
            }

            fn is_norm(&self) -> bool {
                self.track_running_stats
            }

            fn needs_train(&self) -> bool {
                true
            }
        }

        impl From<&$class> for BatchNorm {
            fn from(layer: &$class) -> Self {
                let &$class { eps, momentum, affine, track_running_stats } = layer;
                Self { eps, momentum, affine, track_running_stats }
            }
        }
    };
}

batch_norm! {
    /// Brings every channel to mean 0 and variance 1, then scales and shifts it:
    /// `[N, channels] → [N, channels]` or `[N, channels, length] → [N, channels, length]`.
    ///
    /// As `torch.nn.BatchNorm1d`.
    BatchNorm1d, ranks: [2, 3], expects: "[N, channels] or [N, channels, length]", wrapper: "batch_norm1d"
}

batch_norm! {
    /// Brings every channel to mean 0 and variance 1, then scales and shifts it:
    /// `[N, channels, height, width] → [N, channels, height, width]`.
    ///
    /// As `torch.nn.BatchNorm2d`.
    BatchNorm2d, ranks: [4], expects: "[N, channels, height, width]", wrapper: "batch_norm2d"
}

batch_norm! {
    /// Brings every channel to mean 0 and variance 1, then scales and shifts it:
    /// `[N, channels, depth, height, width] → [N, channels, depth, height, width]`.
    ///
    /// As `torch.nn.BatchNorm3d`.
    BatchNorm3d, ranks: [5], expects: "[N, channels, depth, height, width]", wrapper: "batch_norm3d"
}

/// What the three have in common.
struct BatchNorm {
    eps: f64,
    momentum: Option<f64>,
    affine: bool,
    track_running_stats: bool,
}

impl BatchNorm {
    fn outputs(&self, input: &Type, needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        if self.eps < 0.0 {
            let message = format!("needs an `eps` of at least 0, but gets {}", self.eps);
            return Err(Problem::param("eps", message));
        }
        floats(input)?;
        settled(&input.dims()[1], "channels", needs)?;
        Ok(vec![input.clone()])
    }

    fn weights(&self, channels: &Dim) -> Vec<Weight> {
        let shape = || vec![channels.clone()];
        let buffer = |leaf: &'static str, shape, kind| Weight {
            leaf: leaf.into(),
            shape,
            kind,
        };
        let mut weights = Vec::new();
        if self.affine {
            weights.push(Weight::parameter("weight", shape()));
            weights.push(Weight::parameter("bias", shape()));
        }
        if self.track_running_stats {
            weights.push(buffer("running_mean", shape(), WeightKind::Buffer));
            weights.push(buffer("running_var", shape(), WeightKind::Buffer));
            weights.push(buffer("num_batches_tracked", vec![], WeightKind::Counter));
        }
        weights
    }

    fn key(&self) -> String {
        let Self {
            momentum,
            affine,
            track_running_stats,
            ..
        } = self;
        format!("momentum={momentum:?} affine={affine} track={track_running_stats}")
    }

    fn fixed(&self) -> Vec<TokenStream> {
        let momentum = match self.momentum {
            Some(DEFAULT_MOMENTUM) => None,
            Some(momentum) => {
                let momentum = Literal::f64_unsuffixed(momentum);
                Some(quote!(momentum: Some(#momentum)))
            }
            None => Some(quote!(momentum: None)),
        };
        let affine = (!self.affine).then(|| quote!(affine: false));
        let track = (!self.track_running_stats).then(|| quote!(track_running_stats: false));
        [momentum, affine, track].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{
        check, check_forward, check_module, check_same_code, check_weights,
    };

    const BN: &str = r#"{"_class": "BatchNorm2d"}"#;

    #[test]
    fn shapes_stay() {
        check(BN, &["[N, 64, ⌈H/2⌉, W]"], "[N, 64, ⌈H/2⌉, W]");
        check(r#"{"_class": "BatchNorm1d"}"#, &["[N, 64]"], "[N, 64]");
        check(
            r#"{"_class": "BatchNorm1d"}"#,
            &["[N, 64, L]"],
            "[N, 64, L]",
        );
        check(
            r#"{"_class": "BatchNorm3d"}"#,
            &["[N, K, 2, 3, 4]"],
            "[N, K, 2, 3, 4]",
        );
    }

    #[test]
    fn wrong_inputs_are_refused() {
        let expected = "wrong-rank: expects [N, channels, height, width], but gets [N, 3]";
        check(BN, &["[N, 3]"], expected);
        check(
            r#"{"_class": "BatchNorm1d"}"#,
            &["[N, 3, 4, 5]"],
            "wrong-rank: expects [N, channels] or [N, channels, length], but gets [N, 3, 4, 5]",
        );
        check(
            r#"{"_class": "BatchNorm3d"}"#,
            &["[N, 3, 4, 5]"],
            "wrong-rank: expects [N, channels, depth, height, width], but gets [N, 3, 4, 5]",
        );
        check(
            BN,
            &["#[N, 3, 4, 5]"],
            "wrong-dtype: needs floating point numbers, but gets [N, 3, 4, 5] of whole numbers",
        );
        check(
            BN,
            &["[N, 2*H, 4, 5]"],
            "symbolic-features: needs a fixed number of channels, but gets 2*H\n\
             note: the sizes of weights are the same for all inputs\n\
             help: declare a number or a single symbol in the shape of the input",
        );
        check(
            r#"{"_class": "BatchNorm2d", "eps": -0.1}"#,
            &["[N, 3, 4, 5]"],
            "wrong-parameter(eps): needs an `eps` of at least 0, but gets -0.1",
        );
    }

    #[test]
    fn weights_are_those_of_pytorch() {
        let affine = ["weight [64] Parameter", "bias [64] Parameter"];
        let running = [
            "running_mean [64] Buffer",
            "running_var [64] Buffer",
            "num_batches_tracked [] Counter",
        ];
        check_weights(BN, "[N, 64, H, W]", &[&affine[..], &running].concat());
        let block = r#"{"_class": "BatchNorm2d", "affine": false}"#;
        check_weights(block, "[N, 64, H, W]", &running);
        let block = r#"{"_class": "BatchNorm2d", "track_running_stats": false}"#;
        check_weights(block, "[N, 64, H, W]", &affine);
    }

    #[test]
    fn the_code_says_what_is_not_usual() {
        check_forward(BN, &["[N, 64, H, W]"], "self.layer.forward_t(a, train)?");
        check_module(
            BN,
            "[N, 64, H, W]",
            "nn::BatchNorm2d::new(64, nn::BatchNormConfig {  })",
        );
        check_module(
            r#"{"_class": "BatchNorm1d", "eps": 0.001, "momentum": null, "track_running_stats": false}"#,
            "[N, 64]",
            "nn::BatchNorm1d::new(64, nn::BatchNormConfig { eps: 0.001, momentum: None, track_running_stats: false })",
        );
        check_module(
            r#"{"_class": "BatchNorm3d", "momentum": 0.5, "affine": false}"#,
            "[N, 64, 1, 1, 1]",
            "nn::BatchNorm3d::new(64, nn::BatchNormConfig { momentum: Some(0.5), affine: false })",
        );
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |other: &str, expected| check_same_code("[N, 64, H, W]", BN, other, expected);
        same(r#"{"_class": "BatchNorm2d", "eps": 0.5}"#, true);
        same(r#"{"_class": "BatchNorm2d", "momentum": 0.5}"#, false);
        same(r#"{"_class": "BatchNorm2d", "affine": false}"#, false);
        same(
            r#"{"_class": "BatchNorm2d", "track_running_stats": false}"#,
            false,
        );
    }
}
