//! How compilation grows with the architecture: `cargo bench -p narchi-codegen`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod counting;
mod families;
mod holds;

use std::{
    fs,
    time::{Duration, Instant},
};

use families::FAMILIES;
use narchi_codegen::{Header, Input, compile};

/// The best of so many runs counts.
const RUNS: usize = 3;

/// What one size took.
struct Measured {
    compile: Duration,
    emit: Duration,
    file: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // Run by `cargo test`.
    if !arguments.iter().any(|it| it == "--bench") {
        for family in FAMILIES {
            holds::check(&family);
        }
        return;
    }
    // As in other benchmarks: a word that is no option chooses what to run.
    let chosen = arguments[1..].iter().find(|it| !it.starts_with("--"));
    println!(
        "{:22} {:>7} {:>11} {:>11} {:>8} {:>7}",
        "", "blocks", "compile", "emit", "lines", "ratio"
    );
    for family in FAMILIES {
        if chosen.is_some_and(|it| !family.name.contains(it.as_str())) {
            continue;
        }
        let mut before: Option<Duration> = None;
        for size in [family.size, 10 * family.size] {
            let measured = measure(&(family.text)(size), RUNS);
            let total = measured.compile + measured.emit;
            let ratio = before.map(|it| total.as_secs_f64() / it.as_secs_f64());
            println!(
                "{:22} {size:>7} {:>8.1} ms {:>8.1} ms {:>8} {:>7}",
                family.name,
                milliseconds(measured.compile),
                milliseconds(measured.emit),
                measured.file.lines().count(),
                ratio.map_or_else(String::new, |it| format!("{it:.1}")),
            );
            before = Some(total);
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The best of several runs.
fn measure(text: &str, runs: usize) -> Measured {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("net.jsonnet");
    fs::write(&path, text).expect("a file");
    let input = Input {
        path,
        ..Input::default()
    };
    let mut best = Measured {
        compile: Duration::MAX,
        emit: Duration::MAX,
        file: String::new(),
    };
    for _ in 0..runs {
        let start = Instant::now();
        let compilation = compile(&input);
        best.compile = best.compile.min(start.elapsed());
        let Some(model) = &compilation.model else {
            panic!("{}", compilation.report())
        };
        let start = Instant::now();
        best.file = model.source(None, &Header::new(&input, None, None));
        best.emit = best.emit.min(start.elapsed());
    }
    best
}
