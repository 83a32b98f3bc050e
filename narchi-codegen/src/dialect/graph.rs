//! Lines such as `image -> conv1 -> fc`: edges between named blocks, and the order they make.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map::Entry},
};

use crate::{
    diagnostic::{Diagnostic, Sink},
    document::{Node, Place},
    wiring::{From, Source, Wired},
};

/// A wire as written: both ends, and where each stands.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: (String, Place),
    pub(super) to: (String, Place),
    /// Where it is written again.
    pub(super) again: Vec<Place>,
}

/// The edges of all lines, in the order of the text, each once.
pub(super) fn edges(sink: &mut Sink, lines: &Node) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::new();
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in lines.items() {
        let Some(names) = names(line) else {
            let message = format!("{} is no line of a graph", line.brief());
            let wrong = Diagnostic::error("wrong-graph", line.place(), message);
            let help = "write the ids of at least two blocks with `->` between them: \"image -> conv1 -> fc\"";
            sink.push(wrong.help(Some(help)));
            continue;
        };
        for pair in names.windows(2) {
            let (from, to) = (pair[0].clone(), pair[1].clone());
            match seen.entry((from.0.clone(), to.0.clone())) {
                Entry::Occupied(first) => edges[*first.get()].again.push(from.1),
                Entry::Vacant(new) => {
                    new.insert(edges.len());
                    edges.push(Edge {
                        from,
                        to,
                        again: Vec::new(),
                    });
                }
            }
        }
    }
    edges
}

/// Whether every line says which wires it means.
pub(super) fn is_whole(lines: &Node) -> bool {
    lines.items().iter().all(|it| names(it).is_some())
}

/// The warning about a wire to `name` that is written again where it counts once.
pub(crate) fn once_is_enough(name: &str, again: Place, first: Place) -> Diagnostic<Place> {
    let message = format!("this wire into `{name}` is written twice and counts once");
    Diagnostic::warning("duplicate-edge", again, message)
        .label(first, "the first")
        .help(Some("remove one of them"))
}

/// The names in a line, with their places.
fn names(line: &Node) -> Option<Vec<(String, Place)>> {
    let text = line.as_str()?;
    let mut names = Vec::new();
    let mut at = 0;
    for part in text.split("->") {
        let name = part.trim();
        // Whether it is an id is seen where it is declared, or not.
        if name.is_empty() || name.contains(|it: char| it.is_whitespace() || it == ',') {
            return None;
        }
        let start = at + (part.len() - part.trim_start().len());
        names.push((name.to_owned(), line.slice_place(start..start + name.len())));
        at += part.len() + "->".len();
    }
    (names.len() > 1).then_some(names)
}

/// Whether a text may name a block: a letter or `_`, then letters, digits and `_`.
pub(super) fn is_id(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && text
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// The names of what goes into a block and comes out of it.
#[derive(Debug, Default)]
pub(super) struct Ports {
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
}

/// The names that a graph can mention.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) inputs: BTreeMap<String, usize>,
    pub(super) blocks: BTreeMap<String, usize>,
    pub(super) outputs: BTreeMap<String, usize>,
    /// What blocks call their inputs and outputs, where they do: `m.left` names one.
    pub(super) ports: BTreeMap<String, Ports>,
    /// Something has no name that can be read: it may be what an unknown name means.
    pub(super) is_incomplete: bool,
}

impl Names {
    /// Where a wire begins. Reports names that nothing has, and outputs, which feed nothing.
    pub(super) fn source(&self, sink: &mut Sink, (name, place): &(String, Place)) -> Source {
        let (block, port) = split(name);
        let input = self.inputs.get(block).map(|it| From::Input(*it));
        let from = input.or_else(|| self.blocks.get(block).map(|it| From::Block(*it)));
        let mut source = Source {
            from,
            port: 0,
            slot: None,
            place: place.clone(),
        };
        if from.is_none() {
            if self.outputs.contains_key(block) {
                let message =
                    format!("`{block}` is an output of the architecture and feeds nothing");
                let report = Diagnostic::error("output-as-source", place.clone(), message);
                let help = format!("begin the wire at the block that feeds `{block}`");
                sink.push(report.help(Some(help)));
            } else {
                self.unknown(sink, block, place);
            }
        }
        if let Some(port) = port {
            let known = self.ports.get(block).map_or(&[][..], |it| &it.outputs);
            match index(port, known) {
                Some(port) => source.port = port,
                None => {
                    unknown_port(sink, block, port, "output", known, place);
                    source.from = None;
                }
            }
        }
        source
    }

    /// Leads a wire to the block with a name, or reports why that cannot be.
    pub(super) fn lead(
        &self,
        sink: &mut Sink,
        mut source: Source,
        (name, place): &(String, Place),
    ) -> Option<(usize, Source)> {
        let (block, port) = split(name);
        let Some(found) = self.blocks.get(block).copied() else {
            if self.inputs.contains_key(block) {
                let message =
                    format!("`{block}` is an input of the architecture and takes nothing");
                let report = Diagnostic::error("edge-into-input", place.clone(), message);
                let help = format!("leave out `-> {block}`: the caller of the model feeds it");
                sink.push(report.help(Some(help)));
            } else {
                self.unknown(sink, block, place);
            }
            return None;
        };
        let Some(port) = port else {
            return Some((found, source));
        };
        let known = self.ports.get(block).map_or(&[][..], |it| &it.inputs);
        source.slot = index(port, known);
        if source.slot.is_none() {
            unknown_port(sink, block, port, "input", known, place);
            source.from = None;
        }
        Some((found, source))
    }

