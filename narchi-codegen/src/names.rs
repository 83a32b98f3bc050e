//! Names of Rust for names of the file.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};
use quote::format_ident;
use unicode_ident::{is_xid_continue, is_xid_start};

/// What Rust keeps for itself, in any edition.
const KEYWORDS: [&str; 52] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Types and values that generated code, or what is around it, may mean by these names. `N` is the length
/// of a run.
const RESERVED: [&str; 39] = [
    "AsMut", "AsRef", "Box", "Clone", "Copy", "Debug", "Default", "Device", "Drop", "Eq", "Err",
    "Extend", "Fact", "Fixed", "Fn", "FnMut", "FnOnce", "From", "Input", "Inputs", "Into",
    "Iterator", "Kind", "N", "None", "Ok", "Option", "Ord", "Result", "Self", "Send", "Size",
    "Some", "String", "Symbol", "Sync", "Tensor", "ToString", "Vec",
];

/// Hands out names once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    names: BTreeSet<String>,
    /// The last number that was given to a name.
    numbers: BTreeMap<String, usize>,
}

impl Taken {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            names: names.into_iter().map(str::to_owned).collect(),
            numbers: BTreeMap::new(),
        }
    }

    /// The names of types that are taken in every file.
    pub(crate) fn types() -> Self {
        Self::new(RESERVED)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// `name`, or the first free of `name2`, `name3`, …
    pub(crate) fn unique(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        if self.names.contains(name) {
            let number = self.numbers.entry(free.clone()).or_insert(1);
            while self.names.contains(&free) {
                *number += 1;
                free = format!("{name}{number}");
            }
        }
        self.names.insert(free.clone());
        free
    }
}

/// The type of a whole model: what is asked for, or what the architecture is called.
pub(crate) fn model_type(architecture: &str, given: Option<&str>) -> Ident {
    let name = ident(&given.map_or_else(|| camel(architecture), str::to_owned));
    if Taken::types().contains(&name.to_string()) {
        format_ident!("{name}Model")
    } else {
        name
    }
}

/// Fields for named inputs or outputs.
pub(crate) fn ports<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Ident> {
    let mut taken = Taken::default();
    names.map(|it| ident(&taken.unique(&snake(it)))).collect()
}

/// `laia_net` becomes `LaiaNet`, `resnet-18` becomes `Resnet18`.
pub(crate) fn camel(text: &str) -> String {
    let mut camel = String::new();
    for word in clean(text).split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    // `_1` is an id, but no type.
    if camel.starts_with(char::is_alphabetic) {
        camel
    } else {
        format!("Block{camel}")
    }
}

/// `ResBlock` becomes `res_block`, `type` becomes `type_`.
pub(crate) fn snake(text: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for letter in clean(text).chars() {
        if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = letter;
    }
    let snake = clean(&snake);
    // Here and not in `ident`, so that `fn` and `fn_` are found to collide.
    if !is_identifier(&snake) {
        return snake + "_";
    }
    snake
}

/// What Rust takes as a name, without underscores that its lints refuse.
fn clean(text: &str) -> String {
    let mut clean = String::new();
    for letter in text.chars() {
        let is_word =
            letter.is_ascii_alphanumeric() || (!letter.is_ascii() && is_xid_continue(letter));
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

fn is_identifier(name: &str) -> bool {
    let begins = name.starts_with(|it| it == '_' || is_xid_start(it));
    begins && name != "_" && name.chars().all(is_xid_continue) && !KEYWORDS.contains(&name)
}

/// An identifier; what cannot be one gets what it lacks.
pub(crate) fn ident(name: &str) -> Ident {
    if is_identifier(name) {
        return Ident::new(name, Span::call_site());
    }
    let mut letters: String = name
        .chars()
        .map(|it| if it.is_ascii_alphanumeric() { it } else { '_' })
        .collect();
    if !letters.starts_with(|it: char| it.is_ascii_alphabetic()) {
        letters.insert(0, '_');
    }
    letters.push('_');
    Ident::new(&letters, Span::call_site())
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
