//! `completions SHELL`, `man`: what is said of the command line itself.

use std::process::ExitCode;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use super::{Cli, output, usage};

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

/// Writes the manual page of this command, or of one of its verbs.
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// The verb, such as `weights map`.
    verb: Vec<String>,
}

impl Manual {
    pub(crate) fn run(self) -> ExitCode {
        let mut command = Cli::command();
        // So that verbs know what they are verbs of.
        command.build();
        let mut page = &command;
        for verb in &self.verb {
            let Some(found) = page.find_subcommand(verb) else {
                let verbs: Vec<&str> = page.get_subcommands().map(Command::get_name).collect();
                let has = match verbs.as_slice() {
                    [] => "it has no verbs".to_owned(),
                    verbs => format!("its verbs are {}", verbs.join(", ")),
                };
                return usage(&format!(
                    "`{}` has no verb `{verb}`: {has}",
                    page.get_name()
                ));
            };
            page = found;
        }
        let mut text = Vec::new();
        match clap_mangen::Man::new(page.clone()).render(&mut text) {
            Ok(()) => output::done(None, &text, ExitCode::SUCCESS),
            Err(error) => output::failed(&error.to_string()),
        }
    }
}
