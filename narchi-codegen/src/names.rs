//! Names of Rust for names of the file.

use proc_macro2::{Ident, Span};

/// `laia_net` becomes `LaiaNet`.
pub(crate) fn camel(text: &str) -> String {
    let mut camel = String::new();
    for word in text.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|it| it.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    // `_1` is an id, but no type.
    if camel.starts_with(|it: char| it.is_ascii_alphabetic()) {
        camel
    } else {
        format!("Block{camel}")
    }
}

/// `ResBlock` becomes `res_block`, `type` becomes `type_`.
pub(crate) fn snake(text: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for letter in text.chars() {
        if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = letter;
    }
    // Here and not in `ident`, so that `fn` and `fn_` are found to collide.
    if syn::parse_str::<Ident>(&snake).is_err() {
        snake.push('_');
    }
    snake
}

/// An identifier; what cannot be one gets what it lacks.
pub(crate) fn ident(name: &str) -> Ident {
    if syn::parse_str::<Ident>(name).is_ok() {
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
    fn names_become_rust() {
        assert_eq!(camel("laia_net"), "LaiaNet");
        assert_eq!(camel("_1"), "Block1");
        assert_eq!(snake("ResBlock"), "res_block");
        assert_eq!(snake("type"), "type_");
        assert_eq!(ident("1 a").to_string(), "_1_a_");
    }
}
