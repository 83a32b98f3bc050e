//! Decides where two dims agree.
//!
//! With `L·q + r` in the place of a symbol, `L` being its period, every floor becomes a
//! polynomial in `q`; `class.rs` says why. So both dims are polynomials on each residue class,
//! and they agree throughout a class exactly if these are the same. If they agree so in every
//! class, they agree everywhere, and otherwise there is a counterexample: that much is
//! complete, for any products and nestings of floors. Where they agree in single points of a
//! class is a matter of the zeros of polynomials: `zeros.rs` finds all of them for one symbol,
//! and what it can for several.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Dim, Env, Error, Fact, Facts, Result, Symbol,
    class::{Classes, Periods, free_periods},
    quotient::{is_positive, opaque_values},
    tally::Tally,
};

/// How two sizes relate, over all values that the facts allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// They agree everywhere.
    Same,
    /// They agree nowhere, for instance not here.
    Never {
        /// Values of the symbols.
        example: Env,
    },
    /// They agree wherever these facts hold.
    OnlyWhere {
        /// What must hold, all of it.
        facts: Vec<Fact>,
        /// Whether they are known to differ wherever a fact fails.
        exact: bool,
        /// Whether this is known to leave finitely many values.
        finite: bool,
        /// Values for which they agree.
        equal: Env,
        /// Values for which a fact fails, and they differ.
        counterexample: Env,
    },
    /// They agree here and there, but no simple facts say where.
    Sometimes {
        /// Whether they are known to agree for finitely many values only.
        finite: bool,
        /// Values for which they agree.
        equal: Env,
        /// Values for which they differ.
        different: Env,
    },
    /// Too many classes, or an equation in several symbols for which nothing was found.
    Unknown {
        /// Values for which they differ, if some were found: then they are not the same.
        different: Option<Env>,
    },
}

/// More classes than this are not looked at one by one, fewer still if each is much work.
pub(crate) const MAX_CLASSES: usize = 1 << 14;
const MAX_WORK: usize = 1 << 19;

/// Decides where two sizes agree.
///
/// `Same` is exact up to a bound on the number of residue classes, for any products of
/// floors in any number of symbols. The other answers are proved too when they are given;
/// `Unknown` remains for what amounts to Diophantine equations.
pub(crate) fn compare(a: &Dim, b: &Dim, facts: &Facts) -> Relation {
    decide(a, b, facts).unwrap_or(Relation::Unknown { different: None })
}

fn decide(a: &Dim, b: &Dim, facts: &Facts) -> Result<Relation> {
    if a == b {
        return Ok(Relation::Same);
    }
    let (a, b) = (facts.apply(a)?, facts.apply(b)?);
    let difference = a.minus(&b)?;
    if difference.terms().is_empty() || facts.say_zero(&difference)? {
        return Ok(Relation::Same);
    }
    if a.has_quotients() || b.has_quotients() {
        return through_quotients(&a, &b, facts);
    }
    // Symbols that cancel take part, so that examples have a value for them.
    let mut symbols = a.symbols();
    symbols.extend(b.symbols());
    decide_difference(&difference, symbols, facts)
}

/// Where a dim without quotients is zero.
fn decide_difference(
    difference: &Dim,
    symbols: BTreeSet<Symbol>,
    facts: &Facts,
) -> Result<Relation> {
    let periods = free_periods(difference).map(|mut periods| {
        for symbol in &symbols {
            periods.entry(symbol.clone()).or_insert(1);
        }
        periods
    });
    let weight = usize::try_from(difference.weight()).unwrap_or(MAX_WORK);
    let most = MAX_CLASSES.min(MAX_WORK / (1 + weight));
    let classes = periods.clone().and_then(|it| Classes::new(it, facts, most));
    match classes {
        Ok(classes) => Ok(Tally::new(difference, facts, &classes)?.conclude()?),
        Err(Error::TooLarge | Error::Overflow) => {
            let periods =
                periods.unwrap_or_else(|_| symbols.into_iter().map(|it| (it, 1)).collect());
            super::sample::guess(difference, facts, &periods)
        }
        Err(error) => Err(error),
    }
}

