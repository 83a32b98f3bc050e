//! The macro and build scripts as their users meet them: errors, and when crates are built again.
//!
//! A stand-in takes the place of `narchi-runtime`, so that nothing here needs libtorch.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod doors;
mod hostile;
mod rebuild;
