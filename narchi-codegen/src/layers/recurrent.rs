//! Recurrent layers.

// Classes are called as architecture files call them.
#![expect(clippy::upper_case_acronyms, reason = "so are they in torch")]

use proc_macro2::TokenStream;
use quote::quote;

use super::check::{at_least, floats, settled, settled_param, wrong_rank};
use crate::{
    dim::{self, Dim},
    document::Node,
    layer::{
        Blame, Channels, Layer, LayerDef, Memory, Module, Needs, Number, Param, Problem, Role, Site,
        Unfit, Weight, exactly, layer,
    },
    shape::Type,
};

pub(super) const LAYERS: &[LayerDef] = &[RNN::DEF, LSTM::DEF, GRU::DEF];

/// More layers than anybody trains; each has a few parameters, and these have names.
const MOST_LAYERS: i64 = 1_000;

/// What the sums of an RNN go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nonlinearity {
    Tanh,
    Relu,
}

impl Param for Nonlinearity {
    const ACCEPTS: &'static str = "\"tanh\" or \"relu\"";
    const SAMPLES: &'static [&'static str] = &["\"tanh\"", "\"relu\"", "\"gelu\""];

    fn schema() -> String {
        r#"{"enum": ["tanh", "relu"]}"#.to_owned()
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match node.as_str() {
            Some("tanh") => Ok(Self::Tanh),
            Some("relu") => Ok(Self::Relu),
            _ => Err(Unfit::default()),
        }
    }

    fn spell(&self) -> String {
        match self {
            Self::Tanh => "\"tanh\"",
            Self::Relu => "\"relu\"",
        }
        .to_owned()
    }
}

macro_rules! recurrent {
    ($(#[doc = $docs:literal])+ $class:ident { $($more:tt)* }
     module: $module:ident, config: $config:ident with $fields:literal fields, frozen: $frozen:expr,
     noun: $noun:literal, gates: $gates:literal, states: $states:literal,
     nonlinearity: $nonlinearity:expr) => {
        layer! {
            $(#[doc = $docs])+
            pub(crate) struct $class {
                /// The size of the last dimension of the output; with `bidirectional`, half of it comes from each
                /// direction.
                output_feats: Dim,
                /// Whether a second network reads the sequence from its end.
                bidirectional: bool = false,
                /// How many networks there are, each fed by the one before.
                num_layers: i64 = 1,
                /// Whether to add learned biases.
                bias: bool = true,
                /// How likely each number between two layers is set to zero in training.
                dropout: f64 = 0.0,
                $($more)*
                /// Whether the state after the last step is an output too, the second port: `[N, layers, hidden]`,
                /// where each direction of a layer counts. An LSTM has a third port for its cells.
                output_state: bool = false,
                /// Whether the batch is the first dimension: it is, and nothing else can be chosen.
                batch_first: bool = true,
                /// Has no effect, because `output_feats` decides: all of it, or half of it with `bidirectional`.
                hidden_size: Option<Dim> = None => "what follows from `output_feats`",
            }
        }

        impl $class {
            fn recurrent(&self) -> Recurrent<'_> {
                let nonlinearity: fn(&Self) -> Nonlinearity = $nonlinearity;
                Recurrent {
                    gates: $gates,
                    states: $states,
                    output_feats: &self.output_feats,
                    bidirectional: self.bidirectional,
                    num_layers: self.num_layers,
                    bias: self.bias,
                    dropout: self.dropout,
                    output_state: self.output_state,
                    batch_first: self.batch_first,
                    hidden_size: self.hidden_size.as_ref(),
                    nonlinearity: nonlinearity(self),
                }
            }
        }

        impl Layer for $class {
            fn outputs(
                &self,
                inputs: &[Type],
                needs: &mut Needs<'_>,
            ) -> Result<Vec<Type>, Problem> {
                let [input] = exactly(inputs)?;
                self.recurrent().outputs(input, needs)
            }

            fn weights(&self, inputs: &[Type]) -> Vec<Weight> {
                // `outputs` has made them all.
                self.recurrent().weights(&inputs[0].dims()[2]).unwrap_or_default()
            }

            fn key(&self, _inputs: &[Type]) -> String {
                format!("{} {}", stringify!($class), self.recurrent().key())
            }

            fn noun(&self) -> &'static str {
                $noun
            }

            fn numbers(&self, inputs: &[Type]) -> Vec<Number> {
                self.recurrent().numbers(&inputs[0].dims()[2])
            }

            fn module(&self, _inputs: &[Type]) -> Option<Module> {
                Some(Module {
                    ty: quote!(nn::$module),
                    frozen: $frozen,
                    function: quote!(nn::$module::new),
                    wrapper: $noun,
                    arguments: 2,
                    config: quote!(nn::$config),
                    config_fields: $fields,
                    fixed: self.recurrent().fixed(),
                })
            }

            fn forward(&self, site: &Site<'_>) -> TokenStream {
                self.recurrent().forward(site)
            }

            fn needs_train(&self) -> bool {
                self.recurrent().drops()
            }

            // Once for each step of each sequence.
            fn applications(&self, inputs: &[Type], _outputs: &[Type]) -> Option<Vec<Dim>> {
                Some(inputs[0].dims()[..2].to_vec())
            }

            fn channels(&self) -> Channels {
                Channels::Makes
            }

            fn memory(&self) -> Memory {
                Memory::Saved
            }
        }
    };
}

