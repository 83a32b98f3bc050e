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
        let name = path.file_name().expect("a file");
        let input = Input {
            path: name.into(),
            ..Input::default()
        };
        let header = Header::new(&input, None, Some(Path::new("generated.rs")));
        let code = compiled(path)
            .model
            .expect("a sound model")
            .source(None, &header);
        insta::assert_snapshot!(code);
    });
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
