//! Every layer against libtorch: we refuse a block exactly when it does, and otherwise the shapes agree.
//!
//! Blocks are made from what the layers declare of their parameters, wrong values included; shapes
//! have symbols, and what was inferred is looked at where these have values.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod cases;
mod sequences;
mod torch;

use narchi_codegen::{catalog, probe};

use self::{
    cases::{Case, Random},
    torch::Verdict,
};

/// How many blocks of each class are tried.
const CASES: u64 = 3_000;

/// Classes that read sequences.
const SEQUENCES: [&str; 4] = ["RNN", "LSTM", "GRU", "CRF"];

/// How many differences of a class are shown.
const SHOWN: usize = 3;

/// What was met among the blocks of a class that are accepted, and how many are not.
#[derive(Debug, Default)]
struct Met {
    accepted: usize,
    refused: usize,
    symbolic: usize,
    /// Windows that are counted because `ceil_mode` rounds up.
    rounded_up: usize,
    /// Windows whose elements are no neighbours.
    dilated: usize,
    /// Elements at the end that no window reaches.
    inexact: usize,
}

#[test]
fn convolutions_agree_with_libtorch() {
    check(|class| class.starts_with("Conv"));
}

#[test]
fn poolings_agree_with_libtorch() {
    check(|class| class.contains("Pool"));
}

#[test]
fn layers_of_sequences_agree_with_libtorch() {
    check(|class| SEQUENCES.contains(&class));
}

#[test]
fn other_layers_agree_with_libtorch() {
    check(|class| {
        let others = ["Conv", "Pool"].iter().all(|it| !class.contains(it));
        others && !SEQUENCES.contains(&class)
    });
}

fn check(select: fn(&str) -> bool) {
    narchi_runtime::tch::set_num_threads(1);
    let mut differences = Vec::new();
    for class in catalog::layers().filter(|it| select(it.name)) {
        let (mut met, mut differ) = (Met::default(), 0);
        for seed in 0..CASES {
            let case = Case::new(class, &mut Random::new(class.name, seed));
            let torch = torch::shape(&case);
            let ours = probe::shapes(&case.block, &case.operands(), &case.values());
            let agree = match (&ours, &torch) {
                (Ok(ours), Ok(Verdict { shape, states, .. })) => {
                    matches!(ours.as_slice(), [first, more @ ..] if first == shape && more == states)
                }
                (Err(_), Err(_)) => true,
                _ => false,
            };
            if !agree && differ < SHOWN {
                let torch = torch.as_ref().map(|it| &it.shape);
                differences.push(format!(
                    "{case}\n  here:     {ours:?}\n  libtorch: {torch:?}"
                ));
            }
            differ += usize::from(!agree);
            met.count(&case, torch.as_ref().ok());
        }
        println!("{}: {differ} differences, {met:?}", class.name);
        met.check(class.name);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

impl Met {
    fn count(&mut self, case: &Case, torch: Option<&Verdict>) {
        let Some(Verdict { windows, .. }) = torch else {
            self.refused += 1;
            return;
        };
        self.accepted += 1;
        self.symbolic += usize::from(case.is_symbolic());
        self.rounded_up += usize::from(windows.iter().any(torch::Window::is_rounded_up));
        self.dilated += usize::from(windows.iter().any(torch::Window::is_dilated));
        self.inexact += usize::from(windows.iter().any(torch::Window::is_inexact));
    }

    /// A test of few kinds of blocks shows little.
    fn check(&self, class: &str) {
        let enough = |what: &str, count: usize, least: usize| {
            assert!(
                count >= least,
                "{class}: {what} {count} times, less than {least}"
            );
        };
        enough("accepted", self.accepted, 500);
        enough("refused", self.refused, 50);
        enough("with symbols", self.symbolic, 200);
        let windows = class.starts_with("Conv") || class.contains("Pool");
        let windows = windows && !class.starts_with("Adaptive");
        if windows {
            enough("an inexact floor", self.inexact, 100);
        }
        if windows && !class.starts_with("Avg") {
            enough("dilated", self.dilated, 100);
        }
        if windows && !class.starts_with("Conv") {
            enough("rounded up", self.rounded_up, 50);
        }
    }
}
