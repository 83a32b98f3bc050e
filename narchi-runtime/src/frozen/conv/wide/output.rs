//! What is done with sums while they are in registers.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]
#![expect(unsafe_code, reason = "each share has its own outputs")]

use super::cells::Cells;
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::activate;
use crate::frozen::lanes::{LANES, Vector};

/// So many sums are half of a register.
const HALF: usize = LANES / 2;

/// Where they go, and what happens before.
pub(super) struct Output {
    pub(super) cells: Cells,
    /// From the outputs of a place to those of the next one.
    pub(super) channels: usize,
    /// What is added; they may be the same.
    pub(super) others: Option<Cells>,
    pub(super) epilogue: Epilogue,
}

impl Output {
    /// To a slice of this thread, which must live as long as anything is put there.
    pub(super) fn inside(slice: &mut [f32], channels: usize, epilogue: Epilogue) -> Self {
        Self {
            cells: Cells::of_slice(slice),
            channels,
            others: None,
            epilogue,
        }
    }

    /// The part of it that begins at a place.
    pub(super) fn from(&self, at: usize) -> Self {
        Self {
            cells: self.cells.from(at),
            channels: self.channels,
            others: self.others.map(|it| it.from(at)),
            epilogue: self.epilogue,
        }
    }

    /// Puts sixteen sums to each place.
    #[inline(always)]
    pub(super) fn put<V: Vector, const N: usize>(&self, at: [usize; N], mut sums: [V; N]) {
        if let Some(others) = &self.others {
            for (sum, at) in sums.iter_mut().zip(at) {
                let mut other = [0.; LANES];
                // SAFETY: no two shares have an output in common, this one alone writes there, if anyone does, and the tensors are
                // borrowed as long as it lasts. The input lies elsewhere, by `may_be_overwritten`.
                unsafe { others.read(at, &mut other) }
                *sum = sum.plus(V::load(&other));
            }
        }
        // What most models have is done without leaving the register.
        match self.epilogue {
            Epilogue::None => {}
            Epilogue::Relu => {
                for sum in &mut sums {
                    *sum = sum.at_least_zero();
                }
            }
            other => {
                for sum in &mut sums {
                    let mut values = [0.; LANES];
                    sum.store(&mut values);
                    activate(other, &mut values);
                    *sum = V::load(&values);
                }
            }
        }
        for (sum, at) in sums.into_iter().zip(at) {
            let mut values = [0.; LANES];
            sum.store(&mut values);
            // SAFETY: as above.
            unsafe { self.cells.write(at, &values) }
        }
    }

    /// Puts rows of sums to every `apart`th place from `at` on.
    #[inline(always)]
    pub(super) fn put_rows<V: Vector, const P: usize, const W: usize>(
        &self,
        at: usize,
        apart: usize,
        mut rows: [[V; W]; P],
    ) {
        // What most models have is done while all rows are in registers.
        let is_relu = self.epilogue == Epilogue::Relu;
        if self.others.is_none() && (is_relu || self.epilogue == Epilogue::None) {
            if is_relu {
                for sum in rows.as_flattened_mut() {
                    *sum = sum.at_least_zero();
                }
            }
            for (row, sums) in rows.into_iter().enumerate() {
                for (half, sum) in sums.into_iter().enumerate() {
                    let mut values = [0.; LANES];
                    sum.store(&mut values);
                    // SAFETY: as above.
                    unsafe { self.cells.write(at + row * apart + half * LANES, &values) }
                }
            }
            return;
        }
        for (row, sums) in rows.into_iter().enumerate() {
            for (half, sum) in sums.into_iter().enumerate() {
                self.put([at + row * apart + half * LANES], [sum]);
            }
        }
    }

    /// Puts the first few of sixteen sums to a place.
    #[inline(always)]
    pub(super) fn put_some<V: Vector>(&self, at: usize, count: usize, sum: V) {
        let mut values = [0.; LANES];
        sum.store(&mut values);
        // Half of a register is usual, and with a known length as quick as a whole one.
        match values.first_chunk_mut::<HALF>() {
            Some(values) if count == HALF => self.put_slice(at, values),
            _ => self.put_slice(at, &mut values[..count]),
        }
    }

    #[inline(always)]
    fn put_slice(&self, at: usize, values: &mut [f32]) {
        if let Some(others) = &self.others {
            let mut other = [0.; LANES];
            let other = &mut other[..values.len()];
            // SAFETY: as above.
            unsafe { others.read(at, other) }
            for (value, other) in values.iter_mut().zip(other) {
                *value += *other;
            }
        }
        activate(self.epilogue, values);
        // SAFETY: as above.
        unsafe { self.cells.write(at, values) }
    }
}
