//! Lets the tests find libtorch when they run, and compiles a model as the build scripts of users do.

fn main() -> Result<(), narchi_codegen::ConfigError> {
    println!("cargo::rerun-if-changed=build.rs");
    link();
    narchi_codegen::Config::new().compile(&["../narchi-codegen/tests/models/mlp.jsonnet"])
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
