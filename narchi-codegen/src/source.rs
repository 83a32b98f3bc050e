//! Texts, and places in them.

use std::path::{Path, PathBuf};

/// The texts of everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

/// A text and what to call it.
#[derive(Clone, Debug)]
pub struct File {
    /// The path, as people should see it.
    pub name: String,
    /// The path it was read from.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// Names a text of [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

/// A piece of a text, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Sources {
    /// Adds a text; one that was added before under the same path keeps its id.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        path: impl Into<PathBuf>,
        text: String,
    ) -> FileId {
        let (name, path) = (name.into(), path.into());
        if let Some(known) = self.find(&path) {
            return known;
        }
        self.files.push(File { name, path, text });
        FileId(self.files.len() - 1)
    }

    /// The text that was read from `path`.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.files.iter().position(|it| it.path == path).map(FileId)
    }

    /// What the first text is called: the one that the others were read for.
    pub fn first_name(&self) -> &str {
        self.files.first().map_or("", |it| &it.name)
    }

    /// A text.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0]
    }

    /// Line and column of a place, both from one; columns count characters.
    pub fn line_and_column(&self, span: Span) -> (usize, usize) {
        let text = &self.file(span.file).text;
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |it| it + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }

    /// The text of a place.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .text
            .get(span.start..span.end)
            .unwrap_or_default()
    }
}

impl Span {
    /// Whether another place is part of this one.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

impl FileId {
    /// The place of the whole text's beginning, for problems with the text as such.
    pub fn start(self) -> Span {
        Span {
            file: self,
            start: 0,
            end: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a", "a", "x\näöü b".to_owned());
        let at = sources.file(file).text.find('b').unwrap_or_default();
        assert_eq!(
            sources.line_and_column(Span {
                file,
                start: at,
                end: at + 1
            }),
            (2, 5)
        );
    }
}
