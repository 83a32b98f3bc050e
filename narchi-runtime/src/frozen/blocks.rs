//! What a frozen model consists of.

use std::fmt::Write;

use super::dense::IS_OPTIMIZED;

/// What is said below the table then.
const UNOPTIMIZED: &str = "\
narchi-runtime is not optimized in this build: libtorch's kernels are used alone. In Cargo.toml, for those in Rust:
  [profile.dev.package.narchi-runtime]
  opt-level = 3
  debug-assertions = false
";

/// Frozen modules, and what consists of them: says which kernel computes each block.
///
/// [`frozen::blocks!`](crate::frozen::blocks) implements it for a struct, which threads can share then: what is no part of
/// such a model does not compile.
pub trait Blocks: Send + Sync {
    /// Calls `each` with the path of every block, and with the kernel that was chosen for it and why.
    fn visit(&self, each: &mut dyn FnMut(&str, &str));
}

impl<T: Blocks, const N: usize> Blocks for [T; N] {
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        for it in self {
            it.visit(each);
        }
    }
}

/// A table with a line for each block: its path, and the kernel that computes it.
///
/// ```text
/// conv1            oneDNN, packed, relu
/// layer1.0.conv1   Winograd, packed, relu
/// fc               oneDNN, packed
/// ```
pub fn describe(model: &impl Blocks) -> String {
    let mut blocks = Vec::new();
    model.visit(&mut |path, choice| blocks.push((path.to_owned(), choice.to_owned())));
    let width = blocks.iter().map(|it| it.0.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut table = String::new();
    for (path, choice) in blocks {
        // Writing to a string does not fail.
        let _ = writeln!(table, "{path:width$}   {choice}");
    }
    if !IS_OPTIMIZED {
        table.push_str(UNOPTIMIZED);
    }
    table
}

#[doc(hidden)]
#[macro_export]
macro_rules! __blocks {
    ($model:ident $(<$($length:ident),+ $(,)?>)?: $($field:ident),*) => {
        impl $(<$(const $length: usize),+>)? $crate::frozen::Blocks for $model $(<$($length),+>)? {
            fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
                let _ = &each;
                $($crate::frozen::Blocks::visit(&self.$field, each);)*
            }
        }
    };
}
