//! What generated code takes beside the same models written by hand: `cargo bench -p narchi-tests --bench speed`, with words
//! that choose models, `threads=2`, `batch=8` and `rounds=30`.
//! With the word `serve` it is one of the contenders of `tests/bench/peers.py`.
//!
//! All contenders of a model run in turn in each round, so that what else the machine does meets all of them. What counts
//! are the ratios of a round; printed are their median and its 95 % interval.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod by_hand;
mod rounds;
mod serve;

use std::{env, process::ExitCode};

use by_hand::ByHand;
use narchi_examples::resnet::formula;
use narchi_runtime::{Device, Kind, Tensor, frozen, narchi_model, nn, tch};
use rounds::{Contender, Rounds};

narchi_model!(Mlp, "../../../examples/mlp/mlp.jsonnet");
narchi_model!(Digits, "../../../examples/digits/digits.jsonnet");
narchi_model!(Resnet18, "../../../examples/resnet/resnet.jsonnet", ext = { depth: 18 });
narchi_model!(Resnet50, "../../../examples/resnet/resnet.jsonnet", ext = { depth: 50 });
narchi_model!(Squeezenet, "../../arch/squeezenet.jsonnet");
narchi_model!(Mobilenet, "../../arch/mobilenet.jsonnet");
narchi_model!(Bilstm, "../../arch/bilstm.jsonnet");

/// What is asked for.
struct Wish {
    models: Vec<String>,
    threads: Vec<i32>,
    batches: Vec<i64>,
    rounds: usize,
}

impl Wish {
    fn read() -> Self {
        let mut wish = Self {
            models: Vec::new(),
            threads: vec![1, 2],
            batches: vec![1, 8],
            rounds: 30,
        };
        for argument in env::args().skip(1).filter(|it| !it.starts_with("--")) {
            match argument.split_once('=') {
                Some(("threads", number)) => wish.threads = vec![number.parse().expect("a number")],
                Some(("batch", number)) => wish.batches = vec![number.parse().expect("a number")],
                Some(("rounds", number)) => wish.rounds = number.parse().expect("a number"),
                _ => wish.models.push(argument),
            }
        }
        wish
    }

    fn has(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|it| model.contains(it.as_str()))
    }
}

/// A model to be measured.
struct Case {
    name: &'static str,
    /// The shape of one input, without the batch.
    input: &'static [i64],
    /// Multiply-adds for one input, where that is what takes the time.
    multiplications: Option<f64>,
    /// What the frozen model does, and the contenders.
    contenders: fn() -> (String, Vec<Contender>),
}

impl Case {
    fn size(&self, batch: i64) -> Vec<i64> {
        [&[batch], self.input].concat()
    }

    /// What the multiplications take at so many a second.
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    fn seconds_at(&self, rate: f64, batch: i64) -> Option<f64> {
        Some(self.multiplications? * batch as f64 / rate)
    }
}

/// The contenders of a model: by hand, generated, frozen.
macro_rules! contenders {
    ($model:ident, $by_hand:expr, $forward:ident($($train:expr)?)) => {
        || {
            let by_hand: ByHand = $by_hand;
            let vs = nn::VarStore::new(Device::Cpu);
            let model = $model::new(&vs.root());
            formula::fill(&vs).expect("weights");
            let frozen = model.freeze().expect("freezes");
            let description = frozen::describe(&frozen);
            let contenders = vec![
                Contender::new("tch by hand", move |x| by_hand.forward(x)),
                Contender::new("generated", move |x| {
                    // The weights live as long as the model.
                    let _ = &vs;
                    model.$forward(x $(, $train)?).expect("computes")
                }),
                Contender::new("frozen", move |x| frozen.forward(x).expect("computes")),
            ];
            (description, contenders)
        }
    };
}

