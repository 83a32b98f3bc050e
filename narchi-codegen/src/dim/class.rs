//! Residue classes: the pieces of the domain on which every floor is a polynomial.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Dim, Env, Error, Facts, Result, Symbol,
    monomial::{Atom, Monomial},
    ratio::lcm,
};

pub(crate) type Periods = BTreeMap<Symbol, i64>;

/// The values `start`, `start + step`, `start + 2·step`, …, or just `start` if the step is zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ray {
    pub(crate) start: i64,
    pub(crate) step: i64,
}

/// One ray for each symbol.
pub(crate) type Class = Vec<Ray>;

/// The values of some symbols, cut into classes.
pub(crate) struct Classes {
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) all: Vec<Class>,
    /// An upper bound was too far away to be respected.
    pub(crate) is_partial: bool,
}

impl Dim {
    /// For each symbol a number `L`, such that with `L·q + r` in its place `⌊self / divisor⌋`
    /// becomes a polynomial in `q`, with whole coefficients.
    ///
    /// A monomial with a denominator `n` inside a floor asks its symbols for `n` times the
    /// period of the floors in it: then its atoms are polynomials in `n·q` with whole
    /// coefficients, so all its coefficients but the constant one are multiples of `n`.
    pub(crate) fn periods(&self, divisor: i64) -> Result<Periods> {
        let mut all = Periods::new();
        for (monomial, coefficient) in self.terms() {
            let steps = coefficient.over(divisor.into())?.denom();
            for (symbol, period) in monomial_periods(monomial)? {
                let period = period.checked_mul(steps).ok_or(Error::Overflow)?;
                join(&mut all, symbol, period)?;
            }
        }
        Ok(all)
    }
}

fn monomial_periods(monomial: &Monomial) -> Result<Periods> {
    let mut all = Periods::new();
    for (atom, _) in monomial.powers() {
        match atom {
            Atom::Symbol(symbol) => join(&mut all, symbol.clone(), 1)?,
            Atom::Floor(floor) => {
                for (symbol, period) in floor.inside.periods(1)? {
                    join(&mut all, symbol, period)?;
                }
            }
            // These have no period; callers replace them first.
            Atom::Quotient(_) => return Err(Error::TooLarge),
        }
    }
    Ok(all)
}

fn join(all: &mut Periods, symbol: Symbol, period: i64) -> Result<()> {
    let it = all.entry(symbol).or_insert(1);
    *it = lcm(*it, period)?;
    Ok(())
}

/// The periods of a dim as it stands, not rounded as a whole.
pub(crate) fn free_periods(dim: &Dim) -> Result<Periods> {
    let mut all = Periods::new();
    for (monomial, _) in dim.terms() {
        for (symbol, period) in monomial_periods(monomial)? {
            join(&mut all, symbol, period)?;
        }
    }
    Ok(all)
}

impl Classes {
    /// Cuts what the facts allow into at most `most` classes. Fails with
    /// [`Error::TooLarge`] if that is not enough.
    pub(crate) fn new(periods: Periods, facts: &Facts, most: usize) -> Result<Self> {
        match Self::cut(periods.clone(), facts, most, true) {
            Err(Error::TooLarge) => Self::cut(periods, facts, most, false),
            done => done,
        }
    }

