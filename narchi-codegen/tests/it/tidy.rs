//! Rules of the code that no lint knows.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::catalog;

/// Codes that no file alone can bring about, and where they are tested instead.
const ELSEWHERE: [&str; 4] = [
    "missing-file",               // cli.rs
    "evaluation-too-long",        // frontend/tests
    "missing-top-level-argument", // frontend/tests
    "unknown-top-level-argument", // frontend/tests
];

/// The code under `src`, without tests and comments, by file.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let is_test = path
                .file_stem()
                .is_some_and(|it| it == "tests" || it == "testing");
            if is_test {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8");
                let code = text
                    .split("#[cfg(test)]\nmod tests {")
                    .next()
                    .unwrap_or_default();
                let lines = code.lines().filter(|it| !it.trim_start().starts_with("//"));
                sources.push((path, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    sources.sort();
    sources
}

#[test]
fn no_layer_is_named_outside_layers() {
    for (path, code) in sources() {
        if path.components().any(|it| it.as_os_str() == "layers") {
            continue;
        }
        for layer in catalog::layers() {
            let named = code.contains(&format!("\"{}\"", layer.name));
            assert!(!named, "{} names {}", path.display(), layer.name);
        }
    }
}

#[test]
fn every_code_has_a_report() {
    let mut codes = BTreeSet::new();
    for (_, code) in sources() {
        for opening in [
            "Diagnostic::error(",
            "Diagnostic::warning(",
            "Problem::new(",
            "const CODE: &'static str =",
        ] {
            for rest in code.split(opening).skip(1) {
                let argument = rest.trim_start().strip_prefix('"');
                codes.extend(
                    argument
                        .and_then(|it| it.split('"').next())
                        .map(str::to_owned),
                );
            }
        }
    }
    assert!(codes.len() > 30, "codes are found: {codes:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let files = fs::read_dir(folder)
        .expect("a folder")
        .map(|it| it.expect("an entry").file_name());
    let files: Vec<String> = files.map(|it| it.to_string_lossy().into_owned()).collect();
    for code in codes {
        let is_shown = files.iter().any(|it| it.starts_with(&code));
        assert!(
            is_shown || ELSEWHERE.contains(&code.as_str()),
            "tests/errors has no `{code}`"
        );
    }
}
