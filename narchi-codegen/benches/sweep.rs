//! How many variants of an architecture `sweep` gets through: `cargo bench -p narchi-codegen --bench sweep`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use narchi_codegen::{Argument, Input, compile, compiling_many, evaluates};

/// The command line stops evaluations that take too much, so that this has its allocator.
#[global_allocator]
static BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;

/// So many variants are a round.
const COUNT: usize = 1_000;

/// The best of so many rounds counts: others have the machine, too.
const ROUNDS: usize = 5;

fn main() {
    if !std::env::args().any(|it| it == "--bench") {
        return;
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let resnet = input(examples.join("resnet/resnet.jsonnet"));
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.jsonnet");
    fs::write(&empty, "{}").expect("a file");
    let empty = input(empty);

    println!("ResNet-18, one thread, {COUNT} variants, best of {ROUNDS} rounds");
    let engine = best(|| assert!(evaluates(&empty)));
    let evaluation = best(|| assert!(evaluates(&resnet)));
    let whole = best(|| {
        let model = compile(&resnet).model.expect("a sound model");
        let at = [("N", 1), ("H", 224), ("W", 224)].map(|it| (it.0.to_owned(), it.1));
        let totals = model.totals(&at).expect("the sizes are known");
        assert_eq!(totals.total.parameters, Some(11_689_512));
    });
    say("the engine, started for nothing", engine);
    say("evaluation", evaluation);
    say("all", whole);
    say("all but evaluation", whole.saturating_sub(evaluation));

    println!("\n`narchi-codegen sweep`, all processors");
    let numbers: Vec<String> = (0..COUNT).map(|it| it.to_string()).collect();
    let values = format!("variant=[{}]", numbers.join(","));
    let sweep = || {
        let status = Command::new(env!("CARGO_BIN_EXE_narchi-codegen"))
            .arg("sweep")
            .arg(&resnet.path)
            .args(["--ext-code", "depth=18", "--at", "H=224,W=224"])
            .args(["--ext-code", &values])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("the command runs").success());
    };
    let times = (0..ROUNDS).map(|_| timed(sweep));
    say("all", times.min().expect("rounds"));
}

fn input(path: PathBuf) -> Input {
    Input {
        path,
        ext_vars: vec![("depth".to_owned(), Argument::Code("18".to_owned()))],
        ..Input::default()
    }
}

/// The time of a round.
fn best(once: impl Fn() + Send + Sync) -> Duration {
    let round = || (0..COUNT).for_each(|_| once());
    let rounds = || (0..ROUNDS).map(|_| timed(round)).min();
    compiling_many(rounds).expect("rounds")
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn say(what: &str, round: Duration) {
    let each = round.as_secs_f64() / COUNT as f64;
    println!(
        "{what:32} {:>6.2} ms each, {:>6.0} a second",
        1e3 * each,
        1.0 / each
    );
}
