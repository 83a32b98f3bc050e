//! Compiles the model that the benchmarks measure, as `narchi-codegen emit` writes it.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use narchi_codegen::{Header, compile};

/// The benchmarks give it to the macro, too.
const ARCHITECTURE: &str = "../examples/mlp/mlp.jsonnet";

/// Writes `bench_mlp.rs`, with the model `Plain`.
pub(super) fn write(out_dir: &Path) -> Result<(), Box<dyn Error>> {
    let input = super::input(PathBuf::from(ARCHITECTURE), &[]);
    let compilation = compile(&input);
    for file in &compilation.reads.files {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    let model = compilation.model.as_ref();
    let model = model.ok_or_else(|| compilation.report())?;
    let name = Some("Plain");
    let code = model.source(name, &Header::new(&input, name, None));
    fs::write(out_dir.join("bench_mlp.rs"), code)?;
    Ok(())
}
