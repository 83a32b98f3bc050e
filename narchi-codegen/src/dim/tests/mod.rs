#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests"
)]

mod laws;
mod quotients;
mod random;
mod relations;
mod text;
mod verdicts;
mod windows;

pub(crate) use random::{Random, Tree};
pub(crate) use relations::grid;

use super::Dim;

#[track_caller]
fn dim(text: &str) -> Dim {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}
