//! The model of digits learns, and what it learnt can be saved.

use std::{env, fs, path::Path, process::Command};

use narchi_examples::digits::{Data, Digits, FrozenDigits, Training, accuracy};
use narchi_runtime::{Device, Kind, frozen, load, nn, save, tch};

fn trained(data: &Data, training: Training, seed: i64) -> (Digits, nn::VarStore) {
    // More threads would gain nothing with images this small, and disturb other tests.
    tch::set_num_threads(1);
    tch::manual_seed(seed);
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());
    training.run(&model, &vs, &data.training, |_| {}).unwrap();
    (model, vs)
}

#[test]
fn held_out_digits_are_read_before_and_after_saving() {
    let data = Data::load().unwrap();
    let (model, vs) = trained(&data, Training::default(), 0);
    let right = accuracy(&model, &data.held_out).unwrap();
    assert!(right >= 0.975, "only {right}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digits.safetensors");
    save(&vs, &path).unwrap();
    let fresh_vs = nn::VarStore::new(Device::Cpu);
    let fresh = Digits::new(&fresh_vs.root());
    let outputs = |it: &Digits| it.forward_t(&data.held_out.pixels, false).unwrap();
    assert_ne!(outputs(&model), outputs(&fresh));
    assert_eq!(load(&fresh_vs, &path).unwrap().notes, [""; 0]);
    assert_eq!(outputs(&model), outputs(&fresh));

    // Frozen, it reads as many; with 16 bits a number, where the processor computes so, hardly fewer.
    let images = &data.held_out;
    let read = |frozen: &FrozenDigits| {
        let scores = frozen.forward(&images.pixels).unwrap();
        let hits = scores.argmax(1, false).eq_tensor(&images.labels);
        hits.to_kind(Kind::Double)
            .mean(Kind::Double)
            .double_value(&[])
    };
    let single = read(&model.freeze().unwrap());
    assert!((single - right).abs() < 1e-9, "{single} instead of {right}");
    for options in [frozen::Options::new().bf16(), frozen::Options::new().f16()] {
        match model.freeze_with(options) {
            Ok(half) => {
                let half = read(&half);
                assert!(
                    half >= right - 0.01,
                    "{options:?}: {half} instead of {right}"
                );
            }
            Err(error) => assert!(error.to_string().contains("cannot freeze in"), "{error}"),
        }
    }
}

#[test]
fn one_seed_makes_one_model() {
    // Other tests draw numbers from the same generator, so each training has a process of its own.
    const ALONE: &str = "NARCHI_TEST_SEED_AND_PATH";
    if let Ok(alone) = env::var(ALONE) {
        let (seed, path) = alone.split_once(' ').unwrap();
        let training = Training {
            epochs: 2,
            ..Training::default()
        };
        let (_, vs) = trained(&Data::load().unwrap(), training, seed.parse().unwrap());
        return save(&vs, path).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let weights = |seed: i64, name: &str| {
        let path = folder.path().join(name);
        train_alone(ALONE, seed, &path);
        fs::read(&path).unwrap()
    };
    let first = weights(7, "first");
    assert!(first == weights(7, "again"));
    assert!(first != weights(8, "other"));
}

fn train_alone(variable: &str, seed: i64, path: &Path) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "digits::one_seed_makes_one_model"])
        .env(variable, format!("{seed} {}", path.display()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
