//! Recurrent networks.

use std::marker::PhantomData;

use tch::nn::Path;
use tch::{TchError, Tensor};

use super::name::{Name, Of};
use super::variable::{Fill, parameter};
use crate::Result;

/// `torch.nn.RNN`: a recurrent network of the simplest kind, over a whole sequence.
pub type Rnn = Recurrent<RnnCell>;
/// `torch.nn.LSTM`: a long short-term memory, over a whole sequence.
pub type Lstm = Recurrent<LstmCell>;
/// `torch.nn.GRU`: a gated recurrent unit, over a whole sequence.
pub type Gru = Recurrent<GruCell>;

/// `torch.nn.RNN`, `LSTM` or `GRU`, with the batch first.
///
/// Unlike those of tch it takes `train` with each call, and its errors are values.
#[derive(Debug)]
pub struct Recurrent<C: Cell> {
    /// For each layer, and with `bidirectional` for each direction, in torch's order: `weight_ih`,
    /// `weight_hh`, and with a bias `bias_ih`, `bias_hh`.
    pub weights: Vec<Tensor>,
    /// How many numbers the state has in each layer and direction.
    pub hidden_size: i64,
    /// What `new` was given.
    pub config: C::Config,
    pub(crate) name: Name,
    cell: PhantomData<C>,
}

/// What is computed at each step of a sequence.
pub trait Cell {
    /// The options of a network of such cells.
    type Config: std::fmt::Debug + Copy + Into<RecurrentConfig>;
    /// The state after the last step: one tensor, or two.
    type State;

    /// How many matrices of `hidden_size` rows `weight_ih` consists of.
    const GATES: i64;

    #[doc(hidden)]
    fn run(
        sequence: &Sequence<'_>,
        config: Self::Config,
    ) -> Result<(Tensor, Self::State), TchError>;
}

/// The cell of [`Rnn`].
#[derive(Debug)]
pub enum RnnCell {}
/// The cell of [`Lstm`].
#[derive(Debug)]
pub enum LstmCell {}
/// The cell of [`Gru`].
#[derive(Debug)]
pub enum GruCell {}

/// Options of [`Lstm`] and [`Gru`], by default those of torch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrentConfig {
    /// How many networks there are, each fed by the one before.
    pub num_layers: i64,
    /// Whether to add learned biases.
    pub bias: bool,
    /// How likely each number between two layers is set to zero in training.
    pub dropout: f64,
    /// Whether a second network reads the sequence from its end; the output has the numbers of both.
    pub bidirectional: bool,
}

/// Options of [`Rnn`], by default those of torch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RnnConfig {
    /// How many networks there are, each fed by the one before.
    pub num_layers: i64,
    /// What the sums go through.
    pub nonlinearity: Nonlinearity,
    /// Whether to add learned biases.
    pub bias: bool,
    /// How likely each number between two layers is set to zero in training.
    pub dropout: f64,
    /// Whether a second network reads the sequence from its end; the output has the numbers of both.
    pub bidirectional: bool,
}

/// What the sums of [`Rnn`] go through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nonlinearity {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// Zero for negative values.
    Relu,
}

impl Default for RecurrentConfig {
    fn default() -> Self {
        Self {
            num_layers: 1,
            bias: true,
            dropout: 0.,
            bidirectional: false,
        }
    }
}

impl Default for RnnConfig {
    fn default() -> Self {
        let RecurrentConfig {
            num_layers,
            bias,
            dropout,
            bidirectional,
        } = RecurrentConfig::default();
        Self {
            num_layers,
            nonlinearity: Nonlinearity::Tanh,
            bias,
            dropout,
            bidirectional,
        }
    }
}

impl From<RnnConfig> for RecurrentConfig {
    fn from(config: RnnConfig) -> Self {
        Self {
            num_layers: config.num_layers,
            bias: config.bias,
            dropout: config.dropout,
            bidirectional: config.bidirectional,
        }
    }
}

impl RecurrentConfig {
    fn directions(self) -> i64 {
        1 + i64::from(self.bidirectional)
    }
}

/// What goes into one call of libtorch.
#[doc(hidden)]
#[derive(Debug)]
pub struct Sequence<'a> {
    input: &'a Tensor,
    /// Zeros: the state before the first step.
    start: &'a Tensor,
    weights: &'a [Tensor],
    config: RecurrentConfig,
    train: bool,
}

impl<C: Cell> Recurrent<C> {
    /// Registers under the path, for each layer `k`, `weight_ih_l{k}`, `weight_hh_l{k}`, `bias_ih_l{k}` and
    /// `bias_hh_l{k}`, and with `bidirectional` the same again with `_reverse` at the end; all uniform within
    /// 1/√`hidden_size` of zero.
    ///
    /// # Panics
    ///
    /// If libtorch cannot create the tensors, as for a negative number of features.
    #[track_caller]
    pub fn new(vs: Path<'_>, in_features: i64, hidden_size: i64, config: C::Config) -> Self {
        let all: RecurrentConfig = config.into();
        let mut weights = Vec::new();
        for layer in 0..all.num_layers {
            let inputs = match layer {
                0 => in_features,
                _ => hidden_size * all.directions(),
            };
            let rows = C::GATES * hidden_size;
            let reverse = all.bidirectional.then_some("_reverse");
            for suffix in [Some(""), reverse].into_iter().flatten() {
                let mut add = |name: &str, size: &[i64]| {
                    let name = format!("{name}_l{layer}{suffix}");
                    let fill = Fill::Bias {
                        fan_in: hidden_size,
                    };
                    weights.push(parameter(&vs, &name, size, fill));
                };
                add("weight_ih", &[rows, inputs]);
                add("weight_hh", &[rows, hidden_size]);
                if all.bias {
                    add("bias_ih", &[rows]);
                    add("bias_hh", &[rows]);
                }
            }
        }
        Self {
            weights,
            hidden_size,
            config,
            name: Name::of(&vs),
            cell: PhantomData,
        }
    }

