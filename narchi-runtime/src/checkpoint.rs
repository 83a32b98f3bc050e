//! Loads and saves the tensors of a model.

use std::path::Path;

use narchi_weights::{Checkpoint, Dtype, Entry, Wanted, fit, natural};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

pub use narchi_weights::{Misfit, Problem, Renames, WrongRule};

use crate::{Error, Result};

/// What [`load`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// How many tensors of the model were set.
    pub tensors: usize,
    /// What was not as plain as one tensor for one tensor: an envelope or a prefix that was taken off, numbers
    /// that were converted, counters of batches that the file lacks.
    pub notes: Vec<String>,
}

/// Sets every tensor of the model from a checkpoint: safetensors, what `torch.save` writes, or `.npz`. The
/// format is told by the content of the file.
///
/// Names and shapes must be those of the model, without exception but one that torch makes too: a file
/// without `num_batches_tracked` is taken. Floating-point numbers are converted to the kind that the model has;
/// the notes say so. Gradients are not recorded, and whether a tensor is trained stays as it is.
///
/// # Errors
///
/// [`Error::Checkpoint`] if the file cannot be read, [`Error::Misfit`] with all differences if it is not one of
/// this model, [`Error::Torch`] if libtorch runs out of memory. Unless the copying itself fails, an error
/// leaves the model as it was.
pub fn load(vs: &VarStore, path: impl AsRef<Path>) -> Result<Loaded> {
    load_shared(vs, path, &[])
}

/// As [`load`], for a model in which several parts share their weights: `shared` is the `SHARED` of its type.
/// The file may have the weights under any of the names, or under all.
///
/// # Errors
///
/// As [`load`]; of a tensor under several names, the first in the order of `shared` counts.
pub fn load_shared(
    vs: &VarStore,
    path: impl AsRef<Path>,
    shared: &[(&str, &str)],
) -> Result<Loaded> {
    load_from(vs, Checkpoint::open(path)?, shared)
}

/// As [`load_shared`], from a file that has other names: `narchi-codegen weights map` proposes the rules.
///
/// ```no_run
/// # let vs = narchi_runtime::nn::VarStore::new(narchi_runtime::Device::Cpu);
/// let renames = "backbone -> .\n head.linear -> fc".parse()?;
/// narchi_runtime::load_renamed(&vs, "resnet18.pth", &renames, &[])?;
/// # Ok::<(), narchi_runtime::Error>(())
/// ```
///
/// # Errors
///
/// As [`load`], and [`Error::Checkpoint`] if two tensors would have the same name.
pub fn load_renamed(
    vs: &VarStore,
    path: impl AsRef<Path>,
    renames: &Renames,
    shared: &[(&str, &str)],
) -> Result<Loaded> {
    let mut checkpoint = Checkpoint::open(path)?;
    checkpoint.rename(renames)?;
    load_from(vs, checkpoint, shared)
}

fn load_from(vs: &VarStore, checkpoint: Checkpoint, shared: &[(&str, &str)]) -> Result<Loaded> {
    let variables = variables(vs);
    let wanted: Vec<Wanted> = variables.iter().map(wanted).collect();
    let fit = fit(&wanted, &checkpoint, shared)?;

    // All is read before anything is set: the file may be broken further on.
    let mut values = Vec::with_capacity(fit.pairs.len());
    for (place, entry) in fit.pairs {
        values.push((&variables[place].1, read(&checkpoint, entry)?));
    }
    let tensors = values.len();
    tch::no_grad(|| -> Result<()> {
        for (variable, value) in values {
            variable.shallow_clone().f_copy_(&value)?;
        }
        Ok(())
    })?;
    let mut notes = checkpoint.notes().to_vec();
    notes.extend(fit.notes);
    Ok(Loaded { tensors, notes })
}

/// Writes every tensor of the model as safetensors, under the names that Python reads too, in the order of the
/// names where numbers count as numbers: `layer10` comes after `layer9`.
///
/// # Errors
///
/// [`Error::Checkpoint`] if the file cannot be written, [`Error::Unsaveable`] if a tensor has elements that are
/// neither integers, bools nor real floating-point numbers of at least 16 bits.
pub fn save(vs: &VarStore, path: impl AsRef<Path>) -> Result<()> {
    let mut tensors = Vec::new();
    for (name, variable) in variables(vs) {
        let kind = variable.f_kind()?;
        let Some(dtype) = dtype_of(kind) else {
            return Err(Error::Unsaveable { name, kind });
        };
        let mut data = vec![0; variable.numel() * dtype.size()];
        variable.f_copy_data_u8(&mut data, variable.numel())?;
        tensors.push((name, dtype, variable.size(), data));
    }
    let tensors = tensors
        .iter()
        .map(|(name, dtype, shape, data)| narchi_weights::Tensor {
            name,
            dtype: *dtype,
            shape,
            data,
        });
    Ok(narchi_weights::write_safetensors(path, tensors)?)
}

/// In natural order; tch keeps none.
fn variables(vs: &VarStore) -> Vec<(String, Tensor)> {
    let mut variables: Vec<_> = vs.variables().into_iter().collect();
    variables.sort_by(|(a, _), (b, _)| natural(a, b));
    variables
}

fn wanted((name, variable): &(String, Tensor)) -> Wanted {
    let kind = variable.kind();
    Wanted {
        name: name.clone(),
        shape: variable.size(),
        dtype: dtype_of(kind).ok_or_else(|| format!("{kind:?}")),
    }
}

fn read(checkpoint: &Checkpoint, entry: &Entry) -> Result<Tensor> {
    // Only a counter of batches can have come as far as here with such a type.
    let Some(kind) = kind_of(entry.dtype()) else {
        let (name, dtype) = (entry.name(), entry.dtype());
        let message = format!("`{name}` has elements of type {dtype}, which libtorch has not");
        return Err(Error::module(message));
    };
    let data = checkpoint.read(entry)?;
    // Through a tensor of bytes, so that it is libtorch that compares their number with the shape.
    let bytes = Tensor::f_from_slice(&data)?;
    Ok(bytes.f_view_dtype(kind)?.f_view(entry.shape())?)
}

/// The kinds of tch that checkpoints can hold.
const DTYPES: [(Dtype, Kind); 10] = [
    (Dtype::F64, Kind::Double),
    (Dtype::F32, Kind::Float),
    (Dtype::F16, Kind::Half),
    (Dtype::BF16, Kind::BFloat16),
    (Dtype::I64, Kind::Int64),
    (Dtype::I32, Kind::Int),
    (Dtype::I16, Kind::Int16),
    (Dtype::I8, Kind::Int8),
    (Dtype::U8, Kind::Uint8),
    (Dtype::Bool, Kind::Bool),
];

fn kind_of(dtype: Dtype) -> Option<Kind> {
    let found = DTYPES.iter().find(|it| it.0 == dtype)?;
    Some(found.1)
}

fn dtype_of(kind: Kind) -> Option<Dtype> {
    let found = DTYPES.iter().find(|it| it.1 == kind)?;
    Some(found.0)
}
