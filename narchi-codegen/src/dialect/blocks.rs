//! Blocks of the narchi language: layers, and the containers that wire them.

use std::collections::BTreeMap;

use super::{
    graph::{self, Names},
    narchi::{
        check_connected, check_id, check_list, connect, description, id_of, list, name_all, text,
    },
};
use crate::{
    diagnostic::{Diagnostic, Sink},
    document::{Node, Place, Value},
    model::Segment,
    similar::similar,
    wiring::{Declared, From, Source, Wired, WiredKind, WiredScope},
};

/// Keys that the language knows in every block.
const LANGUAGE_KEYS: [&str; 8] = [
    "_class",
    "_id",
    "_name",
    "_id_share",
    "_description",
    "_shape",
    "_path",
    "_ext_vars",
];

/// Warns of keys that only look like the language's.
fn check_language_keys(sink: &mut Sink, block: &Node) {
    for entry in block.entries() {
        let key = entry.key.as_str();
        if !key.starts_with('_') || LANGUAGE_KEYS.contains(&key) {
            continue;
        }
        let message = format!("the key `{key}` of this block means nothing");
        let warning = Diagnostic::warning("unknown-key", entry.value.key_place(), message);
        let help = similar(key, LANGUAGE_KEYS).map(|it| format!("did you mean `{it}`?"));
        sink.push(warning.help(help));
    }
}

/// A block without its wires.
pub(super) fn wire_block<'d>(
    sink: &mut Sink,
    block: &'d Node,
    name: Option<String>,
    segment: Segment,
) -> Wired<'d> {
    check_language_keys(sink, block);
    let class = block.get("_class");
    let place = block.get("_id").or(class).unwrap_or(block).place();
    let kind = match class.map(|it| (it, it.as_str())) {
        Some((_, Some("Sequential"))) => sequential(sink, block),
        Some((_, Some("Group"))) => group(sink, block),
        Some((node, Some(class))) => WiredKind::Layer {
            class,
            class_place: node.place(),
            block,
        },
        Some((node, None)) => {
            text(sink, node, "`_class`");
            WiredKind::Broken
        }
        None => {
            let report = match &block.value {
                Value::Object(_) => {
                    let what = "this block has no `_class`";
                    Diagnostic::error("missing-class", place.clone(), what)
                }
                _ => {
                    let what = format!("a block is an object, not {}", block.kind());
                    Diagnostic::error("wrong-value", block.place(), what)
                }
            };
            sink.push(report);
            WiredKind::Broken
        }
    };
    Wired {
        name,
        description: description(block),
        segment,
        place,
        kind,
        inputs: Vec::new(),
    }
}

/// The keys of a container beside its own; reports others.
fn check_container(sink: &mut Sink, block: &Node, class: &str, own: &[&str]) -> bool {
    for entry in block.entries() {
        let key = entry.key.as_str();
        if !key.starts_with('_') && !own.contains(&key) {
            let message = format!("`{class}` has no parameter `{key}`");
            let unknown = Diagnostic::error("unknown-parameter", entry.value.key_place(), message);
            let help = similar(key, own.iter().copied()).map(|it| format!("did you mean `{it}`?"));
            sink.push(
                unknown
                    .note(format!("`{class}` accepts: {}", own.join(", ")))
                    .help(help),
            );
        }
    }
    let mut is_complete = true;
    for key in own {
        match block.get(key) {
            None => {
                let message = format!("`{class}` needs the parameter `{key}`");
                let place = block.get("_class").unwrap_or(block).place();
                sink.push(Diagnostic::error("missing-parameter", place, message));
                is_complete = false;
            }
            Some(node) if ["blocks", "graph"].contains(key) => {
                check_list(sink, node, key);
                is_complete &= !node.items().is_empty();
            }
            Some(_) => {}
        }
    }
    is_complete
}

/// What the file wants the type of a container to be called.
fn type_name(sink: &mut Sink, block: &Node) -> Option<String> {
    let name = block.get("_name")?;
    text(sink, name, "`_name`").filter(|it| check_id(sink, name, it))
}

