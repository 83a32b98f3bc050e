//! Which block of a model failed.

use std::{fmt, panic::Location};

use tch::TchError;

use crate::{Error, Result};

/// A block of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    path: String,
    /// Whether the path begins at the model, and not at some block in it.
    is_whole: bool,
    place: Option<&'static str>,
}

impl Block {
    /// A module, by the path of its weights.
    pub(crate) fn whole(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            is_whole: true,
            place: None,
        }
    }

    /// The path, as that of weights: `layer1.0.relu1`; `*` where it is one of several that a loop goes through.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where the architecture says so, `src/resnet.jsonnet:12:9`. Not for generated code in a file, which has the lines of
    /// its own.
    pub fn place(&self) -> Option<&'static str> {
        self.place
    }
}

/// `layer1.0.relu1` (src/resnet.jsonnet:12:9)
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path)?;
        match self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

impl Error {
    fn block(&mut self) -> Option<&mut Option<Block>> {
        match self {
            Self::Torch { block, .. } | Self::Module { block, .. } => Some(block),
            _ => None,
        }
    }

    /// The same, inside a block of this path.
    pub(crate) fn inside(mut self, outer: &str) -> Self {
        match self.block() {
            Some(Some(block)) if !block.is_whole => block.path = format!("{outer}.{}", block.path),
            Some(block @ None) => {
                *block = Some(Block {
                    is_whole: false,
                    ..Block::whole(outer)
                });
            }
            _ => {}
        }
        self
    }

    /// The same, where it is not said yet which module failed.
    pub(crate) fn of_module(mut self, path: &str) -> Self {
        if let Some(block @ None) = self.block()
            && !path.is_empty()
        {
            *block = Some(Block::whole(path));
        }
        self
    }
}

/// Results in generated code.
pub trait InBlock<T> {
    /// The same; a failure says in which block it was.
    ///
    /// # Errors
    ///
    /// The same.
    fn in_block(self, path: &'static str) -> Result<T>;
}

impl<T> InBlock<T> for Result<T, TchError> {
    #[inline]
    #[track_caller]
    fn in_block(self, path: &'static str) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(failed(error, path, Location::caller())),
        }
    }
}

impl<T> InBlock<T> for Result<T> {
    #[inline]
    fn in_block(self, path: &'static str) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(went_through(error, path)),
        }
    }
}

/// Out of line, so that what usually happens stays short.
#[cold]
fn failed(error: TchError, path: &str, location: &'static Location<'static>) -> Error {
    Error::torch(error, location).inside(path)
}

#[cold]
fn went_through(error: Error, path: &str) -> Error {
    error.inside(path)
}

/// The result of a model; a failure says where its block is written. `places` has a line for each block: its path, a
/// tab, and the place.
///
/// # Errors
///
/// The same.
#[inline]
pub fn located<T>(result: Result<T>, places: &'static str) -> Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => Err(with_place(error, places)),
    }
}

#[cold]
fn with_place(mut error: Error, places: &'static str) -> Error {
    if let Some(Some(block)) = error.block()
        && block.place.is_none()
    {
        let places = places.lines().filter_map(|it| it.split_once('\t'));
        let meant = places.filter(|it| is_meant(&block.path, it.0));
        // The longest path: a model may be part of another, whose paths are longer by its own.
        let found = meant.max_by_key(|it| it.0.len());
        block.place = found.map(|it| it.1);
    }
    error
}

/// Whether a path, in which `*` is any step, ends with that of a block.
fn is_meant(path: &str, block: &str) -> bool {
    let mut path = path.rsplit('.');
    let is_same = |name: &str| path.next().is_some_and(|it| it == name || it == "*");
    block.rsplit('.').all(is_same)
}
