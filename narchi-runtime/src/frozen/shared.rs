//! What several threads may read at once.

#![expect(
    unsafe_code,
    reason = "tch says of no tensor that threads may share it, since most can be written through a shared reference"
)]

use std::fmt;
use std::ops::Deref;

use tch::Tensor;

use crate::nn;

/// A value that threads share.
pub(super) struct Shared<T>(pub(super) T);

/// What nothing writes once it is [`Shared`].
///
/// # Safety
///
/// Its methods that take `&self`, as far as the frozen form calls them or hands them out, may not write it or what its tensors
/// hold. That safe functions of tch write tensors through any handle, on several threads if someone insists, is as for all
/// tensors.
pub(super) unsafe trait ReadOnly {}

// SAFETY: frozen modules hand out no tensor of theirs. They lend them to functions of libtorch that only read them, and
// libtorch allows any number of threads to read a tensor: the counts of its handles are atomic.
unsafe impl ReadOnly for Tensor {}
// SAFETY: `forward` of these reads their weights only; what writes a table with `max_norm` was taken out of it by
// `Module::new`.
unsafe impl ReadOnly for nn::Embedding {}
// SAFETY: as above.
unsafe impl ReadOnly for nn::Crf {}
// SAFETY: as above; this one is private to the frozen form, which does not train it.
unsafe impl<const D: usize> ReadOnly for nn::BatchNorm<D> {}
// SAFETY: as above. These three cells are types without values.
unsafe impl ReadOnly for nn::Rnn {}
// SAFETY: as above.
unsafe impl ReadOnly for nn::Lstm {}
// SAFETY: as above.
unsafe impl ReadOnly for nn::Gru {}

// SAFETY: nothing is written, so no thread sees what another does.
unsafe impl<T: ReadOnly> Sync for Shared<T> {}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
