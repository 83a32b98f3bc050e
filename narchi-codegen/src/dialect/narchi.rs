//! The language of Python narchi 1.6: inputs, outputs, blocks and graph lines.
//!
//! Shapes there leave out the batch; it is added here.

use std::collections::BTreeMap;

use super::{
    blocks::wire_block,
    graph::{self, Edge, Names, Ports, is_id},
    modules::Documents,
    unused,
};
use crate::{
    diagnostic::{Diagnostic, Sink},
    dim::{Dim, Symbol},
    document::{Node, Place, Value},
    layer::{WrongSize, size},
    model::Segment,
    similar::similar,
    wiring::{Declared, DeclaredDim, Size, Source, Wired, WiredKind, WiredScope, Wiring},
};

/// The keys of an architecture, and those of them that must be there.
const KEYS: [&str; 6] = [
    "_id",
    "_description",
    "inputs",
    "outputs",
    "blocks",
    "graph",
];
const REQUIRED: [&str; 4] = ["inputs", "outputs", "blocks", "graph"];

/// Looks up all names of a file and of those it includes. `stem` names an architecture that has no `_id`.
pub(crate) fn wire<'d>(sink: &mut Sink, documents: &'d Documents, stem: &str) -> Wiring<'d> {
    let document = documents.root();
    let root = wire_architecture(sink, documents, document);
    if !sink.has_errors() {
        unused::warn(sink, &root);
    }
    let name = document.get("_id").and_then(Node::as_str);
    let name = name.map_or_else(|| stem.replace(['.', '-'], "_"), str::to_owned);
    Wiring {
        name,
        description: description(document),
        root,
    }
}

/// Looks up the names of one architecture.
pub(super) fn wire_architecture<'d>(
    sink: &mut Sink,
    documents: &'d Documents,
    document: &'d Node,
) -> WiredScope<'d> {
    check_keys(sink, document);
    if let Some(id) = document.get("_id") {
        _ = text(sink, id, "`_id`").is_some_and(|it| check_id(sink, id, &it));
    }
    let inputs = declared_list(sink, document, "inputs");
    let outputs = declared_list(sink, document, "outputs");
    let blocks = list(document, "blocks");
    let mut names = Names::default();
    name_all(sink, &mut names, false, &inputs, blocks, &outputs);
    let mut blocks = wire_named(sink, documents, &mut names, blocks);
    let edges = document
        .get("graph")
        .map_or_else(Vec::new, |it| graph::edges(sink, it));
    let mut sources: BTreeMap<usize, Source> = BTreeMap::new();
    for edge in &edges {
        match names.outputs.get(&edge.to.0) {
            Some(output) => {
                let source = names.source(sink, &edge.from);
                for again in &edge.again {
                    let (name, place) = (&edge.to.0, again.clone());
                    sink.push(graph::once_is_enough(name, place, source.place.clone()));
                }
                if let Some(first) = sources.get(output) {
                    let message = format!("the output `{}` has two sources", edge.to.0);
                    let twice = Diagnostic::error("two-sources", edge.from.1.clone(), message);
                    sink.push(twice.label(first.place.clone(), "the first"));
                } else {
                    sources.insert(*output, source);
                }
            }
            None => connect(sink, &names, &mut blocks, edge),
        }
    }
    check_connected(sink, &names, &blocks, document.get("graph"));
    let outputs = outputs.into_iter().enumerate().map(|(index, output)| {
        let source = sources.remove(&index).unwrap_or_else(|| {
            // Without any graph, or where another block has its name, that has been said already.
            let is_said = edges.is_empty()
                || output.name.as_ref().and_then(|it| names.outputs.get(it)) != Some(&index);
            if let (Some(name), false) = (&output.name, is_said) {
                let message = format!("nothing feeds the output `{name}`");
                let missing =
                    Diagnostic::error("unconnected-output", output.place.clone(), message);
                sink.push(missing.help(Some(format!("end a line of `graph` with `-> {name}`"))));
            }
            Source {
                from: None,
                port: 0,
                slot: None,
                place: output.place.clone(),
            }
        });
        (output, source)
    });
    let outputs = outputs.collect();
    let order = graph::order(sink, &blocks);
    WiredScope {
        inputs,
        outputs,
        blocks,
        order,
    }
}

/// Blocks that a graph wires by their names.
pub(super) fn wire_named<'d>(
    sink: &mut Sink,
    documents: &'d Documents,
    names: &mut Names,
    blocks: &'d [Node],
) -> Vec<Wired<'d>> {
    let mut wired = Vec::new();
    for block in blocks {
        let name = id_of(sink, block);
        let segment = Segment::Name(name.clone().unwrap_or_default());
        let block = wire_block(sink, documents, block, name, segment);
        if let (Some(name), WiredKind::Scope { scope, .. }) = (&block.name, &block.kind) {
            let inputs = scope.inputs.iter().filter_map(|it| it.name.clone());
            let outputs = scope.outputs.iter().filter_map(|it| it.0.name.clone());
            let ports = Ports {
                inputs: inputs.collect(),
                outputs: outputs.collect(),
            };
            names.ports.insert(name.clone(), ports);
        }
        wired.push(block);
    }
    wired
}

