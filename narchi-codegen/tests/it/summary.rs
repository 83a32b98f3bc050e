//! `narchi-codegen summary`: what it prints.

use std::path::Path;

use crate::command;

/// Runs it in the folder of the examples.
fn run(arguments: &[&str]) -> (i32, String, String) {
    command::run(
        Path::new("../examples"),
        &[&["summary"], arguments].concat(),
    )
}

fn printed(arguments: &[&str]) -> String {
    let (code, out, err) = run(arguments);
    assert_eq!((code, err.as_str()), (0, ""));
    out
}

#[test]
fn every_format_has_the_same_numbers() {
    for format in ["table", "markdown", "json", "csv"] {
        let out = printed(&["digits/digits.jsonnet", "--format", format]);
        insta::assert_snapshot!(format, out);
    }
}

#[test]
fn scopes_can_be_left_closed() {
    let arguments = ["resnet/resnet.jsonnet", "--ext-code", "depth=50"];
    let sizes = ["--at", "N=8,H=224,W=224", "--depth", "1"];
    insta::assert_snapshot!(printed(&[&arguments[..], &sizes].concat()));
}

#[test]
fn sizes_that_nobody_gave_stay_symbols() {
    let arguments = [
        "resnet/resnet.jsonnet",
        "--ext-code",
        "depth=18",
        "--depth",
        "0",
    ];
    insta::assert_snapshot!(printed(&arguments));
}

#[test]
fn wrong_usage_is_said() {
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let (found, out, err) = run(arguments);
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        assert!(err.contains(expected), "{err}");
    };
    let file = "digits/digits.jsonnet";
    check(
        &[file, "--at", "H=8"],
        2,
        "error: the model has no size `H`",
    );
    check(&[file, "--at", "N"], 2, "`N` is no size: write `H=224`");
    check(&["none.jsonnet"], 1, "error[missing-file]");
    check(&["resnet/resnet.jsonnet"], 1, "error[missing-ext-var]");
}
