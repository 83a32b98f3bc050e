//! The way out when there are too many classes: look at some points, and at one class.

use std::collections::BTreeSet;

use super::{
    Dim, Env, Fact, Facts, Relation, Result, Symbol, class::Periods, compare::along,
    tally::keep_smaller, zeros::shell,
};

/// Points to look at.
const SAMPLES: u64 = 2000;
const MAX_SMALL: usize = 5000;

/// Values of each symbol to combine.
const FEW: usize = 32;

/// Proves what examples can prove, and that both agree where all symbols are multiples of
/// something, if they do.
pub(crate) fn guess(difference: &Dim, facts: &Facts, periods: &Periods) -> Result<Relation> {
    let (mut equal, mut different) = (None, None);
    for sample in 0..SAMPLES {
        let env = facts.complete(point(sample, facts, periods));
        let Some(env) = env.ok().filter(|it| facts.hold(it)) else {
            continue;
        };
        let Ok(value) = difference.eval(&env) else {
            continue;
        };
        keep_smaller(
            if value.is_zero() {
                &mut equal
            } else {
                &mut different
            },
            Some(env),
        );
    }
    let Some(different) = different else {
        return Ok(Relation::Unknown { different: None });
    };
    Ok(match (equal, aligned(difference, facts, periods)?) {
        (Some(equal), Some(facts)) => {
            let (exact, finite) = (false, false);
            Relation::OnlyWhere {
                facts,
                exact,
                finite,
                equal,
                counterexample: different,
            }
        }
        (Some(equal), None) => Relation::Sometimes {
            finite: false,
            equal,
            different,
        },
        (None, _) => Relation::Unknown {
            different: Some(different),
        },
    })
}

/// The first values that the facts allow and `accept` takes: the hint, small ones, scattered ones.
pub(crate) fn search(
    hint: Env,
    symbols: &BTreeSet<Symbol>,
    facts: &Facts,
    accept: impl Fn(&Env) -> bool,
) -> Option<Env> {
    let few = |symbol: &Symbol| -> Vec<i64> {
        let first = facts.next_allowed(symbol, facts.least(symbol)).ok();
        let next = |it: &i64| facts.next_allowed(symbol, it.checked_add(1)?).ok();
        std::iter::successors(first, next).take(FEW).collect()
    };
    let columns: Vec<(&Symbol, Vec<i64>)> = symbols.iter().map(|it| (it, few(it))).collect();
    let names: Vec<Symbol> = symbols.iter().cloned().collect();
    let edges = 0..i64::try_from(FEW).unwrap_or(1);
    let small = edges
        .flat_map(|edge| shell(&names, edge))
        .take(MAX_SMALL)
        .filter_map(|at| {
            let value = |(symbol, column): &(&Symbol, Vec<i64>)| {
                let at = usize::try_from(at.get(symbol)?).ok()?;
                Some(((*symbol).clone(), *column.get(at)?))
            };
            columns.iter().map(value).collect::<Option<Env>>()
        });
    let periods: Periods = symbols.iter().map(|it| (it.clone(), 1)).collect();
    let scattered = (0..SAMPLES).map(|sample| point(sample, facts, &periods));
    let all = std::iter::once(hint).chain(small).chain(scattered);
    all.filter_map(|env| facts.complete(env).ok())
        .find(|env| facts.hold(env) && accept(env))
}

/// Small equal values first, then scattered ones, then multiples of the periods.
fn point(sample: u64, facts: &Facts, periods: &Periods) -> Env {
    let mut random = sample.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut env = Env::default();
    for (symbol, period) in periods {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let scattered = i64::try_from(random >> 40).unwrap_or(0) % (64 << (sample % 8));
        let above = match sample {
            0..500 => i64::try_from(sample).unwrap_or(0),
            500..1500 => scattered,
            _ => period
                .saturating_mul(scattered % 64 + 1)
                .saturating_sub(facts.least(symbol)),
        };
        env.set(symbol.clone(), facts.least(symbol).saturating_add(above));
    }
    env
}

/// The smallest moduli, such that both agree where all symbols are multiples of them.
fn aligned(difference: &Dim, facts: &Facts, periods: &Periods) -> Result<Option<Vec<Fact>>> {
    let agree = |periods: &Periods| -> Result<bool> {
        let start = periods.iter().map(|(symbol, period)| {
            let least = facts.least(symbol);
            let up = (-least).rem_euclid((*period).max(1));
            (symbol.clone(), least.saturating_add(up))
        });
        Ok(along(difference, &start.collect(), periods)?
            .terms()
            .is_empty())
    };
    if !agree(periods)? {
        return Ok(None);
    }
    let mut periods = periods.clone();
    for symbol in periods.clone().into_keys() {
        let mut prime = 2;
        while let Some(&period) = periods.get(&symbol).filter(|it| **it > 1 && prime <= 1000) {
            let mut smaller = periods.clone();
            smaller.insert(symbol.clone(), period / prime);
            if period % prime == 0 && agree(&smaller)? {
                periods = smaller;
            } else {
                prime += 1;
            }
        }
    }
    let fact = |(symbol, period): (Symbol, i64)| Fact::divisible(Dim::symbol(symbol), period);
    Ok(Some(
        periods
            .into_iter()
            .filter(|(_, it)| *it > 1)
            .map(fact)
            .collect(),
    ))
}
