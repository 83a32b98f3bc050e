//! How names of the file are spelled in Rust.

use std::collections::BTreeSet;

use crate::names;

/// Types and values that generated code, or what is around it, may mean by these names. `N` is the length
/// of a run.
const RESERVED: [&str; 37] = [
    "AsMut", "AsRef", "Box", "Clone", "Copy", "Debug", "Default", "Device", "Drop", "Eq", "Err",
    "Extend", "Fact", "Fn", "FnMut", "FnOnce", "From", "Input", "Inputs", "Into", "Iterator",
    "Kind", "N", "None", "Ok", "Option", "Ord", "Result", "Self", "Send", "Size", "Some", "String",
    "Sync", "Tensor", "ToString", "Vec",
];

/// Hands out names once.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// The names of types that are taken in every file.
    pub(super) fn types() -> Self {
        Self::new(RESERVED)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// `name`, or the first free of `name2`, `name3`, …
    pub(super) fn unique(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 1;
        while self.0.contains(&free) {
            number += 1;
            free = format!("{name}{number}");
        }
        self.0.insert(free.clone());
        free
    }
}

/// `laia_net` becomes `LaiaNet`.
pub(super) fn camel(text: &str) -> String {
    names::camel(&clean(text))
}

/// `ResBlock` becomes `res_block`, `type` becomes `type_`.
pub(super) fn snake(text: &str) -> String {
    names::snake(&clean(&names::snake(&clean(text))))
}

/// What Rust takes as a name, without underscores that its lints refuse.
fn clean(text: &str) -> String {
    let mut clean = String::new();
    for letter in text.chars() {
        let is_word = letter.is_ascii_alphanumeric() || (!letter.is_ascii() && is_in_names(letter));
        match letter {
            '_' if clean.ends_with('_') => {}
            letter if is_word => clean.push(letter),
            _ if clean.ends_with('_') => {}
            _ => clean.push('_'),
        }
    }
    if clean.chars().all(|it| it == '_') {
        return "unnamed".to_owned();
    }
    if clean.starts_with(|it: char| it.is_ascii_digit()) {
        clean.insert(0, '_');
    }
    clean
}

fn is_in_names(letter: char) -> bool {
    syn::parse_str::<proc_macro2::Ident>(&format!("a{letter}")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rust() {
        for name in [
            "a", "Conv-1", "1x1", "a.b c", "", "_", "__x__y", "fn", "self", "größe", "卷积", "²",
            "\"", "🦀",
        ] {
            for spelled in [snake(name), camel(name)] {
                let is_name = syn::parse_str::<proc_macro2::Ident>(&spelled).is_ok();
                assert!(
                    is_name || Taken::types().contains(&spelled),
                    "{name}: {spelled}"
                );
            }
            assert!(!snake(name).contains("__"), "{name}");
        }
    }

    #[test]
    fn names_read_as_in_the_file() {
        assert_eq!(snake("ResBlock"), "res_block");
        assert_eq!(snake("conv1x1"), "conv1x1");
        assert_eq!(snake("type"), "type_");
        assert_eq!(snake("self-attention"), "self_attention");
        assert_eq!(camel("resnet-18"), "Resnet18");
        assert_eq!(camel("fire_block"), "FireBlock");
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut taken = Taken::new(["x"]);
        let names: Vec<String> = ["x", "x", "y", "x2"].map(|it| taken.unique(it)).into();
        assert_eq!(names, ["x2", "x3", "y", "x22"]);
    }
}
