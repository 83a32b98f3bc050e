//! Everything a compilation depends on is noted.

use super::*;

/// The files that were read and those that were missed, without the name of the folder.
fn check(files: &[(&str, &str)], jpath: &[&str], expected: (&[&str], &[&str])) {
    let folder = Folder::new(files);
    let jpath = jpath.iter().map(|it| folder.0.join(it)).collect();
    let input = Input {
        jpath,
        ..folder.input("net.jsonnet")
    };
    let mut sources = Sources::default();
    let reads = evaluate(&input, &mut sources).reads;
    let relative = |paths: &[PathBuf]| -> Vec<String> {
        let names = paths.iter().map(|it| it.display().to_string());
        names.map(|it| folder.relative(&it)).collect()
    };
    assert_eq!(relative(&reads.files), expected.0);
    assert_eq!(relative(&reads.missing), expected.1);
}

#[test]
fn imports_of_every_kind_are_noted_once() {
    check(
        &[
            (
                "net.jsonnet",
                "[import 'a/b', import './a/b', importstr 't', importbin 't']",
            ),
            ("a/b", "import 'c'"),
            ("a/c", "import '../d'"),
            ("d", "1"),
            ("t", "text"),
            ("unused", "2"),
        ],
        &[],
        (&["net.jsonnet", "a/b", "a/c", "a/../d", "t"], &[]),
    );
}

#[test]
fn candidates_that_are_missing_are_noted() {
    check(
        &[
            ("net.jsonnet", "import 'x'"),
            ("first/x", "import 'y'"),
            ("last/y", "1"),
        ],
        &["first", "last"],
        (
            &["net.jsonnet", "first/x", "last/y"],
            &["x", "last/x", "first/y"],
        ),
    );
}

#[test]
fn failures_note_what_was_read_until_then() {
    check(
        &[
            ("net.jsonnet", "(import 'a') + (import 'b')"),
            ("a", "{} + error 'x'"),
        ],
        &[],
        (&["net.jsonnet", "a"], &[]),
    );
    check(
        &[("net.jsonnet", "(import 'a') + (import 'b')"), ("a", "{}")],
        &[],
        (&["net.jsonnet", "a"], &["b"]),
    );
    check(
        &[("net.jsonnet", "import 'a'"), ("a", "{")],
        &[],
        (&["net.jsonnet", "a"], &[]),
    );
    check(&[("other", "")], &[], (&[], &["net.jsonnet"]));
}

#[test]
fn texts_are_kept_without_their_byte_order_mark() {
    let folder = Folder::new(&[("net.jsonnet", "\u{feff}{ a: x }")]);
    let mut sources = Sources::default();
    let found = evaluate(&folder.input("net.jsonnet"), &mut sources);
    let found = found.document.expect_err("there is no x");
    assert_eq!(sources.line_and_column(found.place), (1, 6));
}
