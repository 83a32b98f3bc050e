//! Finds runs: neighbours of one type in a Sequential become an array and a loop.

use std::collections::BTreeMap;

use super::{
    classify::Marks,
    plan::{Block, Element, Key, Scope, Source, What},
};

/// Joins neighbours of one type in a numbered scope to runs.
///
/// Neighbours that agree in all numbers are a uniform run of any length. Where some differ, the
/// neighbours of one type are one run of fixed length.
pub(super) fn roll(scope: &mut Scope, marks: &[Marks]) {
    if !scope.numbered {
        return;
    }
    let uses = uses(scope);
    let blocks = std::mem::take(&mut scope.blocks);
    // The new number of each old block, and of each old element.
    let mut new_blocks = Vec::new();
    let mut new_elements = vec![0; scope.elements.len()];
    let mut elements = Vec::new();
    let mut joined: Vec<Block> = Vec::new();
    let mut rest = blocks.into_iter().enumerate().peekable();
    for (number, new_element) in new_elements.iter_mut().enumerate() {
        // A run may take in a whole element, not the blocks that a dissolved scope left.
        let (mut is_first, mut joins) = (true, false);
        while let Some((index, block)) = rest.next_if(|it| element(&it.1) == Some(number)) {
            let follows = index.checked_sub(1).is_some_and(|before| {
                let before = Source::Block {
                    block: before,
                    port: 0,
                };
                block.inputs == [before] && uses.get(&before) == Some(&1)
            });
            match joined.last_mut() {
                Some(last) if is_first && follows && can_join(last, &block, marks) => {
                    joins = true;
                    join(last, block, marks);
                }
                _ => joined.push(block),
            }
            is_first = false;
            new_blocks.push(joined.len() - 1);
        }
        if !joins {
            elements.push(Element::One);
        }
        *new_element = elements.len() - 1;
    }
    for (index, block) in joined.iter_mut().enumerate() {
        for key in block.keys_mut() {
            if let Key::Nth(number) = key {
                *number = new_elements[*number];
            }
        }
        if let (What::Run { .. }, [], Some(Key::Nth(number))) =
            (&block.what, block.path.as_slice(), &block.start)
        {
            elements[*number] = Element::Run(index);
        }
        for source in &mut block.inputs {
            *source = renumber(*source, &new_blocks);
        }
    }
    for output in &mut scope.outputs {
        output.source = renumber(output.source, &new_blocks);
    }
    let mut order: Vec<usize> = scope.order.iter().map(|it| new_blocks[*it]).collect();
    order.dedup();
    (scope.blocks, scope.elements, scope.order) = (joined, elements, order);
}

/// How many readers each value has.
fn uses(scope: &Scope) -> BTreeMap<Source, usize> {
    let mut uses = BTreeMap::new();
    let read = scope.blocks.iter().flat_map(|it| &it.inputs);
    for source in read.chain(scope.outputs.iter().map(|it| &it.source)) {
        *uses.entry(*source).or_default() += 1;
    }
    uses
}

fn renumber(source: Source, new_blocks: &[usize]) -> Source {
    match source {
        Source::Block { block, port } => Source::Block {
            block: new_blocks[block],
            port,
        },
        Source::Input(_) => source,
    }
}

/// Which element of its scope a block belongs to.
fn element(block: &Block) -> Option<usize> {
    block
        .path
        .first()
        .or(block.start.as_ref())
        .and_then(|it| match it {
            Key::Nth(number) => Some(*number),
            Key::Name(_) | Key::Index(_) => None,
        })
}

fn can_join(last: &Block, next: &Block, marks: &[Marks]) -> bool {
    let (What::Run { scopes: a, .. }, What::Run { scopes: b, .. }) = (&last.what, &next.what)
    else {
        return false;
    };
    let whole = last.path.is_empty() && next.path.is_empty();
    let one = [last, next]
        .iter()
        .all(|it| it.inputs.len() == 1 && it.outputs.len() == 1);
    let adjacent = element(last)
        .zip(element(next))
        .is_some_and(|(from, to)| from + a.len() == to);
    whole && one && adjacent && marks[a[0]].ty == marks[b[0]].ty
}

fn join(last: &mut Block, next: Block, marks: &[Marks]) {
    if let (What::Run { scopes: a, uniform }, What::Run { scopes: b, .. }) =
        (&mut last.what, next.what)
    {
        *uniform = *uniform && marks[a[0]].exact == marks[b[0]].exact;
        a.extend(b);
    }
    last.outputs = next.outputs;
    last.id = None;
    "*".clone_into(&mut last.label);
}
