//! Tables that are looked up by whole numbers.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::check::settled_param;
use crate::{
    dim::{Dim, Fact},
    layer::{
        Channels, Layer, LayerDef, Module, Needs, Number, Problem, Role, Site, Weight, exactly,
        layer,
    },
    shape::{Dtype, Type},
};

pub(super) const LAYERS: &[LayerDef] = &[Embedding::DEF];

layer! {
    /// Replaces each whole number by the row of a learned table: `[N, *] → [N, *, output_feats]`.
    ///
    /// As `torch.nn.Embedding`. An input of the model that it gets has whole numbers, `Kind::Int64`, from
    /// 0 to `num_embeddings - 1`.
    pub(crate) struct Embedding {
        /// How many rows the table has.
        num_embeddings: Dim,
        /// The size of a row, which becomes the last dimension of the output. PyTorch's `embedding_dim`.
        output_feats: Dim,
        /// The row that training leaves as it is, zero at first; negative numbers count from the end.
        padding_idx: Option<i64> = None => "no row",
        /// The greatest norm of a row; longer ones are shortened when they are looked up.
        max_norm: Option<f64> = None => "any",
        /// Which norm `max_norm` means: 2 for the Euclidean one.
        norm_type: f64 = 2.0,
        /// Whether the gradient of a row is divided by the number of times it was looked up.
        scale_grad_by_freq: bool = false,
        /// Whether the gradient of the table is a sparse tensor, which only some optimizers take.
        sparse: bool = false,
    }
}

impl Embedding {
    /// Whether there is such a row to leave as it is.
    fn check_padding(&self, needs: &mut Needs<'_>) -> Result<(), Problem> {
        let Some(index) = self.padding_idx else {
            return Ok(());
        };
        let rows = &self.num_embeddings;
        let least = if index < 0 {
            index.checked_neg()
        } else {
            index.checked_add(1)
        };
        let least = least.unwrap_or(i64::MAX);
        match (rows.as_fixed(), rows.as_symbol()) {
            (Some(rows), _) if least <= rows => Ok(()),
            (None, Some(symbol)) => {
                let fact = Fact::AtLeast(symbol.clone(), least);
                needs.need(fact, || format!("`padding_idx` is {index}"));
                Ok(())
            }
            (None, None) => {
                let message = format!(
                    "needs a `num_embeddings` that shows whether there is a row {index}, but gets {rows}"
                );
                let help = "write a number or a single symbol, or leave out `padding_idx`";
                Err(Problem::param("num_embeddings", message).help(help))
            }
            (Some(rows), _) => {
                let message = format!("has a `padding_idx` of {index}, but only {rows} rows");
                let note = format!("it is in {}..={}", -rows, rows - 1);
                Err(Problem::param("padding_idx", message).note(note))
            }
        }
    }
}

