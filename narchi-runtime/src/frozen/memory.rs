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
        // Of zeros that have no memory.
        && matches!(tensor.f_internal_is_zerotensor(), Ok(false))
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
    is_plain(other) && is_channels_last(other) && !other.requires_grad() && !overlap(other, x)
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
