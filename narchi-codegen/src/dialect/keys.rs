//! What keys of the language may have for values.

use super::graph::is_id;
use crate::{
    diagnostic::{Diagnostic, Sink},
    document::{Node, Value},
};

/// Reports a list that has no items, or is none. `of` is the block that has it.
pub(super) fn check_list(sink: &mut Sink, node: &Node, key: &str, of: Option<&str>) {
    let of = of.map_or_else(String::new, |it| format!(" of `{it}`"));
    match &node.value {
        Value::Array(items) if !items.is_empty() => {}
        Value::Array(_) => {
            let message = format!("`{key}`{of} is empty");
            let report = Diagnostic::error("empty-list", node.place(), message);
            let item = match key {
                "graph" => "a line, as in 'image -> conv -> scores'",
                "_shape" => "a size: a batch of single numbers has the shape [1]",
                "blocks" => "a block: one that gives what it gets is enough",
                _ => "one at least, as in `{ _id: 'image', _shape: [3, 32, 32] }`",
            };
            sink.push(report.help(Some(format!("add {item}"))));
        }
        _ => {
            let message = format!("`{key}`{of} is a list, not {}", node.kind());
            let report = Diagnostic::error("wrong-value", node.place(), message);
            let help = match node.value {
                Value::Number(_) | Value::String(_) => {
                    format!("put brackets around it: `{key}: [{}]`", node.brief())
                }
                _ => format!("write a list: `{key}: […]`"),
            };
            sink.push(report.help(Some(help)));
        }
    }
}

pub(super) fn list<'d>(node: &'d Node, key: &str) -> &'d [Node] {
    node.get(key).map_or(&[], Node::items)
}

pub(super) fn text(sink: &mut Sink, node: &Node, what: &str) -> Option<String> {
    if node.as_str().is_none() {
        let message = format!("{what} is a string, not {}", node.kind());
        sink.push(Diagnostic::error("wrong-value", node.place(), message));
    }
    node.as_str().map(str::to_owned)
}

pub(super) fn description(node: &Node) -> Option<String> {
    Some(node.get("_description")?.as_str()?.trim().to_owned()).filter(|it| !it.is_empty())
}

pub(super) fn check_id(sink: &mut Sink, node: &Node, id: &str) -> bool {
    if !is_id(id) {
        let message = format!("{} is no id", node.brief());
        let wrong = Diagnostic::error("wrong-id", node.place(), message);
        let mut meant = id.replace(|it: char| !it.is_ascii_alphanumeric(), "_");
        if !is_id(&meant) {
            meant.insert(0, '_');
        }
        let rule = "an id begins with a letter or `_`, then come letters, digits and `_`";
        sink.push(wrong.help(Some(format!("{rule}, as in `{meant}`"))));
    }
    is_id(id)
}

/// The id of a block that must have one.
pub(super) fn id_of(sink: &mut Sink, block: &Node) -> Option<String> {
    // What is no object at all is reported as that.
    if !matches!(block.value, Value::Object(_)) {
        return None;
    }
    let Some(id) = block.get("_id") else {
        let message = match block.get("_class").and_then(Node::as_str) {
            Some(class) => format!("this block, a {class}, has no `_id`"),
            None => "this item has no `_id`".to_owned(),
        };
        let missing = Diagnostic::error("missing-id", block.place(), message)
            .note("`graph` wires all but the blocks of a Sequential by their ids");
        sink.push(missing.help(Some("add `_id: '…'`, a name that no other block has")));
        return None;
    };
    text(sink, id, "`_id`").filter(|it| check_id(sink, id, it))
}
