//! Models saved, loaded, and refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use narchi_runtime::prelude::*;
use narchi_runtime::{Error, Problem, load, load_renamed, save};
use tempfile::TempDir;

/// A convolution, a batch norm and a linear map, below eleven layers' worth of names.
fn model(classes: i64) -> nn::VarStore {
    let vs = nn::VarStore::new(Device::Cpu);
    let root = &vs.root();
    nn::Conv2d::new(root / "conv", 3, 4, [3, 3], nn::ConvConfig::default());
    for index in [2, 10] {
        let path = root / "layer" / index;
        nn::BatchNorm2d::new(path / "bn", 4, nn::BatchNormConfig::default());
    }
    nn::Linear::new(root / "fc", 4, classes, nn::LinearConfig::default());
    vs
}

/// Makes every tensor differ from what `model` starts with.
fn change(vs: &nn::VarStore) {
    narchi_runtime::tch::no_grad(|| {
        for mut tensor in vs.variables().into_values() {
            let _ = tensor.f_add_scalar_(3).unwrap();
        }
    });
}

fn sorted(vs: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut tensors: Vec<_> = vs
        .variables()
        .into_iter()
        .map(|(name, it)| (name, it.detach().copy()))
        .collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

/// Loads a file that must be refused, and sees that the model was left alone.
fn refused(vs: &nn::VarStore, path: &std::path::Path) -> Error {
    let before = sorted(vs);
    let error = load(vs, path).unwrap_err();
    assert_eq!(sorted(vs), before, "{error}");
    error
}

#[test]
fn what_was_saved_is_loaded_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    let (saved, loaded) = (model(10), model(10));
    change(&saved);
    save(&saved, &path).unwrap();
    assert_ne!(sorted(&saved), sorted(&loaded));
    let report = load(&loaded, &path).unwrap();
    assert_eq!(sorted(&saved), sorted(&loaded));
    assert_eq!((report.tensors, report.notes), (14, vec![]));
    assert_eq!(loaded.trainable_variables().len(), 8);
    assert!(
        loaded
            .trainable_variables()
            .iter()
            .all(Tensor::requires_grad)
    );
    let counter = &loaded.variables()["layer.2.bn.num_batches_tracked"];
    assert_eq!((counter.int64_value(&[]), counter.kind()), (3, Kind::Int64));
}

#[test]
fn every_kind_keeps_its_bits() {
    let folder = TempDir::new().unwrap();
    let kinds = [
        Kind::Double,
        Kind::Float,
        Kind::Half,
        Kind::BFloat16,
        Kind::Int64,
        Kind::Int,
        Kind::Int16,
        Kind::Int8,
        Kind::Uint8,
        Kind::Bool,
    ];
    let store = |factor: i64| {
        let vs = nn::VarStore::new(Device::Cpu);
        for kind in kinds {
            // Neither contiguous nor empty of zeros.
            let values = Tensor::arange(6, (Kind::Int64, Device::Cpu)).view([2, 3]) * factor;
            let values = values.transpose(0, 1).to_kind(kind);
            let _ = vs.root().add(&format!("{kind:?}"), values, false);
            let none = Tensor::zeros([0, 3], (kind, Device::Cpu));
            let _ = vs.root().add(&format!("{kind:?}_none"), none, false);
        }
        vs
    };
    let (saved, loaded) = (store(2), store(0));
    let path = folder.path().join("kinds.safetensors");
    save(&saved, &path).unwrap();
    assert_eq!(load(&loaded, &path).unwrap().tensors, 2 * kinds.len());
    for ((name, a), (_, b)) in sorted(&saved).into_iter().zip(sorted(&loaded)) {
        assert_eq!((&a, a.kind()), (&b, b.kind()), "{name}");
    }
}

#[test]
fn floating_point_is_converted_and_said_so() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("half.safetensors");
    let (mut saved, loaded) = (model(10), model(10));
    change(&saved);
    saved.half();
    save(&saved, &path).unwrap();
    let report = load(&loaded, &path).unwrap();
    assert_eq!(
        report.notes,
        ["12 tensors converted from float16 to float32"]
    );
    for ((name, a), (_, b)) in sorted(&saved).into_iter().zip(sorted(&loaded)) {
        let kind = if name.ends_with("tracked") {
            Kind::Int64
        } else {
            Kind::Float
        };
        assert_eq!(b.kind(), kind, "{name}");
        assert_eq!(a.to_kind(kind), b, "{name}");
    }
}

#[test]
fn the_names_are_in_natural_order() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&model(10), &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let header = String::from_utf8_lossy(&bytes);
    let at = |name: &str| header.find(&format!("\"{name}\"")).unwrap();
    assert!(at("conv.bias") < at("conv.weight"));
    assert!(at("fc.weight") < at("layer.2.bn.bias"));
    assert!(at("layer.2.bn.weight") < at("layer.10.bn.bias"));

    let again = folder.path().join("again.safetensors");
    let other = model(10);
    load(&other, &path).unwrap();
    save(&other, &again).unwrap();
    assert_eq!(bytes, fs::read(&again).unwrap());
}

