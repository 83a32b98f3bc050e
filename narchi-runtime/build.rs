//! Lets the tests of this crate find libtorch when they run, tells the crates that use it where it is, and the crate itself
//! whether it is optimized.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Loops in plain Rust are slow then, and other kernels take their place.
    println!("cargo::rustc-check-cfg=cfg(narchi_unoptimized)");
    if std::env::var("OPT_LEVEL").is_ok_and(|it| it == "0") {
        println!("cargo::rustc-cfg=narchi_unoptimized");
    }
    // torch-sys says it to those who depend on it themselves.
    if let Some(lib) = std::env::var_os("DEP_TCH_LIBTORCH_LIB") {
        let lib = lib.display();
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo::metadata=libtorch_lib={lib}");
    }
}
