//! The struct of a class and the frame of its `impl`.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    context::Context,
    docs,
    doors::UNUSED as BOTH,
    forward,
    generalize::Expr,
    new, number,
    plan::{Form, What},
    root::Root,
};
use crate::{
    layer::{Module, Role},
    names::ident,
};

/// Why a field or a method is not used.
const UNUSED: &str = "no output needs it";

pub(super) fn emit_struct(context: &Context<'_>) -> TokenStream {
    let (name, docs) = (context.name(), docs::of_struct(context));
    let public = context.root.map(|_| quote!(pub));
    let (generics, unused) = (generics(context, true), unused(context));
    let computed: HashSet<usize> = context.class.order.iter().copied().collect();
    let fields = context
        .class
        .fields
        .iter()
        .enumerate()
        .filter_map(|(block, field)| {
            let (field, ty) = (ident(field.as_ref()?), field_type(context, block));
            let needed = computed.contains(&block) || !context.class.is_called;
            let unused = (!needed).then(|| quote!(#[allow(dead_code, reason = #UNUSED)]));
            Some(quote!(#unused #field: #ty))
        });
    let stored = context
        .value_parameters()
        .into_iter()
        .filter(|it| context.class.stored[*it])
        .map(|it| {
            let name = ident(&context.class.arguments[it]);
            let ty = number::ty(&context.class.general.parameters[it].values[0]);
            quote!(#name: #ty)
        });
    let sizes = context
        .root
        .into_iter()
        .flat_map(Root::stored_sizes)
        .map(|it| quote!(#it: i64));
    let fields: Vec<TokenStream> = fields.chain(stored).chain(sizes).collect();
    quote! {
        #(#[doc = #docs])*
        #unused
        #[derive(Debug)]
        #public struct #name #generics {
            #(#fields,)*
        }
    }
}

pub(super) fn emit_impl(context: &Context<'_>) -> TokenStream {
    let (name, unused) = (context.name(), unused(context));
    let (declared, used) = (generics(context, true), generics(context, false));
    let inputs = context.root.map(|it| match context.form() {
        Form::Trained => it.guard(),
        Form::Frozen => it.load(),
    });
    let new = new::emit_new(context);
    let forward = forward::emit_forward(context);
    quote! {
        #unused
        impl #declared #name #used {
            #inputs
            #new
            #forward
        }
    }
}

fn unused(context: &Context<'_>) -> Option<TokenStream> {
    if context.form() == Form::Frozen && context.root.is_some() {
        return Some(quote!(#[allow(dead_code, reason = #BOTH)]));
    }
    (!context.class.is_called).then(|| quote!(#[allow(dead_code, reason = #UNUSED)]))
}

/// Lengths of runs that differ between instances: `<const N: usize>` or `<N>`.
pub(super) fn generics(context: &Context<'_>, declared: bool) -> Option<TokenStream> {
    let names = context
        .const_parameters()
        .into_iter()
        .map(|it| ident(&context.class.arguments[it]));
    let generics: Vec<_> = names
        .map(|it| {
            if declared {
                quote!(const #it: usize)
            } else {
                quote!(#it)
            }
        })
        .collect();
    (!generics.is_empty()).then(|| quote!(<#(#generics),*>))
}

fn field_type(context: &Context<'_>, block: usize) -> TokenStream {
    let scopes = match &context.example.blocks[block].what {
        What::Layer(leaf) => {
            let Some(Module { ty, frozen, .. }) = &leaf.module else {
                return TokenStream::new();
            };
            return match (context.form(), frozen) {
                (Form::Trained, _) => quote!(#ty),
                (Form::Frozen, Some(frozen)) => quote!(#frozen),
                (Form::Frozen, None) => quote!(frozen::Module<#ty>),
            };
        }
        What::Run { scopes, .. } => scopes,
    };
    let child = context.classes.class_of(scopes[0]);
    let exprs = context.class.exprs(block);
    let name = ident(&context.classes.names[child]);
    let parameters = &context.classes.get(child).general.parameters;
    let lengths = parameters
        .iter()
        .zip(&exprs[1..])
        .filter(|it| it.0.role == Role::Count);
    let lengths: Vec<_> = lengths
        .map(|(_, it)| context.argument(it, &quote!()))
        .collect();
    let generics = (!lengths.is_empty()).then(|| quote!(<#(#lengths),*>));
    if length(&exprs[0]) == Some(1) {
        return quote!(#name #generics);
    }
    let length = context.argument(&exprs[0], &quote!());
    quote!([#name #generics; #length])
}

/// The length of a run, if it is the same everywhere.
pub(super) fn length(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Literal(value) => usize::try_from(value.int()?).ok(),
        Expr::Linear { .. } | Expr::Half { .. } => None,
    }
}
