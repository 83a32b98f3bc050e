//! What went wrong, and what to do about it.

use std::fmt;
use std::io;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `deed` is what could not be done, "create" or "write".
    pub(crate) fn io(deed: &str, path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::disk_full(path);
        }
        Self::new(format!("cannot {deed} {}: {error}", path.display()))
    }

    pub(crate) fn disk_full(path: &Path) -> Self {
        Self::new(format!("the disk is full, writing to {}", path.display()))
            .help("free some space, or set NARCHI_CACHE to a folder on another disk, and run the command again")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}