fn check_keys(sink: &mut Sink, document: &Node) {
    if !matches!(document.value, Value::Object(_)) {
        let message = format!("an architecture is an object, not {}", document.kind());
        sink.push(Diagnostic::error(
            "no-architecture",
            document.place(),
            message,
        ));
        return;
    }
    for key in REQUIRED.iter().filter(|it| document.get(it).is_none()) {
        let message = format!("the architecture has no `{key}`");
        sink.push(Diagnostic::error("missing-key", document.place(), message));
    }
    for entry in document
        .entries()
        .iter()
        .filter(|it| !KEYS.contains(&it.key.as_str()))
    {
        let message = format!("an architecture has no key `{}`", entry.key);
        let unknown = Diagnostic::error("unknown-key", entry.value.key_place(), message);
        let help = similar(&entry.key, KEYS).map(|it| format!("did you mean `{it}`?"));
        sink.push(
            unknown
                .note(format!("it has: {}", KEYS.join(", ")))
                .help(help),
        );
    }
    for key in REQUIRED {
        if let Some(node) = document.get(key) {
            check_list(sink, node, key);
        }
    }
}

pub(super) fn check_list(sink: &mut Sink, node: &Node, key: &str) {
    match &node.value {
        Value::Array(items) if !items.is_empty() => {}
        Value::Array(_) => {
            let message = format!("`{key}` is empty");
            sink.push(Diagnostic::error("empty-list", node.place(), message));
        }
        _ => {
            let message = format!("`{key}` is a list, not {}", node.kind());
            sink.push(Diagnostic::error("wrong-value", node.place(), message));
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
        let help = "an id begins with a letter or `_`, then come letters, digits and `_`";
        sink.push(wrong.help(Some(help)));
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
        let message = "this block has no `_id`";
        let missing = Diagnostic::error("missing-id", block.place(), message);
        let help =
            "only the blocks of a Sequential can do without: `graph` wires the others by their ids";
        sink.push(missing.help(Some(help)));
        return None;
    };
    text(sink, id, "`_id`").filter(|it| check_id(sink, id, it))
}

fn declared_list(sink: &mut Sink, document: &Node, key: &str) -> Vec<Declared> {
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
        let message = format!("this item of `{key}` has no `_shape`");
        let missing = Diagnostic::error("missing-key", node.place(), message);
        let help =
            "add its sizes without the batch: `_shape: [3, '<<variable:H>>', '<<variable:W>>']`";
        sink.push(missing.help(Some(help)));
    }
    if let Some(shape) = shape {
        check_list(sink, shape, "_shape");
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
                .map(|it| declared_dim(sink, it, is_output)),
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

fn declared_dim(sink: &mut Sink, node: &Node, is_output: bool) -> DeclaredDim {
    let wrong = |sink: &mut Sink, why: String| {
        let message = format!("{} is no size", node.brief());
        sink.push(Diagnostic::error("wrong-size", node.place(), message).note(why));
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
            Err(WrongSize { at, message }) => {
                let what = format!("{} is no size", node.brief());
                let report = Diagnostic::error("wrong-size", node.slice_place(at), what);
                sink.push(report.here(message));
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

/// Fills the tables of names. Names are unique among inputs and blocks, and among outputs and these.
pub(super) fn name_all(
    sink: &mut Sink,
    names: &mut Names,
    is_group: bool,
    inputs: &[Declared],
    blocks: &[Node],
    outputs: &[Declared],
) {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut note = |name: &str, place: Place| match places.get(name) {
        Some(first) => {
            let message = format!("there are two blocks `{name}`");
            let twice = Diagnostic::error("duplicate-block", place, message);
            sink.push(twice.label(first.clone(), "the first"));
            false
        }
        None => places.insert(name.to_owned(), place).is_none(),
    };
    let is_named = |it: &Node| it.get("_id").and_then(Node::as_str).is_some_and(is_id);
    let declared =
        [inputs, outputs].map(|it| !it.is_empty() && it.iter().all(|it| it.name.is_some()));
    names.is_incomplete = !is_group && declared != [true, true] || !blocks.iter().all(is_named);
    for (index, input) in inputs.iter().enumerate() {
        if let Some(name) = input
            .name
            .clone()
            .filter(|it| note(it, input.place.clone()))
        {
            names.inputs.insert(name, index);
        }
    }
    for (index, block) in blocks.iter().enumerate() {
        let Some(id) = block.get("_id") else { continue };
        if let Some(name) = id.as_str().filter(|it| is_id(it) && note(it, id.place())) {
            names.blocks.insert(name.to_owned(), index);
        }
    }
    for (index, output) in outputs.iter().enumerate() {
        if let Some(name) = output
            .name
            .clone()
            .filter(|it| note(it, output.place.clone()))
        {
            names.outputs.insert(name, index);
        }
    }
}

pub(super) fn connect(sink: &mut Sink, names: &Names, blocks: &mut [Wired<'_>], edge: &Edge) {
    let source = names.source(sink, &edge.from);
    if let Some((block, source)) = names.lead(sink, source, &edge.to) {
        let block = &mut blocks[block];
        block.inputs.push(source);
        // Sources without a name come in the order of the file, after those with one.
        block.inputs.sort_by_key(|it| it.slot.unwrap_or(usize::MAX));
        let again = edge.again.iter();
        block
            .again
            .extend(again.map(|it| (edge.from.1.clone(), it.clone())));
    }
}

/// Reports blocks that nothing feeds.
pub(super) fn check_connected(
    sink: &mut Sink,
    names: &Names,
    blocks: &[Wired<'_>],
    graph: Option<&Node>,
) {
    // Without any graph that has been said already.
    if graph.is_none_or(|it| it.items().is_empty()) {
        return;
    }
    for (index, block) in blocks.iter().enumerate() {
        let Some(name) = &block.name else { continue };
        // Of two with one name, the second is reported as that.
        if !block.inputs.is_empty() || names.blocks.get(name) != Some(&index) {
            continue;
        }
        let message = format!("nothing feeds the block `{name}`");
        let alone = Diagnostic::error("unconnected-block", block.place.clone(), message);
        sink.push(alone.help(Some(format!(
            "mention it in `graph`, as in \"… -> {name} -> …\", or remove it"
        ))));
    }
}