/// The one unnamed input or output of a container.
fn unnamed(place: Place) -> Declared {
    Declared {
        name: None,
        description: None,
        shape: None,
        place,
    }
}

fn sequential<'d>(sink: &mut Sink, block: &'d Node) -> WiredKind<'d> {
    if !check_container(sink, block, "Sequential", &["blocks"]) {
        return WiredKind::Broken;
    }
    let here = block
        .get("_id")
        .or(block.get("_class"))
        .unwrap_or(block)
        .place();
    let mut source = Source {
        from: Some(From::Input(0)),
        port: 0,
        place: here.clone(),
    };
    let mut blocks: Vec<Wired<'d>> = Vec::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    for (position, child) in list(block, "blocks").iter().enumerate() {
        let id = child.get("_id");
        let name =
            id.and_then(|it| text(sink, it, "`_id`").filter(|name| check_id(sink, it, name)));
        if let (Some(name), Some(id)) = (&name, id)
            && let Some(first) = names.insert(name.clone(), id.place())
        {
            let message = format!("there are two blocks `{name}`");
            let twice = Diagnostic::error("duplicate-block", id.place(), message);
            sink.push(twice.label(first, "the first"));
        }
        let mut wired = wire_block(sink, child, name, Segment::Index(position));
        let place = wired.place.clone();
        wired.inputs.push(std::mem::replace(
            &mut source,
            Source {
                from: Some(From::Block(position)),
                port: 0,
                place,
            },
        ));
        blocks.push(wired);
    }
    let order = (0..blocks.len()).collect();
    let scope = WiredScope {
        inputs: vec![unnamed(here.clone())],
        outputs: vec![(unnamed(here), source)],
        blocks,
        order,
    };
    WiredKind::Scope {
        type_name: type_name(sink, block),
        scope: Box::new(scope),
    }
}

fn group<'d>(sink: &mut Sink, block: &'d Node) -> WiredKind<'d> {
    if !check_container(
        sink,
        block,
        "Group",
        &["blocks", "graph", "input", "output"],
    ) {
        return WiredKind::Broken;
    }
    let here = block
        .get("_id")
        .or(block.get("_class"))
        .unwrap_or(block)
        .place();
    let children = list(block, "blocks");
    let mut names = Names::default();
    name_all(sink, &mut names, true, &[], children, &[]);
    let mut blocks: Vec<Wired<'d>> = children
        .iter()
        .map(|it| {
            let name = id_of(sink, it);
            let segment = Segment::Name(name.clone().unwrap_or_default());
            wire_block(sink, it, name, segment)
        })
        .collect();
    let end = |sink: &mut Sink, key: &str| {
        let node = block.get(key)?;
        let name = text(sink, node, &format!("`{key}`"))?;
        let found = names.blocks.get(&name).copied();
        if found.is_none() {
            names.unknown(sink, &name, &node.place());
        }
        Some((found, node.place()))
    };
    if let Some((first, place)) = end(sink, "input") {
        let source = Source {
            from: Some(From::Input(0)),
            port: 0,
            place,
        };
        match first {
            Some(first) => blocks[first].inputs.push(source),
            // Any block may have been meant: none is unconnected.
            None => {
                for block in &mut blocks {
                    block.inputs.push(Source {
                        from: None,
                        ..source.clone()
                    });
                }
            }
        }
    }
    let output = end(sink, "output");
    for edge in block
        .get("graph")
        .map_or_else(Vec::new, |it| graph::edges(sink, it))
    {
        connect(sink, &names, &mut blocks, &edge);
    }
    check_connected(sink, &names, &blocks, block.get("graph"));
    let from = output.as_ref().and_then(|it| it.0).map(From::Block);
    let place = output.map_or_else(|| here.clone(), |it| it.1);
    let order = graph::order(sink, &blocks);
    let scope = WiredScope {
        inputs: vec![unnamed(here.clone())],
        outputs: vec![(
            unnamed(here),
            Source {
                from,
                port: 0,
                place,
            },
        )],
        blocks,
        order,
    };
    WiredKind::Scope {
        type_name: type_name(sink, block),
        scope: Box::new(scope),
    }
}