    /// Reports a name that nothing has.
    pub(super) fn unknown(&self, sink: &mut Sink, name: &str, place: &Place) {
        if self.is_incomplete {
            return;
        }
        let message = format!("there is no block `{name}`");
        let all = [&self.inputs, &self.blocks, &self.outputs];
        let help = sink.similar(
            name,
            all.into_iter().flat_map(|it| it.keys().map(String::as_str)),
        );
        let help = match help {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add a block with this `_id`, or leave out the name".to_owned(),
        };
        sink.push(Diagnostic::error("unknown-block", place.clone(), message).help(Some(help)));
    }
}

/// `m.left` is the input or output `left` of `m`.
fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('.')
        .map_or((name, None), |(block, port)| (block, Some(port)))
}

/// Ports go by name, or by number.
fn index(port: &str, known: &[String]) -> Option<usize> {
    known
        .iter()
        .position(|it| it == port)
        .or_else(|| port.parse().ok())
}

fn unknown_port(
    sink: &mut Sink,
    block: &str,
    port: &str,
    what: &str,
    known: &[String],
    place: &Place,
) {
    let message = format!("`{block}` has no {what} `{port}`");
    let report = Diagnostic::error("unknown-port", place.clone(), message);
    let help = match known {
        [] => format!("its {what}s have no names: count them from 0, as in `{block}.1`"),
        known => format!("its {what}s: `{}`", known.join("`, `")),
    };
    sink.push(report.help(Some(help)));
}

/// Operands before users, otherwise as written. Reports a cycle, if there is one.
pub(super) fn order(sink: &mut Sink, blocks: &[Wired<'_>]) -> Vec<usize> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); blocks.len()];
    let mut waits = vec![0usize; blocks.len()];
    for (user, block) in blocks.iter().enumerate() {
        for from in operands(block) {
            users[from].push(user);
            waits[user] += 1;
        }
    }
    let ready = (0..blocks.len()).filter(|it| waits[*it] == 0).map(Reverse);
    let mut ready: BinaryHeap<Reverse<usize>> = ready.collect();
    let mut order = Vec::with_capacity(blocks.len());
    while let Some(Reverse(next)) = ready.pop() {
        order.push(next);
        for user in &users[next] {
            waits[*user] -= 1;
            if waits[*user] == 0 {
                ready.push(Reverse(*user));
            }
        }
    }
    if order.len() < blocks.len() {
        report_cycle(sink, blocks, &waits);
    }
    order
}

fn operands(block: &Wired<'_>) -> impl Iterator<Item = usize> {
    block.inputs.iter().filter_map(|it| match it.from {
        Some(From::Block(index)) => Some(index),
        _ => None,
    })
}

/// Walks against the wires from a block that waits until one comes again: those between are the cycle.
fn report_cycle(sink: &mut Sink, blocks: &[Wired<'_>], waits: &[usize]) {
    let Some(start) = waits.iter().position(|it| *it > 0) else {
        return;
    };
    let mut path = vec![start];
    let cycle = loop {
        let here = path[path.len() - 1];
        let Some(next) = operands(&blocks[here]).find(|it| waits[*it] > 0) else {
            return;
        };
        if let Some(first) = path.iter().position(|it| *it == next) {
            break &path[first..];
        }
        path.push(next);
    };
    let name = |index: usize| blocks[index].name.as_deref().unwrap_or("?");
    // The walk went backwards; begin with the block that is written first.
    let mut cycle: Vec<usize> = cycle.iter().rev().copied().collect();
    let first = (0..cycle.len()).min_by_key(|it| cycle[*it]).unwrap_or(0);
    cycle.rotate_left(first);
    let mut names: Vec<&str> = cycle.iter().map(|it| name(*it)).collect();
    names.push(names[0]);
    let message = format!("these blocks wait for each other: {}", names.join(" -> "));
    let wire = |user: usize, from: usize| {
        let wire = blocks[user]
            .inputs
            .iter()
            .find(|it| it.from == Some(From::Block(from)));
        wire.map(|it| it.place.clone())
    };
    let closing =
        wire(cycle[0], cycle[cycle.len() - 1]).unwrap_or_else(|| blocks[cycle[0]].place.clone());
    let mut report = Diagnostic::error("cycle", closing, message);
    for pair in cycle.windows(2) {
        if let Some(place) = wire(pair[1], pair[0]) {
            report = report.label(
                place,
                format!("`{}` feeds `{}`", name(pair[0]), name(pair[1])),
            );
        }
    }
    sink.push(report.help(Some(
        "remove one of these wires: a block cannot depend on its own output",
    )));
}
