//! Layers that turn values into probabilities along a dimension.

use proc_macro2::TokenStream;
use quote::quote;

use super::check::floats;
use crate::{
    layer::{Layer, LayerDef, Memory, Needs, Number, Problem, Role, Site, exactly, layer},
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[Softmax::DEF, LogSoftmax::DEF];

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
                needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                let [input] = exactly(inputs)?;
                floats(input)?;
                let dim = softmax_dim(self.dim, input)?;
                if self.dim.is_none() {
                    needs.warn(without_dim(dim, input));
                }
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

/// What to say where the dimension is our choice.
fn without_dim(dim: i64, input: &Type) -> Problem {
    let features = if input.rank() > 3 {
        "channels"
    } else {
        "features"
    };
    let message = format!("has no `dim`, so it works along dimension {dim}, the {features}");
    let warning = Problem::new("softmax-without-dim", message).help(format!("add `dim: {dim}`"));
    if input.rank() == 3 {
        warning.note("PyTorch would take dimension 0, the batch")
    } else {
        warning
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code, check_warnings};

    #[test]
    fn shapes_stay() {
        for class in ["Softmax", "LogSoftmax"] {
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
            check(
                &block,
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
        for (shape, warning) in [
            (
                "[N, 10]",
                "softmax-without-dim: has no `dim`, so it works along dimension 1, the features\n\
                 help: add `dim: 1`",
            ),
            (
                "[N, L, 10]",
                "softmax-without-dim: has no `dim`, so it works along dimension 2, the features\n\
                 note: PyTorch would take dimension 0, the batch\n\
                 help: add `dim: 2`",
            ),
            (
                "[N, 10, H, W]",
                "softmax-without-dim: has no `dim`, so it works along dimension 1, the channels\n\
                 help: add `dim: 1`",
            ),
        ] {
            check_warnings(r#"{"_class": "LogSoftmax"}"#, shape, &[warning]);
            check_warnings(r#"{"_class": "LogSoftmax", "dim": 1}"#, shape, &[]);
        }
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
}
