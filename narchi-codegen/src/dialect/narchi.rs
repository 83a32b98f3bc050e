//! The language of Python narchi 1.6: inputs, outputs, blocks and graph lines.
//!
//! Shapes there leave out the batch; it is added here.

use std::collections::BTreeMap;

use super::{
    blocks::wire_block,
    declared::declared_list,
    graph::{self, Edge, Names, Ports, is_id},
    keys::{check_id, check_list, description, id_of, list, text},
    modules::Documents,
    unused,
};
use crate::{
    diagnostic::{Diagnostic, Sink},
    document::{Node, Place, Value},
    model::Segment,
    similar::similar,
    wiring::{Declared, Source, Wired, WiredKind, WiredScope, Wiring},
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
    let is_whole = document.get("graph").is_none_or(graph::is_whole);
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
                    let help = "remove one of the wires, or join both in a block before the output";
                    sink.push(
                        twice
                            .label(first.place.clone(), "the first")
                            .help(Some(help)),
                    );
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
            // Without all of the graph, or where another block has its name, that has been said already.
            let is_said = edges.is_empty()
                || !is_whole
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
        let report = Diagnostic::error("no-architecture", document.place(), message);
        let help = format!("write `{{ {}: […] }}`", REQUIRED.join(": […], "));
        sink.push(report.help(Some(help)));
        return;
    }
    for key in REQUIRED.iter().filter(|it| document.get(it).is_none()) {
        let message = format!("the architecture has no `{key}`");
        let missing = Diagnostic::error("missing-key", document.place(), message);
        let help = match *key {
            "graph" => "add the wires: `graph: ['image -> conv -> scores']`".to_owned(),
            "blocks" => "add the blocks: `blocks: [{ _id: 'conv', _class: '…' }]`".to_owned(),
            key => format!("add them, with their sizes: `{key}: [{{ _id: 'name', _shape: [8] }}]`"),
        };
        sink.push(missing.help(Some(help)));
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
            check_list(sink, node, key, None);
        }
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
            sink.push(twice(name, place, first.clone()));
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

/// A name that something else has.
pub(super) fn twice(name: &str, place: Place, first: Place) -> Diagnostic<Place> {
    let message = format!("there are two blocks `{name}`");
    Diagnostic::error("duplicate-block", place, message)
        .label(first, "the first")
        .help(Some("give one of them another id, and wire it in `graph`"))
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
    // Without any graph that has been said already, and a line that is none may have been meant to feed them.
    if graph.is_none_or(|it| it.items().is_empty() || !graph::is_whole(it)) {
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
