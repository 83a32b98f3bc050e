//! Generated files that are committed: a stale one is rewritten, and the test fails once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::{Argument, Input, catalog, codes, compile};

#[test]
fn the_page_of_layers_is_current() {
    check("docs/layers.md", &catalog::markdown());
}

#[test]
fn the_page_of_diagnostics_is_current() {
    check("docs/diagnostics.md", &codes::markdown());
}

#[test]
fn the_pictures_are_current() {
    let examples = [
        ("digits", "digits/digits.jsonnet", vec![], None),
        (
            "resnet18",
            "resnet/resnet.jsonnet",
            vec![("depth", "18")],
            Some(1),
        ),
        (
            "resnet18-blocks",
            "resnet/resnet.jsonnet",
            vec![("depth", "18")],
            None,
        ),
        ("mlp", "mlp/mlp.jsonnet", vec![], None),
        ("tickets", "../docs/files/src/tickets.jsonnet", vec![], None),
    ];
    let mut stale = Vec::new();
    for (name, path, ext_vars, depth) in examples {
        let code = |(name, code): (&str, &str)| (name.to_owned(), Argument::Code(code.to_owned()));
        let compilation = compile(&Input {
            path: Path::new("../examples").join(path),
            ext_vars: ext_vars.into_iter().map(code).collect(),
            ..Input::default()
        });
        let model = compilation.model.expect("a sound model");
        let picture = model.diagram(&[], depth).expect("no sizes are given").svg();
        stale.extend(stale_file(&format!("docs/pictures/{name}.svg"), &picture));
    }
    assert!(
        stale.is_empty(),
        "stale, and now current, commit them: {stale:?}"
    );
}

#[track_caller]
fn check(path: &str, wanted: &str) {
    if let Some(path) = stale_file(path, wanted) {
        panic!("{} was stale; it is current now, commit it", path.display());
    }
}

/// The file, if it was not as it should be: it is now.
fn stale_file(path: &str, wanted: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let path = root.join(path);
    let found = fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    if found == wanted {
        return None;
    }
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
    fs::write(&path, wanted).expect("the file can be written");
    Some(path)
}
