//! A compiled file as the items of a module, for the macro and for build scripts.

use std::path::{Path, PathBuf};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::{
    compile::Compilation,
    diagnostic::Severity,
    emit::{self, Forms},
    names,
};

/// What the caller wants around the model.
#[derive(Debug)]
pub struct Wrapping<'a> {
    /// The name of the type, if not that of the file.
    pub type_name: Option<&'a str>,
    /// Who sees the type.
    pub visibility: TokenStream,
    /// The path of the crate `narchi-runtime`.
    pub runtime: TokenStream,
    /// Whether the code is that of a macro, which has no other way to be run again than to have the compiler read the
    /// files again, and no other way to warn than to have code that is warned of.
    pub is_macro: bool,
}

/// The longest file, in bytes, that a macro has the compiler look after. Its one way to do so is a constant that nobody uses:
/// that is no part of the program, but the compiler reads the whole file and keeps it twice.
const TRACKED: u64 = 256 << 20;

/// A private module with the model, and its re-exports. If there is no model, one error with the
/// whole report, and a type that looks like it.
pub fn expand(compilation: &Compilation, wrapping: &Wrapping<'_>) -> TokenStream {
    let Wrapping {
        type_name,
        visibility,
        runtime,
        is_macro,
    } = wrapping;
    let skeleton = &compilation.skeleton;
    let (items, exported, message) = match &compilation.model {
        Some(model) => {
            let code = emit::emit(model, *type_name, Forms::Both);
            let places = compilation.places(&str::to_owned).concat();
            let warning = is_macro.then(|| warning(compilation)).flatten();
            (code.tokens(runtime, &places), code.public_names(), warning)
        }
        None => {
            let name = skeleton.type_name(*type_name);
            let report = report(compilation, Severity::Error);
            let error = quote!(::core::compile_error!(#report););
            (
                skeleton.tokens(&name, runtime),
                skeleton.public_names(&name),
                Some(error),
            )
        }
    };
    let module = module_name(&exported);
    let frozen = exported.first().map(emit::frozen_name);
    let is_short = |it: &&PathBuf| it.metadata().is_ok_and(|it| it.len() <= TRACKED);
    let files = compilation.reads.files.iter().filter(|_| *is_macro);
    let files = files.filter(is_short);
    let files = files
        .filter_map(|it| std::path::absolute(it).ok())
        .filter(|it| it.is_file());
    let files = files.map(|it| it.to_string_lossy().into_owned());
    let quiet = compilation
        .model
        .is_none()
        .then(|| quote!(#[allow(dead_code, missing_docs, clippy::all)]));
    let public =
        quote!(#[allow(unreachable_pub, reason = "the caller decides who sees the model")]);
    quote! {
        #message
        #quiet
        #public
        mod #module {
            #items
            #(const _: &[u8] = ::core::include_bytes!(#files);)*
        }
        #public
        #visibility use #module::{#(#exported),*};
        #[allow(unused_imports, unreachable_pub, reason = "not every program uses both forms")]
        #visibility use #module::#frozen;
    }
}

fn module_name(exported: &[Ident]) -> Ident {
    let name = exported
        .first()
        .map(|it| names::snake(&it.to_string()))
        .unwrap_or_default();
    format_ident!("__narchi_{name}")
}

/// A use of something deprecated: the one warning that stable Rust has for what a macro finds.
fn warning(compilation: &Compilation) -> Option<TokenStream> {
    if compilation.diagnostics.warnings().is_empty() {
        return None;
    }
    let report = report(compilation, Severity::Warning);
    Some(quote! {
        const _: () = {
            #[deprecated(note = #report)]
            const ARCHITECTURE: () = ();
            ARCHITECTURE
        };
    })
}

/// All errors, or all warnings, in one text.
fn report(compilation: &Compilation, severity: Severity) -> String {
    let (problems, noun) = match severity {
        Severity::Error => (compilation.diagnostics.errors(), "problem"),
        Severity::Warning => (compilation.diagnostics.warnings(), "warning"),
    };
    let count = problems.iter().count();
    let file = compilation.sources.first_name();
    let s = if count == 1 { "" } else { "s" };
    let text = problems.plain(&compilation.sources);
    format!("`{file}` has {count} {noun}{s}\n\n{text}")
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
