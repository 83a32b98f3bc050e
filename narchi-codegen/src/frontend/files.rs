//! Reads files, finds imports, and remembers both.

use std::{
    fs::File,
    io::{self, Read},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Failure, Reads};
use crate::{
    budget::Payer,
    diagnostic::Diagnostic,
    similar::similar,
    source::{FileId, Sources, Span},
};

/// No text of an architecture is longer; the engine needs many times as much memory.
const LONGEST: u64 = 8 << 20;

/// What was read, shared with the thread that reads it.
#[derive(Clone, Debug)]
pub(super) struct Files(Arc<Mutex<Contents>>);

#[derive(Clone, Debug, Default)]
struct Contents {
    sources: Sources,
    reads: Reads,
}

/// Fields are dropped in order: nobody pays until the lock is free again.
struct Locked<'a> {
    contents: MutexGuard<'a, Contents>,
    _unpaid: Payer,
}

impl Deref for Locked<'_> {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        &self.contents
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Contents {
        &mut self.contents
    }
}

impl Files {
    pub(super) fn new(sources: Sources) -> Self {
        Self(Arc::new(Mutex::new(Contents {
            sources,
            reads: Reads::default(),
        })))
    }

    pub(super) fn contents(&self) -> (Sources, Reads) {
        let Contents { sources, reads } = self.lock().clone();
        (sources, reads)
    }

    /// A text that comes from no file.
    pub(super) fn add(&self, name: String, key: String, text: &str) -> FileId {
        self.lock().sources.add(name, key, text.to_owned())
    }

    pub(super) fn name(&self, file: FileId) -> String {
        self.lock().sources.file(file).name.clone()
    }

    pub(super) fn text(&self, file: FileId) -> String {
        self.lock().sources.file(file).text.clone()
    }

    /// Asks about the text of a place.
    pub(super) fn with_text<T>(&self, span: Span, ask: impl FnOnce(&str) -> T) -> T {
        ask(self.lock().sources.text(span))
    }

    /// A place, up to the end of its first line.
    pub(super) fn first_line(&self, span: Span) -> Span {
        let length = self.with_text(span, |text| {
            text.lines().next().map(|it| it.trim_end().len())
        });
        Span {
            end: span.start + length.unwrap_or_default(),
            ..span
        }
    }

    /// A place as people write it.
    pub(super) fn show(&self, span: Span) -> String {
        let contents = self.lock();
        let (line, column) = contents.sources.line_and_column(span);
        format!("{}:{line}:{column}", contents.sources.file(span.file).name)
    }

    /// Reads the file that is to be compiled.
    pub(super) fn main(&self, path: &Path) -> Result<FileId, Failure> {
        let bytes = match self.read(path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(self.missing(path).into()),
            Err(error) => {
                return Err(unreadable(self.no_text(path), path, why(path, &error)).into());
            }
        };
        self.take_text(path, bytes)
            .map_err(|why| unreadable(self.no_text(path), path, why).into())
    }

    /// Finds and reads the text that `from` imports at `at`.
    pub(super) fn import(
        &self,
        from: FileId,
        wanted: &str,
        jpath: &[PathBuf],
        at: Span,
    ) -> Result<FileId, Failure> {
        let (path, bytes) = self.find(from, wanted, jpath, at)?;
        self.take_text(&path, bytes)
            .map_err(|why| unreadable(at, &path, why).into())
    }

