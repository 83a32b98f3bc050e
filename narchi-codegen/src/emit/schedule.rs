//! What `forward` computes, and how long values live.

use super::plan::{Scope, Source};

/// The blocks that outputs need, in the order of execution.
pub(super) fn needed(scope: &Scope) -> Vec<usize> {
    let mut needed = vec![false; scope.blocks.len()];
    let mut mark = |source: Source| {
        if let Source::Block { block, .. } = source {
            needed[block] = true;
        }
    };
    scope.outputs.iter().for_each(|it| mark(it.source));
    let mut order = Vec::new();
    // Operands come before their users, so that one look back is enough.
    for index in scope.order.iter().rev() {
        if needed[*index] {
            order.push(*index);
            for source in &scope.blocks[*index].inputs {
                if let Source::Block { block, .. } = *source {
                    needed[block] = true;
                }
            }
        }
    }
    order.reverse();
    order
}

/// How often each value of a scope is used, and by which block last.
pub(super) struct Uses {
    count: Vec<Vec<usize>>,
    last: Vec<Vec<usize>>,
}

/// The user after all blocks.
const OUTPUT: usize = usize::MAX;

impl Uses {
    pub(super) fn new(scope: &Scope, order: &[usize]) -> Self {
        let all = |value: usize| {
            scope
                .blocks
                .iter()
                .map(|it| vec![value; it.outputs.len()])
                .collect()
        };
        let mut uses = Self {
            count: all(0),
            last: all(OUTPUT),
        };
        for user in order {
            for input in &scope.blocks[*user].inputs {
                uses.note(*input, *user);
            }
        }
        for output in &scope.outputs {
            uses.note(output.source, OUTPUT);
        }
        uses
    }

    fn note(&mut self, source: Source, user: usize) {
        if let Source::Block { block, port } = source {
            self.count[block][port] += 1;
            self.last[block][port] = user;
        }
    }

    pub(super) fn is_last(&self, source: Source, user: usize) -> bool {
        matches!(source, Source::Block { block, port } if self.last[block][port] == user)
    }

    pub(super) fn is_used(&self, source: Source) -> bool {
        matches!(source, Source::Block { block, port } if self.count[block][port] > 0)
    }

    pub(super) fn is_only(&self, source: Source) -> bool {
        matches!(source, Source::Block { block, port } if self.count[block][port] == 1)
    }
}
