use super::{Dim, Error, Result, polynomial::AsDim};

impl Dim {
    /// The quotient, if the divisor is a number or a polynomial factor.
    ///
    /// Long division by leading monomials, with floors and quotients as opaque as symbols.
    /// Division by a number always works and may leave fractions; whether `H/2` is whole is
    /// a question for [`compare`](super::compare).
    pub(crate) fn divide(&self, divisor: impl AsDim) -> Result<Dim> {
        let divisor = divisor.as_dim();
        let Some((lead, factor)) = divisor.terms().first() else {
            return Err(Error::DivisionByZero);
        };
        let not_exact = || Error::NotExact {
            dividend: self.clone(),
            divisor: divisor.clone().into_owned(),
        };
        let (mut quotient, mut rest) = (Dim::default(), self.clone());
        // The leading monomial of the rest descends strictly, so this ends.
        while let Some((monomial, coefficient)) = rest.terms().first() {
            let monomial = monomial.over(lead).ok_or_else(not_exact)?;
            let term = Dim::term(monomial, coefficient.over(*factor)?);
            let left = rest.minus(divisor.times(&term)?)?;
            // Quotients that cancel in the product may bring back larger monomials, without end.
            if left.terms().first().map(|it| &it.0) >= rest.terms().first().map(|it| &it.0) {
                return Err(not_exact());
            }
            rest = left;
            quotient = quotient.plus(term)?;
        }
        Ok(quotient)
    }
}
