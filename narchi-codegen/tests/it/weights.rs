//! `narchi-codegen weights`: what it prints.

use std::{fs, path::Path};

use narchi_weights::{Dtype, Tensor, write_safetensors};

use crate::command;

const MLP: &str = "{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: ['<<variable:K>>'] }],
    blocks: [
        { _id: 'fc', _class: 'Linear', output_feats: '<<variable:K>>' },
    ],
    graph: ['x -> fc -> y'],
}
";

/// Writes a checkpoint of zeros.
fn save(path: &Path, tensors: &[(&str, &[i64])]) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|it| vec![0; 4 * usize::try_from(it.1.iter().product::<i64>()).unwrap()])
        .collect();
    let tensors = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape), data)| Tensor {
            name,
            dtype: Dtype::F32,
            shape,
            data,
        });
    write_safetensors(path, tensors).unwrap();
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    fs::write(folder.join("mlp.jsonnet"), MLP).unwrap();
    command::run(folder, &[&["weights"], arguments].concat())
}

#[test]
fn tensors_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    save(
        &folder.path().join("a.safetensors"),
        &[("fc.weight", &[3, 8]), ("fc.bias", &[3])],
    );
    let (code, out, err) = run(folder.path(), &["list", "a.safetensors"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "fc.weight  [3, 8]  float32\nfc.bias    [3]     float32\n2 tensors, 27 numbers, safetensors\n"
    );
}

#[test]
fn a_checkpoint_that_fits_is_said_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    save(
        &folder.path().join("a.safetensors"),
        &[("module.fc.weight", &[3, 8]), ("module.fc.bias", &[3])],
    );
    let (code, _, err) = run(
        folder.path(),
        &["check", "mlp.jsonnet", "a.safetensors", "--at", "K=3"],
    );
    assert_eq!(code, 0, "{err}");
    assert!(
        err.starts_with("a.safetensors: all 2 tensors fit\n"),
        "{err}"
    );
    assert!(err.contains("`module.`"), "{err}");
}

#[test]
fn every_difference_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    save(
        &folder.path().join("a.safetensors"),
        &[("fc.weight", &[3, 7]), ("head.bias", &[3])],
    );
    let (code, _, err) = run(
        folder.path(),
        &["check", "mlp.jsonnet", "a.safetensors", "--at", "K=3"],
    );
    assert_eq!(code, 1);
    assert_eq!(
        err,
        "error: `a.safetensors` does not fit the model: 1 missing, 1 unexpected, 1 of another shape\n  \
         missing: `fc.bias` [3]\n  unexpected: `head.bias` [3]\n  \
         another shape: `fc.weight` [3, 8], in the file [3, 7]\n"
    );
}

#[test]
fn what_cannot_be_read_or_known_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broken.pth"), "no checkpoint").unwrap();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let (found, _, err) = run(folder.path(), arguments);
        assert_eq!(found, code, "{err}");
        assert!(err.contains(expected), "{err}");
    };
    check(&["list", "none.pth"], 1, "error: `none.pth`");
    check(&["list", "broken.pth"], 1, "error: `broken.pth`");
    check(
        &["check", "mlp.jsonnet", "broken.pth"],
        2,
        "give them with --at",
    );
    check(
        &["check", "none.jsonnet", "broken.pth"],
        1,
        "error[missing-file]",
    );
    check(
        &["check", "mlp.jsonnet", "none.pth", "--at", "K=3"],
        1,
        "error: `none.pth`",
    );
}
