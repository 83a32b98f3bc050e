//! Networks against the formulas of torch's documentation.

use tch::nn::VarStore;
use tch::{Device, Kind};

use super::*;

const DOUBLE: (Kind, Device) = (Kind::Double, Device::Cpu);

fn store() -> VarStore {
    let mut vs = VarStore::new(Device::Cpu);
    vs.set_kind(Kind::Double);
    vs
}

/// One step of a network: what comes of the input, the state and the products of both with their weights.
type Step = fn([&Tensor; 2], &Tensor, &Tensor) -> [Tensor; 2];

fn rnn_tanh(_state: [&Tensor; 2], input: &Tensor, hidden: &Tensor) -> [Tensor; 2] {
    let hidden = (input + hidden).tanh();
    [hidden.shallow_clone(), hidden]
}

fn rnn_relu(_state: [&Tensor; 2], input: &Tensor, hidden: &Tensor) -> [Tensor; 2] {
    let hidden = (input + hidden).relu();
    [hidden.shallow_clone(), hidden]
}

fn lstm([_, cell]: [&Tensor; 2], input: &Tensor, hidden: &Tensor) -> [Tensor; 2] {
    let gates = (input + hidden).chunk(4, 1);
    let cell = gates[1].sigmoid() * cell + gates[0].sigmoid() * gates[2].tanh();
    [gates[3].sigmoid() * cell.tanh(), cell]
}

fn gru([state, _]: [&Tensor; 2], input: &Tensor, hidden: &Tensor) -> [Tensor; 2] {
    let (input, hidden) = (input.chunk(3, 1), hidden.chunk(3, 1));
    let reset = (&input[0] + &hidden[0]).sigmoid();
    let update = (&input[1] + &hidden[1]).sigmoid();
    let new = (&input[2] + reset * &hidden[2]).tanh();
    let state: Tensor = &update * state + (1. - &update) * new;
    [state.shallow_clone(), state]
}

/// The formulas of torch's documentation, one step after the other: output, and the last states.
fn by_hand<C: Cell>(network: &Recurrent<C>, input: &Tensor, step: Step) -> [Tensor; 3] {
    let config: RecurrentConfig = network.config.into();
    let each = if config.bias { 4 } else { 2 };
    let mut weights = network.weights.chunks(each);
    let (mut output, mut states) = (input.shallow_clone(), [Vec::new(), Vec::new()]);
    for _ in 0..config.num_layers {
        let mut directions = Vec::new();
        for is_reverse in [false, true].into_iter().take(each_way(config)) {
            let weights = weights.next().unwrap();
            let start = Tensor::zeros([input.size()[0], network.hidden_size], DOUBLE);
            let mut state = [start.shallow_clone(), start];
            let mut steps = output.unbind(1);
            if is_reverse {
                steps.reverse();
            }
            let mut outputs = Vec::new();
            for x in steps {
                let from_input = x.linear(&weights[0], weights.get(2));
                let from_state = state[0].linear(&weights[1], weights.get(3));
                let [hidden, cell] = &state;
                state = step([hidden, cell], &from_input, &from_state);
                outputs.push(state[0].shallow_clone());
            }
            if is_reverse {
                outputs.reverse();
            }
            directions.push(Tensor::stack(&outputs, 1));
            for (all, last) in states.iter_mut().zip(state) {
                all.push(last);
            }
        }
        output = Tensor::cat(&directions, 2);
    }
    let [hidden, cell] = states.map(|it| Tensor::stack(&it, 1));
    [output, hidden, cell]
}

fn each_way(config: RecurrentConfig) -> usize {
    if config.bidirectional { 2 } else { 1 }
}

#[track_caller]
fn close(found: &Tensor, expected: &Tensor) {
    assert_eq!(found.size(), expected.size());
    let distance = (found - expected).abs().max().double_value(&[]);
    assert!(distance < 1e-12, "{distance} apart");
}