/// Compares dims with quotients.
///
/// These become symbols of their own, or the difference is multiplied by the divisors. Either
/// way it is looked at in more points than there are: what holds in all of them is proved, and
/// examples are looked for among the real ones.
fn through_quotients(a: &Dim, b: &Dim, facts: &Facts) -> Result<Relation> {
    let mut seen = Vec::new();
    let opaque_facts = facts.opaque(&mut seen)?;
    let difference = a.minus(b)?;
    let opaque = opaque_facts.apply(&difference.opaque(&mut seen)?)?;
    let cleared = difference.cleared()?;
    let is_clear = !cleared.has_quotients();
    let cleared = opaque_facts.apply(&cleared.opaque(&mut seen)?)?;
    let quotients = opaque_values(&seen);
    let views = if is_clear {
        [cleared, opaque]
    } else {
        [opaque, cleared]
    };
    let mut best = Relation::Unknown { different: None };
    for difference in views {
        let relation = decide_difference(&difference, difference.symbols(), &opaque_facts)?;
        let relation = in_real_points(relation, &difference, &quotients, a, b, facts);
        match (&best, &relation) {
            (_, Relation::Same | Relation::Never { .. } | Relation::OnlyWhere { .. }) => {
                return Ok(relation);
            }
            (Relation::Sometimes { .. }, _) => {}
            _ => best = relation,
        }
    }
    Ok(best)
}

/// What a relation between symbols that stand for quotients says of the dims.
fn in_real_points(
    relation: Relation,
    difference: &Dim,
    quotients: &BTreeMap<Symbol, Dim>,
    a: &Dim,
    b: &Dim,
    facts: &Facts,
) -> Relation {
    if relation == Relation::Same {
        return relation;
    }
    let occurring = difference.symbols();
    let opaque: Vec<&Dim> = quotients
        .iter()
        .filter(|(it, _)| occurring.contains(it))
        .map(|(_, it)| it)
        .collect();
    let different = witness(a, b, facts, &relation, false);
    // The symbols were taken to be positive.
    let Some(different) = different.filter(|_| opaque.iter().all(|it| is_positive(it))) else {
        return Relation::Unknown { different: None };
    };
    let equal = witness(a, b, facts, &relation, true);
    match (relation, equal) {
        (Relation::Never { .. }, None) => Relation::Never { example: different },
        (
            Relation::OnlyWhere {
                facts,
                exact,
                finite,
                ..
            },
            Some(equal),
        ) => {
            let finite = finite && opaque.is_empty();
            match facts.iter().map(|it| it.substitute(quotients)).collect() {
                Ok(facts) => Relation::OnlyWhere {
                    facts,
                    exact,
                    finite,
                    equal,
                    counterexample: different,
                },
                Err(_) => Relation::Sometimes {
                    finite,
                    equal,
                    different,
                },
            }
        }
        (Relation::Sometimes { finite, .. }, Some(equal)) => {
            let finite = finite && opaque.is_empty();
            Relation::Sometimes {
                finite,
                equal,
                different,
            }
        }
        _ => Relation::Unknown {
            different: Some(different),
        },
    }
}

/// Values that the facts allow, for which all quotients are whole, and both dims are equal,
/// or not.
fn witness(a: &Dim, b: &Dim, facts: &Facts, relation: &Relation, equal: bool) -> Option<Env> {
    let symbols: BTreeSet<Symbol> = a.symbols().into_iter().chain(b.symbols()).collect();
    let hint = match relation {
        Relation::OnlyWhere { equal: it, .. } | Relation::Sometimes { equal: it, .. } if equal => {
            Some(it)
        }
        Relation::Never { example: it }
        | Relation::OnlyWhere {
            counterexample: it, ..
        }
        | Relation::Sometimes { different: it, .. } => Some(it),
        Relation::Unknown { different } => different.as_ref(),
        Relation::Same => None,
    };
    let value = |symbol: &Symbol| hint.and_then(|it| it.get(symbol));
    let hinted = symbols
        .iter()
        .map(|it| (it.clone(), value(it).unwrap_or(facts.least(it))));
    super::sample::search(
        hinted.collect(),
        &symbols,
        facts,
        |env| matches!((a.eval(env), b.eval(env)), (Ok(a), Ok(b)) if (a == b) == equal),
    )
}

/// Puts a ray in the place of every symbol: `start + period·symbol`.
pub(crate) fn along(dim: &Dim, start: &Env, periods: &Periods) -> Result<Dim> {
    let mut values: BTreeMap<Symbol, Dim> = BTreeMap::new();
    for (symbol, period) in periods {
        let start = start
            .get(symbol)
            .ok_or_else(|| Error::Unbound(symbol.clone()))?;
        values.insert(
            symbol.clone(),
            Dim::symbol(symbol.clone()).times(*period)?.plus(start)?,
        );
    }
    dim.substitute(&values)
}
