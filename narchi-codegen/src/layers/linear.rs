//! Fully connected layers.

use proc_macro2::TokenStream;
use quote::quote;

use super::check::{floats, last, settled, settled_param, wrong_rank};
use crate::{
    dim::Dim,
    layer::{
        Channels, Layer, LayerDef, Module, Needs, Number, Problem, Role, Site, Weight, exactly,
        layer,
    },
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[Linear::DEF];

layer! {
    /// A linear transformation of the last dimension: `[N, *, in] → [N, *, output_feats]`.
    ///
    /// As `torch.nn.Linear`.
    pub(crate) struct Linear {
        /// The size of the last dimension of the output.
        output_feats: Dim,
        /// Whether to add a learned bias.
        bias: bool = true,
    }
}

impl Layer for Linear {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        let [batch, inner @ .., feats] = input.dims() else {
            return Err(wrong_rank("[N, …, features]", input));
        };
        floats(input)?;
        // A product of sizes is what a flatten leaves behind.
        let help = "put an AdaptiveAvgPool2d before the flatten, or declare fixed input sizes";
        settled(feats, "features", needs).map_err(|it| it.help(help))?;
        settled_param("output_feats", &self.output_feats, needs)?;
        let mut dims = vec![batch.clone()];
        dims.extend(inner.iter().cloned().chain([self.output_feats.clone()]));
        Ok(vec![input.with(dims)])
    }

    fn weights(&self, inputs: &[Type]) -> Vec<Weight> {
        let (out, into) = (self.output_feats.clone(), last(inputs).clone());
        let weight = Weight::parameter("weight", vec![out.clone(), into]);
        let bias = self.bias.then(|| Weight::parameter("bias", vec![out]));
        [Some(weight), bias].into_iter().flatten().collect()
    }

    fn key(&self, _inputs: &[Type]) -> String {
        format!("Linear bias={}", self.bias)
    }

    fn noun(&self) -> &'static str {
        "linear"
    }

    fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
        vec![
            Number::int("in_feats", Role::InFeats, last(inputs).clone()),
            Number::int("out_feats", Role::OutFeats, self.output_feats.clone()),
        ]
    }

    fn module(&self, _inputs: &[Type]) -> Option<Module> {
        Some(Module {
            ty: quote!(nn::Linear),
            frozen: Some(quote!(frozen::Linear)),
            function: quote!(nn::Linear::new),
            wrapper: "linear",
            arguments: 2,
            config: quote!(nn::LinearConfig),
            config_fields: 1,
            fixed: if self.bias {
                vec![]
            } else {
                vec![quote!(bias: false)]
            },
        })
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (field, input) = (&site.field, site.inputs[0].by_ref());
        quote!(#field.forward(#input)?)
    }

    fn channels(&self) -> Channels {
        Channels::Makes
    }

    // Once for each row.
    fn applications(&self, inputs: &[Type], _outputs: &[Type]) -> Option<Vec<Dim>> {
        let (_, rows) = inputs[0].dims().split_last()?;
        Some(rows.to_vec())
    }

    fn kernel_channels(&self, output: &Type) -> Option<usize> {
        Some(output.rank() - 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{
        check, check_forward, check_module, check_same_code, check_weights,
    };

    const BLOCK: &str = r#"{"_class": "Linear", "output_feats": 10}"#;

    #[test]
    fn the_last_dimension_becomes_output_feats() {
        check(BLOCK, &["[N, 512]"], "[N, 10]");
        check(BLOCK, &["[N, L, 512]"], "[N, L, 10]");
        check(
            r#"{"_class": "Linear", "output_feats": "<<variable:K>>"}"#,
            &["[N, 5]"],
            "[N, K]",
        );
        check(BLOCK, &["[N, 2*K]"], "[N, 10]");
    }

    #[test]
    fn the_number_of_features_is_fixed() {
        check(
            BLOCK,
            &["[N, 512*⌈H/32⌉*⌈W/32⌉]"],
            "symbolic-features: needs a fixed number of features, but gets 512*⌈H/32⌉*⌈W/32⌉\n\
             note: the sizes of weights are the same for all inputs\n\
             help: put an AdaptiveAvgPool2d before the flatten, or declare fixed input sizes",
        );
        check(
            BLOCK,
            &["[N, 3, W]"],
            "[N, 3, 10]",
        );
        check(
            r#"{"_class": "Linear", "output_feats": "<<variable:2*W>>"}"#,
            &["[N, W, 3]"],
            "symbolic-features(output_feats): needs a `output_feats` that no input decides, but gets 2*W\n\
             note: the sizes of weights are the same for all inputs\n\
             help: write a number, or a symbol that occurs in no input: it becomes an argument of `new`",
        );
    }

    #[test]
    fn wrong_inputs_are_refused() {
        check(
            BLOCK,
            &["[N]"],
            "wrong-rank: expects [N, …, features], but gets [N]",
        );
        check(BLOCK, &[], "wrong-inputs: takes 1 input, but has 0");
        check(
            BLOCK,
            &["[N, 1]", "[N, 1]"],
            "wrong-inputs: takes 1 input, but has 2",
        );
        check(
            BLOCK,
            &["#[N, 8]"],
            "wrong-dtype: needs floating point numbers, but gets [N, 8] of whole numbers",
        );
    }

    #[test]
    fn wrong_parameters_are_refused() {
        check(
            r#"{"_class": "Linear", "output_feats": 0, "bias": 1, "out": 3}"#,
            &["[N, 8]"],
            "wrong-parameter: `block`: `bias` of `Linear` cannot be 1\n\
             note: it is `true` or `false`\n\
             unknown-parameter: `block`: `Linear` has no parameter `out`\n\
             note: `Linear` accepts: output_feats, bias\n\
             help: leave out `out`\n\
             wrong-size: `block`: `output_feats` of `Linear` cannot be 0\n\
             note: it is a whole number from 1 on, or a size such as `\"<<variable:K>>\"`",
        );
    }

    #[test]
    fn weights_are_those_of_pytorch() {
        check_weights(
            BLOCK,
            "[N, 512]",
            &["weight [10, 512] Parameter", "bias [10] Parameter"],
        );
        let without = r#"{"_class": "Linear", "output_feats": 10, "bias": false}"#;
        check_weights(without, "[N, 512]", &["weight [10, 512] Parameter"]);
        check_same_code("[N, 512]", BLOCK, without, false);
        check_same_code(
            "[N, 5]",
            BLOCK,
            r#"{"_class": "Linear", "output_feats": 9}"#,
            true,
        );
    }

    #[test]
    fn the_code_is_short() {
        check_forward(BLOCK, &["[N, 512]"], "self.layer.forward(a)?");
        check_module(
            BLOCK,
            "[N, 512]",
            "nn::Linear::new(512, 10, nn::LinearConfig {  })",
        );
    }
}
