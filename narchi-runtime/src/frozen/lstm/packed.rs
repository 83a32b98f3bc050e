//! The layers of an LSTM as oneDNN wants them.

use std::sync::{Mutex, PoisonError};

use tch::{Device, Kind, TchError, Tensor};

use crate::frozen::dense::{Sizes, in_parts};
use crate::frozen::memory;
use crate::frozen::shared::Shared;
use crate::frozen::shim::{LstmLayer, Recurrent};
use crate::{Error, Result, nn};

/// The length and the batch that weights are packed for; they are right for any.
const SIZE: [i64; 2] = [32, 1];

/// A step of a layer is so short that threads wait for one another more than they compute: with so many, each direction has
/// one.
const THREADS: std::ops::RangeInclusive<i32> = 2..=3;

pub(super) struct Packed {
    kernels: &'static Recurrent,
    /// For each layer, its directions.
    layers: Vec<Vec<Direction>>,
    in_features: i64,
    hidden: i64,
}

/// The weights of a layer in one direction.
struct Direction {
    weights: [Shared<Tensor>; 2],
    biases: [Shared<Tensor>; 2],
    is_reverse: bool,
}

/// The output of a layer in one direction, and its states after the last step.
type Outcome = Result<[Tensor; 3], TchError>;

impl Packed {
    /// Of a trained network, or why not.
    pub(super) fn of(
        lstm: &nn::Lstm,
        kernels: Result<&'static Recurrent, &'static str>,
    ) -> Result<Self, String> {
        let Some(first) = lstm.weights.first().filter(|it| it.dim() == 2) else {
            return Err("of unusual weights".to_owned());
        };
        if first.device() != Device::Cpu {
            return Err("not on the CPU".to_owned());
        }
        if first.kind() != Kind::Float {
            return Err(format!("of kind {:?}", first.kind()));
        }
        let in_features = first.size()[1];
        if lstm.hidden_size < 1 || in_features < 1 {
            return Err("degenerate".to_owned());
        }
        let kernels = kernels.map_err(|missing| format!("which lacks {missing}"))?;
        let _no_grad = tch::no_grad_guard();
        let layers = Self::layers(lstm, kernels);
        Ok(Self {
            kernels,
            layers: layers.map_err(|error| Error::from(error).to_string())?,
            in_features,
            hidden: lstm.hidden_size,
        })
    }

    fn layers(
        lstm: &nn::Lstm,
        kernels: &'static Recurrent,
    ) -> Result<Vec<Vec<Direction>>, TchError> {
        let config = lstm.config;
        let each = if config.bias { 4 } else { 2 };
        let directions = if config.bidirectional { 2 } else { 1 };
        let of_layer = |weights: &[Tensor]| {
            let directions = weights.chunks_exact(each).enumerate();
            let of_direction = directions
                .map(|(index, it)| Direction::new(it, lstm.hidden_size, index == 1, kernels));
            of_direction.collect()
        };
        let layers = lstm.weights.chunks_exact(each * directions);
        layers.map(of_layer).collect()
    }

    /// The output, and the two states after the last step, `[N, layers, hidden]`.
    #[track_caller]
    pub(super) fn run(&self, input: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
        let batch = self.checked(input)?;
        let start = Tensor::f_zeros([1, batch, self.hidden], (Kind::Float, Device::Cpu))?;
        let start = Shared(start);
        // The kernel wants the steps first.
        let mut x = Shared(input.f_transpose(0, 1)?.f_contiguous()?);
        let (mut hidden, mut cells) = (Vec::new(), Vec::new());
        for layer in &self.layers {
            let mut outputs = Vec::new();
            for outcome in self.layer(layer, &x, &start)? {
                let [output, last, cell] = outcome?;
                outputs.push(output);
                hidden.push(last.f_view([batch, 1, self.hidden])?);
                cells.push(cell.f_view([batch, 1, self.hidden])?);
            }
            x = Shared(match (outputs.pop(), outputs.pop()) {
                (Some(last), Some(first)) => Tensor::f_cat(&[first, last], 2)?,
                (Some(only), None) => only,
                (None, _) => return Err(Error::module("an LSTM has a layer".to_owned())),
            });
        }
        Ok((
            x.f_transpose(0, 1)?,
            Tensor::f_cat(&hidden, 1)?,
            Tensor::f_cat(&cells, 1)?,
        ))
    }

    /// All directions of a layer, at once where that is faster.
    fn layer(
        &self,
        layer: &[Direction],
        x: &Shared<Tensor>,
        start: &Shared<Tensor>,
    ) -> Result<Vec<Outcome>, TchError> {
        let run = |direction: &Direction| self.kernels.lstm(x, start, direction.layer(self.hidden));
        if layer.len() == 1 || !THREADS.contains(&tch::get_num_threads()) {
            return Ok(layer.iter().map(run).collect());
        }
        let outcomes = Mutex::new(Vec::new());
        let lock = || outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        in_parts(layer.len(), 1, &|from, to| {
            // Each thread has a guard of its own.
            let _no_grad = tch::no_grad_guard();
            for (index, direction) in layer.iter().enumerate().take(to).skip(from) {
                let outcome = run(direction);
                lock().push((index, outcome));
            }
        })?;
        let mut outcomes = outcomes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        outcomes.sort_by_key(|it| it.0);
        Ok(outcomes.into_iter().map(|it| it.1).collect())
    }

    /// The batch of an input that fits.
    #[track_caller]
    fn checked(&self, input: &Tensor) -> Result<i64> {
        let sizes = Sizes::of(input);
        if let Some([batch, length, features]) = sizes.as_ref().map(Sizes::as_slice)
            && *batch > 0
            && *length > 0
            && *features == self.in_features
            && memory::is_plain(input)
            && matches!(input.f_kind(), Ok(Kind::Float))
        {
            return Ok(*batch);
        }
        let found = memory::described(input);
        Err(Error::module(format!(
            "a packed LSTM takes sequences of {} features of kind Float on Cpu, not {found}",
            self.in_features
        )))
    }
}

impl Direction {
    /// Of a matrix for the input, one for the state, and their biases, if there are any.
    fn new(
        weights: &[Tensor],
        hidden: i64,
        is_reverse: bool,
        kernels: &Recurrent,
    ) -> Result<Self, TchError> {
        let dense = |it: &Tensor| it.f_detach()?.f_contiguous();
        let (of_input, of_state) = (dense(&weights[0])?, dense(&weights[1])?);
        let bias = |index: usize| match weights.get(index) {
            Some(bias) => dense(bias),
            None => Tensor::f_zeros([of_input.size()[0]], (Kind::Float, Device::Cpu)),
        };
        let biases = [bias(2)?, bias(3)?];
        let layer = LstmLayer {
            weights: [&of_input, &of_state],
            biases: [&biases[0], &biases[1]],
            hidden,
            is_reverse,
        };
        let features = of_input.size()[1];
        let packed = kernels.pack(layer, &[SIZE[0], SIZE[1], features])?;
        Ok(Self {
            weights: packed.map(Shared),
            biases: biases.map(Shared),
            is_reverse,
        })
    }

    fn layer(&self, hidden: i64) -> LstmLayer<'_> {
        let ([a, b], [c, d]) = (&self.weights, &self.biases);
        LstmLayer {
            weights: [a, b],
            biases: [c, d],
            hidden,
            is_reverse: self.is_reverse,
        }
    }
}
