//! Builds the document from an engine's values: numbers them, and keeps the document to a sensible size.

use super::{Evaluation, errors::nested_too_deep};
use crate::{
    diagnostic::Diagnostic,
    document::{Entry, Node, NodeId, Part, Place, Value},
};

/// More containers inside each other are no architecture.
pub(super) const MAX_NESTING: usize = 1_000;

/// More values are no architecture: a block has about ten.
const MAX_VALUES: u32 = 1_000_000;

/// A longer string is no part of an architecture.
const MAX_STRING: usize = 1 << 20;

/// A longer name is no key.
const MAX_KEY: usize = 1 << 10;

/// Numbers values in the order in which they begin.
pub(super) struct Reader {
    next: u32,
    flaw: Option<Diagnostic<Place>>,
}

/// A document, with the first thing in it that is no data.
pub(super) fn read(root: impl FnOnce(&mut Reader) -> Node) -> Evaluation {
    let mut reader = Reader {
        next: 0,
        flaw: None,
    };
    let document = root(&mut reader);
    Evaluation {
        document,
        flaw: reader.flaw,
    }
}

impl Reader {
    /// A number for the next value, whose parts come after it.
    pub(super) fn begin(&mut self) -> NodeId {
        let id = NodeId(self.next);
        self.next = self.next.saturating_add(1);
        id
    }

    pub(super) fn string(&mut self, id: NodeId, text: String) -> Value {
        if text.len() <= MAX_STRING {
            return Value::String(text);
        }
        let message = format!(
            "the string is {} bytes long, and no string of an architecture is longer than {MAX_STRING}",
            text.len()
        );
        self.flaw(id, |place| too_large(place, message));
        Value::Null
    }

    pub(super) fn array<T>(
        &mut self,
        id: NodeId,
        depth: usize,
        items: impl IntoIterator<Item = T>,
        mut node: impl FnMut(&mut Self, T) -> Node,
    ) -> Value {
        if depth == MAX_NESTING {
            return self.too_deep(id);
        }
        let mut nodes = Vec::new();
        for item in items {
            if self.is_full(id) {
                break;
            }
            nodes.push(node(self, item));
        }
        Value::Array(nodes)
    }

    pub(super) fn object<T>(
        &mut self,
        id: NodeId,
        depth: usize,
        fields: impl IntoIterator<Item = (String, T)>,
        mut node: impl FnMut(&mut Self, T) -> Node,
    ) -> Value {
        if depth == MAX_NESTING {
            return self.too_deep(id);
        }
        let mut entries = Vec::new();
        for (key, value) in fields {
            if key.len() > MAX_KEY {
                let message = format!("a key of this object is {} bytes long", key.len());
                self.flaw(id, |place| too_large(place, message));
                continue;
            }
            if self.is_full(id) {
                break;
            }
            let value = node(self, value);
            entries.push(Entry { key, value });
        }
        Value::Object(entries)
    }

    pub(super) fn function(&mut self, id: NodeId) -> Value {
        self.flaw(id, |place| {
            let message = "a function is no value of an architecture";
            Diagnostic::error("evaluation-error", place, message)
                .help(Some("call it, or hide the field with `::`"))
        });
        Value::Null
    }

    fn too_deep(&mut self, id: NodeId) -> Value {
        self.flaw(id, nested_too_deep);
        Value::Null
    }

    fn is_full(&mut self, id: NodeId) -> bool {
        let is_full = self.next >= MAX_VALUES;
        if is_full {
            self.flaw(id, |place| {
                let message = format!("the architecture has more than {MAX_VALUES} values");
                too_large(place, message)
            });
        }
        is_full
    }

    fn flaw(&mut self, id: NodeId, flaw: impl FnOnce(Place) -> Diagnostic<Place>) {
        if self.flaw.is_none() {
            self.flaw = Some(flaw(Place {
                node: id,
                part: Part::Value,
            }));
        }
    }
}

fn too_large(place: Place, message: String) -> Diagnostic<Place> {
    let help = "make it smaller: no architecture needs as much";
    Diagnostic::error("too-large", place, message).help(Some(help))
}
