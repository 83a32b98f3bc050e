//! `check FILE…`

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use narchi_codegen::compile;

use super::{Jsonnet, PROBLEMS, message::Messages, usage};

/// Reports what is wrong with architecture files.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Architecture files, jsonnet or JSON.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

impl Check {
    pub(crate) fn run(self) -> ExitCode {
        let mut failed = 0;
        for file in &self.files {
            let input = match self.jsonnet.input(file.clone()) {
                Ok(input) => input,
                Err(message) => return usage(&message),
            };
            match self.messages.report(compile(&input)).model {
                Some(model) => self.messages.sound(file, &model.summary()),
                None => failed += 1,
            }
        }
        if failed == 0 {
            return ExitCode::SUCCESS;
        }
        let count = self.files.len();
        if count > 1 {
            self.messages
                .remark(&format!("{failed} of {count} files have problems"));
        }
        ExitCode::from(PROBLEMS)
    }
}
