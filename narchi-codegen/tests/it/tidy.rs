//! Rules of the code that no lint knows.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::{catalog, codes};

/// Literals that look like codes.
const NO_CODES: [&str; 2] = ["ext-code", "tla-code"];

/// The code of this crate under `src`, without tests and comments, by file.
fn sources() -> Vec<(PathBuf, String)> {
    sources_of(Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn sources_of(krate: &Path) -> Vec<(PathBuf, String)> {
    let mut folders = vec![krate.join("src")];
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
fn every_code_has_a_page() {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for (path, code) in sources() {
        let is_ours = |it: &Path| it.components().any(|it| it.as_os_str() == "cli");
        if is_ours(&path) || path.ends_with("codes.rs") {
            continue;
        }
        found.extend(kebabs(&code));
        // Codes of one word.
        for opening in [
            "Diagnostic::error(",
            "Diagnostic::warning(",
            "Problem::new(",
        ] {
            for rest in code.split(opening).skip(1) {
                let argument = rest.trim_start().strip_prefix('"');
                found.extend(argument.and_then(|it| Some(it.split_once('"')?.0.to_owned())));
            }
        }
    }
    found.retain(|it| !NO_CODES.contains(&it.as_str()));
    let known: BTreeSet<String> = codes::CODES.iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(found, known);
}

/// The literals of a text that have words with hyphens between them.
fn kebabs(code: &str) -> impl Iterator<Item = String> {
    let is_word = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_lowercase());
    let literals = code.split('"').map(str::to_owned);
    literals.filter(move |it| it.contains('-') && it.split('-').all(is_word))
}

/// What is published is a folder without those around it.
#[test]
fn no_crate_includes_a_file_of_another() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut included = 0;
    for name in [
        "narchi-codegen",
        "narchi-macros",
        "narchi-runtime",
        "narchi-runtime/weights",
    ] {
        let published = workspace.join(name).canonicalize().expect("a crate");
        for (path, code) in sources_of(&published) {
            let is_file = |it: &&str| {
                let names = it.strip_prefix("str!(").or(it.strip_prefix("bytes!("));
                names.is_some_and(|it| it.trim_start().starts_with(['"', 'c']))
            };
            for rest in code.split("include_").skip(1).filter(is_file) {
                let mut literals = rest.split('"').skip(1).step_by(2);
                let file = match literals.next().expect("a name") {
                    "CARGO_MANIFEST_DIR" => {
                        let name = literals.next().expect("a name");
                        published.join(name.trim_start_matches('/'))
                    }
                    name => path.parent().expect("a folder").join(name),
                };
                let name = file.display().to_string();
                let file = file.canonicalize();
                let file = file.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(file.starts_with(&published), "{name}");
                included += 1;
            }
        }
    }
    assert!(included > 10, "{included}");
}
