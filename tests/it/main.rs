//! Every test that crosses a crate boundary and needs libtorch, in one binary.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod blame;
mod book;
mod commands;
mod digits;
mod drivers;
mod frozen;
mod generated;
mod layers;
mod micro;
mod narchis_own;
mod reference;
mod sequences;
mod starter;
mod tokens;
mod torchvision;
