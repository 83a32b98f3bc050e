//! What an architecture declares of its inputs and outputs.

use super::keys::{check_list, description, id_of, list};
use crate::{
    diagnostic::{Diagnostic, Sink},
    dim::{Dim, Symbol},
    document::{Node, Value},
    layer::{WrongSize, size},
    wiring::{Declared, DeclaredDim, Size},
};

pub(super) fn declared_list(sink: &mut Sink, document: &Node, key: &str) -> Vec<Declared> {
    list(document, key)
        .iter()
        .map(|it| declared(sink, it, key))
        .collect()
}

fn declared(sink: &mut Sink, node: &Node, key: &str) -> Declared {
    const KEYS: [&str; 3] = ["_id", "_shape", "_description"];
    let name = id_of(sink, node);
    for entry in node
        .entries()
        .iter()
        .filter(|it| !KEYS.contains(&it.key.as_str()))
    {
        let message = format!("an item of `{key}` has no key `{}`", entry.key);
        let unknown = Diagnostic::error("unknown-key", entry.value.key_place(), message);
        sink.push(unknown.note(format!("it has: {}", KEYS.join(", "))));
    }
    let shape = node.get("_shape");
    if shape.is_none() {
        let what = name
            .as_ref()
            .map_or("this item".to_owned(), |it| format!("`{it}`"));
        let message = format!("{what} of `{key}` has no `_shape`");
        let missing = Diagnostic::error("missing-key", node.place(), message);
        let help =
            "add its sizes without the batch: `_shape: [3, '<<variable:H>>', '<<variable:W>>']`";
        sink.push(missing.help(Some(help)));
    }
    if let Some(shape) = shape {
        check_list(sink, shape, "_shape", name.as_deref());
    }
    let is_output = key == "outputs";
    let dims = shape.filter(|it| !it.items().is_empty()).map(|shape| {
        let batch = Size::Known(Dim::symbol(Symbol::batch()));
        let mut dims = vec![DeclaredDim {
            size: batch,
            place: shape.place(),
        }];
        dims.extend(
            shape
                .items()
                .iter()
                .map(|it| declared_dim(sink, it, is_output, name.as_deref())),
        );
        dims
    });
    let place = node.get("_id").unwrap_or(node).place();
    Declared {
        name,
        description: description(node),
        shape: dims,
        place,
    }
}

fn declared_dim(sink: &mut Sink, node: &Node, is_output: bool, of: Option<&str>) -> DeclaredDim {
    let message = match of {
        Some(name) => format!("{} is no size of `{name}`", node.brief()),
        None => format!("{} is no size", node.brief()),
    };
    let wrong = |sink: &mut Sink, why: String| {
        sink.push(Diagnostic::error("wrong-size", node.place(), message.clone()).note(why));
        Size::Broken
    };
    let size = match (&node.value, node.as_int()) {
        (Value::String(text), _) if text == "<<auto>>" && is_output => Size::Auto,
        (Value::String(text), _) if text == "<<auto>>" => wrong(
            sink,
            "only the sizes of outputs can be `<<auto>>`".to_owned(),
        ),
        (Value::String(text), _) => match size(text) {
            Ok(dim) if dim.as_fixed().is_some_and(|it| it < 1) => {
                wrong(sink, "a size is at least 1".to_owned())
            }
            Ok(dim) => Size::Known(dim),
            Err(WrongSize { at, message: why }) => {
                let report = Diagnostic::error("wrong-size", node.slice_place(at), message.clone());
                sink.push(report.here(why));
                Size::Broken
            }
        },
        (Value::Number(_), Some(number)) if number >= 1 => Size::Known(number.into()),
        _ => wrong(
            sink,
            "a size is a whole number from 1 on or `<<variable:…>>`".to_owned(),
        ),
    };
    DeclaredDim {
        size,
        place: node.place(),
    }
}