recurrent! {
    /// A recurrent network of the simplest kind, over a whole sequence:
    /// `[N, length, features] → [N, length, output_feats]`.
    ///
    /// As `torch.nn.RNN` with `batch_first`, of which it gives the output, and the state on demand.
    RNN {
        /// What the sums go through.
        nonlinearity: Nonlinearity = Nonlinearity::Tanh => "`\"tanh\"`",
    }
    module: Rnn, config: RnnConfig with 5 fields, frozen: None,
    noun: "rnn", gates: 1, states: 1,
    nonlinearity: |it| it.nonlinearity
}

recurrent! {
    /// A long short-term memory, over a whole sequence:
    /// `[N, length, features] → [N, length, output_feats]`.
    ///
    /// As `torch.nn.LSTM` with `batch_first`, of which it gives the output, and the state on demand.
    LSTM {}
    module: Lstm, config: RecurrentConfig with 4 fields, frozen: Some(quote!(frozen::Lstm)),
    noun: "lstm", gates: 4, states: 2,
    nonlinearity: |_| Nonlinearity::Tanh
}

recurrent! {
    /// A gated recurrent unit, over a whole sequence:
    /// `[N, length, features] → [N, length, output_feats]`.
    ///
    /// As `torch.nn.GRU` with `batch_first`, of which it gives the output, and the state on demand.
    GRU {}
    module: Gru, config: RecurrentConfig with 4 fields, frozen: None,
    noun: "gru", gates: 3, states: 1,
    nonlinearity: |_| Nonlinearity::Tanh
}

/// What the three have in common.
#[expect(clippy::struct_excessive_bools, reason = "so many has torch")]
struct Recurrent<'a> {
    /// How many matrices a weight consists of.
    gates: i64,
    /// How many tensors the state consists of.
    states: usize,
    output_feats: &'a Dim,
    bidirectional: bool,
    num_layers: i64,
    bias: bool,
    dropout: f64,
    output_state: bool,
    batch_first: bool,
    hidden_size: Option<&'a Dim>,
    /// What can be chosen for an RNN.
    nonlinearity: Nonlinearity,
}

