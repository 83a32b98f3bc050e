//! Compiles models and writes for each a function that calls it with named tensors.

use std::{fmt::Write, fs, io, path::Path};

use narchi_codegen::{
    Header, Input, compile,
    probe::{self, Interface},
};

/// Writes `<group>.rs`: a module for each model that compiles, and the lists `COMPILED` and `REFUSED`.
/// A model that does not compile is for a test to report: it breaks no build.
pub(super) fn write(cases: &[(String, Input)], out_dir: &Path, group: &str) -> io::Result<()> {
    fs::create_dir_all(out_dir.join(group))?;
    let (mut modules, mut compiled, mut refused) = (String::new(), String::new(), String::new());
    for (name, input) in cases {
        let compilation = compile(input);
        // What the build script itself has made is as it was.
        let files = compilation.reads.files.iter();
        for file in files.filter(|it| !it.starts_with(out_dir)) {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        let Some(model) = &compilation.model else {
            append(
                &mut refused,
                &format!("({name:?}, {:?}),", compilation.report()),
            );
            continue;
        };
        let header = Header::new(input, Some("Net"), None).with_frozen();
        let code = model.source(Some("Net"), &header);
        let file = format!("{group}/{name}.rs");
        let driver = driver(
            &probe::interface(model),
            &file,
            code.contains("pub fn forward_t("),
        );
        fs::write(out_dir.join(file), code)?;
        append(
            &mut modules,
            &format!(
                "#[allow(dead_code, unreachable_pub, clippy::all, clippy::pedantic)] mod {name} {{ {driver} }}"
            ),
        );
        append(&mut compiled, &format!("({name:?}, {name}::run),"));
    }
    let lists = format!(
        "pub(super) const COMPILED: &[(&str, super::Driver)] = &[\n{compiled}];\n\
         pub(super) const REFUSED: &[(&str, &str)] = &[\n{refused}];\n"
    );
    fs::write(out_dir.join(format!("{group}.rs")), modules + &lists)
}

/// The content of a module with the model and the function `run`.
fn driver(interface: &Interface, file: &str, trains: bool) -> String {
    let Interface {
        inputs,
        outputs,
        sizes,
    } = interface;
    // Sizes that a model is made for are all the same, and none that could be taken for another size.
    let frozen_sizes = vec!["5"; sizes.len()].join(", ");
    let sizes = ", 5".repeat(sizes.len());
    let argument = match inputs.as_slice() {
        [(name, _)] => format!("&inputs[{name:?}]"),
        several => {
            let field = |(name, field): &(String, String)| format!("{field}: &inputs[{name:?}],");
            format!(
                "NetInputs {{ {} }}",
                several.iter().map(field).collect::<String>()
            )
        }
    };
    let (method, train) = if trains {
        ("forward_t", ", false")
    } else {
        ("forward", "")
    };
    let entry =
        |(name, field): &(String, String)| format!("({name:?}.to_owned(), outputs.{field}),");
    let entries = match outputs.as_slice() {
        [(name, _)] => format!("({name:?}.to_owned(), outputs)"),
        several => several.iter().map(entry).collect(),
    };
    format!(
        "include!(concat!(env!(\"OUT_DIR\"), \"/{file}\"));
        pub(super) fn run(
            vs: &nn::VarStore,
            form: crate::drivers::Form,
            ready: &dyn Fn(&nn::VarStore),
            inputs: &crate::drivers::Tensors,
        ) -> Result<crate::drivers::Tensors> {{
            let net = Net::new(&vs.root(){sizes});
            ready(vs);
            let outputs = match form {{
                crate::drivers::Form::Trained => net.{method}({argument}{train})?,
                crate::drivers::Form::Frozen => net.freeze({frozen_sizes})?.forward({argument})?,
            }};
            Ok(crate::drivers::Tensors::from([{entries}]))
        }}"
    )
}

fn append(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    _ = writeln!(text, "{line}");
}
