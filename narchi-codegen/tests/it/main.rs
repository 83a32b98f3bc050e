//! Tests of the compiler as its users see it: reports, listings, the command line.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod book;
mod cli;
mod codes;
mod command;
mod current;
mod diff;
#[cfg(feature = "jrsonnet")]
mod engines;
mod errors;
mod examples;
mod hostile;
mod models;
mod new;
mod readme;
mod renames;
mod render;
mod reports;
mod summary;
mod sweep;
mod tidy;
mod verbs;
mod weights;

/// Reports of files that ask for too much memory are tested here, too.
#[global_allocator]
static BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;
