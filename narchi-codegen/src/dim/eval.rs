use std::{collections::BTreeMap, fmt};

use super::{
    Dim, Error, Ratio, Result, Symbol,
    monomial::{Atom, Monomial},
};

/// Values of symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Env(BTreeMap<Symbol, i64>);

impl Env {
    /// The value of `symbol`.
    pub(crate) fn get(&self, symbol: &Symbol) -> Option<i64> {
        self.0.get(symbol).copied()
    }

    /// Gives `symbol` a value.
    pub(crate) fn set(&mut self, symbol: impl Into<Symbol>, value: i64) {
        self.0.insert(symbol.into(), value);
    }

    /// All values, by symbol.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Symbol, i64)> {
        self.0.iter().map(|(symbol, value)| (symbol, *value))
    }

    /// How large the values are; of two examples, people prefer the smaller.
    pub(crate) fn size(&self) -> (i64, i64) {
        let sum = self
            .0
            .values()
            .fold(0, |sum: i64, it| sum.saturating_add(*it));
        (self.0.values().copied().max().unwrap_or(0), sum)
    }
}

impl<S: Into<Symbol>> FromIterator<(S, i64)> for Env {
    fn from_iter<T: IntoIterator<Item = (S, i64)>>(values: T) -> Self {
        Env(values
            .into_iter()
            .map(|(symbol, value)| (symbol.into(), value))
            .collect())
    }
}

impl fmt::Display for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (symbol, value)) in self.0.iter().enumerate() {
            write!(f, "{}{symbol} = {value}", if n == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Dim {
    /// The value at `env`, which may be a fraction.
    pub(crate) fn eval(&self, env: &Env) -> Result<Ratio> {
        let mut sum = Ratio::ZERO;
        for (monomial, coefficient) in self.terms() {
            let mut product = *coefficient;
            for (atom, power) in monomial.powers() {
                let value = match atom {
                    Atom::Symbol(it) => env.get(it).ok_or_else(|| Error::Unbound(it.clone()))?,
                    Atom::Floor(floor) => floor.inside.eval(env)?.floor(),
                    Atom::Quotient(quotient) => quotient.eval(env)?,
                };
                for _ in 0..*power {
                    product = product.times(value.into())?;
                }
            }
            sum = sum.plus(product)?;
        }
        Ok(sum)
    }

    /// The value at `env`, which must be whole.
    pub(crate) fn eval_int(&self, env: &Env) -> Result<i64> {
        self.eval(env)?.to_integer()
    }

    /// Puts dims in the place of symbols, all at once; others stay.
    ///
    /// What replaces a symbol should be a whole number wherever it is used: the
    /// rules of floors count on symbols being whole.
    pub(crate) fn substitute(&self, values: &BTreeMap<Symbol, Dim>) -> Result<Dim> {
        let mut sum = Dim::default();
        for (monomial, coefficient) in self.terms() {
            sum = sum.plus(substitute(monomial, values)?.scale(*coefficient)?)?;
        }
        Ok(sum)
    }
}

fn substitute(monomial: &Monomial, values: &BTreeMap<Symbol, Dim>) -> Result<Dim> {
    let mut product = Dim::from(1);
    for (atom, power) in monomial.powers() {
        let value = match atom {
            Atom::Symbol(symbol) => match values.get(symbol) {
                Some(dim) => dim.clone(),
                None => Dim::atom(atom.clone()),
            },
            Atom::Floor(floor) => floor.inside.substitute(values)?.floor()?,
            Atom::Quotient(quotient) => {
                let divisor = quotient.divisor.substitute(values)?;
                quotient.dividend.substitute(values)?.quotient(&divisor)?
            }
        };
        for _ in 0..*power {
            product = value.times(&product)?;
        }
    }
    Ok(product)
}
