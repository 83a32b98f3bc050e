//! Where in a pickle the tensors are found.

use std::fs;

use tempfile::TempDir;

use crate::made::{pickled, pth};
use crate::shown;

/// `{"w": tensor}` without the end of the pickle.
fn state_dict() -> Vec<u8> {
    let mut pickle = pickled(b"K\x01", b"K\x02\x85", b"K\x01\x85");
    pickle.pop();
    pickle
}

/// A dict of these.
fn dict(items: &[(&str, &[u8])]) -> Vec<u8> {
    let mut pickle = b"}".to_vec();
    for (key, value) in items {
        let length = u32::try_from(key.len()).unwrap().to_le_bytes();
        pickle.extend([b"X", &length[..], key.as_bytes(), value, b"s"].concat());
    }
    pickle
}

#[track_caller]
fn check(pickle: &[u8], notes: &[&str]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    let storage: Vec<u8> = [1_f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    fs::write(&path, pth(&[pickle, b"."].concat(), &storage)).unwrap();
    let shown = shown(&path);
    let mut expected = vec!["torch.save", "w float32[2] = [2.0, 3.0]"];
    expected.extend(notes);
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_usual_keys_are_looked_into() {
    check(&state_dict(), &[]);
    for key in ["state_dict", "model_state_dict", "model", "module"] {
        check(
            &dict(&[(key, &state_dict())]),
            &[&format!("note: took the tensors from `{key}`")],
        );
    }
    let inner = dict(&[("state_dict", &state_dict()), ("args", b"N")]);
    check(
        &dict(&[("epoch", b"K\x01"), ("model", &inner)]),
        &["note: took the tensors from `state_dict` in `model`, left aside `args`, `epoch`"],
    );
}

#[test]
fn an_unusual_key_does_if_it_is_the_only_one() {
    check(
        &dict(&[("epoch", b"K\x01"), ("generator", &state_dict())]),
        &["note: took the tensors from `generator`, left aside `epoch`"],
    );
}

#[test]
fn the_likeliest_of_the_usual_keys_wins() {
    check(
        &dict(&[("model", &state_dict()), ("state_dict", &state_dict())]),
        &["note: took the tensors from `state_dict`, left aside `model`"],
    );
    // What holds no tensors is not an envelope.
    check(
        &dict(&[("state_dict", b"N"), ("model", &state_dict())]),
        &["note: took the tensors from `model`, left aside `state_dict`"],
    );
}

#[test]
fn unknown_objects_beside_the_tensors_do_no_harm() {
    let alien = b"cmy.package\nOptimizer\n)\x81}X\x02\0\0\0lrG\0\0\0\0\0\0\0\0sb";
    check(
        &dict(&[("optimizer", alien), ("state_dict", &state_dict())]),
        &["note: took the tensors from `state_dict`, left aside `optimizer`"],
    );
    let mut mixed = state_dict();
    mixed.extend(b"X\x05\0\0\0extra");
    mixed.extend(alien);
    mixed.extend(b"sK\x07Ns");
    check(
        &mixed,
        &[
            "note: left aside what is not a plain tensor: `extra` (my.package.Optimizer), a key that is not text (int)",
        ],
    );
}

#[test]
fn a_key_that_comes_again_has_its_last_value() {
    let mut twice = dict(&[("w", b"N")]);
    twice.extend(b"(");
    twice.extend(state_dict()[3..].strip_suffix(b"s").unwrap());
    twice.extend(b"u");
    check(&twice, &[]);
}

#[test]
fn an_empty_state_dict_is_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, pth(b"ccollections\nOrderedDict\n)R.", b"")).unwrap();
    assert_eq!(shown(&path), "torch.save\n");
}
