//! Where one kernel is faster than another.

use crate::frozen::cpu;

/// From where on packed weights are faster than libtorch's own product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Border {
    rows: usize,
    multiplications: usize,
}

impl Border {
    /// The product of libtorch is MKL's, which uses the wide registers of Intel's processors only.
    pub(super) const INTEL: Self = Self {
        rows: 4,
        multiplications: 4_000_000,
    };
    pub(super) const OTHERS: Self = Self {
        rows: 1,
        multiplications: 600_000,
    };

    pub(super) fn of_processor() -> Self {
        if cpu::is_intel() {
            Self::INTEL
        } else {
            Self::OTHERS
        }
    }

    /// How many rows a map of so many weights needs.
    pub(super) fn rows_for(self, weights: usize) -> usize {
        self.rows.max(self.multiplications.div_ceil(weights))
    }
}
