//! Layers without weights that work on each value alone.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::check::floats;
use crate::{
    layer::{Layer, LayerDef, Memory, Needs, Number, Problem, Site, exactly, layer},
    shape::{Dtype, Type},
};

pub(super) const LAYERS: &[LayerDef] = &[
    ReLU::DEF,
    LeakyReLU::DEF,
    Sigmoid::DEF,
    LogSigmoid::DEF,
    Tanh::DEF,
    Identity::DEF,
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

    fn takes(&self) -> Option<Dtype> {
        None
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
        Some(quote!(f_relu_()?))
    }

    fn asks_in_place(&self) -> bool {
        self.inplace
    }

    fn epilogue(&self) -> Option<TokenStream> {
        Some(quote!(relu()))
    }
}

layer! {
    /// Multiplies negative values by a small number: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.LeakyReLU`.
    pub(crate) struct LeakyReLU {
        /// What negative values are multiplied by.
        negative_slope: f64 = 0.01,
        /// Whether the input may be overwritten. It is where nothing else needs it and the slope is 0.01.
        inplace: bool = false,
    }
}

impl LeakyReLU {
    /// The only slope that the functions of libtorch take, as `tch` has them.
    fn is_plain(&self) -> bool {
        self.negative_slope.to_bits() == 0.01_f64.to_bits()
    }
}

impl Layer for LeakyReLU {
    fn outputs(&self, inputs: &[Type], _needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        floats(input)?;
        Ok(vec![input.clone()])
    }

    fn key(&self, _inputs: &[Type]) -> String {
        format!("LeakyReLU plain={}", self.is_plain())
    }

    fn noun(&self) -> &'static str {
        "leaky_relu"
    }

    fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
        let slope = || Number::float("negative_slope", self.negative_slope).in_forward();
        if self.is_plain() {
            vec![]
        } else {
            vec![slope()]
        }
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let input = &site.inputs[0];
        match site.numbers {
            [slope] => {
                let input = input.by_ref();
                quote!(nn::leaky_relu(#input, #slope)?)
            }
            _ => {
                let input = &input.name;
                quote!(#input.f_leaky_relu()?)
            }
        }
    }

    // Where it overwrites, autograd keeps the output.
    fn memory(&self) -> Memory {
        if self.asks_in_place() {
            Memory::Saved
        } else {
            Memory::Fresh
        }
    }

    fn in_place(&self) -> Option<TokenStream> {
        self.is_plain().then(|| quote!(f_leaky_relu_()?))
    }

    fn asks_in_place(&self) -> bool {
        self.inplace && self.is_plain()
    }

    fn epilogue(&self) -> Option<TokenStream> {
        let slope = Literal::f64_unsuffixed(self.negative_slope);
        Some(quote!(leaky_relu(#slope)))
    }
}

macro_rules! pointwise {
    ($($(#[doc = $docs:literal])+ $class:ident, $noun:literal, $method:ident, $memory:expr
        $(, $in_place:ident, $epilogue:ident)?;)+) => { $(
        layer! {
            $(#[doc = $docs])+
            pub(crate) struct $class {}
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                _needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                let [input] = exactly(inputs)?;
                floats(input)?;
                Ok(vec![input.clone()])
            }

            fn noun(&self) -> &'static str {
                $noun
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                let input = &site.inputs[0].name;
                quote!(#input.$method()?)
            }

            fn memory(&self) -> Memory {
                $memory
            }

            $(fn in_place(&self) -> Option<TokenStream> {
                Some(quote!($in_place()?))
            }

            fn epilogue(&self) -> Option<TokenStream> {
                Some(quote!($epilogue()))
            })?
        }
    )+ };
}

pointwise! {
    /// `1 / (1 + exp(-x))` of each value `x`: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.Sigmoid`.
    Sigmoid, "sigmoid", f_sigmoid, Memory::Saved, f_sigmoid_, sigmoid;

    /// The logarithm of `1 / (1 + exp(-x))` of each value `x`: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.LogSigmoid`.
    LogSigmoid, "log_sigmoid", f_log_sigmoid, Memory::Fresh;

    /// The hyperbolic tangent of each value: `[N, *] → [N, *]`.
    ///
    /// As `torch.nn.Tanh`.
    Tanh, "tanh", f_tanh, Memory::Saved, f_tanh_, tanh;
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

    fn takes(&self) -> Option<Dtype> {
        None
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

    fn is_identity_in_inference(&self) -> bool {
        true
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
    use crate::layers::testing::{
        check, check_forward, check_forward_owned, check_same_code, layer,
    };

    #[test]
    fn shapes_stay() {
        for class in [
            "ReLU",
            "LeakyReLU",
            "Sigmoid",
            "LogSigmoid",
            "Tanh",
            "Identity",
            "Dropout",
        ] {
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
        for class in ["LeakyReLU", "Sigmoid", "LogSigmoid", "Tanh", "Dropout"] {
            check(
                &format!(r#"{{"_class": "{class}"}}"#),
                &["#[N, 3]"],
                "wrong-dtype: needs floating point numbers, but gets [N, 3] of whole numbers",
            );
        }
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
    fn each_has_its_function() {
        for (class, expected) in [
            ("Sigmoid", "a.f_sigmoid()?"),
            ("LogSigmoid", "a.f_log_sigmoid()?"),
            ("Tanh", "a.f_tanh()?"),
        ] {
            check_forward(
                &format!(r#"{{"_class": "{class}"}}"#),
                &["[N, 10]"],
                expected,
            );
        }
    }

    #[test]
    fn leaky_relu_has_a_slope() {
        let plain = r#"{"_class": "LeakyReLU"}"#;
        let steep = r#"{"_class": "LeakyReLU", "negative_slope": 0.2, "inplace": true}"#;
        let flat = r#"{"_class": "LeakyReLU", "negative_slope": 0}"#;
        check_forward(plain, &["[N, 10]"], "a.f_leaky_relu()?");
        check_forward(steep, &["[N, 10]"], "nn::leaky_relu(a, 0.2)?");
        check_forward_owned(steep, &["[N, 10]"], "nn::leaky_relu(&a, 0.2)?");
        check_same_code("[N, 10]", plain, steep, false);
        check_same_code("[N, 10]", flat, steep, true);
        assert!(!layer(plain).asks_in_place());
        assert!(!layer(steep).asks_in_place());
        let overwriting = layer(r#"{"_class": "LeakyReLU", "inplace": true}"#);
        assert!(overwriting.asks_in_place());
    }

    #[test]
    fn relu_overwrites_where_the_file_asks() {
        let block = r#"{"_class": "ReLU"}"#;
        check_forward(block, &["[N, 10]"], "a.f_relu()?");
        assert!(!layer(block).asks_in_place());
        let code = layer(r#"{"_class": "ReLU", "inplace": true}"#)
            .in_place()
            .map(|it| it.to_string());
        assert_eq!(code.as_deref(), Some("f_relu_ () ?"));
    }
}
