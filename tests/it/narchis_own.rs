//! The architectures that come with Python narchi compile unchanged and run.
//!
//! The build script takes them from its wheel.

use narchi_examples::resnet::formula;
use narchi_runtime::{Device, Kind, Tensor, nn, tch};

use crate::drivers::{Driver, Form, Tensors, check_frozen};

mod built {
    include!(concat!(env!("OUT_DIR"), "/narchis_own.rs"));
}

/// A file, and what is put into it.
struct Case {
    file: &'static str,
    inputs: &'static [(&'static str, &'static [i64])],
    outputs: &'static [(&'static str, &'static [i64])],
}

const CASES: [Case; 9] = [
    Case {
        file: "imagenet_classifier",
        inputs: &[("image", &[2, 3, 64, 96])],
        outputs: &[("logits", &[2, 1000])],
    },
    Case {
        file: "laia",
        inputs: &[("image", &[2, 3, 64, 40])],
        outputs: &[("logits", &[2, 5, 7])],
    },
    Case {
        file: "nested1",
        inputs: &[("input", &[3, 128])],
        outputs: &[("output", &[3, 10])],
    },
    Case {
        file: "nested2",
        inputs: &[("input", &[3, 12])],
        outputs: &[("output", &[3, 5])],
    },
    Case {
        file: "nested3",
        inputs: &[("input", &[3, 12])],
        outputs: &[("output", &[3, 5])],
    },
    Case {
        file: "resnet",
        inputs: &[("image", &[1, 3, 50, 67])],
        outputs: &[("logits", &[1, 1000])],
    },
    Case {
        file: "resnet_multiscale",
        inputs: &[("image", &[1, 3, 128, 128])],
        outputs: &[("logits", &[1, 1000])],
    },
    Case {
        file: "squeezenet",
        inputs: &[("image", &[1, 3, 64, 96])],
        outputs: &[("logits", &[1, 1000])],
    },
    Case {
        file: "text_image_classification",
        inputs: &[("image", &[2, 3, 32, 40]), ("text", &[2, 24])],
        outputs: &[("logits_task1", &[2, 16]), ("logits_task2", &[2, 3])],
    },
];

/// How many numbers training changes: weights that are shared count once.
const PARAMETERS: [(&str, usize); 4] = [
    ("imagenet_classifier", 11_689_512),
    ("resnet", 11_689_512),
    ("resnet_multiscale", 11_689_512),
    ("nested1", 128 * 16 + 16 + 16 * 10 + 10),
];

/// Always the same values; where words are asked for, their numbers.
fn input(name: &str, size: &[i64]) -> Tensor {
    if name == "text" {
        let count = size.iter().product::<i64>();
        let numbers = Tensor::arange(count, (Kind::Int64, Device::Cpu)) * 37;
        return numbers.remainder(100).view(size);
    }
    formula::image(size).unwrap()
}

fn driver(file: &str) -> Driver {
    let found = built::COMPILED.iter().find(|it| it.0 == file);
    found.unwrap_or_else(|| panic!("{file} does not compile")).1
}

/// Runs a model with random weights; gives the store, too.
fn run(case: &Case) -> (nn::VarStore, Tensors) {
    let vs = nn::VarStore::new(Device::Cpu);
    let outputs = driver(case.file)(&vs, Form::Trained, &|_| {}, &inputs(case));
    (vs, outputs.unwrap())
}

fn inputs(case: &Case) -> Tensors {
    let inputs = case.inputs.iter();
    let inputs = inputs.map(|(name, size)| ((*name).to_owned(), input(name, size)));
    inputs.collect()
}

/// What a model computes in a form and with numbers of a kind, always with the same weights.
fn computed(case: &Case, form: Form, kind: Kind, inputs: &Tensors) -> Tensors {
    let mut vs = nn::VarStore::new(Device::Cpu);
    vs.set_kind(kind);
    let with_kind = |it: &Tensor| match it.kind() {
        Kind::Int64 => it.shallow_clone(),
        _ => it.to_kind(kind),
    };
    let inputs = inputs
        .iter()
        .map(|(name, it)| (name.clone(), with_kind(it)));
    let inputs = inputs.collect();
    let fill = |vs: &nn::VarStore| {
        formula::fill(vs).unwrap();
        // The numbers are those that have room in the smaller kind.
        for (_, mut it) in vs.variables() {
            let rounded = it.to_kind(Kind::Float).to_kind(it.kind());
            tch::no_grad(|| it.copy_(&rounded));
        }
    };
    let outputs = driver(case.file)(&vs, form, &fill, &inputs);
    outputs.unwrap()
}

#[test]
fn all_of_them_compile() {
    let reports = built::REFUSED
        .iter()
        .map(|(case, report)| format!("{case}\n{report}"));
    let reports: Vec<String> = reports.collect();
    assert!(reports.is_empty(), "{}", reports.join("\n\n"));
    let files: Vec<&str> = built::COMPILED.iter().map(|it| it.0).collect();
    let expected: Vec<&str> = CASES.iter().map(|it| it.file).collect();
    assert_eq!(
        files, expected,
        "the build script downloads them with `python3 -m pip`, and warns if that fails"
    );
}

#[test]
fn all_of_them_run() {
    for case in &CASES {
        let (_, outputs) = run(case);
        for (name, size) in case.outputs {
            let output = &outputs[*name];
            assert_eq!(output.size(), *size, "{} of {}", name, case.file);
            let finite = output.isfinite().all().int64_value(&[]);
            assert_eq!(finite, 1, "{} of {}", name, case.file);
        }
        assert_eq!(outputs.len(), case.outputs.len());
    }
}

#[test]
fn parameters_are_those_of_pytorch() {
    for (file, count) in PARAMETERS {
        let case = CASES.iter().find(|it| it.file == file).unwrap();
        let (vs, _) = run(case);
        let trained: usize = vs.trainable_variables().iter().map(Tensor::numel).sum();
        assert_eq!(trained, count, "{file}");
    }
}

#[test]
fn frozen_forms_are_as_exact() {
    for case in &CASES {
        let inputs = inputs(case);
        let exact = computed(case, Form::Trained, Kind::Double, &inputs);
        let trained = computed(case, Form::Trained, Kind::Float, &inputs);
        let frozen = computed(case, Form::Frozen, Kind::Float, &inputs);
        if let Err(why) = check_frozen(&exact, &trained, &frozen) {
            panic!("{}: {why}", case.file);
        }
    }
}
