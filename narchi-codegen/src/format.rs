//! Token streams as the text of a file.

use proc_macro2::TokenStream;

/// Formats generated items that nobody reviews.
pub(crate) fn plain(tokens: &TokenStream) -> String {
    match syn::parse2(tokens.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(_) => tokens.to_string(),
    }
}
