//! Rust code from an architecture. Cannot fail: whatever may be wrong was found before.
//!
//! ```text
//! plan ─► classify (simplify and roll inside) ─► classes (generalize, names) ─► items ─► format
//! ```

mod blame;
mod body;
mod classes;
mod classify;
mod context;
mod docs;
mod format;
mod forward;
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
use quote::quote;

pub(crate) use self::format::plain;
use self::{
    classes::{Classes, classes},
    classify::{ClassId, classify},
    context::Context,
    notes::Notes,
    plan::Plan,
    root::Root,
    views::Views,
    wrappers::Wrappers,
};
use crate::{model::Model, names::model_type};

/// Generated items, and the comments that belong to them.
pub(crate) struct Code {
    items: Vec<TokenStream>,
    notes: Vec<String>,
    public_names: Vec<Ident>,
}

/// Writes an architecture as Rust; `type_name` overrides what its file is called.
pub(crate) fn emit(architecture: &Model, type_name: Option<&str>) -> Code {
    let plan = Plan::new(architecture);
    let classified = classify(plan);
    let name = model_type(&architecture.name, type_name);
    let classes = classes(&classified, names::structs(&classified, &name.to_string()));
    let views = Views::new(&classified, &architecture.free);
    let wrappers = Wrappers::new(&classes, &architecture.free);
    let notes = Notes::default();
    let root = classes.get(classes.root());
    let scope = classes.example(classes.root());
    let root = Root::new(
        architecture,
        &classified.plan,
        scope,
        name,
        &root.fields,
        root.needs_train,
    );

    let mut items = Vec::new();
    for class in in_order(&classes) {
        let context = Context::new(&classes, &wrappers, &views, &notes, &root, class);
        items.push(structs::emit_struct(&context));
        items.push(structs::emit_impl(&context));
        if context.root.is_some() {
            items.extend(root.emit_trait());
            items.extend(root.emit_interface());
        }
    }
    items.extend(wrappers.emit());
    let public_names = root.public_names();
    Code {
        items,
        notes: notes.into_texts(),
        public_names,
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
        let items = self.items.iter().map(|it| {
            let stripped = notes::stripped(it.clone());
            blame::blamed(stripped, &quote!(#places))
        });
        quote!(use #runtime::prelude::*; #(#items)*)
    }

    /// The text of a file that begins with `header`. With `places`, a line for each block, failures say their block.
    pub(crate) fn source(&self, header: &str, places: Option<&[String]>) -> String {
        let places = places.map(|it| quote!(concat!(#(#it),*)));
        let mut text = header.trim_end().to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str("use narchi_runtime::prelude::*;\n");
        for item in &self.items {
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
