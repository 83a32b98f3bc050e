//! Options that do not exist are named, and those that do.

narchi_macros::narchi_model!(crate, Net, "broken.jsonnet", extra = { depth: 18 });

fn main() {}
