//! The weights of a linear map in the layout that oneDNN wants.

use std::fmt;

use tch::{Device, Kind, Tensor};

use super::border::Border;
use crate::frozen::fold::Pair;
use crate::frozen::shared::Shared;
use crate::frozen::shim::Kernels;
use crate::{Error, Result};

/// For so many rows weights are packed; they are right for any number.
const ROWS: i64 = 32;

/// What a packed linear map is called with.
pub(super) struct Packed {
    pub(super) kernels: &'static Kernels,
    pub(super) weight: Shared<Tensor>,
    /// From so many rows on they are faster; from 1 on, there are no others.
    pub(super) from_rows: usize,
}

impl Packed {
    /// Of the weights of a linear map, or why not.
    pub(super) fn of(
        (weight, bias): &Pair,
        kernels: Result<&'static Kernels, &'static str>,
        border: Border,
    ) -> Result<Self, String> {
        if weight.device() != Device::Cpu {
            return Err("not on the CPU".to_owned());
        }
        if weight.kind() != Kind::Float {
            return Err(format!("of kind {:?}", weight.kind()));
        }
        let size = weight.size();
        let fits = |bias: &Shared<Tensor>| {
            bias.kind() == Kind::Float && bias.size() == size[..1] && bias.is_contiguous()
        };
        if size.len() != 2 || !bias.as_ref().is_none_or(fits) {
            return Err("of unusual weights".to_owned());
        }
        let kernels = kernels.map_err(|missing| format!("which lacks {missing}"))?;
        let _no_grad = tch::no_grad_guard();
        let dense = weight.f_contiguous();
        let packed = dense.and_then(|it| kernels.pack_linear(&it, ROWS));
        Ok(Self {
            kernels,
            weight: Shared(packed.map_err(|error| Error::from(error).to_string())?),
            from_rows: border.rows_for(weight.numel()),
        })
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").finish_non_exhaustive()
    }
}
