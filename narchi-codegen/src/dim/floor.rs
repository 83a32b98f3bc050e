//! Rounding down, and up.
//!
//! The normal form of `⌊p⌋`, for a polynomial `p = Σ cᵢ·mᵢ` with rational `cᵢ`:
//!
//! 1. Monomials are integers, so whole multiples of them leave the floor:
//!    `⌊p⌋ = Σ ⌊cᵢ⌋·mᵢ + ⌊Σ fract(cᵢ)·mᵢ⌋`. Inside, every coefficient is now in `0..1`.
//! 2. With `n` the common denominator of the non-constant coefficients, the
//!    non-constant part is a multiple of `1/n`; so the constant is rounded down to one.
//!    Common factors are gone by then, because coefficients are reduced fractions.
//! 3. `⌊(⌊y⌋ + x)/n⌋ = ⌊(y + x)/n⌋` for whole `x`: an inner floor with the
//!    coefficient `1/n` is opened. If several have it, the first in the order of atoms.
//! 4. If nothing is left inside, there is no floor.
//!
//! Step 3 lowers the number of floors, so this ends. What it returns it maps to itself.

use super::{
    Dim, Ratio, Result,
    monomial::{Atom, Monomial},
};

impl Dim {
    /// The greatest whole number not above.
    pub(crate) fn floor(&self) -> Result<Dim> {
        let mut whole = Dim::default();
        let mut inside = self.clone();
        loop {
            let (out, mut rest) = split(&inside)?;
            whole = whole.plus(out)?;
            let steps = rest.minus(Dim::number(rest.constant()))?.denominator()?;
            let down = rest
                .constant()
                .times(steps.into())?
                .fract()
                .over(steps.into())?;
            rest = rest.minus(Dim::number(down))?;
            if rest.terms().is_empty() {
                return Ok(whole);
            }
            match inner_floor(&rest, Ratio::new(1, steps)?) {
                Some((atom, opened)) => {
                    inside = rest.minus(atom.over(steps)?)?.plus(opened.over(steps)?)?;
                }
                None => return whole.plus(rest.into_floor_atom()?),
            }
        }
    }

    /// The least whole number not below.
    ///
    /// With `n` the common denominator, `⌈p/n⌉ = ⌊(p + n-1)/n⌋`. (The other
    /// identity, `-⌊-p⌋`, would lead to a longer form.)
    pub(crate) fn ceil(&self) -> Result<Dim> {
        let denominator = self.denominator()?;
        self.plus(Dim::number(Ratio::new(denominator - 1, denominator)?))?
            .floor()
    }

    /// `⌊self / divisor⌋`.
    pub(crate) fn floor_div(&self, divisor: i64) -> Result<Dim> {
        if divisor == 1 && self.denominator()? == 1 {
            return Ok(self.clone());
        }
        self.over(divisor)?.floor()
    }

    /// `⌈self / divisor⌉`.
    pub(crate) fn ceil_div(&self, divisor: i64) -> Result<Dim> {
        self.over(divisor)?.ceil()
    }
}

/// The dim as whole multiples of monomials, and what each lacks.
fn split(dim: &Dim) -> Result<(Dim, Dim)> {
    let part = |of: fn(Ratio) -> Ratio| {
        let terms = dim
            .terms()
            .iter()
            .map(|(monomial, it)| (monomial.clone(), of(*it)));
        Dim::collect(terms.filter(|(_, it)| !it.is_zero()).collect())
    };
    Ok((part(|it| it.floor().into())?, part(Ratio::fract)?))
}

/// A floor that stands alone with this coefficient, and what is in it.
fn inner_floor(dim: &Dim, coefficient: Ratio) -> Option<(Dim, Dim)> {
    dim.terms()
        .iter()
        .find_map(|(monomial, it)| match monomial.as_atom()? {
            Atom::Floor(floor) if *it == coefficient => Some((
                Dim::term(Monomial::clone(monomial), Ratio::ONE),
                floor.inside.clone(),
            )),
            _ => None,
        })
}
