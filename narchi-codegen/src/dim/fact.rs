use std::{collections::BTreeMap, fmt};

use super::{Dim, Env, Error, Result, Symbol, monomial::Atom};

/// Something assumed of symbols, or required of inputs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fact {
    /// `H ≥ 63`
    AtLeast(Symbol, i64),
    /// `H ≤ 4`
    AtMost(Symbol, i64),
    /// `H % 8 == 0`, or any of several remainders.
    Remainder {
        /// What is divided.
        of: Dim,
        /// By what.
        modulus: i64,
        /// The remainders it may leave: ascending, in `0..modulus`.
        among: Vec<i64>,
    },
    /// `W % K == 0`
    Divides {
        /// What is divided.
        dividend: Dim,
        /// By what.
        divisor: Dim,
    },
    /// `H == 2*W`
    Equal(Dim, Dim),
}

impl Fact {
    /// `of % modulus == 0`
    pub(crate) fn divisible(of: Dim, modulus: i64) -> Self {
        Fact::Remainder {
            of,
            modulus,
            among: vec![0],
        }
    }

    /// Whether it holds for these values.
    pub(crate) fn holds(&self, env: &Env) -> Result<bool> {
        let value = |it: &Symbol| env.get(it).ok_or_else(|| Error::Unbound(it.clone()));
        Ok(match self {
            Fact::AtLeast(symbol, least) => value(symbol)? >= *least,
            Fact::AtMost(symbol, most) => value(symbol)? <= *most,
            Fact::Remainder { of, modulus, among } => {
                let of = of.eval(env)?;
                of.is_integer() && among.contains(&of.numer().rem_euclid((*modulus).max(1)))
            }
            Fact::Divides { dividend, divisor } => {
                let (dividend, divisor) = (dividend.eval(env)?, divisor.eval(env)?);
                !divisor.is_zero() && dividend.over(divisor)?.is_integer()
            }
            Fact::Equal(a, b) => a.eval(env)? == b.eval(env)?,
        })
    }

    /// The fact with dims in the place of symbols. Bounds can only be on symbols.
    pub(super) fn substitute(&self, values: &BTreeMap<Symbol, Dim>) -> Result<Fact> {
        Ok(match self {
            Fact::AtLeast(symbol, _) | Fact::AtMost(symbol, _) if values.contains_key(symbol) => {
                return Err(Error::TooLarge);
            }
            Fact::AtLeast(..) | Fact::AtMost(..) => self.clone(),
            Fact::Remainder { of, modulus, among } => {
                let (of, among) = (of.substitute(values)?, among.clone());
                Fact::Remainder {
                    of,
                    modulus: *modulus,
                    among,
                }
            }
            Fact::Divides { dividend, divisor } => {
                let (dividend, divisor) =
                    (dividend.substitute(values)?, divisor.substitute(values)?);
                Fact::Divides { dividend, divisor }
            }
            Fact::Equal(a, b) => Fact::Equal(a.substitute(values)?, b.substitute(values)?),
        })
    }
}

/// `{:#}` gives ASCII.
impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |dim: &Dim| {
            if f.alternate() {
                format!("{dim:#}")
            } else {
                dim.to_string()
            }
        };
        let is_fraction = |dim: &Dim| {
            let mut atoms = dim.atoms();
            dim.denominator() != Ok(1) || atoms.any(|(it, _)| matches!(it, Atom::Quotient(_)))
        };
        let factor = |dim: &Dim| match text(dim) {
            text if dim.terms().len() > 1 || is_fraction(dim) => format!("({text})"),
            text => text,
        };
        match self {
            Fact::AtLeast(symbol, least) => {
                write!(
                    f,
                    "{symbol} {} {least}",
                    if f.alternate() { ">=" } else { "≥" }
                )
            }
            Fact::AtMost(symbol, most) => {
                write!(
                    f,
                    "{symbol} {} {most}",
                    if f.alternate() { "<=" } else { "≤" }
                )
            }
            Fact::Equal(a, b) => write!(f, "{} == {}", text(a), text(b)),
            Fact::Divides { dividend, divisor } if divisor.as_symbol().is_some() => {
                write!(f, "{} % {} == 0", factor(dividend), text(divisor))
            }
            Fact::Divides { dividend, divisor } => {
                write!(f, "{} % ({}) == 0", factor(dividend), text(divisor))
            }
            Fact::Remainder { of, modulus, among } => {
                write!(f, "{} % {modulus} ", factor(of))?;
                match (among.as_slice(), all_but_one(*modulus, among)) {
                    ([it], _) => write!(f, "== {it}"),
                    (_, Some(missing)) => write!(f, "!= {missing}"),
                    (all, None) => {
                        let all: Vec<_> = all.iter().map(i64::to_string).collect();
                        write!(f, "in {{{}}}", all.join(", "))
                    }
                }
            }
        }
    }
}

/// The only remainder that is not allowed, if there is just one.
pub(super) fn all_but_one(modulus: i64, among: &[i64]) -> Option<i64> {
    let is_one_short = i64::try_from(among.len()).is_ok_and(|it| it == modulus.saturating_sub(1));
    is_one_short.then(|| (0..modulus).find(|it| !among.contains(it)).unwrap_or(0))
}
