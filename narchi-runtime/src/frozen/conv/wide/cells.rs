//! The memory of tensors that several threads write, each its own elements.

#![expect(
    unsafe_code,
    reason = "what tensors hold; where it ends is checked here, and who writes it by those who call"
)]

use std::ptr;

use tch::{TchError, Tensor};

use crate::frozen::dense::{Order, Sizes, ordered};
use crate::frozen::shim::new_tensor;

/// A new tensor of `f32` on the CPU, whose elements are what memory happens to be.
pub(super) fn uninitialized(sizes: &Sizes, order: Order) -> Result<Tensor, TchError> {
    new_tensor(sizes.as_slice(), sizes.strides(order).as_slice())
}

/// The elements of a tensor, for threads of which each reads and writes its own.
#[derive(Clone, Copy)]
pub(super) struct Cells {
    start: *mut f32,
    length: usize,
}

// SAFETY: whoever reads or writes a cell says that no other thread writes it.
unsafe impl Sync for Cells {}

impl Cells {
    /// Of a tensor of `f32` on the CPU, which has these sizes and no gaps; they must not be used after its end.
    pub(super) fn of(tensor: &Tensor, sizes: &Sizes) -> Option<Self> {
        let (elements, _) = ordered(tensor, sizes)?;
        Some(Self {
            start: tensor.data_ptr().cast(),
            length: elements.len(),
        })
    }

    /// Of a slice; they must not be used after its end.
    pub(super) fn of_slice(slice: &mut [f32]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            length: slice.len(),
        }
    }

    /// Those from a place on.
    pub(super) fn from(self, at: usize) -> Self {
        let at = at.min(self.length);
        Self {
            // SAFETY: it is inside, or the end.
            start: unsafe { self.start.add(at) },
            length: self.length - at,
        }
    }

    /// Copies those from `at` on to `to`, if there are as many.
    ///
    /// # Safety
    ///
    /// No thread writes them now, the tensor lives, and they are not in `to`.
    #[inline]
    pub(super) unsafe fn read(&self, at: usize, to: &mut [f32]) {
        debug_assert!(at + to.len() <= self.length, "the tensor has ended");
        if at + to.len() <= self.length {
            // SAFETY: they are inside the tensor; the rest says the caller.
            unsafe { ptr::copy_nonoverlapping(self.start.add(at), to.as_mut_ptr(), to.len()) }
        }
    }

    /// Copies `from` to those from `at` on, if there are as many.
    ///
    /// # Safety
    ///
    /// No other thread reads or writes them now, the tensor lives, and they are not in `from`.
    #[inline]
    pub(super) unsafe fn write(&self, at: usize, from: &[f32]) {
        debug_assert!(at + from.len() <= self.length, "the tensor has ended");
        if at + from.len() <= self.length {
            // SAFETY: they are inside the tensor; the rest says the caller.
            unsafe { ptr::copy_nonoverlapping(from.as_ptr(), self.start.add(at), from.len()) }
        }
    }
}
