//! Lets the tests find libtorch when they run, and compiles models as the build scripts of users do.

#![allow(
    clippy::print_stdout,
    reason = "this is how build scripts talk to cargo"
)]

mod bench;
mod drivers;
mod wheel;

use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use narchi_codegen::{Argument, Input};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    link();
    narchi_codegen::Config::new().compile(&["../narchi-codegen/tests/models/mlp.jsonnet"])?;

    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    drivers::write(&micro()?, &out_dir, "micro")?;
    drivers::write(&narchis_own(&out_dir)?, &out_dir, "narchis_own")?;
    bench::write(&out_dir)
}

/// The architectures beside which there are tensors.
fn micro() -> io::Result<Vec<(String, Input)>> {
    let folder = Path::new("reference/narchi/micro");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_case = path.extension().is_some_and(|it| it == "jsonnet")
            && path.with_extension("safetensors").exists();
        if is_case {
            all.push((stem(&path), input(path, &[])));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

/// The architectures that come with Python narchi; none where they cannot be had.
fn narchis_own(out_dir: &Path) -> io::Result<Vec<(String, Input)>> {
    /// What the files that want external variables are given, as jsonnet.
    const EXT_VARS: [(&str, &[(&str, &str)]); 6] = [
        ("laia", &[("num_symbols", "7")]),
        ("nested1", &[("hidden_size", "16"), ("output_feats", "10")]),
        (
            "nested2",
            &[
                ("input_size", "12"),
                ("nested3_size", "8"),
                ("output_feats", "5"),
            ],
        ),
        ("nested3", &[("input_size", "12"), ("output_feats", "5")]),
        ("resnet", &[("num_blocks", "[2, 2, 2, 2]")]),
        ("text_image_classification", &[("vocabulary_size", "100")]),
    ];
    let mut all = Vec::new();
    for path in wheel::architectures(out_dir)? {
        let name = stem(&path);
        let ext_vars = EXT_VARS.iter().find(|it| it.0 == name);
        all.push((name, input(path, ext_vars.map_or(&[], |it| it.1))));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn input(path: PathBuf, ext_vars: &[(&str, &str)]) -> Input {
    let ext_vars = ext_vars
        .iter()
        .map(|(name, code)| ((*name).to_owned(), Argument::Code((*code).to_owned())));
    Input {
        path,
        ext_vars: ext_vars.collect(),
        ..Input::default()
    }
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |it| it.to_string_lossy().into_owned())
}

fn link() {
    // From narchi-runtime; none where nothing is linked.
    let Some(lib) = env::var_os("DEP_NARCHI_LIBTORCH_LIB") else {
        return;
    };
    let lib = lib.display();
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|it| it == "linux") {
        // No symbol asks for libtorch_cuda, so the linker would drop it; libtorch leads to it where it is there.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed");
        println!("cargo::rustc-link-arg=-ltorch");
    }
}
