//! Tests of the compiler as its users see it: reports, listings, the command line.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod cli;
mod current;
mod errors;
mod examples;
mod models;
mod readme;
mod tidy;
