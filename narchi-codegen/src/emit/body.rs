//! The statements of `forward`, and the value it ends with.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use super::notes::Notes;
use crate::layer::Operand;

pub(super) enum Statement {
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
            while matches!(
                statements.last(),
                Some(Statement::Drop {
                    after_sum: true,
                    ..
                })
            ) {
                statements.pop();
            }
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
    let statements: TokenStream = statements.collect();
    let note = notes.tail(note.as_ref());
    quote!(#statements #note #tail)
}

/// The locals that must be `mut`.
fn changed(statements: &[Statement]) -> BTreeSet<String> {
    let changed = statements.iter().filter_map(|it| match it {
        Statement::Assign { local, .. } | Statement::Loop { local, .. } => Some(local.to_string()),
        Statement::Let { .. } | Statement::Drop { .. } => None,
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
    let is_ours = |expr: &syn::Expr| match expr {
        syn::Expr::MethodCall(call) => !call.method.to_string().starts_with("f_"),
        syn::Expr::Call(call) => {
            let function = call.func.to_token_stream();
            function
                .into_iter()
                .next()
                .is_some_and(|it| it.to_string() == "nn")
        }
        _ => false,
    };
    match syn::parse2::<syn::Expr>(value.clone()) {
        Ok(syn::Expr::Try(tried)) if is_ours(&tried.expr) => tried.expr.into_token_stream(),
        _ => quote!(Ok(#value)),
    }
}

impl Statement {
    fn emit(&self, changed: &BTreeSet<String>, notes: &Notes) -> TokenStream {
        match self {
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
