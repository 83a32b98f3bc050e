//! `narchi-codegen diff`: what it prints.

use std::path::Path;

use crate::command;

/// Runs it in the folder of the examples; gives the exit code and all that was printed.
fn run(arguments: &[&str]) -> (i32, String) {
    let (code, out, err) = command::run(Path::new("../examples"), &[&["diff"], arguments].concat());
    (code, out + &err)
}

#[test]
fn two_settings_of_one_architecture() {
    let (code, out) = run(&[
        "resnet/resnet.jsonnet",
        "--ext-code-a",
        "depth=18",
        "--ext-code-b",
        "depth=50",
        "--at",
        "N=1,H=224,W=224",
    ]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn two_architectures_for_people_and_programs() {
    let files = [
        "mlp/mlp.jsonnet",
        "../narchi-codegen/tests/models/mlp.jsonnet",
    ];
    let (code, out) = run(&files);
    assert_eq!(code, 1);
    insta::assert_snapshot!("people", out);
    let (code, out) = run(&[files[0], files[1], "--json"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("programs", out);
}

#[test]
fn the_same_is_no_difference() {
    let (code, out) = run(&["digits/digits.jsonnet", "digits/digits.jsonnet"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("parameters: 65,854, as before\n"), "{out}");
}

#[test]
fn wrong_files_and_sizes_are_said() {
    let (code, out) = run(&["mlp/mlp.jsonnet", "none.jsonnet"]);
    assert!(code == 1 && out.contains("error[missing-file]"), "{out}");
    let (code, out) = run(&["mlp/mlp.jsonnet", "--at", "H=3"]);
    assert!(code == 2 && out.contains("has no size `H`"), "{out}");
}
