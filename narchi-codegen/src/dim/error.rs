use std::fmt;

use super::{Dim, Symbol};

/// What an operation returns.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A number does not fit 64 bits.
    Overflow,
    /// The result would have too many terms, too high powers or too deeply nested floors.
    TooLarge,
    /// A division by zero.
    DivisionByZero,
    /// One dim does not divide the other.
    NotExact {
        /// What was to be divided.
        dividend: Dim,
        /// By what.
        divisor: Dim,
    },
    /// A size is not a whole number where one is needed.
    NotInteger,
    /// A symbol has no value.
    Unbound(Symbol),
    /// A convolution or pooling that torch rejects.
    Window(&'static str),
    /// Facts that hold for no value of a symbol.
    Contradiction(Symbol),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Overflow => f.write_str("a size does not fit 64 bits"),
            Error::TooLarge => f.write_str("a size has become too complicated"),
            Error::DivisionByZero => f.write_str("division by zero"),
            Error::NotExact { dividend, divisor } => {
                write!(f, "{dividend} is not a multiple of {divisor}")
            }
            Error::NotInteger => f.write_str("not a whole number"),
            Error::Unbound(symbol) => write!(f, "{symbol} has no value"),
            Error::Window(why) => f.write_str(why),
            Error::Contradiction(symbol) => write!(f, "no value of {symbol} is left"),
        }
    }
}

impl std::error::Error for Error {}
