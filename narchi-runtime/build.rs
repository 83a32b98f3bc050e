//! Lets the tests of this crate find libtorch when they run, and tells the crates that use it where it is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // torch-sys says it to those who depend on it themselves.
    if let Some(lib) = std::env::var_os("DEP_TCH_LIBTORCH_LIB") {
        let lib = lib.display();
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo::metadata=libtorch_lib={lib}");
    }
}