    /// With upper bounds, bounded symbols become single points; without, `is_partial` is set.
    fn cut(mut periods: Periods, facts: &Facts, most: usize, bounded: bool) -> Result<Self> {
        // Facts that relate a symbol to others bring those in.
        let mut related = Vec::new();
        loop {
            let known: BTreeSet<Symbol> = periods.keys().cloned().collect();
            related.clear();
            for fact in facts.remainders() {
                let (of, modulus, _) = fact;
                if of.symbols().iter().any(|it| known.contains(it)) {
                    related.push(fact);
                    for (symbol, period) in of.periods(*modulus)? {
                        join(&mut periods, symbol, period)?;
                    }
                }
            }
            if periods.len() == known.len() {
                break;
            }
        }
        let (own, shared): (Vec<_>, Vec<_>) = related
            .into_iter()
            .partition(|(of, ..)| of.symbols().len() == 1);
        let mut is_partial = false;
        let mut rays = Vec::new();
        let mut count = 1_usize;
        for (symbol, period) in &periods {
            let (mut own_rays, partial) = rays_of(symbol, *period, facts, most, bounded)?;
            is_partial |= partial;
            for (of, modulus, among) in &own {
                if of.symbols().contains(symbol) {
                    retain(&mut own_rays, |ray| {
                        let env = Env::from_iter([(symbol.clone(), ray.start)]);
                        Ok(among.contains(&of.eval_int(&env)?.rem_euclid(*modulus)))
                    })?;
                }
            }
            if own_rays.is_empty() {
                return Err(Error::Contradiction(symbol.clone()));
            }
            count = count.saturating_mul(own_rays.len());
            if count > most {
                return Err(Error::TooLarge);
            }
            rays.push(own_rays);
        }
        let mut this = Classes {
            symbols: periods.into_keys().collect(),
            all: product(&rays),
            is_partial,
        };
        for (of, modulus, among) in shared {
            let symbols = this.symbols.clone();
            retain(&mut this.all, |class| {
                let value = of.eval_int(&start(&symbols, class))?;
                Ok(among.contains(&value.rem_euclid(*modulus)))
            })?;
        }
        match (this.all.is_empty(), this.symbols.first()) {
            (true, Some(symbol)) => Err(Error::Contradiction(symbol.clone())),
            _ => Ok(this),
        }
    }

    /// The dim on a class: a polynomial in numbers from 0 up, which go by the symbols' names.
    pub(crate) fn polynomial(&self, dim: &Dim, class: &Class) -> Result<Dim> {
        let mut values = BTreeMap::new();
        for (symbol, ray) in self.symbols.iter().zip(class) {
            let value = Dim::symbol(symbol.clone())
                .times(ray.step)?
                .plus(ray.start)?;
            values.insert(symbol.clone(), value);
        }
        dim.substitute(&values)
    }

    /// The member of a class that is `steps` away from its start; symbols without steps stay there.
    pub(crate) fn member(&self, class: &Class, steps: &Env) -> Result<Env> {
        let mut env = Env::default();
        for (symbol, ray) in self.symbols.iter().zip(class) {
            let along = ray.step.checked_mul(steps.get(symbol).unwrap_or(0));
            let value = along
                .and_then(|it| it.checked_add(ray.start))
                .ok_or(Error::Overflow)?;
            env.set(symbol.clone(), value);
        }
        Ok(env)
    }
}

fn start(symbols: &[Symbol], class: &Class) -> Env {
    symbols
        .iter()
        .cloned()
        .zip(class.iter().map(|ray| ray.start))
        .collect()
}

/// The rays of one symbol, multiples of the period first. Whether an upper bound was ignored.
fn rays_of(
    symbol: &Symbol,
    period: i64,
    facts: &Facts,
    most: usize,
    bounded: bool,
) -> Result<(Vec<Ray>, bool)> {
    let least = facts.least(symbol);
    // Facts on remainders may leave a small part of these.
    let fits = |count: i64| usize::try_from(count).is_ok_and(|it| it <= most.saturating_mul(64));
    if let Some(last) = facts.most(symbol).filter(|_| bounded) {
        if !fits(last.saturating_sub(least)) {
            return Err(Error::TooLarge);
        }
        return Ok((
            (least..=last).map(|start| Ray { start, step: 0 }).collect(),
            false,
        ));
    }
    if !fits(period) {
        return Err(Error::TooLarge);
    }
    let ray = |residue: i64| {
        let start = least.checked_add((residue - least.rem_euclid(period)).rem_euclid(period));
        Ok(Ray {
            start: start.ok_or(Error::Overflow)?,
            step: period,
        })
    };
    let rays = (0..period).map(ray).collect::<Result<_>>()?;
    Ok((rays, facts.most(symbol).is_some()))
}

fn product(rays: &[Vec<Ray>]) -> Vec<Class> {
    rays.iter().fold(vec![vec![]], |classes, rays| {
        let extend = |class: &Class| {
            let class = class.clone();
            rays.iter()
                .map(move |ray| [class.as_slice(), &[*ray]].concat())
        };
        classes.iter().flat_map(extend).collect()
    })
}

fn retain<T>(all: &mut Vec<T>, keep: impl Fn(&T) -> Result<bool>) -> Result<()> {
    let mut error = None;
    all.retain(|it| {
        keep(it).unwrap_or_else(|e| {
            error = Some(e);
            true
        })
    });
    error.map_or(Ok(()), Err)
}
