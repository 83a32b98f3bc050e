//! What is done with sums while they are in registers.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]
#![expect(unsafe_code, reason = "each share has its own outputs")]

use crate::frozen::dense::Cells;
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::activate;
use crate::frozen::lanes::{LANES, Vector};

/// Where they go, and what happens before.
pub(super) struct Output {
    pub(super) cells: Cells,
    /// What is added; they may be the same.
    pub(super) others: Option<Cells>,
    pub(super) epilogue: Epilogue,
}

impl Output {
    /// Puts sixteen sums to each place.
    #[inline(always)]
    pub(super) fn put<V: Vector, const N: usize>(&self, at: [usize; N], mut sums: [V; N]) {
        if let Some(others) = &self.others {
            for (sum, at) in sums.iter_mut().zip(at) {
                let mut other = [0.; LANES];
                // SAFETY: this share alone writes there, if anyone does, and the tensors are borrowed as long as it lasts.
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
            // SAFETY: see above.
            unsafe { self.cells.write(at, &values) }
        }
    }

    /// Puts the first few of sixteen sums to a place.
    #[inline(always)]
    pub(super) fn put_some<V: Vector>(&self, at: usize, count: usize, sum: V) {
        let (mut values, mut other) = ([0.; LANES], [0.; LANES]);
        sum.store(&mut values);
        if let Some(others) = &self.others {
            // SAFETY: see above.
            unsafe { others.read(at, &mut other[..count]) }
            sum.plus(V::load(&other)).store(&mut values);
        }
        activate(self.epilogue, &mut values);
        // SAFETY: see above.
        unsafe { self.cells.write(at, &values[..count]) }
    }
}
