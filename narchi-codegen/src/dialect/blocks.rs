//! Blocks of the narchi language: layers, and the containers that wire them.

use std::collections::BTreeMap;

use super::{
    graph::{self, Names},
    keys::{check_id, check_list, description, list, text},
    modules::Documents,
    narchi::{check_connected, connect, name_all, twice, wire_architecture, wire_named},
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
    documents: &'d Documents,
    block: &'d Node,
    name: Option<String>,
    segment: Segment,
) -> Wired<'d> {
    check_language_keys(sink, block);
    let class = block.get("_class");
    let place = block.get("_id").or(class).unwrap_or(block).place();
    let kind = match class.map(|it| (it, it.as_str())) {
        Some((_, Some("Sequential"))) => sequential(sink, documents, block),
        Some((_, Some("Group"))) => group(sink, documents, block),
        Some((_, Some("Module"))) => module(sink, documents, block),
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
                    let what = match block.get("_id").and_then(Node::as_str) {
                        Some(id) => format!("the block `{id}` has no `_class`"),
                        None => "this block has no `_class`".to_owned(),
                    };
                    Diagnostic::error("missing-class", place.clone(), what).help(Some(
                        "add `_class: '…'`, the name of a layer or a container",
                    ))
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
        share: share(sink, block),
        again: Vec::new(),
    }
}

/// With which blocks it shares its weights.
fn share(sink: &mut Sink, block: &Node) -> Option<(String, Place)> {
    let id = block.get("_id_share")?;
    let name = text(sink, id, "`_id_share`").filter(|it| check_id(sink, id, it))?;
    Some((name, id.place()))
}

/// The keys of a container beside its own; reports others.
fn check_container(sink: &mut Sink, block: &Node, class: &str, own: &[&str]) -> bool {
    let id = block.get("_id").and_then(Node::as_str);
    let prefix = id.map_or_else(String::new, |it| format!("`{it}`: "));
    for entry in block.entries() {
        let key = entry.key.as_str();
        if !key.starts_with('_') && !own.contains(&key) {
            let message = format!("{prefix}`{class}` has no parameter `{key}`");
            let unknown = Diagnostic::error("unknown-parameter", entry.value.key_place(), message);
            let help = match similar(key, own.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("leave out `{key}`"),
            };
            sink.push(
                unknown
                    .note(format!("`{class}` accepts: {}", own.join(", ")))
                    .help(Some(help)),
            );
        }
    }
    let mut is_complete = true;
    for key in own {
        match block.get(key) {
            None => {
                let message = format!("{prefix}`{class}` needs the parameter `{key}`");
                let place = block.get("_class").unwrap_or(block).place();
                let missing = Diagnostic::error("missing-parameter", place, message);
                sink.push(missing.note(format!("`{class}` accepts: {}", own.join(", "))));
                is_complete = false;
            }
            Some(node) if ["blocks", "graph"].contains(key) => {
                check_list(sink, node, key, Some(id.unwrap_or(class)));
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

fn sequential<'d>(sink: &mut Sink, documents: &'d Documents, block: &'d Node) -> WiredKind<'d> {
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
        slot: None,
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
            sink.push(twice(name, id.place(), first));
        }
        let mut wired = wire_block(sink, documents, child, name, Segment::Index(position));
        let place = wired.place.clone();
        wired.inputs.push(std::mem::replace(
            &mut source,
            Source {
                from: Some(From::Block(position)),
                port: 0,
                slot: None,
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

/// A Group has one input and one output, or lists of them.
fn group<'d>(sink: &mut Sink, documents: &'d Documents, block: &'d Node) -> WiredKind<'d> {
    const KEYS: [&str; 4] = ["blocks", "graph", "input", "output"];
    if !check_container(sink, block, "Group", &KEYS) {
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
    let mut blocks = wire_named(sink, documents, &mut names, children);
    let ins = ends(sink, block, "input");
    for (index, (name, place)) in ins.iter().enumerate() {
        let from = Some(From::Input(index));
        let source = Source {
            from,
            port: 0,
            slot: None,
            place: place.clone(),
        };
        match names.lead(sink, source.clone(), &(name.clone(), place.clone())) {
            Some((first, source)) => blocks[first].inputs.push(source),
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
    for edge in block
        .get("graph")
        .map_or_else(Vec::new, |it| graph::edges(sink, it))
    {
        connect(sink, &names, &mut blocks, &edge);
    }
    check_connected(sink, &names, &blocks, block.get("graph"));
    let outs = ends(sink, block, "output");
    let is_single = outs.len() == 1;
    let outputs = outs.iter().map(|(name, place)| {
        let source = names.source(sink, &(name.clone(), place.clone()));
        // Several outputs go by the names of the blocks that make them.
        let name = (!is_single).then(|| name.replace('.', "_"));
        (
            Declared {
                name,
                ..unnamed(place.clone())
            },
            source,
        )
    });
    let outputs = outputs.collect();
    let order = graph::order(sink, &blocks);
    let scope = WiredScope {
        inputs: vec![unnamed(here); ins.len()],
        outputs,
        blocks,
        order,
    };
    WiredKind::Scope {
        type_name: type_name(sink, block),
        scope: Box::new(scope),
    }
}

/// The names under `input` or `output`: one, or a list.
fn ends(sink: &mut Sink, block: &Node, key: &str) -> Vec<(String, Place)> {
    let Some(node) = block.get(key) else {
        return Vec::new();
    };
    let all = match &node.value {
        Value::Array(items) if !items.is_empty() => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let name = |it: &Node| Some((text(sink, it, &format!("`{key}`"))?, it.place()));
    all.iter().filter_map(name).collect()
}

/// An architecture from another file.
fn module<'d>(sink: &mut Sink, documents: &'d Documents, block: &'d Node) -> WiredKind<'d> {
    if !check_container(sink, block, "Module", &["_path"]) {
        return WiredKind::Broken;
    }
    let path = block.get("_path").unwrap_or(block);
    if text(sink, path, "`_path`").is_none() {
        return WiredKind::Broken;
    }
    let Some(architecture) = documents.of_module(block) else {
        return WiredKind::Broken;
    };
    let own_name = architecture
        .get("_id")
        .and_then(Node::as_str)
        .map(str::to_owned);
    WiredKind::Scope {
        type_name: type_name(sink, block).or(own_name),
        scope: Box::new(wire_architecture(sink, documents, architecture)),
    }
}
