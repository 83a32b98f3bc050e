//! Which block is to blame for a failure at run time.
//!
//! In a file, the line of the failure says it, unless its user wants more. Code of macros and build scripts has no lines
//! that anybody knows, and nobody reads it: there every question mark says the block, and the model where that is written.
//! Markers in the tokens keep both apart.

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::quote;

use super::notes::{AFTER, TAIL};

/// Before the statements of a block.
pub(super) const BLOCK: &str = "__block";
/// Before the statements of the model.
pub(super) const ROOT: &str = "__root";

/// A marker: what follows belongs to this block, to none that has to be said if the path is empty.
pub(super) fn marker(path: &str) -> TokenStream {
    quote!(__block!(#path);)
}

/// A marker: here the model begins, its inputs being checked.
pub(super) fn root() -> TokenStream {
    quote!(__root!();)
}

/// Tokens in which failures say their block; `places` says where the blocks of the model are written.
pub(super) fn blamed(tokens: TokenStream, places: &TokenStream) -> TokenStream {
    let mut writer = Writer {
        places,
        block: None,
    };
    writer.stream(tokens)
}

struct Writer<'a> {
    places: &'a TokenStream,
    /// The block that is to blame.
    block: Option<Literal>,
}

impl Writer<'_> {
    fn stream(&mut self, tokens: TokenStream) -> TokenStream {
        let mut written = TokenStream::new();
        let mut rest = tokens.into_iter();
        // Whether a value at the end of the stream has still to be blamed.
        let mut is_open = false;
        while let Some(token) = rest.next() {
            match token {
                TokenTree::Ident(name) if name == ROOT => {
                    // `!`, `()`, `;`
                    rest.nth(2);
                    let body = self.stream(rest.collect());
                    let places = self.places;
                    let is_end =
                        |it: TokenTree| matches!(it, TokenTree::Punct(it) if it.as_char() == ';');
                    written.extend(if body.clone().into_iter().any(is_end) {
                        quote! {
                            let run = || -> Result<_> { #body };
                            nn::located(run(), #places)
                        }
                    } else {
                        quote!(nn::located(#body, #places))
                    });
                    return written;
                }
                // Comments belong to no statement.
                TokenTree::Ident(name) if name == AFTER || name == TAIL => {
                    written.extend([TokenTree::Ident(name)]);
                    written.extend(rest.by_ref().take(3));
                }
                TokenTree::Ident(name) if name == BLOCK => {
                    self.block = rest.nth(1).as_ref().and_then(named);
                    rest.next();
                    is_open = self.block.is_some();
                }
                TokenTree::Ident(name) if name == "Ok" && self.block.is_some() => {
                    // Clippy would not have `Ok(value.in_block(…)?)`: that is the value.
                    let (inner, is_asked) = rest.next().map(unpacked).unwrap_or_default();
                    is_open = is_asked;
                    let inner = self.stream(inner);
                    written.extend(if is_asked {
                        inner
                    } else {
                        quote!(#name(#inner))
                    });
                }
                TokenTree::Punct(end) if end.as_char() == ';' => {
                    is_open = false;
                    written.extend([TokenTree::Punct(end)]);
                }
                TokenTree::Punct(asked) if asked.as_char() == '?' => {
                    is_open = false;
                    let block = self.block.iter();
                    written.extend(quote!(#(.in_block(#block))* #asked));
                }
                TokenTree::Group(group) => {
                    // What is after the group belongs to the block before it, or to that of a marker.
                    let before = self.block.clone();
                    let inner = self.stream(group.stream());
                    self.block = before;
                    let is_body = group.delimiter() == Delimiter::Brace;
                    is_open &= !is_body;
                    let mut inner = Group::new(group.delimiter(), inner);
                    inner.set_span(group.span());
                    written.extend([TokenTree::Group(inner)]);
                }
                other => written.extend([other]),
            }
        }
        if let (true, Some(block)) = (is_open, &self.block) {
            written.extend(quote!(.in_block(#block)));
        }
        written
    }
}

/// What is in parentheses, without the question mark at its end; and whether there was one.
fn unpacked(group: TokenTree) -> (TokenStream, bool) {
    let TokenTree::Group(group) = group else {
        return (group.into(), false);
    };
    let mut tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let asked = tokens.pop_if(|it| matches!(it, TokenTree::Punct(it) if it.as_char() == '?'));
    (tokens.into_iter().collect(), asked.is_some())
}

/// The path of a marker, if it is not empty.
fn named(argument: &TokenTree) -> Option<Literal> {
    let TokenTree::Group(argument) = argument else {
        return None;
    };
    match argument.stream().into_iter().next() {
        Some(TokenTree::Literal(path)) if path.to_string() != "\"\"" => Some(path),
        _ => None,
    }
}
