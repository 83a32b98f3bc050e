//! How one form of a network becomes the other: `freeze`, `load`, and what they go through.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    context::Context,
    number,
    plan::{Key, Plan, What},
    root::{Root, listed},
    structs::generics,
};
use crate::names::{Taken, ident};

/// A line for each struct that lists its fields with weights, and what makes of them an implementation of a trait.
pub(super) fn lists(list: &TokenStream, contexts: &[Context<'_>]) -> TokenStream {
    let structs = contexts.iter().map(|context| {
        let (name, generics) = (context.name(), generics(context, false));
        let fields = context.class.fields.iter().flatten().map(|it| ident(it));
        quote!(#list!(#name #generics: #(#fields),*);)
    });
    quote!(#(#structs)*)
}

/// The path of the first weights of a network; empty if there are none.
pub(super) fn first_weights(plan: &Plan) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut scope = plan.root();
    while let Some(block) = plan.scopes[scope].blocks.iter().find(|it| it.has_weights()) {
        let keys = block.path.iter().chain(&block.start);
        steps.extend(keys.map(|it| match it {
            Key::Name(name) => name.clone(),
            // What comes before the first weights has none, and is one block.
            Key::Index(number) | Key::Nth(number) => number.to_string(),
        }));
        match &block.what {
            What::Layer(_) => break,
            What::Run { scopes, .. } => scope = scopes[0],
        }
    }
    steps.join(".")
}

/// Why nothing need call it.
pub(super) const UNUSED: &str = "not every program uses both forms";

impl Root<'_> {
    /// `load` of the frozen form.
    pub(super) fn load(&self) -> TokenStream {
        let trained = &self.trained;
        let sizes: Vec<_> = self.sizes().collect();
        let (model, frozen) = if sizes.is_empty() {
            (quote!(#trained::new), quote!(Self::new))
        } else {
            (
                quote!(|vs| #trained::new(vs, #(#sizes),*)),
                quote!(|vs| Self::new(vs, #(#sizes),*)),
            )
        };
        let docs = [
            format!(" Makes it with the weights of a checkpoint of [`{trained}`]."),
            String::new(),
            " # Errors".to_owned(),
            String::new(),
            " If the file cannot be read, or has other weights than the model.".to_owned(),
        ];
        let load = if self.architecture.shared.is_empty() {
            quote!(frozen::load(path, #model, #frozen))
        } else {
            quote!(frozen::load_shared(path, #trained::SHARED, #model, #frozen))
        };
        quote! {
            #(#[doc = #docs])*
            pub fn load(path: impl AsRef<std::path::Path>, #(#sizes: i64),*) -> Result<Self> {
                #load
            }

            /// Which kernel computes each block, and why.
            pub fn describe(&self) -> String {
                frozen::describe(self)
            }
        }
    }

    /// `freeze` of the trained form; `first` is the path of the first weights.
    pub(super) fn freeze(&self, first: &str) -> TokenStream {
        let (name, trained) = (&self.name, &self.trained);
        let sizes: Vec<_> = self.sizes().collect();
        let build = if sizes.is_empty() {
            quote!(#name::new)
        } else {
            quote!(|vs| #name::new(vs, #(#sizes),*))
        };
        let docs = [
            " The inference form, with the weights as they are now.".to_owned(),
            String::new(),
            " # Errors".to_owned(),
            String::new(),
            " If libtorch fails, as when memory runs out.".to_owned(),
        ];
        let freeze_for = self.freeze_for();
        quote! {
            #[allow(dead_code, reason = #UNUSED)]
            impl #trained {
                #(#[doc = #docs])*
                pub fn freeze(&self, #(#sizes: i64),*) -> Result<#name> {
                    frozen::freeze(self, #first, #build)
                }

                /// The same with fewer bits a number, where `options` ask for that.
                ///
                /// # Errors
                ///
                /// Also if the processor cannot compute so.
                pub fn freeze_with(&self, options: frozen::Options, #(#sizes: i64),*) -> Result<#name> {
                    frozen::freeze_with(self, #first, options, #build)
                }
                #freeze_for
            }
        }
    }
    /// `freeze_for` of the trained form, where inputs have sizes that may vary.
    fn freeze_for(&self) -> Option<TokenStream> {
        if self.bound.is_empty() {
            return None;
        }
        let name = &self.name;
        let sizes: Vec<_> = self.sizes().collect();
        let arguments: Vec<String> = sizes.iter().map(ToString::to_string).collect();
        let mut taken = Taken::new(arguments.iter().map(String::as_str));
        let [dims, inputs, frozen] =
            ["dims", "inputs", "frozen"].map(|it| ident(&taken.unique(it)));
        // Sizes that are known since the model was made come last.
        let known: Vec<_> = self.free.iter().filter(|it| it.in_facts).collect();
        let all = if known.is_empty() {
            quote!(#dims)
        } else {
            let bound = (0..self.bound.len()).map(number::index);
            let known = known.iter().map(|it| &it.argument);
            quote!([#(#dims[#bound],)* #(#known),*])
        };
        let bound: Vec<String> = self.bound.iter().map(|it| format!("`{it}`")).collect();
        let docs = [
            format!(
                " The same, ready for inputs of these sizes: {}.",
                listed(&bound)
            ),
            String::new(),
            " Without, the first call with inputs of a size takes longer.".to_owned(),
            String::new(),
            " # Errors".to_owned(),
            String::new(),
            " If the model takes no inputs of these sizes, or libtorch fails.".to_owned(),
        ];
        let count = number::index(self.bound.len());
        let given = self.given(&inputs);
        Some(quote! {
            #(#[doc = #docs])*
            pub fn freeze_for(&self, #dims: [i64; #count], #(#sizes: i64),*) -> Result<#name> {
                let #frozen = self.freeze(#(#sizes),*)?;
                let #inputs = Self::INPUTS.zeros(#all)?;
                drop(#frozen.forward(#given)?);
                Ok(#frozen)
            }
        })
    }
}
