use std::{cmp::Ordering, sync::Arc};

use super::{Dim, Error, Result, Symbol};

/// What polynomials are made of. All kinds are integers, which is what makes
/// it sound to move whole multiples of them out of a floor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Atom {
    Symbol(Symbol),
    Floor(Arc<Floor>),
    Quotient(Arc<Quotient>),
}

impl Atom {
    /// Floors and quotients around each other, counted; recursion is bounded by it.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Atom::Symbol(_) => 0,
            Atom::Floor(floor) => floor.depth,
            Atom::Quotient(quotient) => quotient.depth,
        }
    }

    /// Atoms inside, all levels together; work is bounded by it.
    pub(crate) fn weight(&self) -> u32 {
        match self {
            Atom::Symbol(_) => 1,
            Atom::Floor(floor) => floor.weight,
            Atom::Quotient(quotient) => quotient.weight,
        }
    }
}

/// `⌊inside⌋`, in normal form; see `floor.rs`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Floor {
    pub(crate) depth: u32,
    pub(crate) weight: u32,
    pub(crate) inside: Dim,
}

/// `dividend / divisor`, in normal form and whole by assumption; see `quotient.rs`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Quotient {
    pub(crate) depth: u32,
    pub(crate) weight: u32,
    pub(crate) dividend: Dim,
    pub(crate) divisor: Dim,
}

/// Simple floors first, then in the order in which people read: `⌊H/2⌋`, `⌊(H+1)/2⌋`, `⌊W/2⌋`.
impl Ord for Floor {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (self.inside.terms(), other.inside.terms());
        let terms = left
            .iter()
            .zip(right)
            .map(|((a, x), (b, y))| b.cmp(a).then(x.cmp(y)));
        let order = (self.depth, self.weight).cmp(&(other.depth, other.weight));
        terms
            .fold(order, Ordering::then)
            .then(left.len().cmp(&right.len()))
    }
}

impl PartialOrd for Floor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Two to this power is beyond 64 bits, so nothing is lost.
pub(crate) const MAX_POWER: u32 = 64;

/// A product of powers of atoms; empty for the constant term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Monomial {
    // Invariant: atoms ascend, powers are positive.
    powers: Vec<(Atom, u32)>,
}

impl Monomial {
    pub(crate) fn atom(atom: Atom) -> Self {
        Monomial {
            powers: vec![(atom, 1)],
        }
    }

    pub(crate) fn powers(&self) -> &[(Atom, u32)] {
        &self.powers
    }

    pub(crate) fn is_one(&self) -> bool {
        self.powers.is_empty()
    }

    /// The sum of the powers.
    pub(crate) fn degree(&self) -> u32 {
        self.powers
            .iter()
            .fold(0, |sum, (_, power)| sum.saturating_add(*power))
    }

    /// The atom that this monomial is, if it is just one.
    pub(crate) fn as_atom(&self) -> Option<&Atom> {
        match self.powers.as_slice() {
            [(atom, 1)] => Some(atom),
            _ => None,
        }
    }

    pub(crate) fn times(&self, other: &Monomial) -> Result<Monomial> {
        let mut powers = self.powers.clone();
        for (atom, power) in &other.powers {
            match powers.binary_search_by(|(it, _)| it.cmp(atom)) {
                Ok(at) => {
                    let sum = powers[at].1.saturating_add(*power);
                    powers[at].1 = if sum > MAX_POWER {
                        return Err(Error::TooLarge);
                    } else {
                        sum
                    };
                }
                Err(at) => powers.insert(at, (atom.clone(), *power)),
            }
        }
        Ok(Monomial { powers })
    }

    /// The monomial that gives `self` when multiplied by `other`.
    pub(crate) fn over(&self, other: &Monomial) -> Option<Monomial> {
        let mut powers = self.powers.clone();
        for (atom, power) in &other.powers {
            let at = powers.binary_search_by(|(it, _)| it.cmp(atom)).ok()?;
            powers[at].1 = powers[at].1.checked_sub(*power)?;
        }
        powers.retain(|(_, power)| *power > 0);
        Some(Monomial { powers })
    }

    /// The greatest monomial that divides both.
    pub(crate) fn common(&self, other: &Monomial) -> Monomial {
        let mut powers = self.powers.clone();
        for (atom, power) in &mut powers {
            let found = other.powers.binary_search_by(|(it, _)| it.cmp(atom));
            *power = found.map_or(0, |at| (*power).min(other.powers[at].1));
        }
        powers.retain(|(_, power)| *power > 0);
        Monomial { powers }
    }

    /// The monomial without an atom, and the power the atom had.
    pub(crate) fn without(&self, atom: &Atom) -> (Monomial, u32) {
        let mut powers = self.powers.clone();
        let found = powers.iter().position(|(it, _)| it == atom);
        let power = found.map_or(0, |at| powers.remove(at).1);
        (Monomial { powers }, power)
    }

    pub(crate) fn has_quotients(&self) -> bool {
        self.powers
            .iter()
            .any(|(atom, _)| matches!(atom, Atom::Quotient(_)))
    }
}

/// Lexicographic by the powers of the atoms, the first atom counting most. This
/// order survives multiplication, which division relies on, and read downwards
/// it is the order in which sympy, and so narchi, prints terms.
impl Ord for Monomial {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.powers.iter(), other.powers.iter());
        loop {
            let order = match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (Some(_), None) => Ordering::Greater,
                (None, Some(_)) => Ordering::Less,
                // The earlier atom does not occur on the other side.
                (Some((a, n)), Some((b, m))) => b.cmp(a).then(n.cmp(m)),
            };
            if order.is_ne() {
                return order;
            }
        }
    }
}

impl PartialOrd for Monomial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
