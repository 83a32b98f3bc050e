use std::{cmp::Ordering, collections::BTreeMap};

use super::{
    Dim, Env, Error, Facts, Ratio, Result, Symbol,
    class::{Classes, free_periods},
    compare::MAX_CLASSES,
    quotient::{is_positive, opaque_values},
    zeros::{primitive, sequence},
};

/// How large a symbol must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Least {
    /// From here on, every allowed value will do.
    pub(crate) value: i64,
    /// The dim that breaks below, as an index, and the greatest value for which it does.
    /// Nothing if all values that the facts allow will do.
    pub(crate) breaks: Option<(usize, i64)>,
}

/// How large symbols must be for all dims to be at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The bounds of all symbols that occur.
    pub(crate) least: BTreeMap<Symbol, Least>,
    /// Dims for which lower bounds of single symbols are not enough, as indices: `H-W`, `10-H`,
    /// `0`. They have to be checked as they are.
    pub(crate) unmet: Vec<usize>,
}

/// Finds the smallest bounds of symbols that make all dims at least one.
///
/// Each dim in a single symbol gives its exact bound. A dim in several symbols is checked
/// where they all are at their bounds, which suffices if it grows with each.
pub(crate) fn lower_bounds(dims: &[Dim], facts: &Facts) -> Result<Bounds> {
    let mut bounds = Bounds::default();
    let mut shared = Vec::new();
    for (index, dim) in dims.iter().enumerate() {
        // Before equalities put differences in the place of symbols: `H*W` is positive as it is.
        let ones: Env = dim.symbols().into_iter().map(|it| (it, 1)).collect();
        if ones.iter().next().is_some() && is_met(dim, &ones) {
            for symbol in dim.symbols() {
                let value = facts.least(&symbol);
                bounds.least.entry(symbol).or_insert(Least {
                    value,
                    breaks: None,
                });
            }
            continue;
        }
        let dim = facts.apply(dim)?;
        if dim.has_quotients() {
            for symbol in dim.symbols() {
                let value = facts.least(&symbol);
                bounds.least.entry(symbol).or_insert(Least {
                    value,
                    breaks: None,
                });
            }
            shared.push((index, dim));
            continue;
        }
        let symbols: Vec<Symbol> = dim.symbols().into_iter().collect();
        for symbol in &symbols {
            let value = facts.least(symbol);
            bounds.least.entry(symbol.clone()).or_insert(Least {
                value,
                breaks: None,
            });
        }
        match symbols.as_slice() {
            [] if dim.constant() >= Ratio::ONE => {}
            [] => bounds.unmet.push(index),
            [symbol] => match last_failure(&dim, symbol, facts) {
                Ok(None) => {}
                Ok(Some(at)) => {
                    let least = Least {
                        value: at.saturating_add(1),
                        breaks: Some((index, at)),
                    };
                    let best = bounds.least.entry(symbol.clone()).or_insert(least);
                    if best.value < least.value {
                        *best = least;
                    }
                }
                Err(_) => bounds.unmet.push(index),
            },
            _ => shared.push((index, dim)),
        }
    }
    for (symbol, least) in &mut bounds.least {
        least.value = facts.next_allowed(symbol, least.value)?;
    }
    let corner: Env = bounds
        .least
        .iter()
        .map(|(it, least)| (it.clone(), least.value))
        .collect();
    for (index, dim) in shared {
        if !is_met(&dim, &corner) {
            bounds.unmet.push(index);
        }
    }
    bounds.unmet.sort_unstable();
    Ok(bounds)
}

/// Whether the dim is at least one from this corner on.
///
/// Quotients are at least one where their dividends are, so they are looked at as if they were one.
fn is_met(dim: &Dim, corner: &Env) -> bool {
    let mut seen = Vec::new();
    let Ok(opaque) = dim.opaque(&mut seen) else {
        return false;
    };
    let mut corner = corner.clone();
    for (symbol, quotient) in opaque_values(&seen) {
        if !is_positive(&quotient) {
            return false;
        }
        corner.set(symbol, 1);
    }
    if grows(&opaque) {
        return opaque.eval(&corner).is_ok_and(|it| it >= Ratio::ONE);
    }
    let is_positive = |it: Dim| grows(&it) && it.constant() >= Ratio::ONE;
    from_corner(&opaque, &corner).is_ok_and(is_positive)
}

/// The dim in how far each of its atoms is above its value at the corner, which none is below. `(H-1)*(W-1)` has a
/// negative coefficient, but where both symbols are 2 or more it is `(h+1)*(w+1)`, which has none.
fn from_corner(dim: &Dim, corner: &Env) -> Result<Dim> {
    let mut sum = Dim::default();
    for (monomial, coefficient) in dim.terms() {
        let mut product = Dim::number(*coefficient);
        for (atom, power) in monomial.powers() {
            let atom = Dim::atom(atom.clone());
            let least = Dim::number(atom.eval(corner)?);
            product = product.times(atom.plus(least)?.pow(*power)?)?;
        }
        sum = sum.plus(product)?;
    }
    Ok(sum)
}

/// Whether the dim grows with every symbol. Inside floors the normal form has no
/// negative coefficient, so only those outside matter.
fn grows(dim: &Dim) -> bool {
    dim.terms()
        .iter()
        .all(|(monomial, it)| monomial.is_one() || *it >= Ratio::ZERO)
}

/// The greatest value of the only symbol for which the dim is below one.
fn last_failure(dim: &Dim, symbol: &Symbol, facts: &Facts) -> Result<Option<i64>> {
    if grows(dim) {
        return last_failure_of_growing(dim, symbol, facts.least(symbol));
    }
    let short = dim.minus(1)?;
    let classes = Classes::new(free_periods(&short)?, facts, MAX_CLASSES)?;
    if classes.symbols.len() > 1 {
        return Err(Error::TooLarge);
    }
    let mut last = None;
    for class in &classes.all {
        let polynomial = primitive(&classes.polynomial(&short, class)?)?;
        let runs = sequence(&polynomial, symbol, &Env::default())?.and_then(|it| it.runs());
        let runs = runs.ok_or(Error::Overflow)?;
        let Some(at) = runs.iter().rposition(|run| run.sign == Ordering::Less) else {
            continue;
        };
        // Below zero for ever: no lower bound helps. (A single point has no steps to take.)
        let end = match (runs.get(at + 1), class.first()) {
            (Some(next), _) => i64::try_from(next.from - 1).map_err(|_| Error::Overflow)?,
            (None, Some(ray)) if ray.step == 0 => 0,
            (None, _) => return Err(Error::TooLarge),
        };
        let value = classes
            .member(class, &Env::from_iter([(symbol.clone(), end)]))?
            .get(symbol);
        last = last.max(value);
    }
    Ok(last)
}

fn last_failure_of_growing(dim: &Dim, symbol: &Symbol, least: i64) -> Result<Option<i64>> {
    let fails = |value: i64| {
        let value = dim.eval(&Env::from_iter([(symbol.clone(), value)]))?;
        Ok::<_, Error>(value < Ratio::ONE)
    };
    if !fails(least)? {
        return Ok(None);
    }
    let (mut low, mut step) = (least, 1_i64);
    let mut high = loop {
        let next = low.checked_add(step).ok_or(Error::Overflow)?;
        if !fails(next)? {
            break next;
        }
        (low, step) = (next, step.saturating_mul(2));
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fails(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Some(low))
}
