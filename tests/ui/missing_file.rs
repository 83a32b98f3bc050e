//! A file that is not there.

narchi_runtime::narchi_model!("no_such_file.jsonnet");

fn main() {}
