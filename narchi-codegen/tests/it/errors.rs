//! `errors/<code>.jsonnet` is refused, or warned of, and the report says so well.

use narchi_codegen::{Input, compile};

#[test]
fn every_report_names_its_code() {
    insta::glob!("../errors", "*.jsonnet", |path| {
        let name = path
            .file_stem()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        // Reports name files as the user gave them; here without the folder of this project.
        let input = Input {
            path: path.into(),
            ..Input::default()
        };
        let compilation = compile(&input);
        let mut codes = compilation.diagnostics.iter().map(|it| it.code);
        assert!(
            codes.any(|it| name.starts_with(it)),
            "not one of its problems is `{name}`"
        );
        assert_eq!(
            compilation.model.is_none(),
            compilation.diagnostics.has_errors()
        );
        let folder = format!("{}/", path.parent().expect("a folder").display());
        insta::assert_snapshot!(compilation.report().replace(&folder, ""));
    });
}
