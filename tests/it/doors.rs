//! Mistakes through the macro and through a build script are one compiler error each.

#[test]
fn one_mistake_is_one_error() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
