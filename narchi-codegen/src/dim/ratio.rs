use std::{cmp::Ordering, fmt};

use super::{Error, Result};

/// A fraction in lowest terms.
///
/// Kept in 64 bits, computed in 128: the cross products of two fractions always
/// fit, so the only overflow is that of the reduced result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ratio {
    numer: i64,
    // Invariant: positive, and without common divisor with `numer`.
    denom: i64,
}

impl Ratio {
    pub(crate) const ZERO: Ratio = Ratio { numer: 0, denom: 1 };
    pub(crate) const ONE: Ratio = Ratio { numer: 1, denom: 1 };

    /// The fraction `numer / denom`.
    pub(crate) fn new(numer: i64, denom: i64) -> Result<Self> {
        Self::reduce(numer.into(), denom.into())
    }

    /// The numerator, which carries the sign.
    pub(crate) fn numer(self) -> i64 {
        self.numer
    }

    /// The denominator, at least one.
    pub(crate) fn denom(self) -> i64 {
        self.denom
    }

    /// Whether this is a whole number.
    pub(crate) fn is_integer(self) -> bool {
        self.denom == 1
    }

    /// The whole number this is.
    pub(crate) fn to_integer(self) -> Result<i64> {
        if self.is_integer() {
            Ok(self.numer)
        } else {
            Err(Error::NotInteger)
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.numer == 0
    }

    /// The greatest whole number that is not above.
    pub(crate) fn floor(self) -> i64 {
        self.numer.div_euclid(self.denom)
    }

    /// What is above the floor, in `0..1`.
    pub(crate) fn fract(self) -> Self {
        Ratio {
            numer: self.numer.rem_euclid(self.denom),
            ..self
        }
    }

    pub(crate) fn plus(self, other: Self) -> Result<Self> {
        if self.denom == 1 && other.denom == 1 {
            let numer = self.numer.checked_add(other.numer).ok_or(Error::Overflow)?;
            return Ok(Ratio { numer, denom: 1 });
        }
        let (a, b) = (i128::from(self.denom), i128::from(other.denom));
        Self::reduce(
            i128::from(self.numer) * b + i128::from(other.numer) * a,
            a * b,
        )
    }

    pub(crate) fn times(self, other: Self) -> Result<Self> {
        if self.denom == 1 && other.denom == 1 {
            let numer = self.numer.checked_mul(other.numer).ok_or(Error::Overflow)?;
            return Ok(Ratio { numer, denom: 1 });
        }
        Self::reduce(
            i128::from(self.numer) * i128::from(other.numer),
            i128::from(self.denom) * i128::from(other.denom),
        )
    }

    pub(crate) fn over(self, other: Self) -> Result<Self> {
        Self::reduce(
            i128::from(self.numer) * i128::from(other.denom),
            i128::from(self.denom) * i128::from(other.numer),
        )
    }

    fn reduce(numer: i128, denom: i128) -> Result<Self> {
        if denom == 0 {
            return Err(Error::DivisionByZero);
        }
        let by = gcd(numer, denom) * denom.signum();
        let narrow = |it: i128| match (i64::try_from(it), i64::try_from(by)) {
            // Most numbers are small, and 64-bit division is several times faster.
            (Ok(it), Ok(by)) if by != -1 => Ok(it / by),
            _ => i64::try_from(it / by).map_err(|_| Error::Overflow),
        };
        Ok(Ratio {
            numer: narrow(numer)?,
            denom: narrow(denom)?,
        })
    }
}

impl From<i64> for Ratio {
    fn from(numer: i64) -> Self {
        Ratio { numer, denom: 1 }
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = i128::from(self.numer) * i128::from(other.denom);
        left.cmp(&(i128::from(other.numer) * i128::from(self.denom)))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denom {
            1 => write!(f, "{}", self.numer),
            denom => write!(f, "{}/{denom}", self.numer),
        }
    }
}

/// The greatest common divisor, never negative. Callers pass products of two
/// 64-bit numbers at most, so no `abs` here overflows.
pub(crate) fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        // Most numbers are small, and 64-bit division is several times faster.
        (a, b) = match (u64::try_from(a), u64::try_from(b)) {
            (Ok(a), Ok(b)) => (b.into(), (a % b).into()),
            _ => (b, a % b),
        };
    }
    i128::try_from(a).unwrap_or(i128::MAX)
}

/// The least common multiple of two positive numbers.
pub(crate) fn lcm(a: i64, b: i64) -> Result<i64> {
    let product = i128::from(a) * i128::from(b);
    i64::try_from(product / gcd(a.into(), b.into()).max(1)).map_err(|_| Error::Overflow)
}