static CASES: [Case; 7] = [
    Case {
        name: "mlp",
        input: &[8],
        multiplications: None,
        contenders: contenders!(Mlp, by_hand::mlp(), forward()),
    },
    Case {
        name: "digits",
        input: &[1, 8, 8],
        multiplications: None,
        contenders: contenders!(Digits, by_hand::digits(), forward_t(false)),
    },
    Case {
        name: "resnet18",
        input: &[3, 224, 224],
        multiplications: Some(1.814e9),
        contenders: contenders!(Resnet18, by_hand::resnet18(), forward_t(false)),
    },
    Case {
        name: "resnet50",
        input: &[3, 224, 224],
        multiplications: Some(4.089e9),
        contenders: contenders!(Resnet50, by_hand::resnet50(), forward_t(false)),
    },
    Case {
        name: "squeezenet",
        input: &[3, 224, 224],
        multiplications: Some(0.349e9),
        contenders: contenders!(Squeezenet, by_hand::squeezenet(), forward_t(false)),
    },
    Case {
        name: "mobilenet",
        input: &[3, 224, 224],
        multiplications: Some(0.301e9),
        contenders: contenders!(Mobilenet, by_hand::mobilenet(), forward_t(false)),
    },
    Case {
        name: "bilstm",
        input: &[128, 256],
        multiplications: None,
        contenders: contenders!(Bilstm, by_hand::bilstm(), forward()),
    },
];

fn main() -> ExitCode {
    // `cargo test --benches` runs it, too.
    if !env::args().any(|it| it == "--bench") {
        return ExitCode::SUCCESS;
    }
    // As a program that cares does: it is the same for all contenders. Not where memory is measured.
    if !env::args().any(|it| it == "frugal") {
        frozen::reserve_memory(1 << 30);
    }
    let _no_grad = tch::no_grad_guard();
    if env::args().any(|it| it == "serve") {
        serve::serve().expect("pipes, and lines as they should be");
        return ExitCode::SUCCESS;
    }
    let wish = Wish::read();
    for threads in &wish.threads {
        tch::set_num_threads(*threads);
        let rate = multiplications_a_second();
        println!(
            "{threads} threads: {:.0} GFLOP/s in one large convolution\n",
            2e-9 * rate
        );
        for case in CASES.iter().filter(|it| wish.has(it.name)) {
            let (description, contenders) = (case.contenders)();
            println!("{description}");
            for batch in &wish.batches {
                let x = Tensor::rand(case.size(*batch), (Kind::Float, Device::Cpu));
                check(&contenders, &x);
                let rounds = Rounds::run(&contenders, &x, wish.rounds);
                println!("{}, batch {batch}, {threads} threads", case.name);
                print!("{rounds}");
                if let Some(floor) = case.seconds_at(rate, *batch) {
                    let share = floor / rounds.median_of_last();
                    println!("  frozen is at {:.0} % of that rate", 100.0 * share);
                }
                println!();
            }
        }
    }
    ExitCode::SUCCESS
}

/// That generated and frozen compute the same; the weights by hand are others.
fn check(contenders: &[Contender], x: &Tensor) {
    let [_, generated, frozen] = contenders else {
        return;
    };
    let (a, b) = (generated.compute(x), frozen.compute(x));
    let greatest = a.abs().max().double_value(&[]).max(1e-30);
    let difference = (&a - &b).abs().max().double_value(&[]) / greatest;
    assert!(difference < 1e-4, "frozen differs by {difference:e}");
}

/// Of a 3×3 convolution of 256 channels, 56×56, packed: what a model of such convolutions could reach. Its taps are two apart, so
/// that there is no way around any of the multiplications; with taps side by side there is, and models may be faster than this.
fn multiplications_a_second() -> f64 {
    let vs = nn::VarStore::new(Device::Cpu);
    let config = nn::ConvConfig {
        padding: [2, 2],
        dilation: [2, 2],
        ..Default::default()
    };
    let conv = nn::Conv2d::new(vs.root(), 256, 256, [3, 3], config);
    let conv = frozen::Conv2d::new(conv).pack();
    let x = Tensor::rand([1, 256, 56, 56], (Kind::Float, Device::Cpu));
    let contender = Contender::new("", move |x| conv.forward(x).expect("computes"));
    // The kernel's own output has its own layout.
    let x = contender.compute(&x);
    let seconds = Rounds::run(&[contender], &x, 30).fastest();
    256.0 * 256.0 * 9.0 * 56.0 * 56.0 / seconds
}
