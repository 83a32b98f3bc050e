//! Lets the tests find libtorch when they run, and compiles an architecture that does not compile: a test shows what
//! becomes of it.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    narchi_codegen::Config::new()
        .compile(&["ui/broken.jsonnet", "../narchi-codegen/tests/models/mlp.jsonnet"])?;
    let broken = Path::new(&std::env::var("OUT_DIR")?).join("broken.rs");
    println!("cargo::rustc-env=NARCHI_TESTS_BROKEN={}", broken.display());
    link();
    Ok(())
}

fn link() {
    // From narchi-runtime; none where nothing is linked.
    let Some(lib) = std::env::var_os("DEP_NARCHI_LIBTORCH_LIB") else {
        return;
    };
    let lib = lib.display();
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|it| it == "linux") {
        // No symbol asks for libtorch_cuda, so the linker would drop it; libtorch leads to it where it is there.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed");
        println!("cargo::rustc-link-arg=-ltorch");
    }
}
