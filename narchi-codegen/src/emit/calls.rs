//! Which kernels of the frozen form are called together: so that rows of an image go through all of them, or that they write
//! where their concatenation is.
//!
//! ```text
//! x = expand(x); x = filter(x); x = project(x)   →   x = chain([expand, filter, project], x)
//! y = a(x); z = b(x); x = cat([y, z])            →   x = joined([(a, x), (b, x)])
//! ```

use super::{
    context::Context,
    plan::{Form, Scope, Source, What},
    schedule::Uses,
};
use crate::{layer::Reach, shape::Type};

/// What `forward` computes in one statement.
#[derive(Debug)]
pub(super) enum Call {
    /// Blocks of which each reads the one before, and nobody else does. Most are one.
    Chain(Vec<usize>),
    /// Blocks, and the one that concatenates what they compute.
    Joined { parts: Vec<usize>, whole: usize },
}

/// All of it, in the order in which it is computed.
pub(super) fn calls(context: &Context<'_>, uses: &Uses) -> Vec<Call> {
    let scope = context.example;
    let order = context.class.order.iter().copied();
    if context.form() == Form::Trained {
        return order.map(|it| Call::Chain(vec![it])).collect();
    }
    let mut calls: Vec<Call> = Vec::new();
    for index in order {
        if let Some(parts) = parts(scope, &calls, index, uses) {
            calls.truncate(calls.len() - parts.len());
            calls.push(Call::Joined {
                parts,
                whole: index,
            });
            continue;
        }
        match calls.last_mut() {
            Some(Call::Chain(chain))
                if continues(scope, chain, index)
                    && chain
                        .last()
                        .is_some_and(|it| is_for(scope, *it, index, uses)) =>
            {
                chain.push(index);
            }
            _ => calls.push(Call::Chain(vec![index])),
        }
    }
    calls
}

/// The convolutions that a concatenation reads, if they are all it reads, and come directly before it.
fn parts(scope: &Scope, calls: &[Call], whole: usize, uses: &Uses) -> Option<Vec<usize>> {
    let block = &scope.blocks[whole];
    let What::Layer(leaf) = &block.what else {
        return None;
    };
    if !leaf.layer.joins_channels() || block.inputs.len() < 2 {
        return None;
    }
    let before = &calls[calls.len().checked_sub(block.inputs.len())?..];
    let part = |source: &Source| {
        let Source::Block { block, port: 0 } = *source else {
            return None;
        };
        let is_before = |it: &Call| matches!(it, Call::Chain(chain) if *chain == [block]);
        let is_part = uses.is_only(*source)
            && !scope.blocks[block].fused.adds
            && is_convolution(scope, block)
            && before.iter().any(is_before);
        is_part.then_some(block)
    };
    block.inputs.iter().map(part).collect()
}

/// Whether it is one of two axes: with kernels that can write anywhere.
fn is_convolution(scope: &Scope, index: usize) -> bool {
    let block = &scope.blocks[index];
    let (What::Layer(leaf), [output]) = (&block.what, block.outputs.as_slice()) else {
        return false;
    };
    output.dims().len() == 4 && leaf.layer.kernel_channels(output) == Some(1)
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
