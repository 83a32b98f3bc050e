//! Where the elements of a tensor lie in a run of bytes.

use crate::dtype::Dtype;
use crate::error::Result;

/// The elements of a tensor within the bytes of its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The first byte in use.
    pub(crate) start: u64,
    /// The bytes from the first in use to the last.
    pub(crate) extent: u64,
    /// In elements; none where they lie one after the other.
    pub(crate) strides: Option<Vec<u64>>,
}

/// A view may repeat elements (`expand`), so that a small file asks for a tensor of any size. Up to here that is fine.
const REPEATED: u64 = 64 << 20;

/// The bytes of a tensor of this shape.
pub(crate) fn byte_len(dtype: Dtype, shape: &[i64]) -> Result<u64> {
    let dims = shape
        .iter()
        .map(|&dim| u64::try_from(dim).map_err(|_| format!("has the negative size {dim}")))
        .collect::<Result<Vec<_>>>()?;
    if dims.contains(&0) {
        return Ok(0);
    }
    dims.iter()
        .try_fold(dtype.size() as u64, |bytes, &dim| bytes.checked_mul(dim))
        // A Vec and a slice hold no more than isize::MAX bytes.
        .filter(|&bytes| isize::try_from(bytes).is_ok())
        .ok_or_else(|| format!("has the shape {shape:?}, more elements than memory can hold"))
}

impl Layout {
    pub(crate) fn dense(start: u64, extent: u64) -> Self {
        Self {
            start,
            extent,
            strides: None,
        }
    }

    /// The view of a storage of `stored` bytes that torch describes by offset, sizes and strides in elements.
    pub(crate) fn view(
        dtype: Dtype,
        shape: &[i64],
        offset: i64,
        strides: &[i64],
        stored: u64,
    ) -> Result<Self> {
        let beyond = || {
            format!(
                "reaches beyond its storage of {stored} bytes (shape {shape:?}, offset {offset}, strides {strides:?})"
            )
        };
        if shape.len() != strides.len() {
            return Err(format!(
                "has {} sizes and {} strides",
                shape.len(),
                strides.len()
            ));
        }
        let offset = u64::try_from(offset).map_err(|_| beyond())?;
        let strides = strides
            .iter()
            .map(|&stride| {
                u64::try_from(stride).map_err(|_| format!("has the negative stride {stride}"))
            })
            .collect::<Result<Vec<_>>>()?;
        let bytes = byte_len(dtype, shape)?;
        if bytes == 0 {
            return Ok(Self::dense(0, 0));
        }

        let size = dtype.size() as u64;
        let mut last = 0_u64;
        for (&dim, &stride) in shape.iter().zip(&strides) {
            let steps = dim.unsigned_abs() - 1;
            last = steps
                .checked_mul(stride)
                .and_then(|far| last.checked_add(far))
                .ok_or_else(beyond)?;
        }
        let extent = last
            .checked_add(1)
            .and_then(|elements| elements.checked_mul(size))
            .ok_or_else(beyond)?;
        let start = offset.checked_mul(size).ok_or_else(beyond)?;
        if start.checked_add(extent).is_none_or(|end| end > stored) {
            return Err(beyond());
        }
        if bytes > stored.max(REPEATED) {
            return Err(format!(
                "spreads {stored} bytes of storage to {bytes}; call `.contiguous()` before saving it"
            ));
        }
        let strides = Some(strides).filter(|strides| !is_dense(shape, strides));
        Ok(Self {
            start,
            extent,
            strides,
        })
    }
}

fn is_dense(shape: &[i64], strides: &[u64]) -> bool {
    let mut expected = 1_u64;
    for (&dim, &stride) in shape.iter().zip(strides).rev() {
        if dim != 1 && stride != expected {
            return false;
        }
        // No overflow: the product of the sizes has been checked.
        expected *= dim.unsigned_abs();
    }
    true
}

