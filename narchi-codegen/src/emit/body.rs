//! The statements of `forward`, and the value it ends with.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::{blame, notes::Notes};
use crate::layer::Operand;

pub(super) enum Statement {
    /// What follows belongs to this block.
    Block(String),
    /// New locals.
    Let {
        locals: Vec<Ident>,
        value: TokenStream,
        note: Option<String>,
    },
    Assign {
        local: Ident,
        value: TokenStream,
        note: Option<String>,
        /// Whether the value overwrites the local.
        in_place: bool,
    },
    Loop {
        local: Ident,
        tokens: TokenStream,
        note: Option<String>,
    },
    Drop {
        local: Ident,
        /// Whether a sum has read it: then it may live on while the last value is computed.
        after_sum: bool,
    },
}

/// The whole body. The last value is returned without a name; `results` makes one of several.
pub(super) fn body(
    mut statements: Vec<Statement>,
    outputs: &[Operand],
    results: impl Fn(&[TokenStream]) -> TokenStream,
    notes: &Notes,
) -> TokenStream {
    while matches!(statements.last(), Some(Statement::Drop { .. })) {
        statements.pop();
    }
    let mut changed = changed(&statements);
    let last = match (outputs, statements.last()) {
        (
            [output],
            Some(Statement::Assign {
                local, value, note, ..
            }),
        ) if *local == output.name => Some((value.clone(), note.clone())),
        (
            [output],
            Some(Statement::Let {
                locals,
                value,
                note,
            }),
        ) if *locals == [output.name.clone()] => Some((value.clone(), note.clone())),
        _ => None,
    };
    let (tail, note) = match last {
        Some((value, note)) => {
            let last = statements.pop();
            // The one of the last value.
            let block = statements.pop_if(|it| matches!(it, Statement::Block(_)));
            while matches!(
                statements.last(),
                Some(Statement::Drop {
                    after_sum: true,
                    ..
                })
            ) {
                statements.pop();
            }
            statements.extend(block);
            changed = self::changed(&statements);
            if let Some(Statement::Assign {
                local,
                in_place: true,
                ..
            }) = last
            {
                changed.insert(local.to_string());
            }
            (returned(&value), note)
        }
        None => {
            let results = results(&owned(outputs));
            (quote!(Ok(#results)), None)
        }
    };
    let statements = statements.iter().map(|it| it.emit(&changed, notes));
    let mut tokens: TokenStream = statements.collect();
    tokens.extend(notes.tail(note.as_ref()));
    tokens.extend(tail);
    tokens
}

/// The locals that must be `mut`.
fn changed(statements: &[Statement]) -> BTreeSet<String> {
    let changed = statements.iter().filter_map(|it| match it {
        Statement::Assign { local, .. } | Statement::Loop { local, .. } => Some(local.to_string()),
        Statement::Block(_) | Statement::Let { .. } | Statement::Drop { .. } => None,
    });
    changed.collect()
}

/// Outputs as values to give away.
fn owned(outputs: &[Operand]) -> Vec<TokenStream> {
    let one = |(index, output): (usize, &Operand)| {
        let name = &output.name;
        // A value may be returned twice.
        let again = outputs[index + 1..].iter().any(|it| it.name == *name);
        if output.owned && !again {
            quote!(#name)
        } else {
            quote!(#name.shallow_clone())
        }
    };
    outputs.iter().enumerate().map(one).collect()
}

/// The last value as the result of the function. `?` is there to turn an error of tch into ours: where it
/// is ours already, clippy would not have it unpacked and packed again.
fn returned(value: &TokenStream) -> TokenStream {
    if is_ours(value) {
        let mut tokens: Vec<TokenTree> = value.clone().into_iter().collect();
        // The question mark.
        tokens.pop();
        return tokens.into_iter().collect();
    }
    quote!(Ok(#value))
}

/// Whether this is a call that gives a result with our error, and `?`: of a function of the runtime, or of a method that
/// is not one of tch.
fn is_ours(value: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    let is = |token: &TokenTree, letters: &[char]| matches!(token, TokenTree::Punct(it) if letters.contains(&it.as_char()));
    let [
        before @ ..,
        TokenTree::Ident(function),
        TokenTree::Group(_),
        end,
    ] = tokens.as_slice()
    else {
        return false;
    };
    let is_chain = before
        .iter()
        .all(|it| !matches!(it, TokenTree::Punct(_)) || is(it, &['.', ':', '?']));
    if !is(end, &['?']) || !is_chain {
        return false;
    }
    match before {
        [.., last] if is(last, &['.']) => !function.to_string().starts_with("f_"),
        [TokenTree::Ident(first), ..] => first == "nn" || first == "frozen",
        _ => false,
    }
}

impl Statement {
    fn emit(&self, changed: &BTreeSet<String>, notes: &Notes) -> TokenStream {
        match self {
            Self::Block(path) => blame::marker(path),
            Self::Let {
                locals,
                value,
                note,
            } => {
                let locals: Vec<TokenStream> = locals
                    .iter()
                    .map(|it| {
                        let is_changed = changed.contains(&it.to_string()).then(|| quote!(mut));
                        quote!(#is_changed #it)
                    })
                    .collect();
                let pattern = if let [local] = locals.as_slice() {
                    quote!(#local)
                } else {
                    quote!((#(#locals),*))
                };
                let note = notes.after(note.as_ref());
                quote!(let #pattern = #value; #note)
            }
            Self::Assign {
                local, value, note, ..
            } => {
                let note = notes.after(note.as_ref());
                quote!(#local = #value; #note)
            }
            Self::Loop { tokens, note, .. } => {
                let note = notes.after(note.as_ref());
                quote!(#tokens #note)
            }
            Self::Drop { local, .. } => quote!(drop(#local);),
        }
    }
}
