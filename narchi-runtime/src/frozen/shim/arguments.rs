//! What kernels are called with, and what they give.

#![expect(unsafe_code, reason = "the result of a foreign function is taken over")]

use std::ffi::c_char;
use std::ptr::{null, null_mut};

use tch::{Device, TchError, Tensor};

use super::optional::done;
use super::{Handle, Status};
use crate::frozen::epilogue::Epilogue;

/// Refuses what a kernel would read as memory of another kind.
pub(super) fn check(tensor: &Tensor, weight: &Tensor) -> Result<(), TchError> {
    let fits = tensor.defined()
        && tensor.device() == Device::Cpu
        && tensor.f_kind()? == weight.f_kind()?
        && !tensor.is_sparse()
        && !tensor.is_mkldnn()
        && !tensor.f_is_neg()?;
    if fits {
        return Ok(());
    }
    Err(TchError::Kind(
        "packed weights take dense tensors of their kind on the CPU".to_owned(),
    ))
}

pub(super) fn lent(tensor: &Tensor) -> Handle {
    tensor.as_ptr().cast_mut()
}

/// An optional tensor, as libtorch wants it: no address, or that of its handle.
pub(super) struct Lent(Handle);

impl Lent {
    pub(super) fn new(tensor: Option<&Tensor>) -> Self {
        Self(tensor.map_or(null_mut(), lent))
    }

    pub(super) fn pointer(&self) -> *const Handle {
        if self.0.is_null() {
            null()
        } else {
            &raw const self.0
        }
    }
}

pub(super) fn length(numbers: &[i64]) -> i64 {
    numbers.len().cast_signed() as i64
}

pub(super) fn with_pointers<T>(
    epilogue: Epilogue,
    call: impl FnOnce(*const c_char, *const *const f64, i64, *const *const c_char) -> T,
) -> T {
    let (name, variant) = epilogue.names();
    let (numbers, count) = epilogue.numbers();
    let numbers = [&raw const numbers[0], &raw const numbers[1]];
    let variant = variant.as_ptr();
    call(
        name.as_ptr(),
        numbers.as_ptr(),
        length(&[0; 2][..count]),
        &raw const variant,
    )
}

/// The tensor that a function stores.
pub(super) fn take(call: impl FnOnce(*mut Handle) -> Status) -> Result<Tensor, TchError> {
    let mut handle = null_mut();
    done(call(&raw mut handle))?;
    // SAFETY: after success it is a new handle, which is ours.
    Ok(unsafe { Tensor::from_ptr(handle) })
}
