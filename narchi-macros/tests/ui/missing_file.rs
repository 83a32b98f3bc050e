//! A file that is not there.

#[path = "../it/stand_in.rs"]
mod runtime;

narchi_macros::narchi_model!(crate::runtime, "no_such_file.jsonnet");

fn main() {}
