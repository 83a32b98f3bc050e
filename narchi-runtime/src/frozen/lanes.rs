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
    _mm256_max_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_fmadd_ps,
    _mm512_loadu_ps, _mm512_max_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
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

/// The numbers of some lanes.
pub(super) fn flat(lanes: &[Lanes]) -> &[f32] {
    // SAFETY: lanes are nothing but so many numbers, without gaps.
    unsafe { std::slice::from_raw_parts(lanes.as_ptr().cast(), lanes.len() * LANES) }
}

/// The same, to be written.
pub(super) fn flat_mut(lanes: &mut [Lanes]) -> &mut [f32] {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts_mut(lanes.as_mut_ptr().cast(), lanes.len() * LANES) }
}

/// What the processor has for them: whoever has this knows that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instructions(Level);

#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    Avx512,
    /// And those that multiply and add.
    Avx2,
}

impl Instructions {
    /// The best that the processor has.
    pub(super) fn of_processor() -> Option<Self> {
        if is_x86_feature_detected!("avx512f") {
            return Some(Self(Level::Avx512));
        }
        Self::narrower()
    }

    /// The same without AVX-512.
    pub(super) fn narrower() -> Option<Self> {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        has_avx2.then_some(Self(Level::Avx2))
    }

    pub(super) fn level(self) -> Level {
        self.0
    }
}

/// As they lie in registers.
///
/// # Safety
///
/// Methods use instructions that not every processor has. So a function that is generic over this is `#[inline(always)]`, and at
/// the top of them is one with `#[target_feature]`, which names the type and is called by those alone who have [`Instructions`].
pub(super) unsafe trait Vector: Copy {
    /// The sums of two vectors each for so many places fit into the registers, 14 at most.
    const SUMS: usize;

    fn splat(value: f32) -> Self;
    fn load(from: &[f32; LANES]) -> Self;
    fn store(self, to: &mut [f32; LANES]);
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// `self · factor + sum`, rounded once.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
    /// Zero where it is below. NaN stays what it is.
    fn at_least_zero(self) -> Self;
}

/// With AVX-512.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

// SAFETY: `load` and `store` move as many bytes as the arrays have; the rest is as the trait says.
unsafe impl Vector for Avx512 {
    const SUMS: usize = 14;

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

    #[inline(always)]
    fn at_least_zero(self) -> Self {
        // SAFETY: see above. Of two numbers that do not compare, the second is taken.
        Self(unsafe { _mm512_max_ps(_mm512_set1_ps(0.), self.0) })
    }
}

/// With AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2([__m256; 2]);

// SAFETY: as above.
unsafe impl Vector for Avx2 {
    const SUMS: usize = 3;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as the trait says, here and below.
        Self([unsafe { _mm256_set1_ps(value) }; 2])
    }

    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [
                _mm256_loadu_ps(from[..8].as_ptr()),
                _mm256_loadu_ps(from[8..].as_ptr()),
            ]
        })
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
        let (a, b) = (self.0, other.0);
        // SAFETY: see above.
        Self(unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        // SAFETY: see above.
        Self(unsafe { [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])] })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        let (a, b, c) = (self.0, factor.0, sum.0);
        // SAFETY: see above.
        Self(unsafe {
            [
                _mm256_fmadd_ps(a[0], b[0], c[0]),
                _mm256_fmadd_ps(a[1], b[1], c[1]),
            ]
        })
    }

    #[inline(always)]
    fn at_least_zero(self) -> Self {
        // SAFETY: see above. Of two numbers that do not compare, the second is taken.
        Self(unsafe {
            let zero = _mm256_set1_ps(0.);
            [
                _mm256_max_ps(zero, self.0[0]),
                _mm256_max_ps(zero, self.0[1]),
            ]
        })
    }
}

/// Tells the processor that this memory is needed soon. It need not be anybody's.
#[inline(always)]
pub(super) fn prefetch<T>(memory: *const T) {
    // SAFETY: all processors of this architecture have the instruction, which reads nothing that the program sees.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(memory.cast()) }
}
