//! Blocks and wires by name: what feeds what, before anybody knows what a block is.
//!
//! A dialect makes this from a document, with every name looked up. What was wrong has been
//! reported and is a hole here: a source without `from`, or a broken block.

use crate::{
    dim::Dim,
    document::{Node, Place},
    model::{Segment, WeightPath},
};

/// A whole architecture.
#[derive(Debug)]
pub(crate) struct Wiring<'d> {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) root: WiredScope<'d>,
}

impl Wiring<'_> {
    /// All blocks, by their paths, and where they are written.
    pub(crate) fn paths(&self) -> Vec<(String, Place)> {
        let mut paths = Vec::new();
        add_paths(&self.root, &WeightPath::default(), &mut paths);
        paths
    }
}

fn add_paths(scope: &WiredScope<'_>, around: &WeightPath, paths: &mut Vec<(String, Place)>) {
    for block in &scope.blocks {
        let path = around.join(block.segment.clone());
        paths.push((path.to_string(), block.place.clone()));
        if let WiredKind::Scope { scope, .. } = &block.kind {
            add_paths(scope, &path, paths);
        }
    }
}

/// Blocks that are wired among themselves.
#[derive(Debug)]
pub(crate) struct WiredScope<'d> {
    pub(crate) inputs: Vec<Declared>,
    pub(crate) outputs: Vec<(Declared, Source)>,
    /// In the order of the file.
    pub(crate) blocks: Vec<Wired<'d>>,
    /// Positions in `blocks`, operands before users, otherwise as in the file. Blocks on a cycle
    /// are left out.
    pub(crate) order: Vec<usize>,
}

/// An input or output of a scope.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// Inputs and outputs of Sequentials and Groups have no names.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// The sizes, if the file gives them; the batch is the first.
    pub(crate) shape: Option<Vec<DeclaredDim>>,
    pub(crate) place: Place,
}

/// A size in a declaration.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredDim {
    pub(crate) size: Size,
    pub(crate) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Known(Dim),
    /// Whatever comes.
    Auto,
    /// Something that was reported.
    Broken,
}

/// A block and what feeds it.
#[derive(Debug)]
pub(crate) struct Wired<'d> {
    /// What the file calls it, if it does.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) segment: Segment,
    /// The block's id, or what else stands for it.
    pub(crate) place: Place,
    pub(crate) kind: WiredKind<'d>,
    pub(crate) inputs: Vec<Source>,
    /// The name under which it shares its weights with others, and where that is written.
    pub(crate) share: Option<(String, Place)>,
    /// Wires that are written again, first and again: with one source, `x + x`.
    pub(crate) again: Vec<(Place, Place)>,
}

#[derive(Debug)]
pub(crate) enum WiredKind<'d> {
    /// Something that layers know: its class and its parameters.
    Layer {
        class: &'d str,
        class_place: Place,
        block: &'d Node,
    },
    Scope {
        type_name: Option<String>,
        scope: Box<WiredScope<'d>>,
    },
    /// Reported.
    Broken,
}

/// Where a wire begins.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Nothing where that is unknown and was reported.
    pub(crate) from: Option<From>,
    pub(crate) port: usize,
    /// As which input, if the file says so.
    pub(crate) slot: Option<usize>,
    /// Where the file says so.
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum From {
    Input(usize),
    Block(usize),
}
