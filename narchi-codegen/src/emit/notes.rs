//! Comments, by number. Tokens carry none, so a marker statement stands for each.

use std::cell::RefCell;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::{format_ident, quote};

/// The marker behind the statement that the comment belongs to.
pub(super) const AFTER: &str = "__after";
/// The marker before the value of a block.
pub(super) const TAIL: &str = "__tail";

/// The texts of all comments.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<String>>);

impl Notes {
    /// A marker for a comment behind the statement before it.
    pub(super) fn after(&self, text: Option<&String>) -> Option<TokenStream> {
        text.map(|it| self.marker(AFTER, it))
    }

    /// A marker for a comment behind the value of a block, which comes next.
    pub(super) fn tail(&self, text: Option<&String>) -> Option<TokenStream> {
        text.map(|it| self.marker(TAIL, it))
    }

    fn marker(&self, kind: &str, text: &str) -> TokenStream {
        let mut texts = self.0.borrow_mut();
        texts.push(text.to_owned());
        let (kind, number) = (
            format_ident!("{kind}"),
            Literal::usize_unsuffixed(texts.len() - 1),
        );
        quote!(#kind!(#number);)
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// The tokens without markers.
pub(super) fn stripped(tokens: TokenStream) -> TokenStream {
    let mut stripped = Vec::new();
    let mut rest = tokens.into_iter();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Ident(name) if name == AFTER || name == TAIL => {
                // `!`, the number, `;`
                rest.nth(2);
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let mut inner = Group::new(Delimiter::Brace, self::stripped(group.stream()));
                inner.set_span(group.span());
                stripped.push(TokenTree::Group(inner));
            }
            other => stripped.push(other),
        }
    }
    stripped.into_iter().collect()
}
