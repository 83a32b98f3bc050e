//! What the processor is.

/// Whether Intel made it.
#[cfg(target_arch = "x86_64")]
pub(super) fn is_intel() -> bool {
    use std::arch::x86_64::__cpuid;
    #[allow(
        unsafe_code,
        unused_unsafe,
        reason = "later versions of Rust know that it is safe"
    )]
    // SAFETY: every processor of this architecture has the instruction.
    let name = unsafe { __cpuid(0) };
    let letters = [name.ebx, name.edx, name.ecx].map(u32::to_le_bytes);
    letters.as_flattened() == b"GenuineIntel"
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn is_intel() -> bool {
    false
}
