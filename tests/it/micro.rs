//! One tiny architecture for each feature computes what was recorded from PyTorch.
//!
//! `reference/narchi/README.md` says what was recorded, and where it comes from.

use std::{collections::BTreeSet, path::Path};

use narchi_runtime::{Device, Kind, Tensor, nn, tch};

use crate::drivers::{Driver, Form, Tensors, check_frozen};

mod built {
    include!(concat!(env!("OUT_DIR"), "/micro.rs"));
}

/// How far outputs may be from the recorded ones, as a part of the greatest recorded, or of one.
const TOLERANCE: f64 = 1e-5;

/// Cases where PyTorch computes something else on purpose of ours: why, and what is right.
type Otherwise = (&'static str, &'static str, fn(&Tensors) -> Tensors);
const OTHERWISE: [Otherwise; 1] = [(
    "logsoftmax_3d_no_dim",
    "PyTorch takes the batch of a sequence for its features",
    |inputs| {
        let y = inputs["x"].log_softmax(-1, None);
        Tensors::from([("y".to_owned(), y)])
    },
)];

/// The tensors of a case that begin with `prefix`, without it.
fn recorded(case: &str, prefix: &str) -> Tensors {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/narchi/micro");
    let file = folder.join(format!("{case}.safetensors"));
    let all = Tensor::read_safetensors(file).unwrap();
    let named = all
        .into_iter()
        .filter_map(|(name, it)| Some((name.strip_prefix(prefix)?.to_owned(), it)));
    named.collect()
}

/// Sets all weights, and nothing else.
fn fill(vs: &nn::VarStore, weights: &Tensors) {
    let variables = vs.variables();
    let shapes = |it: &Tensor| (it.size(), it.kind());
    let ours: BTreeSet<_> = variables
        .iter()
        .map(|(name, it)| (name.clone(), format!("{:?}", shapes(it))))
        .collect();
    let theirs: BTreeSet<_> = weights
        .iter()
        .map(|(name, it)| (name.clone(), format!("{:?}", shapes(it))))
        .collect();
    assert_eq!(ours, theirs, "names, shapes and kinds of the weights");
    tch::no_grad(|| {
        for (name, mut variable) in variables {
            variable.copy_(&weights[&name]);
        }
    });
}

/// Why `ours` is not `theirs`.
fn difference(ours: &Tensors, theirs: &Tensors) -> Option<String> {
    if !ours.keys().eq(theirs.keys()) {
        return Some(format!(
            "outputs {:?}, not {:?}",
            ours.keys(),
            theirs.keys()
        ));
    }
    for (name, theirs) in theirs {
        let ours = &ours[name];
        if (ours.size(), ours.kind()) != (theirs.size(), theirs.kind()) {
            return Some(format!("{name} is {ours:?}, not {theirs:?}"));
        }
        let greatest = theirs.abs().max().double_value(&[]).max(1.0);
        let off = (ours - theirs).abs().max().double_value(&[]);
        if off.is_nan() || off > TOLERANCE * greatest {
            return Some(format!("{name} is off by {off}"));
        }
    }
    None
}

fn check(case: &str, driver: Driver) -> Option<String> {
    let (weights, inputs) = (recorded(case, "param."), recorded(case, "input."));
    let vs = nn::VarStore::new(Device::Cpu);
    let ours = tch::no_grad(|| driver(&vs, Form::Trained, &|vs| fill(vs, &weights), &inputs));
    let ours = match ours {
        Ok(ours) => ours,
        Err(error) => return Some(error.to_string()),
    };
    let theirs = recorded(case, "output.");
    let Some((_, why, right)) = OTHERWISE.iter().find(|it| it.0 == case) else {
        return difference(&ours, &theirs);
    };
    if difference(&ours, &theirs).is_none() {
        return Some(format!("is what PyTorch computes, although {why}"));
    }
    difference(&ours, &right(&inputs))
}

#[test]
fn every_architecture_compiles() {
    let reports = built::REFUSED
        .iter()
        .map(|(case, report)| format!("{case}\n{report}"));
    let reports: Vec<String> = reports.collect();
    assert!(
        reports.is_empty(),
        "{} do not compile\n{}",
        reports.len(),
        reports.join("\n\n")
    );
    assert_eq!(built::COMPILED.len(), 61);
}

#[test]
fn outputs_are_those_of_pytorch() {
    let problems = built::COMPILED.iter().filter_map(|(case, driver)| {
        let run = || check(case, *driver);
        let problem = std::panic::catch_unwind(run).unwrap_or_else(|_| Some("panics".to_owned()));
        Some(format!("{case}: {}", problem?))
    });
    let problems: Vec<String> = problems.collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The same tensors with twice the digits, but for whole numbers.
fn doubled(tensors: Tensors) -> Tensors {
    let double = |it: Tensor| {
        if it.is_floating_point() {
            it.to_kind(Kind::Double)
        } else {
            it
        }
    };
    tensors
        .into_iter()
        .map(|(name, it)| (name, double(it)))
        .collect()
}

/// What a case computes with numbers of a kind.
fn computed(case: &str, driver: Driver, form: Form, kind: Kind) -> Result<Tensors, String> {
    let (mut weights, mut inputs) = (recorded(case, "param."), recorded(case, "input."));
    let mut vs = nn::VarStore::new(Device::Cpu);
    if kind == Kind::Double {
        vs.set_kind(kind);
        (weights, inputs) = (doubled(weights), doubled(inputs));
    }
    let outputs = tch::no_grad(|| driver(&vs, form, &|vs| fill(vs, &weights), &inputs));
    outputs.map_err(|it| it.to_string())
}

#[test]
fn frozen_forms_are_as_exact() {
    let check = |case: &str, driver: Driver| {
        let exact = computed(case, driver, Form::Trained, Kind::Double)?;
        let trained = computed(case, driver, Form::Trained, Kind::Float)?;
        let frozen = computed(case, driver, Form::Frozen, Kind::Float)?;
        check_frozen(&exact, &trained, &frozen)
    };
    let problems = built::COMPILED.iter().filter_map(|(case, driver)| {
        let run = || check(case, *driver);
        let done = std::panic::catch_unwind(run).unwrap_or_else(|_| Err("panics".to_owned()));
        Some(format!("{case}: {}", done.err()?))
    });
    let problems: Vec<String> = problems.collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
