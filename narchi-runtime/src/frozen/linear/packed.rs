//! The weights of a linear map in the layout that oneDNN wants.

use std::fmt;

use tch::{Device, Kind, Tensor};

use super::border::Border;
use crate::frozen::fold::{Pair, in_kind};
use crate::frozen::options::wished;
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
    /// In the kind of the weight.
    pub(super) bias: Option<Shared<Tensor>>,
    pub(super) kind: Kind,
}

impl Packed {
    /// Of the weights of a linear map, or why not.
    pub(super) fn of(
        weights: &Pair,
        kernels: Result<&'static Kernels, &'static str>,
        border: Border,
    ) -> Result<Self, String> {
        let (weight, bias) = weights;
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
        let from_rows = match wished() {
            None => border.rows_for(weight.numel()),
            // One kind is for any number of rows.
            Some(_) => 1,
        };
        let kind = wished().unwrap_or(Kind::Float);
        let packed = in_kind(weights, kind).and_then(|(weight, bias)| {
            Ok(Self {
                kernels,
                weight: Shared(kernels.pack_linear(&weight.f_contiguous()?, ROWS)?),
                from_rows,
                bias,
                kind,
            })
        });
        packed.map_err(|error| Error::from(error).to_string())
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").finish_non_exhaustive()
    }
}
