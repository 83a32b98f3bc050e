//! What reports call a module.

use tch::{TchError, nn::Path};

use crate::{Error, Result};

/// The path of a module's weights, `layer1.0.conv1`: a failure of the module says it.
#[derive(Debug)]
pub(super) struct Name(Box<str>);

impl Name {
    pub(super) fn of(vs: &Path<'_>) -> Self {
        Self(vs.components().collect::<Vec<_>>().join(".").into())
    }

    /// Out of line, so that what usually happens stays short.
    #[cold]
    #[track_caller]
    fn blames(&self, error: impl Into<Error>) -> Error {
        error.into().of_module(&self.0)
    }
}

/// What comes of a module.
pub(super) trait Of<T> {
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
