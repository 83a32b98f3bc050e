//! The page about all layers, made from their declarations.

use std::fmt::Write;

use crate::{
    layer::{LayerDef, ParamDef},
    layers,
};

/// Every class of layers, by family.
pub fn layers() -> impl Iterator<Item = &'static LayerDef> {
    layers::all()
}

/// A Markdown page that lists every layer with its parameters.
pub fn markdown() -> String {
    let mut page = "# Layers\n\n\
        <!-- Generated from the declarations in narchi-codegen/src/layers; a test keeps it current. -->\n\n\
        Shapes include the batch `N`; architecture files leave it out.\n"
        .to_owned();
    for layer in layers() {
        // Writing to a string does not fail.
        _ = write!(page, "\n## {}\n\n{}\n", layer.name, trimmed(layer.docs));
        if !layer.params.is_empty() {
            page.push_str("\n| parameter | value | default | |\n|---|---|---|---|\n");
        }
        for param in layer.params {
            page.push_str(&row(param));
        }
    }
    page
}

fn row(param: &ParamDef) -> String {
    let default = param.default.unwrap_or("required");
    let docs = trimmed(param.docs).replace('\n', " ").replace('|', "\\|");
    format!(
        "| `{}` | {} | {default} | {docs} |\n",
        param.name, param.accepts
    )
}

/// Doc comments have a space before each line.
fn trimmed(docs: &str) -> String {
    let lines: Vec<&str> = docs
        .trim_end()
        .lines()
        .map(|it| it.strip_prefix(' ').unwrap_or(it))
        .collect();
    lines.join("\n")
}