    /// `[N, length, in_features]` → `[N, length, hidden_size]`, twice as many with `bidirectional`; without
    /// dropout.
    ///
    /// # Errors
    ///
    /// What libtorch refuses: another number of dimensions or features, kind or device.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        Ok(self.run(input, false).of(&self.name)?.0)
    }

    /// As [`forward`](Self::forward), in training with dropout between layers.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_t(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        Ok(self.run(input, train).of(&self.name)?.0)
    }

    /// The names of `weights`, less the path.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = String> {
        let config: RecurrentConfig = self.config.into();
        let names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
        let names = names.into_iter().take(if config.bias { 4 } else { 2 });
        let suffixes = ["", "_reverse"].into_iter();
        let suffixes = suffixes.take(if config.bidirectional { 2 } else { 1 });
        (0..config.num_layers).flat_map(move |layer| {
            let names = names.clone();
            let of_direction = move |suffix| {
                let names = names.clone();
                names.map(move |name| format!("{name}_l{layer}{suffix}"))
            };
            suffixes.clone().flat_map(of_direction)
        })
    }

    fn run(&self, input: &Tensor, train: bool) -> Result<(Tensor, C::State), TchError> {
        let config: RecurrentConfig = self.config.into();
        let batch = input.size().first().copied().unwrap_or(1);
        let size = [
            config.num_layers * config.directions(),
            batch,
            self.hidden_size,
        ];
        let sequence = Sequence {
            input,
            start: &Tensor::f_zeros(size, (input.kind(), input.device()))?,
            weights: &self.weights,
            config,
            train,
        };
        C::run(&sequence, self.config)
    }
}

impl<C: Cell<State = Tensor>> Recurrent<C> {
    /// The output as [`forward_t`](Self::forward_t) gives it, and the state after the last step:
    /// `[N, layers, hidden_size]`, with `bidirectional` twice as many layers.
    ///
    /// The batch comes first, as everywhere here; in torch it comes second.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_with_state(&self, input: &Tensor, train: bool) -> Result<(Tensor, Tensor)> {
        let (output, state) = self.run(input, train).of(&self.name)?;
        Ok((output, state.f_transpose(0, 1).of(&self.name)?))
    }
}

impl Lstm {
    /// The output as [`forward_t`](Self::forward_t) gives it, then what is seen of the state after the last
    /// step, and what is not: `[N, layers, hidden_size]` both, with `bidirectional` twice as many layers.
    ///
    /// The batch comes first, as everywhere here; in torch it comes second.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_with_state(
        &self,
        input: &Tensor,
        train: bool,
    ) -> Result<(Tensor, Tensor, Tensor)> {
        let (output, (hidden, cell)) = self.run(input, train).of(&self.name)?;
        let batch_first = |it: Tensor| it.f_transpose(0, 1).of(&self.name);
        Ok((output, batch_first(hidden)?, batch_first(cell)?))
    }
}

impl Cell for RnnCell {
    type Config = RnnConfig;
    type State = Tensor;

    const GATES: i64 = 1;

    fn run(it: &Sequence<'_>, config: RnnConfig) -> Result<(Tensor, Tensor), TchError> {
        let all = it.config;
        let run = match config.nonlinearity {
            Nonlinearity::Tanh => Tensor::f_rnn_tanh::<Tensor>,
            Nonlinearity::Relu => Tensor::f_rnn_relu::<Tensor>,
        };
        run(
            it.input,
            it.start,
            it.weights,
            all.bias,
            all.num_layers,
            all.dropout,
            it.train,
            all.bidirectional,
            true,
        )
    }
}

impl Cell for GruCell {
    type Config = RecurrentConfig;
    type State = Tensor;

    const GATES: i64 = 3;

    fn run(it: &Sequence<'_>, _config: RecurrentConfig) -> Result<(Tensor, Tensor), TchError> {
        let all = it.config;
        it.input.f_gru(
            it.start,
            it.weights,
            all.bias,
            all.num_layers,
            all.dropout,
            it.train,
            all.bidirectional,
            true,
        )
    }
}

impl Cell for LstmCell {
    type Config = RecurrentConfig;
    type State = (Tensor, Tensor);

    const GATES: i64 = 4;

    fn run(it: &Sequence<'_>, _config: RecurrentConfig) -> Result<(Tensor, Self::State), TchError> {
        let all = it.config;
        let weights: Vec<&Tensor> = it.weights.iter().collect();
        let (output, hidden, cell) = it.input.f_lstm(
            &[it.start, it.start],
            &weights,
            all.bias,
            all.num_layers,
            all.dropout,
            it.train,
            all.bidirectional,
            true,
        )?;
        Ok((output, (hidden, cell)))
    }
}

#[cfg(test)]
mod tests;
