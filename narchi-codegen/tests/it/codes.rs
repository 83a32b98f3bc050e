//! The pages about codes: the broken examples are tested with their reports, the mended ones here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::{
    codes::{self, CODES},
    compile,
};

use crate::errors::input;

/// More than these are not one edit.
const MOST_LINES: usize = 4;

/// Mended examples that are warned of, though of something else: that the length is even is what both blocks want.
const WARNED: [&str; 1] = ["facts-contradict"];

fn errors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

/// The names of the files in a folder, without their extensions.
fn names(folder: &Path, extension: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder)
        .expect("a folder")
        .map(|it| it.expect("an entry").path());
    let files = files.filter(|it| it.extension().is_some_and(|it| it == extension));
    let name = |it: PathBuf| it.file_stem().map(|it| it.to_string_lossy().into_owned());
    files.filter_map(name).collect()
}

#[test]
fn codes_are_found_by_name() {
    assert!(CODES.is_sorted_by(|a, b| a.name < b.name));
    for code in CODES {
        assert_eq!(codes::find(code.name), Some(code));
    }
    assert_eq!(codes::find("unknown-blok"), None);
    assert!(codes::unknown("unknown-blok").ends_with("did you mean `unknown-block`?"));
}

#[test]
fn every_page_and_example_belongs_to_a_code() {
    let known: BTreeSet<String> = CODES.iter().map(|it| it.name.to_owned()).collect();
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("codes");
    assert_eq!(names(&pages, "md"), known);
    assert_eq!(names(&errors().join("mended"), "jsonnet"), known);
    for name in names(&errors(), "jsonnet") {
        let is_known = known.iter().any(|it| name.starts_with(it.as_str()));
        assert!(is_known, "`{name}` begins with no code");
    }
}

#[test]
fn pages_are_paragraphs_that_begin_with_a_sentence() {
    for code in CODES {
        let page = code.page;
        assert!(
            page.ends_with(".\n") && !page.contains('#'),
            "{}",
            code.name
        );
        assert!(
            page.lines().all(|it| it.chars().count() <= 100),
            "{}",
            code.name
        );
        let summary = code.summary();
        assert!(summary.ends_with('.') && summary.len() <= 160, "{summary}");
    }
}

#[test]
fn every_report_says_what_to_do() {
    for code in CODES {
        let path = errors().join(format!("{}.jsonnet", code.name));
        let compilation = compile(&input(&path));
        for diagnostic in compilation.diagnostics.iter() {
            // What is accepted instead is a note, or stands at the place.
            let is_said = !diagnostic.notes.is_empty() || diagnostic.label.is_some();
            assert!(
                diagnostic.help.is_some() || is_said,
                "{}",
                compilation.report()
            );
        }
    }
}

#[test]
fn mended_examples_compile() {
    for code in CODES {
        let compilation = compile(&input(
            &errors().join(format!("mended/{}.jsonnet", code.name)),
        ));
        let report = compilation.report();
        assert!(compilation.model.is_some(), "{report}");
        let is_mended = compilation
            .diagnostics
            .iter()
            .all(|it| it.code != code.name);
        assert!(is_mended, "{report}");
        let is_warned = !compilation.diagnostics.is_empty();
        assert_eq!(is_warned, WARNED.contains(&code.name), "{report}");
    }
}

#[test]
fn examples_are_mended_by_one_edit() {
    for code in CODES {
        let removed = missing(code.broken, code.mended);
        let added = missing(code.mended, code.broken);
        let changed = removed.max(added);
        assert!(
            (1..=MOST_LINES).contains(&changed),
            "{}: {changed} lines",
            code.name
        );
    }
}

/// How many lines of a text another one lacks.
fn missing(text: &str, other: &str) -> usize {
    let mut left: Vec<&str> = other.lines().collect();
    let is_missing = |line: &&str| match left.iter().position(|it| it == line) {
        Some(index) => {
            left.swap_remove(index);
            false
        }
        None => true,
    };
    text.lines().filter(is_missing).count()
}
