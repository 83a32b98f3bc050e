//! `completions SHELL`, `man`: what is said of the command line itself.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, output};

/// Writes what a shell needs to complete this command.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> ExitCode {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "narchi-codegen", &mut text);
        output::done(None, &text, ExitCode::SUCCESS)
    }
}

/// Writes the manual page.
pub(crate) fn run() -> ExitCode {
    let mut text = Vec::new();
    match clap_mangen::Man::new(Cli::command()).render(&mut text) {
        Ok(()) => output::done(None, &text, ExitCode::SUCCESS),
        Err(error) => output::failed(&error.to_string()),
    }
}
