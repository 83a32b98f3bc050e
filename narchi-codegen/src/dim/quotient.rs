//! Quotients of dims that are whole by assumption: `W/K`, where `K` divides `W`.
//!
//! The normal form of `p/d`, where `d` is no polynomial factor of `p`:
//!
//! 1. whole multiples of `d` leave it: `(H*K + W)/K = H + W/K`;
//! 2. coefficients are whole, without a common divisor, nor have all terms an atom in common;
//! 3. both leading coefficients are positive; the sign stands outside.
//!
//! None of this changes the value, so it is whole exactly where `p/d` is. That is a
//! [`Fact`] which whoever divides must keep: [`Dim::exact_div`] hands it back, and
//! [`Dim::needs`] finds all of them.

use std::collections::BTreeMap;

use super::{
    AsDim, Dim, Env, Error, Fact, Facts, Ratio, Result, Symbol, Verdict, compare,
    monomial::{Atom, Monomial, Quotient},
    ratio::gcd,
};

impl Dim {
    /// The quotient, and the facts that make it a whole number; none if it always is.
    ///
    /// With numbers and polynomial factors this is division: `W/8` needs `W % 8 == 0`. Otherwise
    /// the quotient is an atom: `W/K` needs `W % K == 0`.
    pub(crate) fn exact_div(&self, divisor: impl AsDim) -> Result<(Dim, Vec<Fact>)> {
        let quotient = self.quotient(&divisor.as_dim())?;
        let needs = quotient.needs()?;
        Ok((quotient, needs))
    }

    /// The quotient, whole by assumption.
    pub(crate) fn quotient(&self, divisor: &Dim) -> Result<Dim> {
        match self.divide(divisor) {
            Err(Error::NotExact { .. }) => {}
            done => return done,
        }
        let (whole, rest) = whole_part(self, divisor)?;
        let (dividend, divisor) = cancel(&rest, divisor)?;
        let sign = signum(&dividend) * signum(&divisor);
        let dividend = dividend.scale(signum(&dividend).into())?;
        let divisor = divisor.scale(signum(&divisor).into())?;
        whole.plus(dividend.into_quotient_atom(divisor)?.scale(sign.into())?)
    }

    /// What must hold for this to be a whole number, and everything in it: `W % 8 == 0` for
    /// `W/8`, `W % K == 0` for `W/K`. Fails if it never is one.
    pub(crate) fn needs(&self) -> Result<Vec<Fact>> {
        let mut needs = Vec::new();
        self.visit_quotients(&mut |quotient| {
            let (dividend, divisor) = (quotient.dividend.clone(), quotient.divisor.clone());
            let fact = Fact::Divides { dividend, divisor };
            if !needs.contains(&fact) {
                needs.push(fact);
            }
        });
        let steps = self.denominator()?;
        if steps == 1 {
            return Ok(needs);
        }
        match compare(self, &self.floor()?, &Facts::default()).verdict() {
            Verdict::Always => {}
            Verdict::Never { .. } => return Err(Error::NotInteger),
            Verdict::Where {
                facts, exact: true, ..
            } => needs.extend(facts),
            _ => needs.push(Fact::divisible(self.scale(steps.into())?, steps)),
        }
        Ok(needs)
    }

    /// Visits all quotients, inner ones first.
    pub(super) fn visit_quotients(&self, visit: &mut impl FnMut(&Quotient)) {
        for (atom, _) in self.atoms() {
            match atom {
                Atom::Symbol(_) => {}
                Atom::Floor(floor) => floor.inside.visit_quotients(visit),
                Atom::Quotient(quotient) => {
                    quotient.dividend.visit_quotients(visit);
                    quotient.divisor.visit_quotients(visit);
                    visit(quotient);
                }
            }
        }
    }

    pub(super) fn has_quotients(&self) -> bool {
        self.atoms().any(|(atom, _)| match atom {
            Atom::Symbol(_) => false,
            Atom::Floor(floor) => floor.inside.has_quotients(),
            Atom::Quotient(_) => true,
        })
    }

    /// A dim that is zero exactly where this one is, with quotients only inside floors.
    pub(super) fn cleared(&self) -> Result<Dim> {
        let mut dim = self.clone();
        loop {
            let quotients = dim.atoms().filter_map(|(atom, power)| match atom {
                Atom::Quotient(quotient) => Some((quotient.clone(), *power)),
                Atom::Symbol(_) | Atom::Floor(_) => None,
            });
            let Some((quotient, highest)) = quotients.max() else {
                return Ok(dim);
            };
            let atom = Atom::Quotient(quotient.clone());
            let mut sum = Dim::default();
            for (monomial, coefficient) in dim.terms() {
                let (rest, power) = monomial.without(&atom);
                let up = quotient.dividend.pow(power)?;
                let down = quotient.divisor.pow(highest.saturating_sub(power))?;
                sum = sum.plus(Dim::term(rest, *coefficient).times(up)?.times(down)?)?;
            }
            dim = sum;
        }
    }

