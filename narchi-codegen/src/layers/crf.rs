//! Conditional random fields.

// Classes are called as architecture files call them.
#![expect(clippy::upper_case_acronyms, reason = "so is it in narchi")]

use proc_macro2::TokenStream;
use quote::quote;

use super::check::{floats, last, settled, wrong_rank};
use crate::{
    layer::{
        Channels, Layer, LayerDef, Module, Needs, Number, Problem, Role, Site, Weight, exactly,
        layer,
    },
    shape::{Dtype, Type},
};

pub(super) const LAYERS: &[LayerDef] = &[CRF::DEF];

layer! {
    /// The most likely sequence of tags, given how likely each tag is at each step:
    /// `[N, *, length, tags] → [N, *, length]`, whole numbers from 0 on.
    ///
    /// A conditional random field with learned scores for each tag at the start and at the end of a sequence, and
    /// for each step from one tag to the next; the sequence with the highest sum is found by the algorithm of
    /// Viterbi. The parameters are called as in the package `pytorch-crf`. No gradients come out.
    pub(crate) struct CRF {}
}

impl Layer for CRF {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        let [batch, inner @ .., length, tags] = input.dims() else {
            return Err(wrong_rank("[N, …, length, tags]", input));
        };
        floats(input)?;
        settled(tags, "tags", needs)?;
        let mut dims = vec![batch.clone()];
        dims.extend(inner.iter().chain([length]).cloned());
        let output = Type {
            dtype: Dtype::Int64,
            ..input.with(dims)
        };
        Ok(vec![output])
    }

    fn weights(&self, inputs: &[Type]) -> Vec<Weight> {
        let tags = last(inputs);
        vec![
            Weight::parameter("start_transitions", vec![tags.clone()]),
            Weight::parameter("end_transitions", vec![tags.clone()]),
            Weight::parameter("transitions", vec![tags.clone(), tags.clone()]),
        ]
    }

    fn noun(&self) -> &'static str {
        "crf"
    }

    fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
        vec![Number::int("tags", Role::InFeats, last(inputs).clone())]
    }

    fn module(&self, _inputs: &[Type]) -> Option<Module> {
        Some(Module {
            ty: quote!(nn::Crf),
            frozen: None,
            function: quote!(nn::Crf::new),
            wrapper: "crf",
            arguments: 1,
            config: quote!(),
            config_fields: 0,
            fixed: Vec::new(),
        })
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (field, input) = (&site.field, site.inputs[0].by_ref());
        quote!(#field.forward(#input)?)
    }

    fn channels(&self) -> Channels {
        Channels::Mixes
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code, check_weights};

    const CRF: &str = r#"{"_class": "CRF"}"#;

    #[test]
    fn tags_become_one_whole_number() {
        check(CRF, &["[N, L, 3]"], "[N, L] of whole numbers");
        check(CRF, &["[N, 2, ⌈W/8⌉, K]"], "[N, 2, ⌈W/8⌉] of whole numbers");
    }

    #[test]
    fn wrong_inputs_are_refused() {
        check(
            CRF,
            &["[N, 3]"],
            "wrong-rank: expects [N, …, length, tags], but gets [N, 3]",
        );
        check(
            CRF,
            &["#[N, 4, 3]"],
            "wrong-dtype: needs floating point numbers, but gets [N, 4, 3] of whole numbers",
        );
        check(
            CRF,
            &["[N, 4, 2*T]"],
            "symbolic-features: needs a fixed number of tags, but gets 2*T\n\
             note: the sizes of weights are the same for all inputs\n\
             help: declare a number or a single symbol in the shape of the input",
        );
        check(
            CRF,
            &["[N, 4, 3]", "[N, 4, 3]"],
            "wrong-inputs: takes 1 input, but has 2",
        );
    }

    #[test]
    fn weights_are_those_of_pytorch_crf() {
        check_weights(
            CRF,
            "[N, L, 3]",
            &[
                "start_transitions [3] Parameter",
                "end_transitions [3] Parameter",
                "transitions [3, 3] Parameter",
            ],
        );
    }

    #[test]
    fn the_code_is_short() {
        check_forward(CRF, &["[N, L, 3]"], "self.layer.forward(a)?");
        check_same_code("[N, L, 3]", CRF, CRF, true);
    }
}
