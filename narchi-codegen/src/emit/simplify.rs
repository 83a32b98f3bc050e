//! Removes scopes that are not worth a struct.

use super::{
    classify::Marks,
    plan::{Block, Element, Key, Scope, ScopeId, Source, What},
};

/// Longer names, which deep nesting would make, say no more.
const MAX_NAME: usize = 40;

/// What is known when a scope is simplified: everything inside it is done.
pub(super) struct Dissolve<'a> {
    pub(super) inside: &'a [Scope],
    pub(super) marks: &'a [Marks],
    /// Whether only one place of the code would use the struct of this scope.
    pub(super) used_once: &'a dyn Fn(ScopeId) -> bool,
    /// Only each so-many-th level of nesting stays.
    pub(super) every: usize,
}

/// Moves the blocks of small scopes into `scope`, and says how many levels of structs it then has. The
/// weight paths stay what they were.
///
/// * A scope without weights would be a struct without fields.
/// * A Sequential around one thing adds nothing but a step to the path.
/// * One layer with weights does not need a struct, nor do two layers that one place uses, as the usual
///   `downsample`.
pub(super) fn dissolve(scope: &mut Scope, context: &Dissolve<'_>) -> usize {
    let small: Vec<bool> = (0..scope.blocks.len())
        .map(|it| is_small(scope, it, context))
        .collect();
    let levels_of = |(block, is_small): (&Block, &bool)| match &block.what {
        What::Layer(_) => 0,
        What::Run { scopes, .. } => context.marks[scopes[0]].levels + usize::from(!is_small),
    };
    let levels = scope
        .blocks
        .iter()
        .zip(&small)
        .map(levels_of)
        .max()
        .unwrap_or(0);
    let is_deep = |block: &Block| {
        block
            .first_scope()
            .is_some_and(|it| !context.marks[it].levels.is_multiple_of(context.every))
    };
    let dissolves: Vec<bool> = scope
        .blocks
        .iter()
        .zip(&small)
        .map(|(block, is_small)| *is_small || is_deep(block))
        .collect();
    if dissolves.contains(&true) {
        take_apart(scope, &dissolves, context.inside);
    }
    levels
}

fn take_apart(scope: &mut Scope, dissolves: &[bool], inside: &[Scope]) {
    let blocks = std::mem::take(&mut scope.blocks);
    // Where the values of the old blocks are now, and the numbers of the first block they became.
    let mut values: Vec<Vec<Source>> = Vec::new();
    let mut firsts = Vec::new();
    let mut count = 0;
    let inner = |index: usize| {
        let inner = blocks[index].first_scope().filter(|_| dissolves[index]);
        inner.map(|it| &inside[it])
    };
    for (index, block) in blocks.iter().enumerate() {
        firsts.push(count);
        if let Some(inner) = inner(index) {
            // An output may be an input passed through; it is resolved when inputs are known.
            values.push(
                inner
                    .outputs
                    .iter()
                    .map(|it| shift(it.source, count))
                    .collect(),
            );
            count += inner.blocks.len();
        } else {
            values.push(
                (0..block.outputs.len())
                    .map(|port| Source::Block { block: count, port })
                    .collect(),
            );
            count += 1;
        }
    }
    let resolve = |mut source: Source| {
        while let Source::Block { block, port } = source {
            match values[block][port] {
                Source::Input(index) => source = blocks[block].inputs[index],
                found @ Source::Block { .. } => return found,
            }
        }
        source
    };
    for (index, block) in blocks.iter().enumerate() {
        let inputs: Vec<Source> = block.inputs.iter().map(|it| resolve(*it)).collect();
        match inner(index) {
            Some(inner) => {
                let moved = inner
                    .blocks
                    .iter()
                    .map(|it| moved(it, block, inner, &inputs, firsts[index]));
                scope.blocks.extend(moved);
            }
            None => scope.blocks.push(Block {
                inputs,
                ..block.clone()
            }),
        }
    }
    for output in &mut scope.outputs {
        output.source = resolve(output.source);
    }
    let order = scope.order.iter().flat_map(|index| match inner(*index) {
        Some(inner) => inner.order.iter().map(|it| it + firsts[*index]).collect(),
        None => vec![firsts[*index]],
    });
    scope.order = order.collect();
}

fn shift(source: Source, by: usize) -> Source {
    match source {
        Source::Block { block, port } => Source::Block {
            block: block + by,
            port,
        },
        Source::Input(_) => source,
    }
}

/// A block of the dissolved `outer`, in its new place.
fn moved(block: &Block, outer: &Block, inner: &Scope, inputs: &[Source], first: usize) -> Block {
    let only = inner.blocks.iter().filter(|it| it.has_weights()).count() == 1;
    let own = block.id.clone().unwrap_or_else(|| match &block.what {
        What::Layer(leaf) => leaf.layer.noun().to_owned(),
        What::Run { .. } => "block".to_owned(),
    });
    let id = match &outer.id {
        Some(outer) if only && block.has_weights() => Some(outer.clone()),
        Some(outer) if outer.len() + own.len() < MAX_NAME => Some(format!("{outer}_{own}")),
        Some(_) => Some(own),
        None => block.id.clone(),
    };
    let fixed = |key: &Key| match key {
        Key::Nth(number) => Key::Index(position(inner, *number)),
        other => other.clone(),
    };
    Block {
        id,
        moved_from: outer.moved_from.clone().or_else(|| outer.id.clone()),
        path: outer
            .path
            .iter()
            .chain(&outer.start)
            .cloned()
            .chain(block.path.iter().map(fixed))
            .collect(),
        start: block.start.as_ref().map(fixed),
        what: block.what.clone(),
        inputs: block
            .inputs
            .iter()
            .map(|it| match *it {
                Source::Input(index) => inputs[index],
                inner @ Source::Block { .. } => shift(inner, first),
            })
            .collect(),
        outputs: block.outputs.clone(),
    }
}

/// The number that an element of a numbered scope has in the file.
pub(super) fn position(scope: &Scope, number: usize) -> usize {
    let length = |element: &Element| match element {
        Element::One => 1,
        Element::Run(block) => match &scope.blocks[*block].what {
            What::Run { scopes, .. } => scopes.len(),
            What::Layer(_) => 1,
        },
    };
    scope.elements[..number].iter().map(length).sum()
}

fn is_small(scope: &Scope, index: usize, context: &Dissolve<'_>) -> bool {
    let Some(id) = scope.blocks[index].first_scope() else {
        return false;
    };
    let inner = &context.inside[id];
    let weights = inner.blocks.iter().filter(|it| it.has_weights()).count();
    if weights == 0 {
        return true;
    }
    if !inner.numbered || is_in_run(scope, index, context.marks) {
        return false;
    }
    let is_run = |block: &Block| matches!(block.what, What::Run { .. });
    match (weights, inner.blocks.iter().any(is_run)) {
        (1, false) => true,
        (1, true) => inner.blocks.len() == 1 && inner.blocks[0].start == Some(Key::Nth(0)),
        (2, false) => inner.blocks.len() == 2 && (context.used_once)(id),
        _ => false,
    }
}

fn is_in_run(scope: &Scope, index: usize, marks: &[Marks]) -> bool {
    let ty = |index: usize| {
        scope
            .blocks
            .get(index)?
            .first_scope()
            .map(|it| marks[it].ty)
    };
    let has_before = || index.checked_sub(1).is_some_and(|it| ty(it) == ty(index));
    scope.numbered && (ty(index + 1) == ty(index) || has_before())
}