    /// The dim with symbols in the place of quotients, which `seen` lists.
    pub(super) fn opaque(&self, seen: &mut Vec<Dim>) -> Result<Dim> {
        if !self.has_quotients() {
            return Ok(self.clone());
        }
        let mut sum = Dim::default();
        for (monomial, coefficient) in self.terms() {
            let mut product = Dim::number(*coefficient);
            for (atom, power) in monomial.powers() {
                let value = match atom {
                    Atom::Symbol(_) => Dim::atom(atom.clone()),
                    Atom::Floor(floor) => floor.inside.opaque(seen)?.floor()?,
                    Atom::Quotient(_) => stand_in(&Dim::atom(atom.clone()), seen),
                };
                product = product.times(value.pow(*power)?)?;
            }
            sum = sum.plus(product)?;
        }
        Ok(sum)
    }
}

impl Quotient {
    /// The value, which must be whole.
    pub(super) fn eval(&self, env: &Env) -> Result<i64> {
        self.dividend
            .eval(env)?
            .over(self.divisor.eval(env)?)?
            .to_integer()
    }
}

/// The quotients that the symbols of [`Dim::opaque`] stand for.
pub(super) fn opaque_values(seen: &[Dim]) -> BTreeMap<Symbol, Dim> {
    seen.iter()
        .enumerate()
        .map(|(at, it)| (opaque_symbol(at), it.clone()))
        .collect()
}

fn opaque_symbol(at: usize) -> Symbol {
    Symbol::quotient(&at.to_string())
}

fn stand_in(quotient: &Dim, seen: &mut Vec<Dim>) -> Dim {
    let at = seen
        .iter()
        .position(|it| it == quotient)
        .unwrap_or_else(|| {
            seen.push(quotient.clone());
            seen.len() - 1
        });
    Dim::symbol(opaque_symbol(at))
}

/// Whether a quotient is at least one, because nothing in it is negative.
pub(super) fn is_positive(quotient: &Dim) -> bool {
    let all_positive = |dim: &Dim| {
        let mut sure = false;
        let signs = dim.terms().iter().all(|(monomial, it)| {
            // A floor may be zero, a symbol is not.
            sure |= monomial
                .powers()
                .iter()
                .all(|(atom, _)| matches!(atom, Atom::Symbol(_)));
            *it > Ratio::ZERO
        });
        signs && sure
    };
    quotient.atoms().all(|(atom, _)| match atom {
        Atom::Quotient(it) => all_positive(&it.dividend) && all_positive(&it.divisor),
        Atom::Symbol(_) | Atom::Floor(_) => false,
    })
}

/// The whole multiples of the divisor, and the rest.
fn whole_part(dividend: &Dim, divisor: &Dim) -> Result<(Dim, Dim)> {
    let Some((lead, factor)) = divisor.terms().first() else {
        return Err(Error::DivisionByZero);
    };
    let (mut whole, mut kept, mut rest) = (Dim::default(), Dim::default(), dividend.clone());
    while let Some((monomial, coefficient)) = rest.terms().first().cloned() {
        let share = coefficient.over(*factor)?;
        let Some(quotient) = monomial.over(lead).filter(|_| share.is_integer()) else {
            let term = Dim::term(monomial, coefficient);
            rest = rest.minus(&term)?;
            kept = kept.plus(term)?;
            continue;
        };
        let term = Dim::term(quotient, share);
        rest = rest.minus(divisor.times(&term)?)?;
        whole = whole.plus(term)?;
        // Quotients that cancel in the product may bring back larger monomials, without end.
        if rest
            .terms()
            .first()
            .is_some_and(|(next, _)| *next >= monomial)
        {
            return Ok((Dim::default(), dividend.clone()));
        }
    }
    Ok((whole, kept))
}

/// Both with whole coefficients, without common numbers and atoms.
fn cancel(dividend: &Dim, divisor: &Dim) -> Result<(Dim, Dim)> {
    let scale = Ratio::from(dividend.denominator()?).times(divisor.denominator()?.into())?;
    let (dividend, divisor) = (dividend.scale(scale)?, divisor.scale(scale)?);
    let terms = || dividend.terms().iter().chain(divisor.terms());
    let content = terms().fold(0, |all, (_, it)| gcd(all, it.numer().into()));
    let content = i64::try_from(content.max(1)).map_err(|_| Error::Overflow)?;
    let mut monomials = terms().map(|(monomial, _)| monomial);
    let first = monomials.next().cloned().unwrap_or_default();
    let common = monomials.fold(first, |common, it| common.common(it));
    let reduced = |dim: &Dim| {
        dim.over(content)?
            .divide(Dim::term(common.clone(), Ratio::ONE))
    };
    Ok((reduced(&dividend)?, reduced(&divisor)?))
}

fn signum(dim: &Dim) -> i64 {
    dim.terms().first().map_or(1, |(_, it)| it.numer().signum())
}

/// The monomial as a dim, with quotients multiplied by their divisors: `K * (W/K)` is `W`.
pub(super) fn reduced(monomial: Monomial) -> Result<Dim> {
    for (atom, _) in monomial.powers() {
        let Atom::Quotient(quotient) = atom else {
            continue;
        };
        let [(divisor, factor)] = quotient.divisor.terms() else {
            continue;
        };
        let rest = monomial
            .over(&Monomial::atom(atom.clone()))
            .and_then(|it| it.over(divisor));
        if let Some(rest) = rest {
            let rest = reduced(rest)?.scale(Ratio::ONE.over(*factor)?)?;
            return rest.times(&quotient.dividend);
        }
    }
    Ok(Dim::term(monomial, Ratio::ONE))
}
