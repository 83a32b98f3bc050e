//! Contenders in turn, and what their times say.

use std::{
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use narchi_runtime::Tensor;

/// A turn takes at least so long: a clock is not exact.
const TURN: Duration = Duration::from_millis(2);

/// A model to be timed.
pub(crate) struct Contender {
    name: &'static str,
    compute: Box<dyn Fn(&Tensor) -> Tensor>,
}

impl Contender {
    pub(crate) fn new(name: &'static str, compute: impl Fn(&Tensor) -> Tensor + 'static) -> Self {
        Self {
            name,
            compute: Box::new(compute),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn compute(&self, x: &Tensor) -> Tensor {
        (self.compute)(x)
    }

    /// Seconds a call.
    pub(crate) fn turn(&self, x: &Tensor, calls: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            drop(black_box(self.compute(x)));
        }
        start.elapsed().as_secs_f64() / f64::from(calls)
    }
}

/// Seconds a call of each contender, in each round.
pub(crate) struct Rounds {
    names: Vec<&'static str>,
    seconds: Vec<Vec<f64>>,
}

impl Rounds {
    pub(crate) fn run(contenders: &[Contender], x: &Tensor, rounds: usize) -> Self {
        // As many calls a turn as the clock needs, found while everything gets warm.
        let calls: Vec<u32> = contenders
            .iter()
            .map(|it| {
                let mut calls = 1;
                while it.turn(x, calls) * f64::from(calls) < TURN.as_secs_f64() {
                    calls *= 2;
                }
                calls
            })
            .collect();
        let mut seconds = vec![Vec::new(); contenders.len()];
        for _ in 0..rounds {
            for (index, contender) in contenders.iter().enumerate() {
                seconds[index].push(contender.turn(x, calls[index]));
            }
        }
        Self {
            names: contenders.iter().map(|it| it.name).collect(),
            seconds,
        }
    }

    pub(crate) fn median_of_last(&self) -> f64 {
        self.seconds
            .last()
            .map_or(f64::NAN, |it| sorted(it)[it.len() / 2])
    }

    pub(crate) fn fastest(&self) -> f64 {
        let all = self.seconds.iter().flatten();
        all.fold(f64::INFINITY, |a, b| a.min(*b))
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, seconds) in self.names.iter().zip(&self.seconds) {
            let median = sorted(seconds)[seconds.len() / 2];
            let ratios = seconds.iter().zip(&self.seconds[0]).map(|(a, b)| a / b);
            let ratios = sorted(&ratios.collect::<Vec<f64>>());
            let (low, high) = interval(ratios.len());
            writeln!(
                f,
                "  {name:14} {:>10.3} µs   × {:.3} [{:.3}, {:.3}]",
                1e6 * median,
                ratios[ratios.len() / 2],
                ratios[low],
                ratios[high]
            )?;
        }
        Ok(())
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// Between which of the sorted values their true median is, 95 times of 100: as many are below it as heads fall in so many
/// throws of a coin.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small number of rounds"
)]
fn interval(count: usize) -> (usize, usize) {
    let n = count as f64;
    let half = 1.96 * n.sqrt() / 2.0;
    let low = (n / 2.0 - half).floor().max(0.0) as usize;
    (low, (count - 1 - low).max(low))
}