impl Layer for Embedding {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        if input.dtype != Dtype::Int64 {
            let message = format!("needs whole numbers to look up, but gets {input}");
            let note = "an input of the model has whole numbers if it comes here before anything is computed";
            let help = "wire an input of the model to it";
            return Err(Problem::new("wrong-dtype", message)
                .note(note)
                .help(help));
        }
        settled_param("num_embeddings", &self.num_embeddings, needs)?;
        settled_param("output_feats", &self.output_feats, needs)?;
        self.check_padding(needs)?;
        if let Some(norm) = self.max_norm.filter(|it| *it < 0.0) {
            let message = format!("needs a `max_norm` of at least 0, but gets {norm}");
            return Err(Problem::param("max_norm", message));
        }
        if self.scale_grad_by_freq && self.sparse {
            let message = "cannot have both `scale_grad_by_freq` and `sparse`";
            let note = "libtorch does not scale sparse gradients";
            return Err(Problem::param("sparse", message).note(note));
        }
        let dims = input.dims().iter().chain([&self.output_feats]).cloned();
        Ok(vec![Type::float(dims.collect())])
    }

    fn takes(&self) -> Option<Dtype> {
        Some(Dtype::Int64)
    }

    fn weights(&self, _inputs: &[Type]) -> Vec<Weight> {
        let size = vec![self.num_embeddings.clone(), self.output_feats.clone()];
        vec![Weight::parameter("weight", size)]
    }

    fn key(&self, inputs: &[Type]) -> String {
        let fixed = self.module(inputs).map(|it| it.fixed).unwrap_or_default();
        let fixed: Vec<String> = fixed.iter().map(TokenStream::to_string).collect();
        format!("Embedding {}", fixed.join(" "))
    }

    fn noun(&self) -> &'static str {
        "embedding"
    }

    fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
        let (rows, feats) = (self.num_embeddings.clone(), self.output_feats.clone());
        vec![
            Number::int("num_embeddings", Role::Other, rows),
            Number::int("out_feats", Role::OutFeats, feats),
        ]
    }

    fn module(&self, _inputs: &[Type]) -> Option<Module> {
        let mut fixed = Vec::new();
        if let Some(index) = self.padding_idx.map(Literal::i64_unsuffixed) {
            fixed.push(quote!(padding_idx: Some(#index)));
        }
        if let Some(norm) = self.max_norm.map(Literal::f64_unsuffixed) {
            fixed.push(quote!(max_norm: Some(#norm)));
        }
        if self.norm_type.to_bits() != 2.0_f64.to_bits() {
            let norm_type = Literal::f64_unsuffixed(self.norm_type);
            fixed.push(quote!(norm_type: #norm_type));
        }
        if self.scale_grad_by_freq {
            fixed.push(quote!(scale_grad_by_freq: true));
        }
        if self.sparse {
            fixed.push(quote!(sparse: true));
        }
        Some(Module {
            ty: quote!(nn::Embedding),
            frozen: None,
            function: quote!(nn::Embedding::new),
            wrapper: "embedding",
            arguments: 2,
            config: quote!(nn::EmbeddingConfig),
            config_fields: 5,
            fixed,
        })
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (field, input) = (&site.field, site.inputs[0].by_ref());
        quote!(#field.forward(#input)?)
    }

    fn channels(&self) -> Channels {
        Channels::Makes
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{
        check, check_forward, check_module, check_same_code, check_weights,
    };

    fn block(params: &str) -> String {
        format!(r#"{{"_class": "Embedding", "output_feats": 4{params}}}"#)
    }

    #[test]
    fn a_dimension_is_appended() {
        let ten = block(r#", "num_embeddings": 10"#);
        check(&ten, &["#[N]"], "[N, 4]");
        check(&ten, &["#[N, L]"], "[N, L, 4]");
        check(&ten, &["#[N, H, W, 3]"], "[N, H, W, 3, 4]");
        let symbolic = r#"{"_class": "Embedding", "output_feats": "<<variable:M>>", "num_embeddings": "<<variable:K>>"}"#;
        check(symbolic, &["#[N, 5]"], "[N, 5, M]");
        check_weights(symbolic, "#[N, 5]", &["weight [K, M] Parameter"]);
    }

    #[test]
    fn fractions_cannot_be_looked_up() {
        check(
            &block(r#", "num_embeddings": 10"#),
            &["[N, L]"],
            "wrong-dtype: needs whole numbers to look up, but gets [N, L]\n\
             note: an input of the model has whole numbers if it comes here before anything is computed\n\
             help: wire an input of the model to it",
        );
    }

    #[test]
    fn the_padding_is_a_row() {
        for index in [-10, 9] {
            let params = format!(r#", "num_embeddings": 10, "padding_idx": {index}"#);
            check(&block(&params), &["#[N, L]"], "[N, L, 4]");
        }
        for index in [-11, 10] {
            let params = format!(r#", "num_embeddings": 10, "padding_idx": {index}"#);
            check(
                &block(&params),
                &["#[N, L]"],
                &format!(
                    "wrong-parameter(padding_idx): has a `padding_idx` of {index}, but only 10 rows\n\
                     note: it is in -10..=9"
                ),
            );
        }
        let symbolic = |rows: &str, index: i64| {
            block(&format!(
                r#", "num_embeddings": "<<variable:{rows}>>", "padding_idx": {index}"#
            ))
        };
        check(&symbolic("K", 3), &["#[N, L]"], "[N, L, 4] where K ≥ 4");
        check(&symbolic("K", -3), &["#[N, L]"], "[N, L, 4] where K ≥ 3");
        check(
            &symbolic("K+M", 3),
            &["#[N, L]"],
            "wrong-parameter(num_embeddings): needs a `num_embeddings` that shows whether there is a row 3, but gets K+M\n\
             help: write a number or a single symbol, or leave out `padding_idx`",
        );
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let wrong = |params: &str, expected: &str| {
            let params = format!(r#", "num_embeddings": 10, {params}"#);
            check(&block(&params), &["#[N, L]"], expected);
        };
        wrong(
            r#""max_norm": -1"#,
            "wrong-parameter(max_norm): needs a `max_norm` of at least 0, but gets -1",
        );
        wrong(
            r#""sparse": true, "scale_grad_by_freq": true"#,
            "wrong-parameter(sparse): cannot have both `scale_grad_by_freq` and `sparse`\n\
             note: libtorch does not scale sparse gradients",
        );
        check(
            &block(r#", "num_embeddings": "<<variable:2*H>>""#),
            &["#[N, H]"],
            "symbolic-features(num_embeddings): needs a `num_embeddings` that no input decides, but gets 2*H\n\
             note: the sizes of weights are the same for all inputs\n\
             help: write a number, or a symbol that occurs in no input: it becomes an argument of `new`",
        );
    }

    #[test]
    fn the_code_has_what_differs_from_the_default() {
        let plain = block(r#", "num_embeddings": 10"#);
        check_forward(&plain, &["#[N, L]"], "self.layer.forward(a)?");
        check_module(
            &plain,
            "#[N, L]",
            "nn::Embedding::new(10, 4, nn::EmbeddingConfig {  })",
        );
        let all = block(
            r#", "num_embeddings": 10, "padding_idx": 0, "max_norm": 1, "norm_type": 1.5, "sparse": true"#,
        );
        check_module(
            &all,
            "#[N, L]",
            "nn::Embedding::new(10, 4, nn::EmbeddingConfig { padding_idx: Some(0), max_norm: Some(1.0), norm_type: 1.5, sparse: true })",
        );
        check_same_code("#[N, L]", &plain, &all, false);
        check_same_code("#[N, L]", &plain, &block(r#", "num_embeddings": 20"#), true);
    }
}