/// The elements of a strided view, one after the other. `region` begins at the first element.
pub(crate) fn gather(
    region: &[u8],
    dtype: Dtype,
    shape: &[i64],
    strides: &[u64],
) -> Result<Vec<u8>> {
    let broken = || "does not fit its storage".to_owned();
    let size = dtype.size();
    let len = usize::try_from(byte_len(dtype, shape)?).map_err(|_| broken())?;
    let mut gathered = Vec::new();
    gathered
        .try_reserve_exact(len)
        .map_err(|_| format!("needs {len} bytes of memory, which are not there"))?;

    let axes = merged(shape, strides);
    let (outer, inner) = match axes.split_last() {
        Some((&inner, outer)) => (outer, inner),
        None => (&[][..], (1, 1)),
    };
    let mut index = vec![0_u64; outer.len()];
    while gathered.len() < len {
        let first: u64 = index
            .iter()
            .zip(outer)
            .map(|(at, (_, stride))| at * stride)
            .sum();
        let (count, stride) = inner;
        let (runs, run) = if stride == 1 { (1, count) } else { (count, 1) };
        for step in 0..runs {
            let from = usize::try_from(first + step * stride).map_err(|_| broken())? * size;
            let bytes = usize::try_from(run).map_err(|_| broken())? * size;
            gathered.extend_from_slice(region.get(from..from + bytes).ok_or_else(broken)?);
        }
        for (at, &(dim, _)) in index.iter_mut().zip(outer).rev() {
            *at += 1;
            if *at < dim {
                break;
            }
            *at = 0;
        }
    }
    Ok(gathered)
}

/// Sizes and strides, with neighbours that are one run made one axis.
fn merged(shape: &[i64], strides: &[u64]) -> Vec<(u64, u64)> {
    let mut axes: Vec<(u64, u64)> = Vec::new();
    for (dim, &stride) in shape.iter().map(|dim| dim.unsigned_abs()).zip(strides) {
        match axes.last_mut() {
            _ if dim == 1 => {}
            Some(last) if stride.checked_mul(dim) == Some(last.1) => *last = (last.0 * dim, stride),
            _ => axes.push((dim, stride)),
        }
    }
    axes
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    /// A view of bytes that count up from zero.
    fn viewed(dtype: Dtype, shape: &[i64], offset: i64, strides: &[i64]) -> Vec<u8> {
        let storage: Vec<u8> = (0..128).collect();
        let layout = Layout::view(dtype, shape, offset, strides, 128).unwrap();
        let start = usize::try_from(layout.start).unwrap();
        let region = &storage[start..start + usize::try_from(layout.extent).unwrap()];
        match &layout.strides {
            None => region.to_vec(),
            Some(strides) => gather(region, dtype, shape, strides).unwrap(),
        }
    }

    #[track_caller]
    fn check(shape: &[i64], offset: i64, strides: &[i64], expected: &[u8]) {
        assert_eq!(viewed(Dtype::U8, shape, offset, strides), expected);
    }

    #[test]
    fn views_are_gathered_in_logical_order() {
        check(&[2, 3], 4, &[3, 1], &[4, 5, 6, 7, 8, 9]);
        check(&[3, 2], 0, &[1, 3], &[0, 3, 1, 4, 2, 5]);
        check(&[2, 2, 2], 1, &[12, 2, 1], &[1, 2, 3, 4, 13, 14, 15, 16]);
        check(&[2, 2], 5, &[1, 0], &[5, 5, 6, 6]);
        check(&[1, 3, 1], 2, &[99, 7, 99], &[2, 9, 16]);
        check(&[], 3, &[], &[3]);
        check(&[0, 5], 99, &[5, 1], &[]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |shape: &[i64], offset, strides: &[i64], message: &str| {
            let error = Layout::view(Dtype::F32, shape, offset, strides, 24).unwrap_err();
            assert!(error.contains(message), "{error}");
        };
        refused(&[7], 0, &[1], "beyond");
        refused(&[2], 5, &[1], "beyond");
        refused(&[2], -1, &[1], "beyond");
        refused(&[2], i64::MAX, &[1], "beyond");
        refused(&[2, 2], 0, &[i64::MAX, i64::MAX], "beyond");
        refused(&[2], 0, &[-1], "negative stride");
        refused(&[-2], 0, &[1], "negative size");
        refused(&[2], 0, &[1, 1], "1 sizes and 2 strides");
        refused(&[i64::MAX, i64::MAX], 0, &[0, 0], "memory");
        refused(&[1 << 40], 0, &[0], "contiguous");
    }

    proptest! {
        #[test]
        fn gathering_equals_indexing(
            dims in proptest::collection::vec((1_i64..4, 0_i64..5), 0..4),
            offset in 0_i64..8,
        ) {
            let (shape, strides): (Vec<_>, Vec<_>) = dims.into_iter().unzip();
            let mut positions = vec![offset];
            for (&dim, &stride) in shape.iter().zip(&strides) {
                positions = positions.iter().flat_map(|at| (0..dim).map(move |step| at + step * stride)).collect();
            }
            let expected: Vec<_> =
                positions.iter().flat_map(|at| [at * 2, at * 2 + 1]).map(|byte| u8::try_from(byte).unwrap()).collect();
            prop_assert_eq!(viewed(Dtype::I16, &shape, offset, &strides), expected);
        }
    }
}
