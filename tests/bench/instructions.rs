//! What generated code costs beside the same model written by hand, in instructions of the CPU, which are the same every
//! time: `cargo bench -p narchi-tests --bench instructions`. It needs valgrind and takes some minutes.
//!
//! Fails where generated code costs more than is promised.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod callgrind;

use std::{env, hint::black_box, process::ExitCode};

use callgrind::Variant;
use narchi_runtime::{Device, Kind, Tensor, narchi_model, nn, tch};

narchi_model!("../../examples/mlp/mlp.jsonnet");

/// The code of `narchi-codegen emit`, in which a failure is found by its line.
#[allow(unreachable_pub, reason = "the code is made for every place")]
mod emitted {
    include!(concat!(env!("OUT_DIR"), "/bench_mlp.rs"));

    /// What `forward` does before anything else.
    pub(super) fn check(features: &Tensor) -> Result<()> {
        Plain::INPUTS.check([features])
    }
}

/// The same model with `tch` alone.
struct ByHand {
    hidden: tch::nn::Linear,
    output: tch::nn::Linear,
}

impl ByHand {
    fn new(vs: &nn::Path<'_>) -> Self {
        Self {
            hidden: tch::nn::linear(vs / "hidden", 8, 64, tch::nn::LinearConfig::default()),
            output: tch::nn::linear(vs / "output", 64, 32, tch::nn::LinearConfig::default()),
        }
    }

    fn forward(&self, features: &Tensor) -> Tensor {
        use tch::nn::Module;
        self.output.forward(&self.hidden.forward(features).relu())
    }
}

const BY_HAND: &str = "by hand";
const PLAIN: &str = "generated";
const MACRO: &str = "generated, failures say their block";
const GUARD: &str = "entry guard";

const VARIANTS: [Variant; 4] = [
    (BY_HAND, |calls| {
        let vs = nn::VarStore::new(Device::Cpu);
        let model = ByHand::new(&vs.root());
        repeat(calls, |features| model.forward(features));
    }),
    (PLAIN, |calls| {
        let vs = nn::VarStore::new(Device::Cpu);
        let model = emitted::Plain::new(&vs.root());
        repeat(calls, |features| model.forward(features));
    }),
    (MACRO, |calls| {
        let vs = nn::VarStore::new(Device::Cpu);
        let model = Mlp::new(&vs.root());
        repeat(calls, |features| model.forward(features));
    }),
    (GUARD, |calls| repeat(calls, emitted::check)),
];

fn repeat<T>(calls: usize, call: impl Fn(&Tensor) -> T) {
    let features = features();
    tch::no_grad(|| {
        for _ in 0..calls {
            black_box(call(black_box(&features)));
        }
    });
}

fn features() -> Tensor {
    Tensor::ones([1, 8], (Kind::Float, Device::Cpu))
}

/// What is compared must compute the same; modules that are made under one path share their weights.
fn assert_same() {
    let vs = nn::VarStore::new(Device::Cpu);
    let features = features();
    let by_hand = ByHand::new(&vs.root()).forward(&features);
    let plain = emitted::Plain::new(&vs.root()).forward(&features);
    let blaming = Mlp::new(&vs.root()).forward(&features);
    assert_eq!(plain.expect("scores"), by_hand);
    assert_eq!(blaming.expect("scores"), by_hand);
}

fn main() -> ExitCode {
    if callgrind::is_counted(&VARIANTS) {
        return ExitCode::SUCCESS;
    }
    assert_same();
    // Run by `cargo test`, which has no numbers to show.
    if !env::args().any(|it| it == "--bench") {
        return ExitCode::SUCCESS;
    }
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything costs as little as is promised.
fn compare() -> Result<bool, String> {
    let by_hand = callgrind::per_call(BY_HAND)?;
    println!("{:38} {:>12} {:>8}", "", "instructions", "ratio");
    print(BY_HAND, by_hand, by_hand);
    let measure = |name| {
        let count = callgrind::per_call(name)?;
        print(name, count, by_hand);
        Ok::<_, String>(count)
    };
    let (plain, blaming, guard) = (measure(PLAIN)?, measure(MACRO)?, measure(GUARD)?);
    let promises = [
        ("generated / by hand", plain / by_hand, 1.02),
        ("saying the block / not", blaming / plain, 1.005),
        ("entry guard / generated", guard / plain, 0.01),
    ];
    println!("\n{:38} {:>12} {:>8}", "", "is", "at most");
    for (what, is, at_most) in promises {
        let verdict = if is <= at_most { "" } else { "  broken" };
        println!("{what:38} {is:>12.4} {at_most:>8.4}{verdict}");
    }
    Ok(promises.iter().all(|(_, is, at_most)| is <= at_most))
}

fn print(name: &str, count: f64, by_hand: f64) {
    println!("{name:38} {count:>12.1} {:>8.4}", count / by_hand);
}
