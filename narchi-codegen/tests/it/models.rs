//! `models/*.jsonnet`: their blocks with all shapes, and the code that is written for them.

use std::path::Path;

use narchi_codegen::{Compilation, Header, Input, compile};

#[test]
fn shapes_are_exact() {
    insta::glob!("../models", "*.jsonnet", |path| {
        insta::assert_snapshot!(compiled(path).model.expect("a sound model").listing());
    });
}

#[test]
fn code_reads_like_a_person_s() {
    insta::glob!("../models", "*.jsonnet", |path| {
        insta::assert_snapshot!(code(path, |it| it));
    });
}

#[test]
fn frozen_code_does_too() {
    insta::glob!("../models", "*.jsonnet", |path| {
        let trained = code(path, |it| it);
        let both = code(path, Header::with_frozen);
        // Without the lines that say how the file is made.
        let rest = |it: &str| it.split_once("\n\n").map(|it| it.1.to_owned());
        let (trained, both) = (rest(&trained), rest(&both));
        let frozen = trained.zip(both).and_then(|(trained, both)| {
            let frozen = both.strip_prefix(&trained)?;
            Some(frozen.trim_start().to_owned())
        });
        insta::assert_snapshot!(frozen.expect("the trained form comes first"));
    });
}

/// The generated code of a model.
fn code(path: &Path, header: impl Fn(Header) -> Header) -> String {
    let name = path.file_name().expect("a file");
    let input = Input {
        path: name.into(),
        ..Input::default()
    };
    let header = header(Header::new(&input, None, Some(Path::new("generated.rs"))));
    let model = compiled(path).model.expect("a sound model");
    model.source(None, &header)
}

fn compiled(path: &Path) -> Compilation {
    let compilation = compile(&Input {
        path: path.into(),
        ..Input::default()
    });
    assert!(
        !compilation.diagnostics.has_errors(),
        "{}",
        compilation.report()
    );
    compilation
}
