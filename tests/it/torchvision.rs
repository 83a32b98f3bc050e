//! Every ResNet of `examples/` is that of torchvision: its state dict, and what it computes.
//!
//! `reference/torchvision/record.py` recorded what is compared with.

use std::{collections::BTreeMap, fs, path::Path};

use narchi_codegen::{Argument, Input, Model, compile};
use narchi_examples::resnet::formula;
use narchi_runtime::{Device, Kind, Result, Tensor, narchi_model, nn, tch};
use serde_json::Value;

use crate::frozen::check_network;

narchi_model!(Resnet18, "../../examples/resnet/resnet.jsonnet", ext = { depth: 18 });
narchi_model!(Resnet34, "../../examples/resnet/resnet.jsonnet", ext = { depth: 34 });
narchi_model!(Resnet50, "../../examples/resnet/resnet.jsonnet", ext = { depth: 50 });
narchi_model!(Resnet101, "../../examples/resnet/resnet.jsonnet", ext = { depth: 101 });
narchi_model!(Resnet152, "../../examples/resnet/resnet.jsonnet", ext = { depth: 152 });

/// How far outputs may be from the recorded ones, as a part of the greatest recorded.
const TOLERANCE: f64 = 1e-4;

fn recorded(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/torchvision");
    fs::read_to_string(folder.join(file)).unwrap()
}

fn numbers(record: &Value, key: &str) -> Vec<f64> {
    record[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_f64().unwrap())
        .collect()
}

/// Compares a model, filled by formula, with what was recorded.
fn check<M: nn::ModuleT, F: nn::Module>(
    case: &str,
    new: impl Fn(&nn::Path<'_>) -> M,
    freeze: impl Fn(&M) -> Result<F>,
) {
    let records: Value = serde_json::from_str(&recorded("resnets.json")).unwrap();
    let record = &records[case];
    let vs = nn::VarStore::new(Device::Cpu);
    let model = new(&vs.root());
    check_state(&vs, record["model"].as_str().unwrap());
    formula::fill(&vs).unwrap();

    let image = formula::image(&sizes(record, "input")).unwrap();
    check_output(
        case,
        record,
        &tch::no_grad(|| model.forward_t(&image, false)),
    );
    let frozen = freeze(&model).unwrap();
    check_output(&format!("{case}, frozen"), record, &frozen.forward(&image));
    let trained: usize = vs.trainable_variables().iter().map(Tensor::numel).sum();
    assert_eq!(Some(trained as u64), record["parameters"].as_u64());
}

#[expect(clippy::cast_possible_truncation, reason = "sizes")]
fn sizes(record: &Value, key: &str) -> Vec<i64> {
    numbers(record, key).iter().map(|it| *it as i64).collect()
}

fn check_output(case: &str, record: &Value, output: &Tensor) {
    let sizes = |key| sizes(record, key);
    assert_eq!(output.size(), sizes("output"));
    assert_eq!(
        Vec::<i64>::try_from(output.argmax(1, false)).unwrap(),
        sizes("argmax")
    );

    let flat = output.flatten(0, -1).to_kind(Kind::Double);
    let ours = |from| Vec::<f64>::try_from(flat.narrow(0, from, 8)).unwrap();
    let ours = [ours(0), ours(flat.size()[0] - 8)].concat();
    let theirs = [numbers(record, "first8"), numbers(record, "last8")].concat();
    let greatest = theirs.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let agree = |what: &str, ours: f64, theirs: f64| {
        let difference = (ours - theirs).abs();
        assert!(
            difference <= TOLERANCE * greatest,
            "{case}, {what}: {ours} is not {theirs}"
        );
    };
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        agree(&format!("value {index}"), *ours, *theirs);
    }
    let number = |it: &Tensor| it.double_value(&[]);
    agree(
        "mean",
        number(&flat.mean(Kind::Double)),
        record["mean"].as_f64().unwrap(),
    );
    agree(
        "standard deviation",
        number(&flat.std(true)),
        record["std"].as_f64().unwrap(),
    );
}

/// The tensors of a model have the recorded names, shapes and kinds; tch keeps no order.
fn check_state(vs: &nn::VarStore, model: &str) {
    let line = |(name, it): (String, Tensor)| {
        let is_int = it.kind() == Kind::Int64;
        let line = state_line(&name, it.size().iter(), is_int);
        (name, line)
    };
    let ours: BTreeMap<String, String> = vs.variables().into_iter().map(line).collect();
    let keys = recorded(&format!("{model}.keys"));
    let name = |line: &str| line.split(' ').next().unwrap().to_owned();
    let theirs: BTreeMap<String, String> =
        keys.lines().map(|it| (name(it), it.to_owned())).collect();
    assert_eq!(ours, theirs);
}

/// A tensor as it is recorded: `conv1.weight 64,3,7,7 float32`.
fn state_line<'a>(name: &str, shape: impl Iterator<Item = &'a i64>, is_int: bool) -> String {
    let shape: Vec<String> = shape.map(i64::to_string).collect();
    let shape = if shape.is_empty() {
        "-".to_owned()
    } else {
        shape.join(",")
    };
    format!(
        "{name} {shape} {}",
        if is_int { "int64" } else { "float32" }
    )
}

/// The ResNet of a depth, as the compiler knows it.
fn resnet(depth: u32) -> Model {
    let compilation = compile(&Input {
        path: "../examples/resnet/resnet.jsonnet".into(),
        ext_vars: vec![("depth".to_owned(), Argument::Code(depth.to_string()))],
        ..Input::default()
    });
    compilation.model.unwrap()
}

#[test]
fn state_dicts_have_the_order_of_torchvision() {
    for depth in [18, 34, 50, 101, 152] {
        let state = resnet(depth).state();
        let ours: Vec<String> = state
            .iter()
            .map(|it| {
                let shape: Vec<i64> = it.shape.iter().map(|size| size.unwrap()).collect();
                state_line(&it.name, shape.iter(), it.is_int)
            })
            .collect();
        let keys = recorded(&format!("resnet{depth}.keys"));
        let theirs: Vec<&str> = keys.lines().collect();
        assert_eq!(ours, theirs);
    }
}

#[test]
fn resnet18_computes_the_same() {
    check("resnet18", Resnet18::new, Resnet18::freeze);
}

#[test]
fn resnet18_computes_the_same_at_odd_sizes() {
    check("resnet18_odd", Resnet18::new, Resnet18::freeze);
}

#[test]
fn committed_resnet18_computes_the_same() {
    let freeze = narchi_examples::resnet::Resnet::freeze;
    check("resnet18_odd", narchi_examples::resnet::Resnet::new, freeze);
}

#[test]
fn resnet34_computes_the_same() {
    check("resnet34", Resnet34::new, Resnet34::freeze);
}

#[test]
fn resnet50_computes_the_same() {
    check("resnet50", Resnet50::new, Resnet50::freeze);
}

#[test]
fn resnet101_computes_the_same() {
    check("resnet101", Resnet101::new, Resnet101::freeze);
}

#[test]
fn resnet152_computes_the_same() {
    check("resnet152", Resnet152::new, Resnet152::freeze);
}

#[test]
fn frozen_forms_are_as_exact() {
    check_network("ResNet-18", Resnet18::new, Resnet18::freeze);
    check_network("ResNet-50", Resnet50::new, Resnet50::freeze);
}
