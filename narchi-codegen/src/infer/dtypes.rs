//! What the inputs are made of. The language does not say it; it follows from the layers that they reach.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    diagnostic::Sink,
    dim::Bindings,
    document::Place,
    layer::{Layer, Params},
    layers,
    model::WeightPath,
    shape::Dtype,
    wiring::{From, Source, Wired, WiredKind, WiredScope},
};

/// What a layer wants of an input that reaches it.
pub(super) struct Wish {
    pub(super) dtype: Dtype,
    /// The path of the layer's block, and its place.
    pub(super) block: String,
    pub(super) place: Place,
}

/// Positions of inputs.
type Origins = BTreeSet<usize>;

/// The wishes for each input, the first of each kind.
pub(super) fn wishes(root: &WiredScope<'_>) -> Vec<Vec<Wish>> {
    let mut wishes: Vec<Vec<Wish>> = root.inputs.iter().map(|_| Vec::new()).collect();
    let origins: Vec<Origins> = (0..root.inputs.len()).map(|it| [it].into()).collect();
    follow(root, &WeightPath::default(), &origins, &mut wishes);
    wishes
}

/// Follows inputs through the layers that take anything, to those that do not. What comes out of the
/// scope are those that reach its outputs.
fn follow(
    scope: &WiredScope<'_>,
    path: &WeightPath,
    inputs: &[Origins],
    wishes: &mut [Vec<Wish>],
) -> Vec<Origins> {
    let mut reached: BTreeMap<(usize, usize), Origins> = BTreeMap::new();
    let find = |reached: &BTreeMap<(usize, usize), Origins>, source: &Source| {
        let found = match source.from {
            Some(From::Input(input)) => inputs.get(input),
            Some(From::Block(block)) => reached.get(&(block, source.port)),
            None => None,
        };
        found.cloned().unwrap_or_default()
    };
    for index in &scope.order {
        let block = &scope.blocks[*index];
        let operands: Vec<Origins> = block.inputs.iter().map(|it| find(&reached, it)).collect();
        if operands.iter().all(BTreeSet::is_empty) {
            continue;
        }
        let path = path.join(block.segment.clone());
        let outputs = match &block.kind {
            WiredKind::Scope { scope, .. } => follow(scope, &path, &operands, wishes),
            WiredKind::Layer { .. } => {
                let all: Origins = operands.into_iter().flatten().collect();
                match read(block).map(|it| it.takes()) {
                    Some(None) => vec![all],
                    Some(Some(dtype)) => {
                        for origin in all {
                            note(&mut wishes[origin], dtype, &path, block);
                        }
                        Vec::new()
                    }
                    None => Vec::new(),
                }
            }
            WiredKind::Broken => Vec::new(),
        };
        for (port, origins) in outputs.into_iter().enumerate() {
            if !origins.is_empty() {
                reached.insert((*index, port), origins);
            }
        }
    }
    let outputs = scope.outputs.iter();
    outputs.map(|(_, source)| find(&reached, source)).collect()
}

/// The layer of a block. What is wrong with it is said when its turn comes.
fn read(block: &Wired<'_>) -> Option<Arc<dyn Layer>> {
    let WiredKind::Layer {
        class, block: node, ..
    } = &block.kind
    else {
        return None;
    };
    let def = layers::find(class)?;
    let bindings = Bindings::default();
    (def.read)(&mut Params::new(
        node,
        &"",
        class,
        &bindings,
        &mut Sink::default(),
    ))
}

fn note(wishes: &mut Vec<Wish>, dtype: Dtype, path: &WeightPath, block: &Wired<'_>) {
    if wishes.iter().all(|it| it.dtype != dtype) {
        wishes.push(Wish {
            dtype,
            block: path.to_string(),
            place: block.place.clone(),
        });
    }
}