    /// Finds and reads the file that `from` imports at `at`.
    pub(super) fn find(
        &self,
        from: FileId,
        wanted: &str,
        jpath: &[PathBuf],
        at: Span,
    ) -> Result<(PathBuf, Vec<u8>), Failure> {
        let beside = self
            .lock()
            .sources
            .file(from)
            .path
            .parent()
            .map(Path::to_owned);
        let folders = beside.into_iter().chain(jpath.iter().rev().cloned());
        let mut tried: Vec<PathBuf> = Vec::new();
        for folder in folders {
            // Leaves out `.`, so that a file has one name however it is imported.
            let path: PathBuf = folder.join(wanted).components().collect();
            if tried.contains(&path) {
                continue;
            }
            match self.read(&path) {
                Ok(Some(bytes)) => return Ok((path, bytes)),
                Ok(None) => tried.push(path),
                Err(error) => return Err(unreadable(at, &path, why(&path, &error)).into()),
            }
        }
        let places: Vec<String> = tried
            .iter()
            .map(|it| format!("`{}`", it.display()))
            .collect();
        let help = tried.iter().find_map(|it| lookalike(it));
        Err(
            Diagnostic::error("import-not-found", at, format!("cannot find `{wanted}`"))
                .note(format!("looked for {}", places.join(" and ")))
                .help(Some(help.map_or_else(
                    || {
                        "write its path from the folder of this file, or give a folder with --jpath"
                            .to_owned()
                    },
                    |it| {
                        format!(
                            "did you mean `{}`?",
                            Path::new(wanted).with_file_name(it).display()
                        )
                    },
                )))
                .into(),
        )
    }

    /// The bytes of a file, or nothing where there is none.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let bytes = read_some(path);
        let reads = &mut self.lock().reads;
        match bytes {
            Ok(bytes) => {
                note(&mut reads.files, path);
                Ok(Some(bytes))
            }
            Err(error) if is_missing(&error) => {
                note(&mut reads.missing, path);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn take_text(&self, path: &Path, bytes: Vec<u8>) -> Result<FileId, String> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("it is not UTF-8 text (at byte {at})")
        })?;
        // Some editors begin files with a byte order mark; it is no part of the text.
        let text = text
            .strip_prefix('\u{feff}')
            .map_or(text.clone(), str::to_owned);
        Ok(self
            .lock()
            .sources
            .add(path.display().to_string(), path, text))
    }

    fn missing(&self, path: &Path) -> Diagnostic {
        let message = format!("there is no file `{}`", path.display());
        let folder = path
            .parent()
            .filter(|it| !it.as_os_str().is_empty() && !it.exists());
        let missing = Diagnostic::error("missing-file", self.no_text(path), message);
        let missing = match folder {
            Some(folder) => missing.note(format!("there is no folder `{}`", folder.display())),
            None => missing,
        };
        let near = lookalike(path).map(|it| path.with_file_name(it).display().to_string());
        missing.help(near.map(|it| format!("did you mean `{it}`?")))
    }

    fn no_text(&self, path: &Path) -> Span {
        let name = path.display().to_string();
        self.lock().sources.add(name, path, String::new()).start()
    }

    fn lock(&self) -> Locked<'_> {
        // First of all: a thread that is stopped while it holds the lock would stop everybody.
        let unpaid = Payer::nobody();
        // Whoever panicked had not begun to change anything.
        let contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Locked {
            contents,
            _unpaid: unpaid,
        }
    }
}

/// The bytes of a file. It need not have an end, and need not be one.
fn read_some(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn note(paths: &mut Vec<PathBuf>, path: &Path) {
    if !paths.iter().any(|it| it == path) {
        paths.push(path.to_owned());
    }
}

fn unreadable(at: Span, path: &Path, why: String) -> Diagnostic {
    let message = format!("cannot read `{}`: {why}", path.display());
    let help = "name a file of text in UTF-8, which is no longer than 8 MiB";
    Diagnostic::error("unreadable-file", at, message).help(Some(help))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn why(path: &Path, error: &io::Error) -> String {
    if path.is_dir() {
        "it is a folder".to_owned()
    } else if error.kind() == io::ErrorKind::FileTooLarge {
        format!("it is longer than {} MiB", LONGEST >> 20)
    } else {
        error.kind().to_string()
    }
}

/// The name of a file beside `path` that is spelt much like it.
fn lookalike(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    similar(name, names.iter().map(String::as_str)).map(str::to_owned)
}
