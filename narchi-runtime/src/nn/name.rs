//! What reports call a module.

use tch::{TchError, nn::Path};

use crate::{Error, Result};

/// The path of a module's weights, `layer1.0.conv1`: a failure of the module says it.
#[derive(Debug, Default)]
pub(crate) struct Name(Box<str>);

impl Name {
    pub(crate) fn of(vs: &Path<'_>) -> Self {
        Self(vs.components().collect::<Vec<_>>().join(".").into())
    }

    /// `layer1.0.conv1`; nothing for a module at the root.
    pub(crate) fn path(&self) -> &str {
        &self.0
    }

    /// The whole name of a tensor of the module: `layer1.0.conv1.weight`.
    pub(crate) fn leaf(&self, leaf: &str) -> String {
        match self.path() {
            "" => leaf.to_owned(),
            path => format!("{path}.{leaf}"),
        }
    }

    /// Out of line, so that what usually happens stays short.
    #[cold]
    #[track_caller]
    pub(crate) fn blames(&self, error: impl Into<Error>) -> Error {
        error.into().of_module(&self.0)
    }
}

/// What comes of a module.
pub(crate) trait Of<T> {
    /// The same; a failure says which module it is of.
    ///
    /// # Errors
    ///
    /// The same.
    fn of(self, name: &Name) -> Result<T>;
}

impl<T> Of<T> for Result<T, TchError> {
    #[inline]
    #[track_caller]
    fn of(self, name: &Name) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(name.blames(error)),
        }
    }
}

impl<T> Of<T> for Result<T> {
    #[inline]
    #[track_caller]
    fn of(self, name: &Name) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(name.blames(error)),
        }
    }
}
