//! `explain [CODE]`

use std::process::ExitCode;

use clap::Args;
use narchi_codegen::codes;

use super::{output, usage};

/// Says what a code means, and shows how to mend it.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code as reports have it in brackets; without one, all of them are listed.
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self) -> ExitCode {
        let text = match self.code {
            None => list(),
            Some(name) => match codes::find(&name) {
                Some(code) => code.markdown(),
                None => return usage(&codes::unknown(&name)),
            },
        };
        output::done(None, text.as_bytes(), ExitCode::SUCCESS)
    }
}

fn list() -> String {
    let width = codes::CODES.iter().map(|it| it.name.len()).max();
    let width = width.unwrap_or_default();
    let line = |it: &codes::Code| format!("{:width$}  {}\n", it.name, it.summary());
    codes::CODES.iter().map(line).collect()
}
