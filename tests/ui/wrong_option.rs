//! Options that do not exist are named, and those that do.

narchi_runtime::narchi_model!(Net, "broken.jsonnet", extra = { depth: 18 });

fn main() {}
