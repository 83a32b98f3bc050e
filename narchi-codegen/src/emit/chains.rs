//! Which kernels of the frozen form are called together, so that rows of an image go through all of them.
//!
//! ```text
//! x = expand(x); x = filter(x); x = project(x)   →   x = chain([expand, filter, project], x)
//! ```

use super::{
    context::Context,
    plan::{Form, Scope, Source, What},
    schedule::Uses,
};
use crate::{layer::Reach, shape::Type};

/// What `forward` computes, in its order: blocks, or several that are one chain.
pub(super) fn chains(context: &Context<'_>, uses: &Uses) -> Vec<Vec<usize>> {
    let scope = context.example;
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for index in &context.class.order {
        let follows = chains.last().is_some_and(|chain| {
            context.form() == Form::Frozen
                && continues(scope, chain, *index)
                && chain
                    .last()
                    .is_some_and(|it| is_for(scope, *it, *index, uses))
        });
        match chains.last_mut().filter(|_| follows) {
            Some(chain) => chain.push(*index),
            None => chains.push(vec![*index]),
        }
    }
    chains
}

/// Whether a block is the next one of a chain: one that reaches beside, and around it what does not.
fn continues(scope: &Scope, chain: &[usize], next: usize) -> bool {
    let reaches: Option<Vec<Reach>> = chain.iter().map(|it| reach(scope, *it)).collect();
    matches!(
        (reaches.as_deref(), reach(scope, next)),
        (Some([Reach::Place]), Some(Reach::Channel))
            | (
                Some([Reach::Channel] | [Reach::Place, Reach::Channel]),
                Some(Reach::Place)
            )
    )
}

fn reach(scope: &Scope, index: usize) -> Option<Reach> {
    let block = &scope.blocks[index];
    let What::Layer(leaf) = &block.what else {
        return None;
    };
    let inputs = block.operands().iter().map(|it| scope.ty(*it).clone());
    leaf.layer.reach(&inputs.collect::<Vec<Type>>())
}

/// Whether a block computes a value for this one alone, and adds nothing to it: only the last one of a chain may.
fn is_for(scope: &Scope, index: usize, next: usize, uses: &Uses) -> bool {
    let value = Source::Block {
        block: index,
        port: 0,
    };
    let (block, next) = (&scope.blocks[index], &scope.blocks[next]);
    !block.fused.adds && next.operands() == [value] && uses.is_only(value)
}
