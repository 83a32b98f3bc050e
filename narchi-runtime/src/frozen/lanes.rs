//! Sixteen numbers at once, in the registers of x86.

#![expect(
    unsafe_code,
    reason = "instructions that not every processor has, and memory of known size"
)]
#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use std::arch::x86_64::{
    __m256, __m512, _MM_HINT_T1, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

/// So many numbers.
pub(super) const LANES: usize = 16;

/// As they lie in memory, in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Lanes(pub(super) [f32; LANES]);

impl Lanes {
    pub(super) const ZERO: Self = Self([0.; LANES]);
}

/// What the processor has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    Avx512,
    /// And those that multiply and add.
    Avx2,
}

impl Instructions {
    /// The best that the processor has.
    pub(super) fn of_processor() -> Option<Self> {
        if is_x86_feature_detected!("avx512f") {
            return Some(Self::Avx512);
        }
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        has_avx2.then_some(Self::Avx2)
    }
}

/// As they lie in registers.
///
/// # Safety
///
/// Its methods are called only where the processor has the instructions: in functions that enable them.
pub(super) unsafe trait Vector: Copy {
    /// Of so many places the sums of two vectors each fit into the registers.
    const PLACES: usize;

    fn splat(value: f32) -> Self;
    fn load(from: &[f32; LANES]) -> Self;
    fn store(self, to: &mut [f32; LANES]);
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// `self · factor + sum`, rounded once.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
}

/// With AVX-512.
#[derive(Clone, Copy)]
pub(super) struct One(__m512);

// SAFETY: `load` and `store` move as many bytes as the arrays have; the rest is as the trait says.
unsafe impl Vector for One {
    const PLACES: usize = 14;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as the trait says, here and below.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, sum.0) })
    }
}

/// With AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Two([__m256; 2]);

// SAFETY: as above.
unsafe impl Vector for Two {
    const PLACES: usize = 3;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as the trait says, here and below.
        Self([unsafe { _mm256_set1_ps(value) }; 2])
    }

    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        let (halves, _) = from.as_chunks::<8>();
        // SAFETY: see above.
        Self([0, 1].map(|it: usize| unsafe { _mm256_loadu_ps(halves[it].as_ptr()) }))
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        let (halves, _) = to.as_chunks_mut::<8>();
        for (half, value) in halves.iter_mut().zip(self.0) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_ps(half.as_mut_ptr(), value) }
        }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        Self([0, 1].map(|it: usize| unsafe { _mm256_add_ps(self.0[it], other.0[it]) }))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: see above.
        Self([0, 1].map(|it: usize| unsafe { _mm256_sub_ps(self.0[it], other.0[it]) }))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        let each = |it: usize| unsafe {
            // SAFETY: see above.
            _mm256_fmadd_ps(self.0[it], factor.0[it], sum.0[it])
        };
        Self([0, 1].map(each))
    }
}

/// Tells the processor that this memory is needed soon. It need not be anybody's.
#[inline(always)]
pub(super) fn prefetch<T>(memory: *const T) {
    // SAFETY: all processors of this architecture have the instruction, which reads nothing that the program sees.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(memory.cast()) }
}
