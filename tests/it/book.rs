//! The programs of the book compile, and do what their pages say.

mod train {
    #![allow(
        clippy::pedantic,
        clippy::print_stdout,
        dead_code,
        reason = "it is a user's program"
    )]

    include!("../../docs/files/src/bin/train.rs");

    pub(super) fn run(checkpoint: &str) -> Result<f64> {
        train(checkpoint)
    }
}

mod classify {
    #![allow(
        clippy::pedantic,
        clippy::print_stdout,
        dead_code,
        reason = "it is a user's program"
    )]

    include!("../../docs/files/src/bin/classify.rs");

    pub(super) fn run(checkpoint: &str, features: &Tensor) -> Result<Vec<i64>> {
        classify(checkpoint, features)
    }
}

use narchi_runtime::Tensor;

#[test]
fn what_is_trained_classifies() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("mlp.safetensors");
    let checkpoint = checkpoint.to_str().unwrap();
    let loss = train::run(checkpoint).unwrap();
    assert!(loss < 0.5, "{loss}");
    // Far from where another class would begin.
    let points = [0.1f32, 0.9, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5];
    let points = Tensor::from_slice(&points).view([1, 8]);
    assert_eq!(classify::run(checkpoint, &points).unwrap(), [1]);
}