/// Networks of one to three layers, of one and two directions, with and without biases.
fn configs() -> impl Iterator<Item = RecurrentConfig> {
    (0..12).map(|index| RecurrentConfig {
        num_layers: 1 + index / 4,
        bias: index % 2 == 0,
        bidirectional: index % 4 < 2,
        ..Default::default()
    })
}

#[test]
fn an_rnn_is_what_its_formula_says() {
    let input = Tensor::randn([2, 7, 3], DOUBLE);
    let steps: [(Nonlinearity, Step); 2] = [
        (Nonlinearity::Tanh, rnn_tanh),
        (Nonlinearity::Relu, rnn_relu),
    ];
    for (nonlinearity, step) in steps {
        for config in configs() {
            let config = RnnConfig {
                num_layers: config.num_layers,
                nonlinearity,
                bias: config.bias,
                bidirectional: config.bidirectional,
                ..Default::default()
            };
            let rnn = Rnn::new(store().root(), 3, 4, config);
            let [output, hidden, _] = by_hand(&rnn, &input, step);
            close(&rnn.forward(&input).unwrap(), &output);
            let found = rnn.forward_with_state(&input, false).unwrap();
            close(&found.0, &output);
            close(&found.1, &hidden);
        }
    }
}

#[test]
fn an_lstm_is_what_its_formula_says() {
    let input = Tensor::randn([2, 7, 3], DOUBLE);
    for config in configs() {
        let network = Lstm::new(store().root(), 3, 4, config);
        let [output, hidden, cell] = by_hand(&network, &input, lstm);
        close(&network.forward(&input).unwrap(), &output);
        let found = network.forward_with_state(&input, false).unwrap();
        close(&found.0, &output);
        close(&found.1, &hidden);
        close(&found.2, &cell);
    }
}

#[test]
fn a_gru_is_what_its_formula_says() {
    let input = Tensor::randn([2, 7, 3], DOUBLE);
    for config in configs() {
        let network = Gru::new(store().root(), 3, 4, config);
        let [output, hidden, _] = by_hand(&network, &input, gru);
        close(&network.forward(&input).unwrap(), &output);
        let found = network.forward_with_state(&input, false).unwrap();
        close(&found.0, &output);
        close(&found.1, &hidden);
    }
}

#[test]
fn dropout_is_between_layers_and_in_training_only() {
    let config = RecurrentConfig {
        num_layers: 2,
        dropout: 1.,
        ..Default::default()
    };
    let network = Lstm::new(store().root(), 3, 4, config);
    let [one, other] = [(); 2].map(|()| Tensor::randn([2, 7, 3], DOUBLE));
    let outputs = |train| [&one, &other].map(|it| network.forward_t(it, train).unwrap());
    // Nothing of the input reaches the second layer.
    let [first, second] = outputs(true);
    assert_eq!(first, second);
    let [first, second] = outputs(false);
    assert_ne!(first, second);
    assert_eq!(first, network.forward(&one).unwrap());
}

#[test]
fn every_weight_learns() {
    let input = Tensor::randn([2, 7, 3], DOUBLE);
    let config = RecurrentConfig {
        num_layers: 2,
        dropout: 0.5,
        bidirectional: true,
        ..Default::default()
    };
    let network = Gru::new(store().root(), 3, 4, config);
    let loss = network.forward_t(&input, true).unwrap().sum(None);
    loss.backward();
    assert_eq!(network.weights.len(), 16);
    for weight in &network.weights {
        assert!(weight.grad().abs().sum(None).double_value(&[]) > 0.);
    }
}

#[test]
fn wrong_inputs_are_errors() {
    let network = Lstm::new(store().root(), 3, 4, RecurrentConfig::default());
    for size in [&[2, 7, 4][..], &[2, 3, 4, 3], &[3], &[]] {
        let error = network.forward(&Tensor::zeros(size, DOUBLE)).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("libtorch: "), "{text}");
        assert!(text.contains(file!()), "{text}");
    }
}
