//! The type of a model that does not compile: its methods exist, so that the only error is the
//! real one.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::{emit, model::Model, names, wiring::Wiring};

/// What users of a model can name, as far as the file says it.
#[derive(Debug)]
pub struct Skeleton {
    name: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    /// How many sizes `new` takes.
    sizes: usize,
}

impl Skeleton {
    /// `model` may have holes: what is known of it is what the files say.
    pub(crate) fn new(wiring: &Wiring<'_>, model: &Model) -> Self {
        let inputs = wiring.root.inputs.iter().filter_map(|it| it.name.clone());
        let outputs = wiring
            .root
            .outputs
            .iter()
            .filter_map(|it| it.0.name.clone());
        Self {
            name: wiring.name.clone(),
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            sizes: model.free.len(),
        }
    }

    pub(crate) fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            sizes: 0,
        }
    }

    /// The name of the type.
    pub(crate) fn type_name(&self, given: Option<&str>) -> Ident {
        names::model_type(&self.name, given)
    }

    /// The type with methods that take what the real ones would, and never return.
    pub(crate) fn tokens(&self, name: &Ident, krate: &TokenStream) -> TokenStream {
        let (inputs_type, outputs_type) = (
            format_ident!("{name}Inputs"),
            format_ident!("{name}Outputs"),
        );
        let fields = |all: &[String]| names::ports(all.iter().map(String::as_str));
        let (inputs, outputs) = (fields(&self.inputs), fields(&self.outputs));
        let (several_in, several_out) = (inputs.len() > 1, outputs.len() > 1);
        let inputs_struct = several_in.then(|| {
            quote! {
                #[derive(Clone, Copy, Debug)]
                pub struct #inputs_type<'a> { #(pub #inputs: &'a Tensor,)* }
            }
        });
        let outputs_struct = several_out.then(|| {
            quote! {
                #[derive(Debug)]
                pub struct #outputs_type { #(pub #outputs: Tensor,)* }
            }
        });
        let input = if several_in {
            quote!(_: #inputs_type<'_>)
        } else {
            quote!(_: &Tensor)
        };
        let output = if several_out {
            quote!(#outputs_type)
        } else {
            quote!(Tensor)
        };
        // tch gives every module the other trait as well.
        let module = (!several_in && !several_out).then(|| {
            quote! {
                impl nn::Module for #name {
                    fn forward(&self, _: &Tensor) -> Tensor { ::core::unreachable!() }
                }
            }
        });
        let frozen = emit::frozen_name(name);
        let frozen_module = module.is_some().then(|| {
            quote! {
                impl nn::Module for #frozen {
                    fn forward(&self, _: &Tensor) -> Tensor { ::core::unreachable!() }
                }
            }
        });
        let sizes: Vec<_> = std::iter::repeat_n(quote!(_: i64), self.sizes).collect();
        quote! {
            use #krate::prelude::*;
            #inputs_struct
            #outputs_struct
            #[derive(Debug)]
            pub struct #name;
            impl #name {
                pub fn new(_: &nn::Path, #(#sizes),*) -> Self { ::core::unreachable!() }
                pub fn forward(&self, #input) -> Result<#output> { ::core::unreachable!() }
                pub fn forward_t(&self, #input, _: bool) -> Result<#output> { ::core::unreachable!() }
                pub fn freeze(&self, #(#sizes),*) -> Result<#frozen> { ::core::unreachable!() }
                pub fn freeze_with(&self, _: frozen::Options, #(#sizes),*) -> Result<#frozen> { ::core::unreachable!() }
                pub fn freeze_for<const D: usize>(&self, _: [i64; D], #(#sizes),*) -> Result<#frozen> { ::core::unreachable!() }
            }
            #module
            #[derive(Debug)]
            pub struct #frozen;
            impl #frozen {
                pub fn load(_: impl AsRef<::std::path::Path>, #(#sizes),*) -> Result<Self> { ::core::unreachable!() }
                pub fn forward(&self, #input) -> Result<#output> { ::core::unreachable!() }
                pub fn describe(&self) -> ::std::string::String { ::core::unreachable!() }
            }
            #frozen_module
        }
    }

    pub(crate) fn public_names(&self, name: &Ident) -> Vec<Ident> {
        let inputs = (self.inputs.len() > 1).then(|| format_ident!("{name}Inputs"));
        let outputs = (self.outputs.len() > 1).then(|| format_ident!("{name}Outputs"));
        [Some(name.clone()), inputs, outputs]
            .into_iter()
            .flatten()
            .collect()
    }
}
