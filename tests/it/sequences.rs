//! Recurrent layers and the search for tags in a generated model.

use narchi_runtime::{
    Device, Kind, Tensor, narchi_model,
    nn::{self, OptimizerConfig},
};

narchi_model!(
    Sequences,
    "../../narchi-codegen/tests/models/sequences.jsonnet"
);

fn image(width: i64) -> Tensor {
    Tensor::rand([2, 1, 16, width], (Kind::Float, Device::Cpu))
}

#[test]
fn tags_are_whole_numbers_one_for_each_column() {
    let model = Sequences::new(&nn::VarStore::new(Device::Cpu).root());
    for width in [1, 40] {
        let outputs = model.forward_t(&image(width), false).unwrap();
        assert_eq!(outputs.scores.size(), [2, width, 7]);
        assert_eq!(outputs.tags.size(), [2, width]);
        assert_eq!(outputs.tags.kind(), Kind::Int64);
        assert!((0..7).contains(&outputs.tags.max().int64_value(&[])));
    }
}

#[test]
fn only_training_drops() {
    let model = Sequences::new(&nn::VarStore::new(Device::Cpu).root());
    let image = image(40);
    let scores = |train| model.forward_t(&image, train).unwrap().scores;
    assert_eq!(scores(false), scores(false));
    assert_ne!(scores(true), scores(true));
}

#[test]
fn the_names_of_recurrent_weights_are_torch_s() {
    let vs = nn::VarStore::new(Device::Cpu);
    let _model = Sequences::new(&vs.root());
    let variables = vs.variables();
    let size = |name: &str| variables.get(name).map(Tensor::size);
    assert_eq!(size("lstm1.0.weight_ih_l0"), Some(vec![48, 64]));
    assert_eq!(size("lstm1.0.weight_ih_l1_reverse"), Some(vec![48, 24]));
    assert_eq!(size("lstm2.1.bias_hh_l0"), Some(vec![80]));
    assert_eq!(size("gru.0.weight_hh_l1"), Some(vec![36, 12]));
    assert_eq!(size("rnn.weight_ih_l0"), Some(vec![9, 20]));
    assert_eq!(size("rnn.bias_ih_l0"), None);
    assert_eq!(size("crf.transitions"), Some(vec![7, 7]));
}

#[test]
fn training_reaches_the_first_layer() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Sequences::new(&vs.root());
    let image = image(20);
    let before = vs.variables()["lstm1.0.weight_ih_l0_reverse"].copy();
    let mut optimizer = nn::Adam::default().build(&vs, 1e-2).unwrap();
    let classes = Tensor::ones([40], (Kind::Int64, Device::Cpu));
    let loss = || {
        let scores = model.forward_t(&image, true).unwrap().scores;
        scores.view([40, 7]).cross_entropy_for_logits(&classes)
    };
    let first = loss().double_value(&[]);
    for _ in 0..20 {
        optimizer.backward_step(&loss());
    }
    let last = loss().double_value(&[]);
    assert!(last < first / 2., "{first} -> {last}");
    assert_ne!(before, vs.variables()["lstm1.0.weight_ih_l0_reverse"]);
}
