//! Exact symbolic sizes of tensor dimensions.
//!
//! A [`Dim`] is a polynomial with rational coefficients over *atoms*. An atom is
//! a [`Symbol`], which stands for a positive integer, `⌊dim⌋`, the floor of a polynomial
//! with fractions, or a quotient like `W/K`, whole by assumption. Every operation returns
//! the normal form.
//!
//! * `a == b` says that two sizes agree for every value of the symbols; it is
//!   cheap, and never wrong when it says yes.
//! * [`compare`] decides the rest: always, never, or only where certain
//!   [`Fact`]s hold, with a counterexample. A [`Verdict`] says what to make of it.
//! * [`lower_bounds`] finds how large the symbols must be for every size to be
//!   at least one.
//!
//! Nothing here panics: numbers that do not fit are an [`Error`].

mod bound;
mod class;
mod compare;
mod display;
mod divide;
mod error;
mod eval;
mod fact;
mod facts;
mod floor;
mod monomial;
mod parse;
mod polynomial;
mod quotient;
mod ratio;
mod remainder;
mod sample;
mod sequence;
mod symbol;
mod tally;

#[cfg(test)]
mod tests;
mod tokens;
mod unify;
mod verdict;
mod window;
mod zeros;

pub(crate) use bound::lower_bounds;
pub(crate) use compare::{Relation, compare};
pub(crate) use error::{Error, Result};
pub(crate) use eval::Env;
pub(crate) use fact::Fact;
pub(crate) use facts::Facts;
pub(crate) use parse::ParseError;
pub(crate) use polynomial::{AsDim, Dim};
pub(crate) use ratio::Ratio;
pub(crate) use symbol::Symbol;
pub(crate) use unify::{Bindings, Unified, unify};
pub(crate) use verdict::Verdict;
pub(crate) use window::Window;
