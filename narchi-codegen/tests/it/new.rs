//! `narchi-codegen new`, `completions` and `man`.

use std::fs;

use crate::command::run;

#[test]
fn a_new_crate_has_a_sound_model() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(folder.path(), &["new", "my-net"]);
    assert_eq!(code, 0, "{err}");
    let crate_folder = folder.path().join("my-net");
    let manifest = fs::read_to_string(crate_folder.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"my-net\""), "{manifest}");
    let (code, _, err) = run(
        &crate_folder,
        &["check", "src/net.jsonnet", "--deny", "warnings"],
    );
    assert_eq!(code, 0, "{err}");
    assert!(err.ends_with("20,138 parameters\n"), "{err}");
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("net")).unwrap();
    let (code, _, err) = run(folder.path(), &["new", "net"]);
    assert_eq!((code, err.as_str()), (1, "error: `net` is there already\n"));
    assert_eq!(fs::read_dir(folder.path().join("net")).unwrap().count(), 0);
    let (code, _, err) = run(folder.path(), &["new", "2nd"]);
    assert!(code == 2 && err.contains("is no name of a crate"), "{err}");
}

#[test]
fn the_command_says_what_it_can_do() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, err) = run(folder.path(), &["completions", shell]);
        assert!(code == 0 && out.contains("summary"), "{err}");
    }
    let (code, out, err) = run(folder.path(), &["man"]);
    assert!(code == 0 && out.contains(".TH narchi"), "{err}");
    let (code, out, err) = run(folder.path(), &["man", "weights", "map"]);
    assert!(code == 0 && out.contains("\\-\\-by\\-order"), "{err}{out}");
    assert!(out.contains(".TH narchi-codegen-weights-map"), "{out}");
    let (code, out, err) = run(folder.path(), &["man", "weights", "maps"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("its verbs are list, check"), "{err}");
}
