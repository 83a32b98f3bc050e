//! Lets the programs find libtorch when they run, so that `cargo run` needs no variables.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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
