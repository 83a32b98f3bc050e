//! Mistakes through the macro and through a build script are one compiler error each.

use std::{fs, path::Path};

use narchi_codegen::Config;

#[test]
fn one_mistake_is_one_error() {
    // What a build script would have written; beside the tests, so that their reports name it the same everywhere.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/out");
    fs::create_dir_all(&folder).expect("a folder");
    let config = Config::new().out_dir(&folder);
    config
        .compile(&["tests/ui/broken.jsonnet"])
        .expect("a file is written");
    let broken = folder.join("broken.rs");
    // The compiler that trybuild starts reads it.
    #[expect(
        unsafe_code,
        reason = "no other thread of this process reads variables now"
    )]
    unsafe {
        std::env::set_var("NARCHI_TESTS_BROKEN", broken);
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
