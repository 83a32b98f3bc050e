use std::{collections::BTreeSet, sync::Arc};

use super::{
    Error, Ratio, Result, Symbol,
    monomial::{Atom, Floor, MAX_POWER, Monomial, Quotient},
    quotient::reduced,
    ratio::lcm,
};

/// A size, such as `64`, `H`, `H/8`, `⌈H/8⌉` or `512*⌊H/32⌋*⌊W/32⌋`.
///
/// Always in normal form, so equal sizes written differently are `==` as long as
/// polynomial algebra and the rules of `floor` can tell; [`compare`](super::compare) can
/// tell always. The order of `Ord` is for sorted collections and means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Dim {
    // Invariant: monomials descend, no coefficient is zero. Shared: dims are cloned much more often than they are made.
    terms: Arc<[(Monomial, Ratio)]>,
}

/// Beyond these, an operation gives up; dims of real networks stay below a tenth.
const MAX_TERMS: usize = 1024;
const MAX_DEPTH: u32 = 32;
const MAX_WEIGHT: u32 = 1024;

impl Dim {
    /// The size that `name` stands for.
    pub(crate) fn symbol(name: impl Into<Symbol>) -> Self {
        Self::atom(Atom::Symbol(name.into()))
    }

    /// The sum of both.
    pub(crate) fn plus(&self, other: impl AsDim) -> Result<Dim> {
        let other = other.as_dim();
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut left, mut right) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        while let (Some((a, x)), Some((b, y))) = (left.peek(), right.peek()) {
            let order = a.cmp(b);
            if order.is_eq() {
                let sum = x.plus(*y)?;
                if !sum.is_zero() {
                    terms.push((a.clone(), sum));
                }
            }
            if order.is_gt() {
                terms.extend(left.next().cloned());
            } else if order.is_lt() {
                terms.extend(right.next().cloned());
            } else {
                left.next();
                right.next();
            }
        }
        terms.extend(left.chain(right).cloned());
        if terms.len() > MAX_TERMS {
            Err(Error::TooLarge)
        } else {
            Ok(Dim {
                terms: terms.into(),
            })
        }
    }

    /// The difference.
    pub(crate) fn minus(&self, other: impl AsDim) -> Result<Dim> {
        self.plus(other.as_dim().scale((-1).into())?)
    }

    /// The product of both.
    pub(crate) fn times(&self, other: impl AsDim) -> Result<Dim> {
        let other = other.as_dim();
        if let Some(factor) = other.as_number() {
            return self.scale(factor);
        }
        if self.terms.len() * other.terms.len() > MAX_TERMS {
            return Err(Error::TooLarge);
        }
        let mut terms = Vec::with_capacity(self.terms.len() * other.terms.len());
        for (a, x) in self.terms.iter() {
            for (b, y) in other.terms.iter() {
                let (product, coefficient) = (a.times(b)?, x.times(*y)?);
                if product.has_quotients() {
                    terms.extend_from_slice(reduced(product)?.scale(coefficient)?.terms());
                } else {
                    terms.push((product, coefficient));
                }
            }
        }
        Self::collect(terms)
    }

    /// The quotient as a fraction: half of `H` is `H/2`, whatever `H` is.
    pub(crate) fn over(&self, divisor: i64) -> Result<Dim> {
        self.scale(Ratio::new(1, divisor)?)
    }

    /// The product of `exponent` factors `self`.
    pub(crate) fn pow(&self, exponent: u32) -> Result<Dim> {
        if exponent > MAX_POWER {
            return Err(Error::TooLarge);
        }
        (0..exponent).try_fold(Dim::from(1), |product, _| product.times(self))
    }

    pub(crate) fn scale(&self, factor: Ratio) -> Result<Dim> {
        if factor == Ratio::ONE {
            return Ok(self.clone());
        }
        if factor.is_zero() {
            return Ok(Dim::default());
        }
        let scaled = |(monomial, it): &(Monomial, Ratio)| Ok((monomial.clone(), it.times(factor)?));
        Ok(Dim {
            terms: self.terms.iter().map(scaled).collect::<Result<_>>()?,
        })
    }

    /// The number this is, if it depends on no symbol.
    pub(crate) fn as_number(&self) -> Option<Ratio> {
        match self.terms() {
            [] => Some(Ratio::ZERO),
            [(monomial, number)] if monomial.is_one() => Some(*number),
            _ => None,
        }
    }

    /// The whole number this is, if it is one.
    pub(crate) fn as_fixed(&self) -> Option<i64> {
        self.as_number()?.to_integer().ok()
    }

    /// The symbol this is, if it is nothing else.
    pub(crate) fn as_symbol(&self) -> Option<&Symbol> {
        match self.terms() {
            [(monomial, Ratio::ONE)] => match monomial.as_atom()? {
                Atom::Symbol(symbol) => Some(symbol),
                Atom::Floor(_) | Atom::Quotient(_) => None,
            },
            _ => None,
        }
    }

    /// The symbols that occur, also those inside floors and quotients.
    pub(crate) fn symbols(&self) -> BTreeSet<Symbol> {
        let mut found = BTreeSet::new();
        self.visit_symbols(&mut |symbol| {
            found.insert(symbol.clone());
        });
        found
    }

    pub(crate) fn visit_symbols(&self, visit: &mut impl FnMut(&Symbol)) {
        for (atom, _) in self.atoms() {
            match atom {
                Atom::Symbol(symbol) => visit(symbol),
                Atom::Floor(floor) => floor.inside.visit_symbols(visit),
                Atom::Quotient(quotient) => {
                    quotient.dividend.visit_symbols(visit);
                    quotient.divisor.visit_symbols(visit);
                }
            }
        }
    }

    pub(crate) fn terms(&self) -> &[(Monomial, Ratio)] {
        &self.terms
    }

    pub(crate) fn atoms(&self) -> impl Iterator<Item = &(Atom, u32)> {
        self.terms
            .iter()
            .flat_map(|(monomial, _)| monomial.powers())
    }

    pub(crate) fn constant(&self) -> Ratio {
        match self.terms.last() {
            Some((monomial, number)) if monomial.is_one() => *number,
            _ => Ratio::ZERO,
        }
    }

    pub(crate) fn coefficient(&self, of: &Monomial) -> Ratio {
        let found = self
            .terms
            .binary_search_by(|(monomial, _)| of.cmp(monomial));
        found.map_or(Ratio::ZERO, |at| self.terms[at].1)
    }

    /// The highest power of a symbol; floors count as symbols of power one.
    pub(crate) fn degree(&self) -> u32 {
        self.terms
            .iter()
            .map(|(monomial, _)| monomial.degree())
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn has_floors(&self) -> bool {
        self.atoms().any(|(atom, _)| matches!(atom, Atom::Floor(_)))
    }

    /// The least number that makes all coefficients whole.
    pub(crate) fn denominator(&self) -> Result<i64> {
        self.terms
            .iter()
            .try_fold(1, |all, (_, it)| lcm(all, it.denom()))
    }

    pub(crate) fn number(number: Ratio) -> Dim {
        Self::term(Monomial::default(), number)
    }

    pub(crate) fn term(monomial: Monomial, coefficient: Ratio) -> Dim {
        if coefficient.is_zero() {
            return Dim::default();
        }
        Dim {
            terms: [(monomial, coefficient)].into(),
        }
    }

    pub(crate) fn atom(atom: Atom) -> Dim {
        Self::term(Monomial::atom(atom), Ratio::ONE)
    }

    /// How many atoms there are, all levels and powers counted; work grows with it.
    pub(crate) fn weight(&self) -> u32 {
        self.atoms().fold(0, |sum, (atom, power)| {
            sum.saturating_add(atom.weight()).saturating_add(*power)
        })
    }

    fn depth(&self) -> u32 {
        self.atoms()
            .map(|(atom, _)| atom.depth())
            .max()
            .unwrap_or(0)
    }

    /// The atom `⌊self⌋`; the caller has put `self` in normal form.
    pub(crate) fn into_floor_atom(self) -> Result<Dim> {
        let (depth, weight) = nested(&[&self])?;
        Ok(Dim::atom(Atom::Floor(Arc::new(Floor {
            depth,
            weight,
            inside: self,
        }))))
    }

    /// The atom `self / divisor`; the caller has put it in normal form.
    pub(crate) fn into_quotient_atom(self, divisor: Dim) -> Result<Dim> {
        let (depth, weight) = nested(&[&self, &divisor])?;
        let quotient = Quotient {
            depth,
            weight,
            dividend: self,
            divisor,
        };
        Ok(Dim::atom(Atom::Quotient(Arc::new(quotient))))
    }

    /// The dim with these terms, in any order; like terms are added up.
    pub(crate) fn collect(mut terms: Vec<(Monomial, Ratio)>) -> Result<Dim> {
        terms.sort_by(|(a, _), (b, _)| b.cmp(a));
        let mut sum: Vec<(Monomial, Ratio)> = Vec::with_capacity(terms.len());
        for (monomial, coefficient) in terms {
            match sum.last_mut() {
                Some((last, it)) if *last == monomial => *it = it.plus(coefficient)?,
                _ => sum.push((monomial, coefficient)),
            }
        }
        sum.retain(|(_, coefficient)| !coefficient.is_zero());
        Ok(Dim { terms: sum.into() })
    }
}

