//! A model that looks tokens up: what its inputs are made of, and what it computes.

use narchi_runtime::{Device, Kind, Tensor, narchi_model, nn};

narchi_model!(Tokens, "../../narchi-codegen/tests/models/tokens.jsonnet");

const WORDS: i64 = 9;

fn model() -> (nn::VarStore, Tokens) {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Tokens::new(&vs.root(), WORDS);
    (vs, model)
}

fn tokens(numbers: &[i64]) -> Tensor {
    Tensor::from_slice(numbers).unsqueeze(0)
}

fn weights(length: i64) -> Tensor {
    Tensor::rand([1, length, 6], (Kind::Float, Device::Cpu))
}

#[test]
fn tokens_become_rows_and_then_scores() {
    let (vs, model) = model();
    let (tokens, weights) = (tokens(&[3, 0, 8, 8, 1]), weights(5));
    let outputs = model
        .forward(TokensInputs {
            tokens: &tokens,
            weights: &weights,
        })
        .expect("five tokens");
    let all = vs.variables();
    let table = &all["embed.1.weight"];
    assert_eq!(table.size(), [WORDS, 6]);
    assert_eq!(
        table.select(0, 0),
        Tensor::zeros([6], (Kind::Float, Device::Cpu))
    );
    let x = table.index_select(0, &tokens.view(-1)).unsqueeze(0) + &weights;
    let x = x.transpose(1, 2);
    let act = x.where_self(&x.gt(0.0), &(&x * 0.2));
    // Windows of an adaptive pooling overlap where they must: 0..3 and 2..5.
    let (first, second) = (act.narrow(2, 0, 3), act.narrow(2, 2, 3));
    let best = Tensor::stack(&[first.amax([2], false), second.amax([2], false)], 2);
    let scores = best
        .flatten(1, -1)
        .linear(&all["fc.weight"], Some(&all["fc.bias"]));
    assert!(
        outputs
            .topics
            .allclose(&scores.sigmoid().log(), 1e-5, 1e-6, false)
    );
    let tanh = x.tanh();
    let loudness = (tanh.slice(2, 0, 4, 2) + tanh.slice(2, 1, 4, 2)) / 2.0;
    assert!(outputs.loudness.allclose(&loudness, 1e-5, 1e-6, false));
}

#[test]
fn what_is_no_token_is_refused() {
    let (_vs, model) = model();
    let weights = weights(3);
    let refusal = |tokens: &Tensor| {
        let inputs = TokensInputs {
            tokens,
            weights: &weights,
        };
        model
            .forward(inputs)
            .expect_err("no tokens of the dictionary")
            .to_string()
    };
    let fractions = refusal(&tokens(&[1, 2, 3]).to_kind(Kind::Float));
    insta::assert_snapshot!(fractions, @"input `tokens` has elements of kind Float, expected Int64");
    let unknown = refusal(&tokens(&[1, WORDS, 3]));
    assert!(unknown.contains("index out of range"), "{unknown}");
}

#[test]
fn the_padding_learns_nothing() {
    let (vs, model) = model();
    let (tokens, weights) = (tokens(&[3, 0, 0]), weights(3));
    let outputs = model
        .forward(TokensInputs {
            tokens: &tokens,
            weights: &weights,
        })
        .expect("three tokens");
    (outputs.topics.sum(Kind::Float) + outputs.loudness.sum(Kind::Float)).backward();
    let gradient = vs.variables()["embed.1.weight"].grad();
    let moves = |row: i64| {
        gradient
            .select(0, row)
            .abs()
            .sum(Kind::Float)
            .double_value(&[])
            > 0.0
    };
    assert!(moves(3));
    assert!(!moves(0) && !moves(1));
}
