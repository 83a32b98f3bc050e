//! Rust code from an architecture. Cannot fail: whatever may be wrong was found before.
//!
//! ```text
//! plan ─► classify (simplify and roll inside) ─► classes (generalize, names) ─► items ─► format
//! ```

mod blame;
mod body;
mod calls;
mod classes;
mod classify;
mod context;
mod docs;
mod doors;
mod format;
mod forward;
mod frozen;
mod generalize;
mod guard;
mod layout;
mod lines;
mod locals;
mod names;
mod new;
mod notes;
mod number;
mod plan;
mod roll;
mod root;
mod schedule;
mod shapes;
mod simplify;
mod structs;
#[cfg(test)]
mod tests;
mod views;
mod wrappers;

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

pub(crate) use self::format::plain;
use self::{
    classes::{Classes, classes},
    classify::{ClassId, classify},
    context::Context,
    notes::Notes,
    plan::{Form, Plan},
    root::Root,
    views::Views,
    wrappers::Wrappers,
};
use crate::{model::Model, names::model_type};

/// Generated items, and the comments that belong to them.
pub(crate) struct Code {
    trained: Vec<TokenStream>,
    frozen: Vec<TokenStream>,
    notes: Vec<String>,
    public_names: Vec<Ident>,
}

/// What a file has of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forms {
    Trained,
    Both,
}

/// Writes an architecture as Rust; `type_name` overrides what its file is called.
pub(crate) fn emit(architecture: &Model, type_name: Option<&str>, forms: Forms) -> Code {
    let notes = Notes::default();
    let name = model_type(&architecture.name, type_name);
    let classified = classify(Plan::new(architecture, Form::Trained));
    let names = names::structs(&classified, &name.to_string(), &[]);
    let classes = classes(&classified, names);
    let wrappers = Wrappers::new(&classes, &architecture.free);
    let trained = write(architecture, &classes, &wrappers, &notes, &name);
    let frozen = match forms {
        Forms::Trained => Vec::new(),
        Forms::Both => {
            let mut items = frozen_form(architecture, &classes, &wrappers, &notes, &name);
            items.extend([trained.listed]);
            items
        }
    };
    Code {
        public_names: trained.root.public_names(),
        trained: [trained.items, wrappers.emit().collect()].concat(),
        frozen,
        notes: notes.into_texts(),
    }
}

/// Writes the frozen form, and what makes it of the trained one, whose modules it is made of.
fn frozen_form(
    architecture: &Model,
    trained: &Classes<'_>,
    wrappers: &Wrappers,
    notes: &Notes,
    name: &Ident,
) -> Vec<TokenStream> {
    let classified = classify(Plan::new(architecture, Form::Frozen));
    let names = names::structs(&classified, &frozen_name(name).to_string(), &trained.names);
    let classes = classes(&classified, names);
    let frozen = write(architecture, &classes, wrappers, notes, name);
    let first = doors::first_weights(&trained.classified.plan);
    let freeze = frozen.root.freeze(&first);
    [vec![freeze], frozen.items, vec![frozen.listed]].concat()
}

/// What the frozen form of a network is called.
pub(crate) fn frozen_name(trained: &Ident) -> Ident {
    format_ident!("Frozen{trained}")
}

/// One form of a network.
struct Written<'a> {
    root: Root<'a>,
    items: Vec<TokenStream>,
    /// Which fields have weights.
    listed: TokenStream,
}

/// Writes one form of the network whose trained form has this name.
fn write<'a>(
    architecture: &'a Model,
    classes: &'a Classes<'a>,
    wrappers: &Wrappers,
    notes: &Notes,
    trained: &Ident,
) -> Written<'a> {
    let views = Views::new(classes.classified, &architecture.free);
    let root = Root::new(architecture, classes, trained);
    let order = in_order(classes);
    let contexts = order
        .iter()
        .map(|it| Context::new(classes, wrappers, &views, notes, &root, *it));
    let contexts: Vec<Context<'_>> = contexts.collect();
    let mut items = Vec::new();
    for context in &contexts {
        items.push(structs::emit_struct(context));
        items.push(structs::emit_impl(context));
        if context.root.is_some() {
            items.extend(root.emit_trait());
            items.extend(root.emit_interface());
        }
    }
    let list = match classes.classified.plan.form {
        Form::Trained => quote!(nn::weights),
        Form::Frozen => quote!(frozen::blocks),
    };
    let listed = doors::lists(&list, &contexts);
    Written {
        root,
        items,
        listed,
    }
}

impl Code {
    /// What users of the network can name, its type first.
    pub(crate) fn public_names(&self) -> Vec<Ident> {
        self.public_names.clone()
    }

    /// The content of a module, without comments; `runtime` is the path of the crate `narchi-runtime`, `places` has a
    /// line for each block.
    pub(crate) fn tokens(&self, runtime: &TokenStream, places: &str) -> TokenStream {
        let items = self.trained.iter().chain(&self.frozen).map(|it| {
            let stripped = notes::stripped(it.clone());
            blame::blamed(stripped, &quote!(#places))
        });
        quote!(use #runtime::prelude::*; #(#items)*)
    }

    /// The text of a file that begins with `header`. With `places`, a line for each block, failures say their block.
    pub(crate) fn source(&self, header: &str, places: Option<&[String]>) -> String {
        let places = places.map(|it| match it {
            [place] => quote!(#place),
            places => quote!(concat!(#(#places),*)),
        });
        let mut text = header.trim_end().to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str("use narchi_runtime::prelude::*;\n");
        for item in self.trained.iter().chain(&self.frozen) {
            text.push('\n');
            let item = match &places {
                Some(places) => blame::blamed(item.clone(), places),
                None => item.clone(),
            };
            text.push_str(&format::item(&item, &self.notes));
        }
        text
    }
}

/// The root, then each class after the first that uses it.
fn in_order(classes: &Classes<'_>) -> Vec<ClassId> {
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    let mut stack = vec![classes.root()];
    while let Some(class) = stack.pop() {
        if seen.insert(class) {
            order.push(class);
            let inside = classes
                .example(class)
                .blocks
                .iter()
                .rev()
                .filter_map(plan::Block::first_scope);
            stack.extend(inside.map(|it| classes.class_of(it)));
        }
    }
    order
}
