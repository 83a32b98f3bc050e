//! Modules that are the same frozen.

use std::ops::Deref;

use tch::{TchError, Tensor};

use super::blocks::Blocks;
use super::shared::Shared;
use super::store::copied;
use crate::nn::{self, EmbeddingConfig};
use crate::{Error, Result};

/// A module of [`nn`] that threads may share: [`nn::Embedding`], [`nn::Rnn`], [`nn::Lstm`], [`nn::Gru`] or [`nn::Crf`].
///
/// Call its methods inside [`no_grad`](super::no_grad), as roots of generated code do.
#[derive(Debug)]
pub struct Module<M>(Shared<M>);

impl<M: Unchanging> Module<M> {
    /// The same module; it shares the weights, which must not be trained any more.
    ///
    /// # Panics
    ///
    /// If libtorch has no memory for a table, all of whose rows are shortened to its `max_norm` here.
    #[track_caller]
    pub fn new(module: M) -> Self {
        Self(Shared(module.unchanging()))
    }
}

impl<M> Deref for Module<M> {
    type Target = M;

    #[inline]
    fn deref(&self) -> &M {
        &self.0
    }
}

impl<M: Unchanging> Blocks for Module<M>
where
    Self: Send + Sync,
{
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        each(self.0.path(), "libtorch");
    }
}

/// Modules that do not write their weights when they are called, and are [`Sync`] in a [`Module`].
pub trait Unchanging: Sized {
    #[doc(hidden)]
    fn path(&self) -> &str;

    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    fn unchanging(self) -> Self {
        self
    }
}

macro_rules! unchanging {
    ($($module:ty),*) => {
        $(impl Unchanging for $module {
            fn path(&self) -> &str {
                self.name.path()
            }
        })*
    };
}

unchanging!(nn::Crf, nn::Rnn, nn::Lstm, nn::Gru);

impl Unchanging for nn::Embedding {
    fn path(&self) -> &str {
        self.name.path()
    }

    /// With `max_norm`, `forward` shortens rows in the table: once done for all, it has nothing left to do.
    #[track_caller]
    fn unchanging(mut self) -> Self {
        let Some(max_norm) = self.config.max_norm else {
            return self;
        };
        match shortened(&self, max_norm).map_err(Error::from) {
            Ok(weight) => self.weight = weight,
            #[expect(clippy::panic, reason = "out of memory has no remedy here")]
            Err(error) => panic!("cannot shorten the rows of `{}`: {error}", self.path()),
        }
        self.config = EmbeddingConfig {
            max_norm: None,
            ..self.config
        };
        self
    }
}

fn shortened(table: &nn::Embedding, max_norm: f64) -> Result<Tensor, TchError> {
    let _no_grad = tch::no_grad_guard();
    let mut weight = copied(&table.weight)?;
    let rows = table.weight.size()[0];
    let all = Tensor::f_arange(rows, (tch::Kind::Int64, weight.device()))?;
    weight.f_embedding_renorm_(&all, max_norm, table.config.norm_type)
}
