//! Generated files that are committed: a stale one is rewritten, and the test fails once.

use std::{fs, path::Path};

use narchi_codegen::{catalog, codes};

#[test]
fn the_page_of_layers_is_current() {
    check("docs/layers.md", &catalog::markdown());
}

#[test]
fn the_page_of_diagnostics_is_current() {
    check("docs/diagnostics.md", &codes::markdown());
}

#[track_caller]
fn check(path: &str, wanted: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let path = root.join(path);
    let found = fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    if found != wanted {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(&path, wanted).expect("the file can be written");
        panic!("{} was stale; it is current now, commit it", path.display());
    }
}
