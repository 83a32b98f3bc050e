//! A compiled file as the items of a module, for the macro and for build scripts.

use std::path::Path;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::{compile::Compilation, emit, names};

/// What the caller wants around the model.
#[derive(Debug)]
pub struct Wrapping<'a> {
    /// The name of the type, if not that of the file.
    pub type_name: Option<&'a str>,
    /// Who sees the type.
    pub visibility: TokenStream,
    /// The path of the crate `narchi-runtime`.
    pub runtime: TokenStream,
    /// Whether the compiler should read again the files that were read: a macro has no other way
    /// to be run again.
    pub track: bool,
}

/// A private module with the model, and its re-exports. If there is no model, one error with the
/// whole report, and a type that looks like it.
pub fn expand(compilation: &Compilation, wrapping: &Wrapping<'_>) -> TokenStream {
    let Wrapping {
        type_name,
        visibility,
        runtime,
        track,
    } = wrapping;
    let skeleton = &compilation.skeleton;
    let (items, exported, error) = match &compilation.model {
        Some(model) => {
            let code = emit::emit(model, *type_name);
            (code.tokens(runtime), code.public_names(), None)
        }
        None => {
            let name = skeleton.type_name(*type_name);
            let message = message(compilation);
            let error = quote!(::core::compile_error!(#message););
            (
                skeleton.tokens(&name, runtime),
                skeleton.public_names(&name),
                Some(error),
            )
        }
    };
    let module = module_name(&exported);
    let files = compilation.reads.files.iter().filter(|_| *track);
    let files = files
        .filter_map(|it| std::path::absolute(it).ok())
        .filter(|it| it.is_file());
    let files = files.map(|it| it.to_string_lossy().into_owned());
    let quiet = error
        .is_some()
        .then(|| quote!(#[allow(dead_code, missing_docs, clippy::all)]));
    let public =
        quote!(#[allow(unreachable_pub, reason = "the caller decides who sees the model")]);
    quote! {
        #error
        #quiet
        #public
        mod #module {
            #items
            #(const _: &[u8] = ::core::include_bytes!(#files);)*
        }
        #public
        #visibility use #module::{#(#exported),*};
    }
}

fn module_name(exported: &[Ident]) -> Ident {
    let name = exported
        .first()
        .map(|it| names::snake(&it.to_string()))
        .unwrap_or_default();
    format_ident!("__narchi_{name}")
}

/// The report as the text of a compiler error.
fn message(compilation: &Compilation) -> String {
    let errors = compilation.diagnostics.errors();
    let count = errors.iter().count();
    let file = compilation.sources.first_name();
    let problems = if count == 1 { "problem" } else { "problems" };
    format!(
        "`{file}` has {count} {problems}\n\n{}",
        errors.plain(&compilation.sources)
    )
}

/// The name of the file that a build script writes for an architecture.
pub(crate) fn output_stem(path: &Path, type_name: Option<&str>) -> String {
    match type_name {
        Some(name) => names::snake(name),
        None => path
            .file_stem()
            .map_or_else(String::new, |it| it.to_string_lossy().into_owned()),
    }
}
