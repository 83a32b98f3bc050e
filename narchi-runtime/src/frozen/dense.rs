//! The memory of tensors, and libtorch's threads, for kernels in plain Rust.

#![expect(
    unsafe_code,
    reason = "slices of what tensors hold; what they are made of is checked here"
)]

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;

use tch::{Kind, TchError, Tensor};

use super::memory::is_plain;
use super::shim::{self, new_tensor};
use crate::shape::last_error;

/// More dimensions have no kernel.
pub(super) const DIMS: usize = 8;

/// Whether loops in plain Rust are worth their name. Without optimization they take up to a hundred times as long, so that in
/// debug builds of those who use this crate libtorch computes instead.
pub(super) const IS_OPTIMIZED: bool = !cfg!(narchi_unoptimized);

/// No size and no stride.
const UNREAD: i64 = i64::MIN;

/// The sizes of a tensor, without an allocation.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    values: [i64; DIMS],
    dims: usize,
}

impl Sizes {
    /// Nothing for more than eight dimensions, and for no tensor at all.
    #[inline]
    pub(super) fn of(tensor: &Tensor) -> Option<Self> {
        if !tensor.defined() {
            return None;
        }
        let dims = tensor.dim();
        let mut values = [UNREAD; DIMS];
        if dims > DIMS {
            return None;
        }
        // SAFETY: it stores `dims` numbers, for which there is place.
        unsafe { torch_sys::at_shape(tensor.as_ptr().cast_mut(), values.as_mut_ptr()) };
        if values[..dims].contains(&UNREAD) {
            drop(last_error());
            return None;
        }
        Some(Self { values, dims })
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[i64] {
        &self.values[..self.dims]
    }

    #[inline]
    pub(super) fn numel(&self) -> usize {
        self.as_slice().iter().copied().map(count).product()
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [i64] {
        &mut self.values[..self.dims]
    }
}

/// In what order the elements of a tensor lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// `[N, C, …]`
    First,
    /// `[N, …, C]`: the channels of each place together.
    Last,
}

impl Sizes {
    /// The strides of a tensor of these sizes, without gaps. No dimension counts as none of its size.
    #[inline]
    pub(super) fn strides(&self, order: Order) -> Self {
        let mut strides = Self {
            values: [1; DIMS],
            dims: self.dims,
        };
        let mut next = 1;
        let mut set = |axis: usize| {
            strides.values[axis] = next;
            next *= self.values[axis].max(1);
        };
        match order {
            Order::First => (0..self.dims).rev().for_each(set),
            Order::Last => {
                if self.dims > 1 {
                    set(1);
                }
                (2..self.dims).rev().for_each(&mut set);
                if self.dims > 0 {
                    set(0);
                }
            }
        }
        strides
    }

    /// Which order a tensor of these sizes has, the last if both; nothing if another, or if there are gaps.
    #[inline]
    fn order_of(&self, tensor: &Tensor) -> Option<Order> {
        let mut found = [UNREAD; DIMS];
        // SAFETY: it stores as many numbers as there are sizes.
        unsafe { torch_sys::at_stride(tensor.as_ptr().cast_mut(), found.as_mut_ptr()) };
        if found[..self.dims].contains(&UNREAD) {
            // Not every tensor has strides.
            drop(last_error());
            return None;
        }
        [Order::Last, Order::First].into_iter().find(|order| {
            let strides = self.strides(*order);
            let mut axes = self.as_slice().iter().zip(strides.as_slice()).zip(&found);
            axes.all(|((size, stride), found)| *size == 1 || stride == found)
        })
    }
}

/// The elements of a tensor of `f32` on the CPU, which has these sizes, as they lie in memory.
#[inline]
pub(super) fn ordered<'a>(tensor: &'a Tensor, sizes: &Sizes) -> Option<(&'a [f32], Order)> {
    if !is_plain(tensor) || !matches!(tensor.f_kind(), Ok(Kind::Float)) {
        return None;
    }
    let order = sizes.order_of(tensor)?;
    let (start, length) = (tensor.data_ptr().cast::<f32>(), sizes.numel());
    if start.is_null() {
        return None;
    }
    // SAFETY: a tensor of that kind without gaps has so many elements there, and keeps them as long as it lives.
    Some((unsafe { std::slice::from_raw_parts(start, length) }, order))
}

