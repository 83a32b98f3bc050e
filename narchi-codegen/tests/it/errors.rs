//! `errors/<code>.jsonnet` is refused, or warned of, and the report says so well.

use std::{
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::{Argument, Input, codes, compile};

#[test]
fn every_report_names_its_code() {
    insta::glob!("../errors", "*.jsonnet", |path| {
        let name = path
            .file_stem()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        let compilation = compile(&input(path));
        let mut found = compilation.diagnostics.iter();
        let is_shown = match codes::find(&name) {
            Some(code) => found.any(|it| (it.code, it.severity) == (code.name, code.severity)),
            None => found.any(|it| name.starts_with(it.code)),
        };
        assert!(is_shown, "not one of its problems is `{name}`");
        assert_eq!(
            compilation.model.is_none(),
            compilation.diagnostics.has_errors()
        );
        // Reports name files as the user gave them; here without the folder of this project.
        let folder = format!("{}/", path.parent().expect("a folder").display());
        insta::assert_snapshot!(compilation.report().replace(&folder, ""));
    });
}

/// The checkpoint that an example names in its first line.
fn weights(path: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(path).ok()?;
    let first = text.lines().next()?;
    let name = first.split("weights = \"").nth(1)?.split('"').next()?;
    Some(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/errors")
            .join(name),
    )
}

/// The input for an example; one is about what is given beside the file.
pub(crate) fn input(path: &Path) -> Input {
    let given = path
        .file_stem()
        .is_some_and(|it| it == "unknown-top-level-argument");
    let argument = ("classes".to_owned(), Argument::Code("10".to_owned()));
    Input {
        path: path.into(),
        tla: given.then_some(argument).into_iter().collect(),
        weights: weights(path),
        ..Input::default()
    }
}