impl Recurrent<'_> {
    fn directions(&self) -> i64 {
        1 + i64::from(self.bidirectional)
    }

    /// How many features come from each direction.
    fn hidden(&self) -> dim::Result<Dim> {
        self.output_feats.over(self.directions())
    }

    /// Whether training differs.
    fn drops(&self) -> bool {
        self.dropout > 0.0 && self.num_layers > 1
    }

    fn outputs(&self, input: &Type, needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        self.check()?;
        let [batch, length, feats] = input.dims() else {
            return Err(wrong_rank("[N, length, features]", input));
        };
        floats(input)?;
        settled(feats, "features", needs)?;
        settled_param("output_feats", self.output_feats, needs)?;
        let hidden = self.hidden()?;
        if hidden.as_number().is_some() && hidden.as_fixed().is_none() {
            let message = format!(
                "needs an even `output_feats`, half for each direction, but gets {}",
                self.output_feats
            );
            return Err(Problem::param("output_feats", message));
        }
        for fact in hidden.needs()? {
            needs.need(fact, || {
                format!("each direction makes half of {}", self.output_feats)
            });
        }
        // Seen here, sizes beyond all bounds have a report.
        self.weights(feats)?;
        self.warn(&hidden, needs);
        let mut outputs = vec![input.with(vec![
            batch.clone(),
            length.clone(),
            self.output_feats.clone(),
        ])];
        if self.output_state {
            let layers = Dim::from(self.num_layers * self.directions());
            let state = input.with(vec![batch.clone(), layers, hidden]);
            outputs.extend(vec![state; self.states]);
        }
        Ok(outputs)
    }

    fn check(&self) -> Result<(), Problem> {
        at_least("num_layers", &[self.num_layers], 1)?;
        if self.num_layers > MOST_LAYERS {
            let message = format!(
                "needs a `num_layers` of at most {MOST_LAYERS}, but gets {}",
                self.num_layers
            );
            return Err(Problem::param("num_layers", message));
        }
        if !(0.0..=1.0).contains(&self.dropout) {
            let message = format!(
                "needs a `dropout` between 0 and 1, but gets {}",
                self.dropout
            );
            return Err(Problem::param("dropout", message));
        }
        if !self.batch_first {
            let message = "takes the batch as the first dimension, but is told otherwise";
            return Err(Problem::param("batch_first", message).help("leave out `batch_first`"));
        }
        Ok(())
    }

    fn warn(&self, hidden: &Dim, needs: &mut Needs<'_>) {
        let ignored = |param, message: String, help: &str| {
            Problem::new("parameter-ignored", message)
                .help(help)
                .blame(Blame::Param(param))
        };
        if let Some(given) = self.hidden_size.filter(|it| *it != hidden) {
            let message = format!("ignores the `hidden_size` of {given}: it is {hidden}");
            let help = "`output_feats` decides: leave out `hidden_size`";
            needs.warn(ignored("hidden_size", message, help));
        }
        if self.dropout > 0.0 && self.num_layers == 1 {
            let message = "ignores `dropout`: it works between layers, and there is one";
            let help = "leave out `dropout`, or add layers by `num_layers`";
            needs.warn(ignored("dropout", message.to_owned(), help));
        }
    }

    fn weights(&self, feats: &Dim) -> dim::Result<Vec<Weight>> {
        let hidden = self.hidden()?;
        let rows = hidden.times(self.gates)?;
        let mut weights = Vec::new();
        for layer in 0..self.num_layers {
            let into = if layer == 0 { feats } else { self.output_feats };
            let reverse = self.bidirectional.then_some("_reverse");
            for suffix in [Some(""), reverse].into_iter().flatten() {
                let mut add = |name: &str, shape: Vec<Dim>| {
                    let leaf = format!("{name}_l{layer}{suffix}");
                    weights.push(Weight::parameter(leaf, shape));
                };
                add("weight_ih", vec![rows.clone(), into.clone()]);
                add("weight_hh", vec![rows.clone(), hidden.clone()]);
                if self.bias {
                    add("bias_ih", vec![rows.clone()]);
                    add("bias_hh", vec![rows.clone()]);
                }
            }
        }
        Ok(weights)
    }

    fn key(&self) -> String {
        format!(
            "bidirectional={} bias={} drops={} state={} {:?}",
            self.bidirectional,
            self.bias,
            self.drops(),
            self.output_state,
            self.nonlinearity
        )
    }

    fn numbers(&self, feats: &Dim) -> Vec<Number> {
        // `outputs` has seen that it can be computed.
        let hidden = self.hidden().unwrap_or_else(|_| self.output_feats.clone());
        let role = if self.bidirectional {
            Role::Feats
        } else {
            Role::OutFeats
        };
        vec![
            Number::int("in_feats", Role::InFeats, feats.clone()),
            Number::int("hidden_size", role, hidden),
            Number::int("num_layers", Role::Other, self.num_layers).or(1),
            Number::float("dropout", self.dropout).or_float(0.0),
        ]
    }

    fn fixed(&self) -> Vec<TokenStream> {
        let bias = (!self.bias).then(|| quote!(bias: false));
        let bidirectional = self.bidirectional.then(|| quote!(bidirectional: true));
        let nonlinearity = match self.nonlinearity {
            Nonlinearity::Tanh => None,
            Nonlinearity::Relu => Some(quote!(nonlinearity: nn::Nonlinearity::Relu)),
        };
        let all = [nonlinearity, bias, bidirectional];
        all.into_iter().flatten().collect()
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (field, input) = (&site.field, site.inputs[0].by_ref());
        let train = site.train();
        match (self.output_state, self.drops()) {
            (false, false) => quote!(#field.forward(#input)?),
            (false, true) => quote!(#field.forward_t(#input, #train)?),
            (true, false) => quote!(#field.forward_with_state(#input, false)?),
            (true, true) => quote!(#field.forward_with_state(#input, #train)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{
        check, check_forward, check_module, check_same_code, check_warnings, check_weights,
    };

    const INPUT: &str = "[N, L, 5]";

    /// A block with six output features.
    fn block(class: &str, params: &str) -> String {
        format!(r#"{{"_class": "{class}", "output_feats": 6{params}}}"#)
    }

    #[test]
    fn the_features_become_output_feats() {
        for class in ["RNN", "LSTM", "GRU"] {
            check(&block(class, ""), &[INPUT], "[N, L, 6]");
            let both = block(class, r#", "bidirectional": true, "num_layers": 3"#);
            check(&both, &["[N, ⌈L/2⌉, 5]"], "[N, ⌈L/2⌉, 6]");
        }
    }

    #[test]
    fn features_may_be_an_argument_of_new() {
        let one = r#"{"_class": "LSTM", "output_feats": "<<variable:K>>"}"#;
        check(one, &["[N, H, 2*M]"], "[N, H, K]");
        let both = r#"{"_class": "LSTM", "output_feats": "<<variable:K>>", "bidirectional": true}"#;
        check(both, &["[N, H, 5]"], "[N, H, K] where K % 2 == 0");
        let both =
            r#"{"_class": "LSTM", "output_feats": "<<variable:2*K>>", "bidirectional": true}"#;
        check(both, &["[N, H, 5]"], "[N, H, 2*K]");
        check_module(
            both,
            "[N, H, 5]",
            "nn::Lstm::new(5, k, nn::RecurrentConfig { bidirectional: true })",
        );
    }

    #[test]
    fn states_are_more_ports() {
        let rnn = block("RNN", r#", "output_state": true"#);
        check(&rnn, &[INPUT], "[N, L, 6], [N, 1, 6]");
        let gru = r#", "output_state": true, "num_layers": 2, "bidirectional": true"#;
        check(&block("GRU", gru), &[INPUT], "[N, L, 6], [N, 4, 3]");
        let lstm = block("LSTM", r#", "output_state": true, "num_layers": 2"#);
        check(&lstm, &[INPUT], "[N, L, 6], [N, 2, 6], [N, 2, 6]");
    }

    #[test]
    fn wrong_inputs_are_refused() {
        let lstm = block("LSTM", "");
        check(
            &lstm,
            &["[N, 3, H, W]"],
            "wrong-rank: expects [N, length, features], but gets [N, 3, H, W]",
        );
        check(
            &lstm,
            &["#[N, L, 5]"],
            "wrong-dtype: needs floating point numbers, but gets [N, L, 5] of whole numbers",
        );
        check(
            &lstm,
            &["[N, H, 2*W]"],
            "symbolic-features: needs a fixed number of features, but gets 2*W\n\
             note: the sizes of weights are the same for all inputs\n\
             help: declare a number or a single symbol in the shape of the input",
        );
        check(
            &lstm,
            &[INPUT, INPUT],
            "wrong-inputs: takes 1 input, but has 2",
        );
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let refused =
            |params: &str, expected: &str| check(&block("GRU", params), &[INPUT], expected);
        refused(
            r#", "num_layers": 0"#,
            "wrong-parameter(num_layers): needs a `num_layers` of at least 1, but gets 0",
        );
        refused(
            r#", "num_layers": 1000000000"#,
            "wrong-parameter(num_layers): needs a `num_layers` of at most 1000, but gets 1000000000",
        );
        refused(
            r#", "dropout": 1.5"#,
            "wrong-parameter(dropout): needs a `dropout` between 0 and 1, but gets 1.5",
        );
        refused(
            r#", "batch_first": false"#,
            "wrong-parameter(batch_first): takes the batch as the first dimension, but is told otherwise\n\
             help: leave out `batch_first`",
        );
        check(
            r#"{"_class": "LSTM", "output_feats": 7, "bidirectional": true}"#,
            &[INPUT],
            "wrong-parameter(output_feats): needs an even `output_feats`, half for each direction, but gets 7",
        );
        check(
            r#"{"_class": "RNN", "output_feats": 6, "nonlinearity": "gelu"}"#,
            &[INPUT],
            "wrong-parameter: `block`: `nonlinearity` of `RNN` cannot be \"gelu\"\n\
             note: it is \"tanh\" or \"relu\"",
        );
    }

    #[test]
    fn what_has_no_effect_is_said() {
        let warns = |params: &str, expected: &[&str]| {
            check_warnings(&block("LSTM", params), INPUT, expected);
        };
        warns(r#", "hidden_size": 6"#, &[]);
        warns(r#", "hidden_size": 3, "bidirectional": true"#, &[]);
        warns(
            r#", "hidden_size": 6, "bidirectional": true"#,
            &[
                "parameter-ignored(hidden_size): ignores the `hidden_size` of 6: it is 3\n\
                 help: `output_feats` decides: leave out `hidden_size`",
            ],
        );
        warns(r#", "dropout": 0.5, "num_layers": 2"#, &[]);
        warns(
            r#", "dropout": 0.5"#,
            &[
                "parameter-ignored(dropout): ignores `dropout`: it works between layers, and there is one\n\
                 help: leave out `dropout`, or add layers by `num_layers`",
            ],
        );
    }

    #[test]
    fn weights_are_those_of_pytorch() {
        check_weights(
            &block("LSTM", r#", "num_layers": 2, "bidirectional": true"#),
            INPUT,
            &[
                "weight_ih_l0 [12, 5] Parameter",
                "weight_hh_l0 [12, 3] Parameter",
                "bias_ih_l0 [12] Parameter",
                "bias_hh_l0 [12] Parameter",
                "weight_ih_l0_reverse [12, 5] Parameter",
                "weight_hh_l0_reverse [12, 3] Parameter",
                "bias_ih_l0_reverse [12] Parameter",
                "bias_hh_l0_reverse [12] Parameter",
                "weight_ih_l1 [12, 6] Parameter",
                "weight_hh_l1 [12, 3] Parameter",
                "bias_ih_l1 [12] Parameter",
                "bias_hh_l1 [12] Parameter",
                "weight_ih_l1_reverse [12, 6] Parameter",
                "weight_hh_l1_reverse [12, 3] Parameter",
                "bias_ih_l1_reverse [12] Parameter",
                "bias_hh_l1_reverse [12] Parameter",
            ],
        );
        check_weights(
            &block("GRU", r#", "bias": false"#),
            INPUT,
            &[
                "weight_ih_l0 [18, 5] Parameter",
                "weight_hh_l0 [18, 6] Parameter",
            ],
        );
        check_weights(
            &block("RNN", ""),
            INPUT,
            &[
                "weight_ih_l0 [6, 5] Parameter",
                "weight_hh_l0 [6, 6] Parameter",
                "bias_ih_l0 [6] Parameter",
                "bias_hh_l0 [6] Parameter",
            ],
        );
    }

    #[test]
    fn the_code_says_what_is_not_usual() {
        let module = |class: &str, params: &str, expected: &str| {
            check_module(&block(class, params), INPUT, expected);
        };
        module("LSTM", "", "nn::Lstm::new(5, 6, nn::RecurrentConfig {  })");
        module(
            "GRU",
            r#", "num_layers": 2, "dropout": 0.5, "bias": false, "bidirectional": true"#,
            "nn::Gru::new(5, 3, nn::RecurrentConfig { num_layers: 2, dropout: 0.5, bias: false, bidirectional: true })",
        );
        module(
            "RNN",
            r#", "nonlinearity": "relu", "output_state": true"#,
            "nn::Rnn::new(5, 6, nn::RnnConfig { nonlinearity: nn::Nonlinearity::Relu })",
        );
    }

    #[test]
    fn train_matters_where_something_is_dropped() {
        let forward = |params: &str, expected: &str| {
            check_forward(&block("LSTM", params), &[INPUT], expected);
        };
        let layers = r#", "num_layers": 2"#;
        let drops = r#", "num_layers": 2, "dropout": 0.5"#;
        forward("", "self.layer.forward(a)?");
        forward(layers, "self.layer.forward(a)?");
        forward(r#", "dropout": 0.5"#, "self.layer.forward(a)?");
        forward(drops, "self.layer.forward_t(a, train)?");
        let state = r#", "output_state": true"#;
        forward(state, "self.layer.forward_with_state(a, false)?");
        let state = format!("{drops}{state}");
        forward(&state, "self.layer.forward_with_state(a, train)?");
    }

    #[test]
    fn only_numbers_differ_in_shared_code() {
        let same = |other: &str, expected| {
            check_same_code(INPUT, &block("RNN", ""), &block("RNN", other), expected);
        };
        same(r#", "num_layers": 2"#, true);
        same(r#", "dropout": 0.5"#, true);
        same(r#", "dropout": 0.5, "num_layers": 2"#, false);
        same(r#", "bias": false"#, false);
        same(r#", "bidirectional": true"#, false);
        same(r#", "nonlinearity": "relu""#, false);
        same(r#", "output_state": true"#, false);
        check_same_code(INPUT, &block("RNN", ""), &block("GRU", ""), false);
    }
}
