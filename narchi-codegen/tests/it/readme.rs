//! What the README shows is what happens.

use std::{fs, path::Path};

use narchi_codegen::{Compilation, Input, compile};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// The code blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("the README");
    let fence = format!("```{language}\n");
    let after = readme.split(&fence).skip(1);
    after
        .filter_map(|it| it.split_once("```").map(|it| it.0.to_owned()))
        .collect()
}

/// Compiles a text as `src/mlp.jsonnet` of some crate.
fn compiled(text: &str) -> Compilation {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mlp.jsonnet");
    fs::write(&path, text).expect("a file");
    compile(&Input {
        path,
        ..Input::default()
    })
}

#[test]
fn the_first_architecture_compiles() {
    let compilation = compiled(&blocks("jsonnet")[0]);
    assert_eq!(compilation.report(), "");
    let model = compilation.model.expect("a model");
    assert_eq!(model.summary(), "[N, 8] → [N, 3], 771 parameters");
}

#[test]
fn the_first_error_is_the_one_that_is_shown() {
    let text = &blocks("jsonnet")[0];
    let wrong = text.replace("output_feats: 3", "output_feats: 4");
    assert_ne!(&wrong, text);
    let compilation = compiled(&wrong);
    let name = compilation.sources.first_name();
    let report = compilation.report().replace(name, "src/mlp.jsonnet");
    let shown = blocks("text")
        .into_iter()
        .find(|it| it.contains("output-differs"))
        .expect("an error is shown");
    // The compiler indents the lines of a message.
    for line in report.lines() {
        assert!(
            shown.contains(line.trim_end()),
            "{line}\nis not in\n{shown}"
        );
    }
}

#[test]
fn the_code_it_shows_is_generated() {
    let generated = fs::read_to_string(workspace().join("examples/resnet/generated.rs"));
    let generated = generated.expect("the generated code");
    let shown = blocks("rust")
        .into_iter()
        .find(|it| it.contains("impl ResBlock"))
        .expect("generated code is shown");
    assert!(generated.contains(&shown), "{shown}");
}
