//! Checkpoints as other programs write them, and as nobody should.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod envelopes;
mod fixtures;
mod hostile;
mod made;
mod mutated;
mod written;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use narchi_weights::{Checkpoint, Dtype, Error};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Everything a checkpoint holds, one tensor or note a line, or what is wrong with it.
fn shown(path: &Path) -> String {
    let read = || -> Result<String, Error> {
        let checkpoint = Checkpoint::open(path)?;
        let mut text = format!("{}\n", checkpoint.format());
        for tensor in checkpoint.tensors() {
            let (name, dtype, shape) = (tensor.name(), tensor.dtype(), tensor.shape());
            let values = values(dtype, &checkpoint.read(tensor)?);
            writeln!(text, "{name} {dtype}{shape:?} = {values:?}").unwrap();
        }
        for note in checkpoint.notes() {
            writeln!(text, "note: {note}").unwrap();
        }
        Ok(text)
    };
    read().unwrap_or_else(|error| {
        assert_eq!(error.path(), path);
        assert_eq!(
            error.to_string(),
            format!("`{}`: {}", path.display(), error.message())
        );
        format!("error: {}\n", error.message())
    })
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn values(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    assert_eq!(bytes.len() % dtype.size(), 0);
    let element = |bytes: &[u8]| {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        let low = u32::try_from(bits & 0xffff_ffff).unwrap();
        match dtype {
            Dtype::F64 => f64::from_bits(bits),
            Dtype::F32 => f64::from(f32::from_bits(low)),
            Dtype::BF16 => f64::from(f32::from_bits(low << 16)),
            // 0 and 1 are all we need.
            Dtype::F16 if bits == 0 => 0.0,
            Dtype::F16 if bits == 0x3c00 => 1.0,
            Dtype::F16 => panic!("{bits:#x} as a half"),
            _ => bits as f64,
        }
    };
    bytes.chunks(dtype.size()).map(element).collect()
}

#[test]
fn the_crate_can_be_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Checkpoint>();
    check::<Error>();
}