#[test]
fn a_file_of_another_model_is_refused_with_all_differences() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.safetensors");
    let other = model(7);
    nn::Linear::new(other.root() / "head", 2, 2, nn::LinearConfig::default());
    let _ = other.root().add("step", Tensor::from(1_i64), false);
    save(&other, &path).unwrap();

    let vs = model(10);
    nn::Linear::new(vs.root() / "extra", 5, 6, nn::LinearConfig { bias: false });
    let _ = vs.root().add("step", Tensor::from(1_f32), false);
    let error = refused(&vs, &path);
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` does not fit the model: 1 missing, 2 unexpected, 2 of another shape, 1 of another type\n  \
             missing: `extra.weight` [6, 5]\n  \
             unexpected: `head.bias` [2]\n  \
             unexpected: `head.weight` [2, 2]\n  \
             another shape: `fc.bias` [10], in the file [7]\n  \
             another shape: `fc.weight` [10, 4], in the file [7, 4]\n  \
             another type: `step` float32, in the file int64",
            path.display()
        )
    );
    let Error::Misfit(misfit) = error else {
        panic!("{error}");
    };
    assert_eq!(misfit.problems.len(), 6);
    assert_eq!(
        misfit.problems[0],
        Problem::Missing {
            name: "extra.weight".to_owned(),
            model: vec![6, 5]
        }
    );
}

#[test]
fn files_without_counters_are_taken() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("old.safetensors");
    let old = nn::VarStore::new(Device::Cpu);
    for (name, tensor) in model(10).variables() {
        if !name.ends_with("num_batches_tracked") {
            let (path, leaf) = name.rsplit_once('.').unwrap();
            let place = path.split('.').fold(old.root(), |it, part| it / part);
            let _ = place.add(leaf, tensor.detach(), false);
        }
    }
    save(&old, &path).unwrap();
    let report = load(&model(10), &path).unwrap();
    assert_eq!(report.tensors, 12);
    assert_eq!(
        report.notes,
        ["`layer.2.bn.num_batches_tracked` and 1 more not in the file, left as in the model"]
    );
}

#[test]
fn a_prefix_that_wrappers_add_is_taken_off_and_said_so() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wrapped.safetensors");
    let build = |root: nn::Path| {
        nn::Linear::new(root / "fc", 2, 2, nn::LinearConfig::default());
    };
    let (wrapped, plain) = (
        nn::VarStore::new(Device::Cpu),
        nn::VarStore::new(Device::Cpu),
    );
    build(wrapped.root() / "module");
    build(plain.root());
    save(&wrapped, &path).unwrap();
    let report = load(&plain, &path).unwrap();
    assert_eq!(report.notes.len(), 1);
    assert!(report.notes[0].contains("`module.`"), "{:?}", report.notes);
    // A model that has the prefix itself is no stranger to the file.
    assert_eq!(load(&wrapped, &path).unwrap().tensors, 2);
    assert_eq!(sorted(&plain)[0].1, sorted(&wrapped)[0].1);
}

#[test]
fn broken_and_absent_files_are_errors() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    let vs = model(10);
    save(&vs, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    change(&vs);
    for length in [0, 4, 8, 9, 100, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = refused(&vs, &path);
        assert!(matches!(error, Error::Checkpoint(_)), "{length}: {error}");
    }
    fs::remove_file(&path).unwrap();
    let error = refused(&vs, &path).to_string();
    assert!(error.contains("model.safetensors"), "{error}");
    let error = save(&vs, folder.path().join("none/model.safetensors")).unwrap_err();
    assert!(matches!(error, Error::Checkpoint(_)), "{error}");
}

#[test]
fn what_safetensors_cannot_hold_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("complex.safetensors");
    let vs = nn::VarStore::new(Device::Cpu);
    let tensor = Tensor::zeros([2], (Kind::ComplexFloat, Device::Cpu));
    let _ = vs.root().add("spectrum", tensor, false);
    assert_eq!(
        save(&vs, &path).unwrap_err().to_string(),
        "`spectrum` has elements of kind ComplexFloat, which cannot be saved"
    );
    assert!(!path.exists());
}

#[test]
fn a_file_with_other_names_is_loaded_by_rules() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    let saved = nn::VarStore::new(Device::Cpu);
    let root = &saved.root() / "net";
    nn::Linear::new(&root / "head", 4, 2, nn::LinearConfig::default());
    save(&saved, &path).unwrap();
    let loaded = nn::VarStore::new(Device::Cpu);
    nn::Linear::new(loaded.root() / "fc", 4, 2, nn::LinearConfig::default());
    refused(&loaded, &path);
    let renames = "net.head -> fc".parse().unwrap();
    let report = load_renamed(&loaded, &path, &renames, &[]).unwrap();
    assert_eq!(report.notes, ["renamed 2 of 2 tensors"]);
    let tensors = |vs| sorted(vs).into_iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!(tensors(&saved), tensors(&loaded));
}
