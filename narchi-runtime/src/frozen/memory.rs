//! Where tensors lie in memory.

use tch::{Device, Tensor};

/// Whether it is a dense tensor on the CPU, whose numbers are what its memory says.
#[inline]
pub(super) fn is_plain(tensor: &Tensor) -> bool {
    tensor.defined()
        && tensor.device() == Device::Cpu
        && !tensor.is_sparse()
        && !tensor.is_mkldnn()
        && matches!(tensor.f_is_neg(), Ok(false))
}

/// Whether the channels of each place lie together, `[N, C, …]` in the order `[N, …, C]`, without gaps.
pub(super) fn is_channels_last(tensor: &Tensor) -> bool {
    let (size, stride) = (tensor.size(), tensor.stride());
    let dims = size.len();
    if dims < 3 {
        return false;
    }
    let mut next = 1;
    for axis in [1].into_iter().chain((2..dims).rev()).chain([0]) {
        if size[axis] != 1 && stride[axis] != next {
            return false;
        }
        next *= size[axis];
    }
    true
}

/// Whether a kernel that reads `x` may write `other` at the same time, element by element in the order of channels-last,
/// and nobody minds.
pub(super) fn may_be_overwritten(other: &Tensor, x: &Tensor) -> bool {
    // What requires gradients may be wanted once more, by them.
    is_channels_last(other) && !other.requires_grad() && !overlap(other, x)
}

fn overlap(a: &Tensor, b: &Tensor) -> bool {
    let extent = |it: &Tensor| {
        let (size, stride) = (it.size(), it.stride());
        let steps = size.iter().zip(&stride);
        let last: i64 = steps.map(|(size, stride)| (size - 1).max(0) * stride).sum();
        let bytes = usize::try_from(last + 1).unwrap_or(0) * it.kind().elt_size_in_bytes();
        let start = it.data_ptr() as usize;
        start..start + bytes
    };
    let (a, b) = (extent(a), extent(b));
    a.start < b.end && b.start < a.end
}

/// What an error says of an input: `[1, 3, 8, 8] of kind Double on Cpu`.
#[cold]
pub(super) fn described(tensor: &Tensor) -> String {
    match tensor.f_kind() {
        Ok(kind) => format!(
            "{:?} of kind {kind:?} on {:?}",
            tensor.size(),
            tensor.device()
        ),
        Err(_) => "no tensor".to_owned(),
    }
}

/// Keeps memory that was freed in the process, for all that is allocated later.
///
/// glibc gives large blocks back to the system each time, and gets new ones page by page: with large activations that may
/// take as long as computing them. This sets its thresholds so that it does not, for the whole process and for good, which
/// is why only a program should call it, early, and no library. Elsewhere than with glibc on Linux it does nothing.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a foreign function")]
    // SAFETY: these are settings of the allocator, at any time, by mallopt(3).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        // Small blocks that were freed wait in lists, all of which are gone through whenever a large block comes or goes.
        libc::mallopt(libc::M_MXFAST, 0);
    }
}
