use std::collections::BTreeMap;

use super::{
    Dim, Error, Result, Symbol,
    monomial::{Atom, Monomial},
};

/// What the symbols of a nested module are, seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unified {
    /// The values of symbols, in the symbols of the outside. They must be at least one.
    pub(crate) values: BTreeMap<Symbol, Dim>,
    /// What remains to be compared: the index of a pair, the declared dim with the values
    /// put in, and the incoming dim.
    pub(crate) compare: Vec<(usize, Dim, Dim)>,
    /// Pairs that do not determine their symbols: not linear, or with several unknowns.
    pub(crate) unsolved: Vec<usize>,
}

/// Finds the symbols of declared dims, such as `H`, `H+1`, `2*H` or `32`, from incoming ones.
///
/// Symbols with the same name inside and outside are different. A pair is used when it has
/// one unknown left, in which it is linear. If the solution may be a fraction, as for `2*H`
/// and `X`, it is rounded down, and the pair is left to be compared: `2*⌊X/2⌋` with `X`.
pub(crate) fn unify(pairs: &[(Dim, Dim)]) -> Result<Unified> {
    let mut unified = Unified::default();
    let mut values: BTreeMap<Symbol, Dim> = BTreeMap::new();
    let mut pending: Vec<(usize, Dim, &Dim)> = Vec::new();
    for (index, (declared, incoming)) in pairs.iter().enumerate() {
        let inner = declared.symbols().into_iter();
        let inner = inner.map(|it| (it.clone(), Dim::symbol(it.into_inner())));
        pending.push((index, declared.substitute(&inner.collect())?, incoming));
    }
    loop {
        let before = pending.len();
        let mut rest = Vec::new();
        for (index, declared, incoming) in pending {
            let declared = declared.substitute(&values)?;
            let mut unknown = declared.symbols().into_iter().filter(Symbol::is_inner);
            match (unknown.next(), unknown.next()) {
                (None, _) if declared == *incoming => {}
                (None, _) => unified.compare.push((index, declared, incoming.clone())),
                (Some(symbol), None) => match solve(&declared, &symbol, incoming)? {
                    Some(value) => {
                        let this = BTreeMap::from([(symbol.clone(), value.clone())]);
                        let declared = declared.substitute(&this)?;
                        if declared != *incoming {
                            unified.compare.push((index, declared, incoming.clone()));
                        }
                        values.insert(symbol, value);
                    }
                    None => rest.push((index, declared, incoming)),
                },
                _ => rest.push((index, declared, incoming)),
            }
        }
        pending = rest;
        if pending.len() == before || pending.is_empty() {
            break;
        }
    }
    unified.unsolved = pending.into_iter().map(|(index, ..)| index).collect();
    unified.values = values
        .into_iter()
        .map(|(it, value)| (it.into_outer(), value))
        .collect();
    Ok(unified)
}

/// Solves `declared == incoming` for a symbol in which it is linear.
fn solve(declared: &Dim, symbol: &Symbol, incoming: &Dim) -> Result<Option<Dim>> {
    let power_one = Monomial::atom(Atom::Symbol(symbol.clone()));
    let (mut slope, mut rest) = (Dim::default(), Dim::default());
    for (monomial, coefficient) in declared.terms() {
        match monomial.over(&power_one) {
            Some(factor) => slope = slope.plus(Dim::term(factor, *coefficient))?,
            None => rest = rest.plus(Dim::term(monomial.clone(), *coefficient))?,
        }
    }
    if slope.symbols().contains(symbol) || rest.symbols().contains(symbol) {
        return Ok(None);
    }
    match incoming.minus(rest)?.divide(slope) {
        Ok(value) if value.denominator()? == 1 => Ok(Some(value)),
        Ok(value) => Ok(Some(value.floor()?)),
        Err(Error::NotExact { .. } | Error::DivisionByZero) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the symbols of a file mean where it is included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    values: BTreeMap<Symbol, Dim>,
    /// What tells symbols that nothing binds from those outside; none for the outermost file.
    prefix: Option<String>,
}

impl Bindings {
    /// For a file that is included as `prefix`.
    pub(crate) fn new(values: BTreeMap<Symbol, Dim>, prefix: String) -> Self {
        Self {
            values,
            prefix: Some(prefix),
        }
    }

    /// A size of the file, seen from outside.
    pub(crate) fn apply(&self, size: &Dim) -> Dim {
        let Some(prefix) = &self.prefix else {
            return size.clone();
        };
        let outside = |it: Symbol| {
            let own = || Dim::symbol(Symbol::new(&format!("{prefix}.{it}")));
            let value = self.values.get(&it).cloned().unwrap_or_else(own);
            (it, value)
        };
        let values = size.symbols().into_iter().map(outside).collect();
        size.substitute(&values).unwrap_or_else(|_| size.clone())
    }
}
