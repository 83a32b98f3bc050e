use std::fs;

use super::*;
use crate::{Argument, Input, compile};

fn model(path: &str, depth: Option<u32>) -> Model {
    let depth = depth.map(|it| ("depth".to_owned(), Argument::Code(it.to_string())));
    let compilation = compile(&Input {
        path: path.into(),
        ext_vars: depth.into_iter().collect(),
        ..Input::default()
    });
    let report = compilation.report();
    compilation.model.expect(&report)
}

fn at(sizes: &[(&str, i64)]) -> Vec<(String, i64)> {
    sizes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect()
}

#[test]
fn totals_are_those_that_torchvision_states() {
    let stated = fs::read_to_string("../tests/reference/torchvision/metadata.json").unwrap();
    let stated: serde_json::Value = serde_json::from_str(&stated).unwrap();
    let check = |name: &str, model: Model| {
        let summary = model
            .summarize(&at(&[("N", 1), ("H", 224), ("W", 224)]))
            .unwrap();
        let totals = model.totals(&at(&[("N", 1), ("H", 224), ("W", 224)]));
        let (total, peak) = (summary.total, summary.peak);
        assert_eq!(totals, Ok(Totals { total, peak }), "{name}");
        let stated = &stated[name];
        assert_eq!(
            summary.total.parameters,
            stated["num_params"].as_i64(),
            "{name}"
        );
        // They state three digits.
        #[expect(clippy::cast_precision_loss, reason = "four digits count")]
        let ours = summary.total.multiply_adds.unwrap() as f64 / 1e9;
        let theirs = stated["_ops"].as_f64().unwrap();
        assert!(
            (ours - theirs).abs() <= 0.0005,
            "{name}: {ours} and {theirs}"
        );
    };
    for depth in [18, 34, 50, 101, 152] {
        let model = model("../examples/resnet/resnet.jsonnet", Some(depth));
        check(&format!("resnet{depth}"), model);
    }
    check(
        "squeezenet",
        model("../tests/arch/squeezenet.jsonnet", None),
    );
    check("mobilenet", model("../tests/arch/mobilenet.jsonnet", None));
}

#[test]
fn what_is_unknown_is_said() {
    let model = model("../examples/resnet/resnet.jsonnet", Some(18));
    let summary = model.summarize(&at(&[("N", 2)])).unwrap();
    assert_eq!(summary.unknown, ["H", "W"]);
    assert_eq!(summary.total.parameters, Some(11_689_512));
    assert_eq!(summary.total.multiply_adds, None);
    assert_eq!(summary.peak, None);
    assert_eq!(summary.rows[0].outputs, ["[2, 64, ⌈H/2⌉, ⌈W/2⌉]"]);
}

#[test]
fn wrong_sizes_are_refused() {
    let model = model("../tests/arch/squeezenet.jsonnet", None);
    let refused = |sizes: &[(&str, i64)]| model.summarize(&at(sizes)).unwrap_err();
    assert_eq!(
        refused(&[("h", 5)]),
        "the model has no size `h`: did you mean `H`?"
    );
    assert_eq!(
        refused(&[("Q", 5)]),
        "the model has no size `Q`: its sizes are H, N, W"
    );
    assert_eq!(refused(&[("H", 0)]), "H cannot be 0: sizes begin with 1");
    assert_eq!(
        refused(&[("H", 10)]),
        "`features.8` needs H ≥ 17, which H = 10 do not meet"
    );
}

#[test]
fn weights_that_are_shared_count_once() {
    let model = model("tests/models/shared.jsonnet", None);
    let summary = model.summarize(&[]).unwrap();
    assert_eq!(summary.total.parameters, model.parameters());
}

#[test]
fn steps_and_directions_of_a_sequence_count() {
    let model = model("../tests/arch/bilstm.jsonnet", None);
    let summary = model.summarize(&at(&[("N", 2), ("L", 10)])).unwrap();
    // Four gates of 256, from the input and from the state, in both directions.
    let first = 2 * 4 * 256 * (256 + 256);
    let others = 2 * 2 * 4 * 256 * (512 + 256);
    assert_eq!(summary.total.multiply_adds, Some(20 * (first + others)));
}

#[test]
fn at_the_peak_a_residual_waits() {
    let model = model("tests/models/mlp.jsonnet", None);
    let summary = model.summarize(&at(&[("N", 1)])).unwrap();
    // features 8, hidden 64 and act 64 at a time; a softmax and the last, of 3 each, come later.
    assert_eq!(summary.peak, Some(4 * (8 + 64 + 64)));
    assert_eq!(summary.total.activations, Some(4 * (64 + 64 + 3 + 3)));
}
