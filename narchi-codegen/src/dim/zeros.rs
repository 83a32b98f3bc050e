//! Where a polynomial without floors is zero, its symbols being 0, 1, 2, …

use std::cmp::Ordering;

use super::{Dim, Env, Ratio, Result, Symbol, monomial::Atom, ratio::gcd, sequence::Sequence};

/// The zeros of a polynomial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// It is zero everywhere.
    All,
    /// It is zero nowhere.
    None,
    /// It is zero in these points only.
    Points(Vec<Env>),
    /// It is zero here, and perhaps elsewhere.
    Some(Env),
    /// Nothing was found, nothing was proved.
    Unknown,
}

/// Points that all searches together may try, after a few in each that are free: hopeless
/// classes must not keep others from being looked at.
pub(crate) struct Budget(pub(crate) u32);

impl Budget {
    fn spend(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }
}

const FREE_TRIES: usize = 4;

/// More zeros of one polynomial than this are not listed.
const MAX_POINTS: usize = 4096;

/// Finds the zeros. Complete for polynomials in one variable, for linear ones, and for those whose
/// coefficients, but the constant, have one sign, as far as the budget goes.
pub(crate) fn zeros(dim: &Dim, budget: &mut Budget) -> Result<Zeros> {
    let Some((first, _)) = dim.terms().first() else {
        return Ok(Zeros::All);
    };
    if first.is_one() || dim.has_floors() {
        return Ok(if first.is_one() {
            Zeros::None
        } else {
            Zeros::Unknown
        });
    }
    let dim = primitive(dim)?;
    let constant = dim.constant().numer();
    let others = || dim.terms().iter().filter(|(it, _)| !it.is_one());
    let common = others().fold(0, |all, (_, it)| gcd(all, it.numer().into()));
    if common != 0 && i128::from(constant) % common != 0 {
        return Ok(Zeros::None);
    }
    let symbols: Vec<Symbol> = dim.symbols().into_iter().collect();
    if let [symbol] = symbols.as_slice() {
        let found = sequence(&dim, symbol, &Env::default())?.and_then(|it| it.zeros(MAX_POINTS));
        return Ok(match found {
            Some(zeros) if zeros.is_empty() => Zeros::None,
            Some(zeros) => {
                Zeros::Points(zeros.iter().filter_map(|it| point(symbol, *it)).collect())
            }
            None => Zeros::Unknown,
        });
    }
    let (up, down) = others().fold((false, false), |(up, down), (_, it)| {
        (up || it.numer() > 0, down || it.numer() < 0)
    });
    let monotone = !(up && down);
    if monotone && (constant > 0) == up && constant != 0 {
        return Ok(Zeros::None);
    }
    // If a monotone polynomial has a zero, it has one with all variables at most |constant|: beyond,
    // every monomial of a variable must vanish, and still does if the variable is lowered to zero.
    let bound = if monotone {
        constant.saturating_abs()
    } else {
        i64::MAX
    };
    search(&dim, &symbols, bound, budget)
}

/// Goes through all but the last variable, by growing cubes, and solves for the last.
fn search(dim: &Dim, symbols: &[Symbol], bound: i64, budget: &mut Budget) -> Result<Zeros> {
    let Some((last, outer)) = symbols.split_last() else {
        return Ok(Zeros::Unknown);
    };
    let mut best: Option<Env> = None;
    let mut tries = 0..FREE_TRIES;
    let mut edge = 0_i64;
    loop {
        for mut env in shell(outer, edge) {
            if tries.next().is_none() && budget.spend().is_none() {
                return Ok(best.map_or(Zeros::Unknown, Zeros::Some));
            }
            let found = sequence(dim, last, &env)?.and_then(|it| {
                let runs = it.runs()?;
                runs.iter().find(|run| run.sign.is_eq()).map(|run| run.from)
            });
            if let Some(value) = found.and_then(|it| i64::try_from(it).ok()) {
                env.set(last.clone(), value);
                if best.as_ref().is_none_or(|it| env.size() < it.size()) {
                    best = Some(env);
                }
            }
        }
        if best.as_ref().is_some_and(|it| it.size().0 <= edge) {
            return Ok(best.map_or(Zeros::Unknown, Zeros::Some));
        }
        if edge >= bound {
            return Ok(best.map_or(Zeros::None, Zeros::Some));
        }
        edge += 1;
    }
}

/// Whether there are finitely many zeros for sure.
///
/// If all coefficients but the constant have one sign, a variable can only grow without bound
/// where all its monomials vanish.
pub(crate) fn is_bounded(dim: &Dim) -> Result<bool> {
    let others = || dim.terms().iter().filter(|(it, _)| !it.is_one());
    let symbols = dim.symbols();
    let is_mixed = others().any(|(_, it)| it.numer() > 0) && others().any(|(_, it)| it.numer() < 0);
    if is_mixed || symbols.len() > MAX_BOUNDED {
        return Ok(false);
    }
    for symbol in symbols {
        if may_grow(dim, &Atom::Symbol(symbol))? {
            return Ok(false);
        }
    }
    Ok(true)
}

