//! Both jsonnet engines make the same of every architecture.

use std::{
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::{Argument, Input, difference_of_engines};

/// Every architecture file of the project that is meant to be sound.
fn architectures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![
        root.join("tests/models"),
        root.join("../examples"),
        root.join("../tests"),
    ];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "jsonnet") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// External variables that some of them read.
const VARIABLES: [(&str, &str); 9] = [
    ("depth", "18"),
    ("feats", "8"),
    ("name", "'a \"net\"'"),
    ("nothing", "null"),
    ("num_blocks", "[1, 2, 1, 1]"),
    ("num_classes", "10"),
    ("options", "{ bias: false, offset: -2, ratio: 0.5 }"),
    ("sizes", "[3, 7]"),
    ("v", "{ n: { m: 4 } }"),
];

#[test]
fn both_read_every_architecture_alike() {
    let variable = |(name, code): (&str, &str)| (name.to_owned(), Argument::Code(code.to_owned()));
    let files = architectures();
    assert!(files.len() > 10, "architectures are found: {files:?}");
    let mut refused = Vec::new();
    for path in files {
        let input = Input {
            ext_vars: VARIABLES.into_iter().map(variable).collect(),
            path,
            ..Input::default()
        };
        if let Some(difference) = difference_of_engines(&input) {
            let name = input.path.file_stem().unwrap_or_default();
            refused.push(format!("{}: {difference}", name.display()));
        }
    }
    // What no engine can evaluate, and each says so in its own words.
    insta::assert_snapshot!(refused.join("\n"), @r#"
    jsonnet_runtime_error: Some("boom"), Some("runtime error: boom")
    jsonnet_syntax_error: Some("expected a value, found `}`"), Some("syntax error, expected one of one of \"(\", \"[\", \"{\", <identifier>, <number>, <string>, <unary op>, <whitespace>, got \"}\"")
    "#);
}

#[test]
fn differences_are_seen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("net.jsonnet");
    // A function that the second engine does not have.
    fs::write(&path, "{ a: std.sum([1, 2]) }").expect("a file");
    let input = Input {
        path,
        ..Input::default()
    };
    assert!(difference_of_engines(&input).is_some());
}
