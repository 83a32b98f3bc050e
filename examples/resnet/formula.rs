//! Weights by formula, so that two programs can compare large models without sharing files.
//!
//! Every tensor follows from its name alone. `tests/reference/torchvision/record.py` does the same in Python.

use narchi_runtime::{Kind, Tensor, nn, tch};

use crate::Result;

/// Sets every tensor of a model to what the formula makes of its name.
///
/// # Errors
///
/// If libtorch fails.
pub fn fill(vs: &nn::VarStore) -> Result<()> {
    for (name, mut variable) in vs.variables() {
        let values = weight(&name, &variable.size())?.f_to_kind(variable.f_kind()?)?;
        tch::no_grad(|| variable.f_copy_(&values))?;
    }
    Ok(())
}

/// The input that belongs to the weights: numbers from −1 to 1.
///
/// # Errors
///
/// If libtorch fails.
pub fn image(shape: &[i64]) -> Result<Tensor> {
    Ok(tensor("input", shape, |it| 2.0 * it - 1.0)?.f_to_kind(Kind::Float)?)
}

/// A tensor of a state dict, as double.
fn weight(name: &str, shape: &[i64]) -> Result<Tensor> {
    let leaf = name.rsplit('.').next().unwrap_or_default();
    match (leaf, shape) {
        ("num_batches_tracked", _) => tensor(name, shape, |_| 0.0),
        ("running_var", _) | ("weight", [_]) => tensor(name, shape, |it| 0.5 + it),
        (_, [_, inner @ ..]) if !inner.is_empty() => {
            #[expect(clippy::cast_precision_loss, reason = "no weight has 2⁵³ inputs")]
            let bound = (3.0 / inner.iter().product::<i64>() as f64).sqrt();
            tensor(name, shape, |it| (2.0 * it - 1.0) * bound)
        }
        _ => tensor(name, shape, |it| (it - 0.5) * 0.2),
    }
}

fn tensor(name: &str, shape: &[i64], value: impl Fn(f64) -> f64) -> Result<Tensor> {
    let count = usize::try_from(shape.iter().product::<i64>())?;
    let values: Vec<f64> = uniform(name).take(count).map(value).collect();
    Ok(Tensor::f_from_slice(&values)?.f_view(shape)?)
}

/// Numbers from 0 to 1: the finaliser of `MurmurHash3` over a sequence that starts at the FNV-1a of the name.
fn uniform(name: &str) -> impl Iterator<Item = f64> {
    let fnv = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let seed = name.bytes().fold(0x811c_9dc5, fnv);
    (0..).map(move |index: u32| {
        let mut x = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9));
        x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
        x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
        f64::from(x ^ (x >> 16)) / 2_f64.powi(32)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "these are exact")]

    use super::*;

    #[test]
    fn the_first_numbers_are_known() {
        let numbers: Vec<f64> = uniform("input").take(4).collect();
        let known = [
            0.799_033_136_107_027_5,
            0.685_174_247_482_791_5,
            0.980_264_723_300_933_8,
            0.004_239_650_443_196_297,
        ];
        assert_eq!(numbers, known);
    }
}