/// The elements of a contiguous tensor of `f32` on the CPU, which has these sizes.
#[inline]
pub(super) fn elements<'a>(tensor: &'a Tensor, sizes: &Sizes) -> Option<&'a [f32]> {
    let is_plain =
        is_plain(tensor) && matches!(tensor.f_kind(), Ok(Kind::Float)) && tensor.is_contiguous();
    if !is_plain {
        return None;
    }
    let (start, length) = (tensor.data_ptr().cast::<f32>(), sizes.numel());
    // A tensor of no elements may have no memory, and libtorch has tensors of zeros that have none.
    if start.is_null() {
        return None;
    }
    // SAFETY: a contiguous tensor of that kind has so many elements there, and keeps them as long as it lives.
    Some(unsafe { std::slice::from_raw_parts(start, length) })
}

/// A new tensor of `f32` on the CPU, with the elements that `fill` writes in their order: at first they are what memory
/// happens to be. Nothing, if there are none to write.
#[inline]
pub(super) fn filled(
    sizes: &Sizes,
    order: Order,
    fill: impl FnOnce(&mut [f32]) -> Result<(), TchError>,
) -> Result<Option<Tensor>, TchError> {
    let tensor = new_tensor(sizes.as_slice(), sizes.strides(order).as_slice())?;
    let start = tensor.data_ptr().cast::<f32>();
    if start.is_null() {
        return Ok(None);
    }
    // SAFETY: the tensor has so many elements there, and there is no other handle to it. Any bytes are an `f32`.
    fill(unsafe { std::slice::from_raw_parts_mut(start, sizes.numel()) })?;
    Ok(Some(tensor))
}

/// Parts of one slice that are written by several threads.
pub(super) struct Rows<'a> {
    start: *mut f32,
    length: usize,
    width: usize,
    slice: PhantomData<&'a mut [f32]>,
}

// SAFETY: whoever takes a row says that no other thread has it.
unsafe impl Sync for Rows<'_> {}

impl<'a> Rows<'a> {
    pub(super) fn new(slice: &'a mut [f32], width: usize) -> Self {
        let length = slice.len();
        Self {
            start: slice.as_mut_ptr(),
            length,
            width,
            slice: PhantomData,
        }
    }

    /// The rows of `width` elements each, by `fill`, shared out among libtorch's threads; a thread takes at least `grain`.
    pub(super) fn fill(
        &mut self,
        grain: usize,
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Result<(), TchError> {
        let width = self.width.max(1);
        self.fill_ranges(grain, |rows, slice| {
            for (row, slice) in rows.zip(slice.chunks_exact_mut(width)) {
                fill(row, slice);
            }
        })
    }

    /// The same, with all rows of a thread at once.
    pub(super) fn fill_ranges(
        &mut self,
        grain: usize,
        fill: impl Fn(Range<usize>, &mut [f32]) + Sync,
    ) -> Result<(), TchError> {
        let rows = self.length / self.width.max(1);
        let this = &*self;
        let part = |from: usize, to: usize| {
            let to = to.min(rows);
            let length = to.saturating_sub(from) * this.width;
            // SAFETY: the rows are inside the slice, which is borrowed, and `from..to` is for this thread alone.
            let slice = unsafe {
                std::slice::from_raw_parts_mut(this.start.add(from.min(rows) * this.width), length)
            };
            fill(from..to, slice);
        };
        in_parts(rows, grain, &part)
    }
}

/// Sizes and what else is counted, which fits.
#[inline]
pub(super) fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// Calls `part` with ranges that together are `0..n`, each once, on several threads.
pub(super) fn in_parts<F: Fn(usize, usize) + Sync>(
    n: usize,
    grain: usize,
    part: &F,
) -> Result<(), TchError> {
    /// A panic would end the program here: it must not go through libtorch.
    extern "C" fn call<F: Fn(usize, usize) + Sync>(from: i64, to: i64, part: *mut c_void) {
        // SAFETY: it is what `in_parts` was given, and is still waiting with.
        let part = unsafe { &*part.cast_const().cast::<F>() };
        part(count(from), count(to));
    }
    let context = (&raw const *part).cast_mut().cast();
    let (n, grain) = (n.cast_signed() as i64, grain.cast_signed() as i64);
    // SAFETY: threads may share `part`.
    unsafe { shim::in_parts(n, grain, call::<F>, context) }
}
