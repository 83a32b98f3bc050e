//! Models compiled by narchi, and what the programs that train and run them share.
//!
//! Every folder beside this one holds a model: the architecture, the code that was generated from it, and a
//! program.

use std::process::ExitCode;

#[path = "../digits/mod.rs"]
pub mod digits;
#[path = "../resnet/mod.rs"]
pub mod resnet;

pub mod screen;
pub mod time;

/// What can go wrong in an example.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What the examples return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Runs a program; what goes wrong is told as a person would want to read it.
pub fn run(program: impl FnOnce() -> Result<()>) -> ExitCode {
    match program() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