const MAX_BOUNDED: usize = 4;

/// Whether there may be zeros in which this variable does not matter.
fn may_grow(dim: &Dim, variable: &Atom) -> Result<bool> {
    let mut with = dim
        .terms()
        .iter()
        .map(|(monomial, _)| monomial.without(variable));
    let Some((others, _)) = with.find(|(_, power)| *power > 0) else {
        return Ok(zeros(dim, &mut Budget(0))? != Zeros::None);
    };
    // One of the others must be zero for this monomial to vanish.
    for (other, _) in others.powers() {
        let rest = dim
            .terms()
            .iter()
            .filter(|(it, _)| it.without(other).1 == 0);
        if may_grow(&Dim::collect(rest.cloned().collect())?, variable)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A point where a polynomial that is not zero everywhere is not zero; a small one.
///
/// There is one in the cube with as many points in each direction as the degree has, plus one.
pub(crate) fn nonzero(dim: &Dim) -> Result<Option<Env>> {
    let symbols: Vec<Symbol> = dim.symbols().into_iter().collect();
    for edge in 0..=i64::from(dim.degree()) {
        let mut best: Option<Env> = None;
        for env in shell(&symbols, edge) {
            if !dim.eval(&env)?.is_zero() && best.as_ref().is_none_or(|it| env.size() < it.size()) {
                best = Some(env);
            }
        }
        if best.is_some() {
            return Ok(best);
        }
    }
    Ok(None)
}

/// The points of the cube `0..=edge` that are not in the next smaller cube.
pub(crate) fn shell(symbols: &[Symbol], edge: i64) -> impl Iterator<Item = Env> {
    // By the first coordinate that is at the edge: those before it are not. At the origin
    // nothing can be before, and there is one point, also without any symbol.
    let faces = if edge == 0 { 1 } else { symbols.len() };
    (0..faces).flat_map(move |at| {
        let range = move |n: usize| match n.cmp(&at) {
            Ordering::Less => (0, edge - 1),
            Ordering::Equal => (edge, edge),
            Ordering::Greater => (0, edge),
        };
        let first = (0..symbols.len()).map(|n| range(n).0).collect();
        let points = std::iter::successors(Some(first), move |point: &Vec<i64>| {
            let mut next = point.clone();
            let up = (0..point.len()).find(|n| point[*n] < range(*n).1)?;
            next[up] += 1;
            (0..up).for_each(|n| next[n] = range(n).0);
            Some(next)
        });
        points.map(|point| symbols.iter().cloned().zip(point).collect())
    })
}

/// The values of the dim along one symbol, with whole multiples of its coefficients.
pub(crate) fn sequence(dim: &Dim, along: &Symbol, others: &Env) -> Result<Option<Sequence>> {
    let degree = dim
        .terms()
        .iter()
        .flat_map(|(monomial, _)| monomial.powers());
    let degree = degree.filter(|(atom, _)| matches!(atom, Atom::Symbol(it) if it == along));
    let degree = degree.map(|(_, power)| *power).max().unwrap_or(0);
    let mut env = others.clone();
    let mut values = Vec::new();
    for t in 0..=i64::from(degree) {
        env.set(along.clone(), t);
        values.push(i128::from(dim.eval_int(&env)?));
    }
    Ok(Sequence::through(values))
}

/// The multiple whose coefficients are whole and without common divisor.
pub(crate) fn primitive(dim: &Dim) -> Result<Dim> {
    let whole = dim.scale(dim.denominator()?.into())?;
    let content = whole
        .terms()
        .iter()
        .fold(0, |all, (_, it)| gcd(all, it.numer().into()));
    let content = i64::try_from(content.max(1)).map_err(|_| super::Error::Overflow)?;
    whole.scale(Ratio::new(1, content)?)
}

fn point(symbol: &Symbol, value: i128) -> Option<Env> {
    Some(Env::from_iter([(
        symbol.clone(),
        i64::try_from(value).ok()?,
    )]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_fill_the_cube() {
        for (count, expected) in [1, 5, 25, 125].into_iter().enumerate() {
            let symbols: Vec<_> = ["A", "B", "C"][..count]
                .iter()
                .map(|it| Symbol::new(it))
                .collect();
            let mut all: Vec<Env> = (0..5).flat_map(|edge| shell(&symbols, edge)).collect();
            let total = all.len();
            all.sort();
            all.dedup();
            assert_eq!((all.len(), total), (expected, expected));
        }
    }
}
