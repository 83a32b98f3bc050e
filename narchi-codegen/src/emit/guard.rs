//! The check of a network's inputs: what they must be, and what must hold of their sizes.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    number,
    plan::Port,
    root::{Free, Root},
};
use crate::{
    dim::{Dim, Fact, Symbol},
    model::Required,
    names::{Taken, ident, snake},
    shape::{Dtype, Type},
};

impl Root<'_> {
    /// The constant that says what the inputs must be.
    pub(super) fn guard(&self) -> TokenStream {
        let facts: Vec<&Free> = self.free.iter().filter(|it| it.in_facts).collect();
        let symbols: Vec<&Symbol> = self
            .bound
            .iter()
            .chain(facts.iter().map(|it| &it.symbol))
            .collect();
        let tensors = self.scope.inputs.iter().map(|it| guard_of(it, &symbols));
        let names = symbols.iter().map(|it| it.name());
        let facts = self
            .architecture
            .facts
            .iter()
            .filter_map(|it| fact(it, &symbols, &self.architecture.derived));
        let (n_inputs, n_symbols) = (
            number::index(self.scope.inputs.len()),
            number::index(symbols.len()),
        );
        let shared = self.shared();
        quote! {
            const INPUTS: Inputs<#n_inputs, #n_symbols> = Inputs {
                symbols: [#(#names),*],
                tensors: [#(#tensors),*],
                facts: &[#(#facts),*],
            };
            #shared
        }
    }

    /// The constant that says under which other names a checkpoint may have weights.
    fn shared(&self) -> Option<TokenStream> {
        let shared = &self.architecture.shared;
        let pairs = shared.iter().map(|(other, own)| quote!((#other, #own)));
        (!shared.is_empty()).then(|| {
            quote! {
                /// Parts with the weights of another, for `narchi_runtime::load_shared`.
                pub const SHARED: &'static [(&'static str, &'static str)] = &[#(#pairs),*];
            }
        })
    }
}

fn guard_of(port: &Port, symbols: &[&Symbol]) -> TokenStream {
    let name = port.name.as_deref().unwrap_or_default();
    let kind = match port.ty.dtype {
        Dtype::Float => quote!(Kind::Float),
        Dtype::Int64 => quote!(Kind::Int64),
    };
    let shape = sizes(&port.ty).map(|size| match size {
        Ok(fixed) => {
            let fixed = number::int(fixed);
            quote!(Fixed(#fixed))
        }
        Err(symbol) => {
            let index = symbols.iter().position(|it| **it == symbol);
            let index = number::index(index.unwrap_or_default());
            quote!(Symbol(#index))
        }
    });
    quote!(Input { name: #name, kind: #kind, shape: &[#(#shape),*] })
}

/// Each size of an input: a number, or a symbol. An expression is a symbol of its own.
pub(super) fn sizes(ty: &Type) -> impl Iterator<Item = Result<i64, Symbol>> {
    ty.dims()
        .iter()
        .map(|dim| match (dim.as_fixed(), dim.as_symbol()) {
            (Some(fixed), _) => Ok(fixed),
            (None, Some(symbol)) => Err(symbol.clone()),
            (None, None) => Err(Symbol::new(&dim.to_string())),
        })
}

/// `Fact { text: "H ≥ 63", block: "features.12", holds: |[_, h, _]| h >= 63 }`
fn fact(
    required: &Required,
    symbols: &[&Symbol],
    derived: &BTreeMap<Symbol, Dim>,
) -> Option<TokenStream> {
    let Required { fact, text, block } = required;
    let mut taken = Taken::default();
    let names: Vec<Ident> = symbols
        .iter()
        .map(|it| ident(&taken.unique(&snake(it.name()))))
        .collect();
    let known = Known {
        symbols,
        names: &names,
        derived,
    };
    let mut used = BTreeSet::new();
    for symbol in symbols_of(fact) {
        known.add_used(&symbol, &mut used);
    }
    let pattern = symbols.iter().zip(&names).map(|(symbol, name)| {
        if used.contains(*symbol) {
            quote!(#name)
        } else {
            quote!(_)
        }
    });
    // Too large to compute with: then no size of a tensor comes near.
    let condition = fact.to_tokens_with(|it| known.tokens(it)).ok()?;
    Some(quote!(Fact { text: #text, block: #block, holds: |[#(#pattern),*]| #condition }))
}

/// Symbols as the check of a fact sees them: those of positions have names, others are computed.
struct Known<'a> {
    symbols: &'a [&'a Symbol],
    names: &'a [Ident],
    derived: &'a BTreeMap<Symbol, Dim>,
}

impl Known<'_> {
    fn add_used(&self, symbol: &Symbol, used: &mut BTreeSet<Symbol>) {
        match self.derived.get(symbol) {
            Some(value) => value
                .symbols()
                .iter()
                .for_each(|it| self.add_used(it, used)),
            None => _ = used.insert(symbol.clone()),
        }
    }

    fn tokens(&self, symbol: &Symbol) -> TokenStream {
        if let Some(value) = self.derived.get(symbol) {
            let value = value
                .to_tokens_with(|it| self.tokens(it))
                .unwrap_or_default();
            return quote!((#value));
        }
        let found = self.symbols.iter().position(|it| *it == symbol);
        let name = found.map(|it| &self.names[it]);
        quote!(#name)
    }
}

pub(super) fn symbols_of(fact: &Fact) -> BTreeSet<Symbol> {
    match fact {
        Fact::AtLeast(symbol, _) | Fact::AtMost(symbol, _) => BTreeSet::from([symbol.clone()]),
        Fact::Remainder { of, .. } => of.symbols(),
        Fact::Divides {
            dividend: a,
            divisor: b,
        }
        | Fact::Equal(a, b) => &a.symbols() | &b.symbols(),
    }
}
