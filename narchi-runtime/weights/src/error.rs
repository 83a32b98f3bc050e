use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    path: PathBuf,
    message: String,
}

impl Error {
    pub(crate) fn new(path: &Path, message: String) -> Self {
        Self {
            path: path.to_path_buf(),
            message,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it, and what to do.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for Error {}

/// What is wrong, before it is known in which file.
pub(crate) type Result<T, E = String> = std::result::Result<T, E>;

/// A name from a file in an error message: it may be long, or try to move the cursor of a terminal.
pub(crate) fn quoted(name: &str) -> String {
    const LONGEST: usize = 120;
    let mut shown = String::from("`");
    for char in name.chars().take(LONGEST) {
        match char {
            '"' | '\'' => shown.push(char),
            _ => shown.extend(char.escape_debug()),
        }
    }
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}

/// Names from a file as a list.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    shortened(names.iter().map(|name| quoted(name.as_ref())).collect())
}

/// A list that stays readable however long it is.
pub(crate) fn shortened(mut items: Vec<String>) -> String {
    const MOST: usize = 8;
    let more = items.len().saturating_sub(MOST);
    items.truncate(MOST);
    match more {
        0 => items.join(", "),
        _ => format!("{} and {more} more", items.join(", ")),
    }
}
