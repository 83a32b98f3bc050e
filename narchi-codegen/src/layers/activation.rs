//! Layers without weights that leave the shape as it is.

use proc_macro2::TokenStream;
use quote::quote;

use super::check::floats;
use crate::{
    layer::{Layer, LayerDef, Memory, Needs, Number, Problem, Role, Site, exactly, layer},
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[
    ReLU::DEF,
    Identity::DEF,
    Softmax::DEF,
    LogSoftmax::DEF,
    Dropout::DEF,
];

layer! {
    /// Replaces negative values by zero: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.ReLU`.
    pub(crate) struct ReLU {
        /// Whether the input may be overwritten. It is where nothing else needs it.
        inplace: bool = false,
    }
}

impl Layer for ReLU {
    fn outputs(&self, inputs: &[Type], _needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        Ok(vec![input.clone()])
    }

    fn noun(&self) -> &'static str {
        "relu"
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let input = &site.inputs[0].name;
        quote!(#input.f_relu()?)
    }

    fn memory(&self) -> Memory {
        Memory::Saved
    }

    fn in_place(&self) -> Option<TokenStream> {
        self.inplace.then(|| quote!(f_relu_()?))
    }
}

layer! {
    /// Gives what it gets: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.Identity`.
    pub(crate) struct Identity {}
}

impl Layer for Identity {
    fn outputs(&self, inputs: &[Type], _needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        Ok(vec![input.clone()])
    }

    fn noun(&self) -> &'static str {
        "identity"
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let input = &site.inputs[0].name;
        quote!(#input.shallow_clone())
    }

    fn is_identity(&self) -> bool {
        true
    }

    fn memory(&self) -> Memory {
        Memory::View
    }
}

macro_rules! softmax {
    ($(#[doc = $docs:literal])+ $class:ident, $method:ident) => {
        layer! {
            $(#[doc = $docs])+
            pub(crate) struct $class {
                /// The dimension along which the values belong together; the batch is 0, the last one -1.
                dim: Option<i64> = None => "the features: the last dimension of `[N, features]` and `[N, length, features]`, the channels of an image",
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                _needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                let [input] = exactly(inputs)?;
                floats(input)?;
                softmax_dim(self.dim, input)?;
                Ok(vec![input.clone()])
            }

            fn key(&self, inputs: &[Type]) -> String {
                format!("{} dim={:?}", stringify!($class), softmax_dim(self.dim, &inputs[0]).ok())
            }

            fn noun(&self) -> &'static str {
                "softmax"
            }

            fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
                let dim = softmax_dim(self.dim, &inputs[0]).ok();
                dim.map(|it| Number::int("dim", Role::Other, it).in_forward()).into_iter().collect()
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let (input, dim) = (&site.inputs[0].name, &site.numbers[0]);
                quote!(#input.$method(#dim, None)?)
            }

            fn memory(&self) -> Memory {
                Memory::Saved
            }
        }
    };
}

softmax! {
    /// Turns values into probabilities that sum to 1 along a dimension: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.Softmax`, but without `dim` it never takes the batch.
    Softmax, f_softmax
}

softmax! {
    /// The logarithms of the probabilities of Softmax: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.LogSoftmax`, but without `dim` it never takes the batch.
    LogSoftmax, f_log_softmax
}

/// The dimension that is meant, counted from the batch.
fn softmax_dim(dim: Option<i64>, input: &Type) -> Result<i64, Problem> {
    let rank = i64::try_from(input.rank()).unwrap_or(i64::MAX);
    match (dim, rank) {
        (Some(dim), _) if (0..rank).contains(&dim) => Ok(dim),
        (Some(dim), _) if (-rank..0).contains(&dim) => Ok(dim + rank),
        (Some(dim), _) => {
            let message = format!("works along dimension {dim}, but gets {input}");
            let note = format!(
                "`dim` counts the batch, so it is in {}..={}",
                -rank,
                rank - 1
            );
            Err(Problem::param("dim", message).note(note))
        }
        (None, 2 | 3) => Ok(rank - 1),
        (None, 4 | 5) => Ok(1),
        (None, _) => {
            let message = format!("needs a `dim` to work along, since it gets {input}");
            let help = "add `dim: -1` for the last dimension";
            Err(Problem::new("missing-parameter", message).help(help))
        }
    }
}

layer! {
    /// In training, replaces each value by zero with probability `p` and scales the others up by
    /// `1 / (1 - p)`; otherwise gives what it gets: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.Dropout`.
    pub(crate) struct Dropout {
        /// The probability of a value to become zero.
        p: f64 = 0.5,
        /// Accepted for files written for PyTorch; the result is the same.
        inplace: bool = false,
    }
}

impl Layer for Dropout {
    fn outputs(&self, inputs: &[Type], _needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        if !(0.0..=1.0).contains(&self.p) {
            let message = format!("needs a `p` from 0 to 1, but gets {}", self.p);
            return Err(Problem::param("p", message));
        }
        floats(input)?;
        Ok(vec![input.clone()])
    }

    fn noun(&self) -> &'static str {
        "dropout"
    }

    fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
        vec![Number::float("p", self.p).in_forward()]
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (input, p) = (&site.inputs[0].name, &site.numbers[0]);
        quote!(#input.f_dropout(#p, train)?)
    }

    fn needs_train(&self) -> bool {
        true
    }

    // Without training, what it gives is what it gets.
    fn memory(&self) -> Memory {
        Memory::View
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code, layer};

    #[test]
    fn shapes_stay() {
        for class in ["ReLU", "Identity", "Softmax", "LogSoftmax", "Dropout"] {
            let block = format!(r#"{{"_class": "{class}"}}"#);
            for shape in [
                "[N, 10]",
                "[N, L, 3*H]",
                "[N, 3, H, ⌈W/2⌉]",
                "[N, 1, 2, 3, 4]",
            ] {
                check(&block, &[shape], shape);
            }
            check(&block, &[], "wrong-inputs: takes 1 input, but has 0");
        }
    }

    #[test]
    fn whole_numbers_are_refused_where_there_would_be_fractions() {
        for class in ["ReLU", "Identity"] {
            check(
                &format!(r#"{{"_class": "{class}"}}"#),
                &["#[N, 3]"],
                "[N, 3] of whole numbers",
            );
        }
        for class in ["Softmax", "LogSoftmax", "Dropout"] {
            check(
                &format!(r#"{{"_class": "{class}"}}"#),
                &["#[N, 3]"],
                "wrong-dtype: needs floating point numbers, but gets [N, 3] of whole numbers",
            );
        }
    }

    #[test]
    fn softmax_works_along_the_features() {
        let code = |shape, expected| check_forward(r#"{"_class": "Softmax"}"#, &[shape], expected);
        code("[N, 10]", "a.f_softmax(1, None)?");
        code("[N, L, 10]", "a.f_softmax(2, None)?");
        code("[N, 10, H, W]", "a.f_softmax(1, None)?");
        code("[N, 10, 2, 2, 2]", "a.f_softmax(1, None)?");
        let block = r#"{"_class": "LogSoftmax", "dim": -2}"#;
        check_forward(block, &["[N, L, 10]"], "a.f_log_softmax(1, None)?");
        check(
            r#"{"_class": "Softmax"}"#,
            &["[N]"],
            "missing-parameter: needs a `dim` to work along, since it gets [N]\n\
             help: add `dim: -1` for the last dimension",
        );
    }

    #[test]
    fn dim_counts_the_batch() {
        for dim in -3..3 {
            let block = format!(r#"{{"_class": "Softmax", "dim": {dim}}}"#);
            check(&block, &["[N, L, 10]"], "[N, L, 10]");
        }
        for dim in [-4, 3] {
            check(
                &format!(r#"{{"_class": "Softmax", "dim": {dim}}}"#),
                &["[N, L, 10]"],
                &format!(
                    "wrong-parameter(dim): works along dimension {dim}, but gets [N, L, 10]\n\
                     note: `dim` counts the batch, so it is in -3..=2"
                ),
            );
        }
        let (first, last) = (
            r#"{"_class": "Softmax", "dim": 1}"#,
            r#"{"_class": "Softmax", "dim": -1}"#,
        );
        check_same_code("[N, 5]", first, last, true);
        check_same_code("[N, 5, 5]", first, last, false);
    }

    #[test]
    fn dropout_takes_a_probability() {
        let block = |p| format!(r#"{{"_class": "Dropout", "p": {p}, "inplace": true}}"#);
        check_forward(&block("0.25"), &["[N, 10]"], "a.f_dropout(0.25, train)?");
        for p in ["0", "1"] {
            check(&block(p), &["[N, 10]"], "[N, 10]");
        }
        for p in ["-0.1", "1.1"] {
            let expected = format!("wrong-parameter(p): needs a `p` from 0 to 1, but gets {p}");
            check(&block(p), &["[N, 10]"], &expected);
        }
        check_same_code("[N, 10]", &block("0.1"), &block("0.2"), true);
        assert!(layer(&block("0")).needs_train());
    }

    #[test]
    fn relu_overwrites_where_the_file_asks() {
        let block = r#"{"_class": "ReLU"}"#;
        check_forward(block, &["[N, 10]"], "a.f_relu()?");
        assert!(layer(block).in_place().is_none());
        let code = layer(r#"{"_class": "ReLU", "inplace": true}"#)
            .in_place()
            .map(|it| it.to_string());
        assert_eq!(code.as_deref(), Some("f_relu_ () ?"));
    }
}
