//! Removes scopes that are not worth a struct.

use super::{
    classify::Marks,
    frozen,
    plan::{Block, Element, Form, Key, Scope, ScopeId, Source, What},
};

/// In the frozen form, so many kernels in a row are fields of their own; more are an array.
const MOST_KERNELS: usize = 3;
/// Longer names, which deep nesting would make, say no more.
const MAX_NAME: usize = 40;

/// What is known when a scope is simplified: everything inside it is done.
pub(super) struct Dissolve<'a> {
    pub(super) inside: &'a mut [Scope],
    pub(super) marks: &'a [Marks],
    /// Whether only one place of the code would use the struct of this scope.
    pub(super) used_once: &'a dyn Fn(ScopeId) -> bool,
    /// Only each so-many-th level of nesting stays.
    pub(super) every: usize,
    pub(super) form: Form,
}

/// Moves the blocks of small scopes into `scope`, and says how many levels of structs it then has. The
/// weight paths stay what they were.
///
/// * A scope without weights would be a struct without fields.
/// * A Sequential around one thing adds nothing but a step to the path.
/// * One layer with weights does not need a struct, nor do two layers that one place uses, as the usual
///   `downsample`.
/// * In the frozen form, the last kernel of a Sequential may do the work of the layer that comes after it.
pub(super) fn dissolve(scope: &mut Scope, context: &mut Dissolve<'_>) -> usize {
    let readers = frozen::readers(scope, context.form);
    let small: Vec<bool> = (0..scope.blocks.len())
        .map(|it| is_small(scope, it, context) || opens(scope, it, &readers, context))
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

/// Takes the blocks out of the scopes that dissolve: nothing else refers to them. Copies at each level would add up.
fn take_apart(scope: &mut Scope, dissolves: &[bool], inside: &mut [Scope]) {
    let blocks = std::mem::take(&mut scope.blocks);
    let mut inners: Vec<Option<Inner>> = blocks
        .iter()
        .zip(dissolves)
        .map(|(block, dissolves)| {
            let id = block.first_scope().filter(|_| *dissolves)?;
            Some(Inner::take(&mut inside[id]))
        })
        .collect();
    // Where the values of the old blocks are now, and the numbers of the first block they became.
    let mut values: Vec<Vec<Source>> = Vec::new();
    let mut firsts = Vec::new();
    let mut count = 0;
    for (block, inner) in blocks.iter().zip(&inners) {
        firsts.push(count);
        if let Some(inner) = inner {
            // An output may be an input passed through; it is resolved when inputs are known.
            values.push(inner.outputs.iter().map(|it| shift(*it, count)).collect());
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
    let order = scope.order.iter().flat_map(|index| match &inners[*index] {
        Some(inner) => inner.order.iter().map(|it| it + firsts[*index]).collect(),
        None => vec![firsts[*index]],
    });
    scope.order = order.collect();
    for output in &mut scope.outputs {
        output.source = resolve(output.source);
    }
    let inputs: Vec<Vec<Source>> = blocks
        .iter()
        .map(|it| it.inputs.iter().map(|it| resolve(*it)).collect())
        .collect();
    for (index, (block, inputs)) in blocks.into_iter().zip(inputs).enumerate() {
        match inners[index].take() {
            Some(mut inner) => {
                let children = std::mem::take(&mut inner.blocks);
                let moved = children
                    .into_iter()
                    .map(|it| moved(it, &block, &inner, &inputs, firsts[index]));
                scope.blocks.extend(moved);
            }
            None => scope.blocks.push(Block { inputs, ..block }),
        }
    }
}

/// What is left of a scope that dissolves.
struct Inner {
    blocks: Vec<Block>,
    order: Vec<usize>,
    outputs: Vec<Source>,
    /// The number in the file of each element.
    positions: Vec<usize>,
    /// Whether only one of the blocks has weights.
    has_one: bool,
}

impl Inner {
    fn take(scope: &mut Scope) -> Self {
        Self {
            positions: positions(scope),
            has_one: scope.blocks.iter().filter(|it| it.has_weights()).count() == 1,
            outputs: scope.outputs.iter().map(|it| it.source).collect(),
            order: std::mem::take(&mut scope.order),
            blocks: std::mem::take(&mut scope.blocks),
        }
    }
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
fn moved(block: Block, outer: &Block, inner: &Inner, inputs: &[Source], first: usize) -> Block {
    let has_weights = block.has_weights();
    let own = block.id.clone().unwrap_or_else(|| match &block.what {
        What::Layer(leaf) => leaf.layer.noun().to_owned(),
        What::Run { .. } => "block".to_owned(),
    });
    let id = match &outer.id {
        Some(outer) if inner.has_one && has_weights => Some(outer.clone()),
        Some(outer) if outer.len() + own.len() < MAX_NAME => Some(format!("{outer}_{own}")),
        Some(_) => Some(own),
        None => block.id,
    };
    let fixed = |key: Key| match key {
        Key::Nth(number) => Key::Index(inner.positions[number]),
        other => other,
    };
    let before = || outer.path.iter().chain(&outer.start).cloned();
    let path = if has_weights {
        before().chain(block.path.into_iter().map(fixed)).collect()
    } else {
        // Where there are no weights, nobody asks for the whole path.
        before().take(1).collect()
    };
    let mut fused = block.fused;
    for norm in &mut fused.norms {
        let path = std::mem::take(&mut norm.path);
        norm.path = before().chain(path.into_iter().map(fixed)).collect();
        norm.start = norm.start.take().map(fixed);
    }
    let place = |it: Source| match it {
        Source::Input(index) => inputs[index],
        inner @ Source::Block { .. } => shift(inner, first),
    };
    Block {
        id,
        label: format!("{}.{}", outer.label, block.label),
        moved_from: outer.moved_from.clone().or_else(|| outer.id.clone()),
        path,
        start: block.start.map(fixed),
        what: block.what,
        inputs: block.inputs.into_iter().map(place).collect(),
        outputs: block.outputs,
        fused,
    }
}

/// The numbers that the elements of a numbered scope have in the file.
pub(super) fn positions(scope: &Scope) -> Vec<usize> {
    let mut next = 0;
    let mut positions = Vec::with_capacity(scope.elements.len());
    for element in &scope.elements {
        positions.push(next);
        next += length(scope, element);
    }
    positions
}

fn length(scope: &Scope, element: &Element) -> usize {
    match element {
        Element::One => 1,
        Element::Run(block) => match &scope.blocks[*block].what {
            What::Run { scopes, .. } => scopes.len(),
            What::Layer(_) => 1,
        },
    }
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
    let is_layer = |it: &Block| matches!(it.what, What::Layer(_));
    let is_kernel = context.form == Form::Frozen
        && inner.blocks.len() == 1
        && inner.blocks.iter().all(is_layer);
    let most = if is_kernel { MOST_KERNELS } else { 1 };
    if !inner.numbered || run_around(scope, index, context.marks) > most {
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

/// Whether the layer that alone reads a Sequential can be part of the last kernel in it.
fn opens(scope: &Scope, index: usize, readers: &[Option<usize>], context: &Dissolve<'_>) -> bool {
    let (Some(reader), Some(id)) = (
        readers.get(index).copied().flatten(),
        scope.blocks[index].first_scope(),
    ) else {
        return false;
    };
    let inner = &context.inside[id];
    let is_plain = inner.numbered && inner.type_name.is_none();
    is_plain
        && run_around(scope, index, context.marks) == 1
        && frozen::may_join(inner, &scope.blocks[reader])
}

/// How many neighbours of one type there are in a Sequential, with this one.
fn run_around(scope: &Scope, index: usize, marks: &[Marks]) -> usize {
    let ty = |block: &Block| block.first_scope().map(|it| marks[it].ty);
    let this = ty(&scope.blocks[index]);
    if !scope.numbered || this.is_none() {
        return 1;
    }
    let is_same = |it: &&Block| ty(it) == this;
    let (before, after) = scope.blocks.split_at(index);
    before.iter().rev().take_while(is_same).count() + after.iter().take_while(is_same).count()
}
