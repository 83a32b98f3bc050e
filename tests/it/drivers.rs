//! Models that the build script compiled, called with named tensors.

use std::collections::BTreeMap;

use narchi_runtime::{Result, Tensor, nn};

pub(crate) type Tensors = BTreeMap<String, Tensor>;

/// Makes a model in an empty store, calls back to have its weights set, and computes the outputs in inference mode.
pub(crate) type Driver = fn(&nn::VarStore, &dyn Fn(&nn::VarStore), &Tensors) -> Result<Tensors>;