/// Depth and weight of an atom around these dims.
fn nested(inside: &[&Dim]) -> Result<(u32, u32)> {
    let depth = inside
        .iter()
        .map(|it| it.depth())
        .max()
        .unwrap_or(0)
        .saturating_add(1);
    let weight = inside
        .iter()
        .fold(1_u32, |sum, it| sum.saturating_add(it.weight()));
    if depth > MAX_DEPTH || weight > MAX_WEIGHT {
        Err(Error::TooLarge)
    } else {
        Ok((depth, weight))
    }
}

impl From<i64> for Dim {
    fn from(size: i64) -> Self {
        Dim::number(size.into())
    }
}

/// What arithmetic takes on its right: a dim, by value or reference, or a number.
pub(crate) trait AsDim {
    /// Gives the dim.
    fn as_dim(&self) -> std::borrow::Cow<'_, Dim>;
}

impl AsDim for Dim {
    fn as_dim(&self) -> std::borrow::Cow<'_, Dim> {
        std::borrow::Cow::Borrowed(self)
    }
}

impl AsDim for &Dim {
    fn as_dim(&self) -> std::borrow::Cow<'_, Dim> {
        std::borrow::Cow::Borrowed(self)
    }
}

impl AsDim for i64 {
    fn as_dim(&self) -> std::borrow::Cow<'_, Dim> {
        std::borrow::Cow::Owned(Dim::from(*self))
    }
}
