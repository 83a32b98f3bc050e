//! What makes the frozen form faster than the trained one: work that a layer with weights can do along with its own.
//!
//! ```text
//! conv1 ─► bn1 ─► relu ─► conv2 ─► bn2 ─► add ─► relu        conv1 (bn1, relu) ─► conv2 (bn2, + image, relu)
//!   image ──────────────────────────────► add
//! ```
//!
//! Each pass is a file and a function over a scope. The scopes inside are done, and those that became one layer are part
//! of this one already, so that passes see through the Sequentials that people write around a convolution.

mod epilogues;
mod norms;
mod sums;
#[cfg(test)]
mod tests;

use super::plan::{Block, Form, Leaf, Scope, Source, What};

/// In this order: a sum takes no epilogue with it, and an epilogue no norm.
const PASSES: [fn(&mut Fusing<'_>); 4] = [norms::after, norms::before, sums::run, epilogues::run];

/// Fuses what can be fused in a scope.
pub(super) fn fuse(scope: &mut Scope) {
    let mut fusing = Fusing::new(scope);
    for pass in PASSES {
        pass(&mut fusing);
    }
    fusing.finish();
}

/// For each block of a scope the only one that reads it; none in the trained form, where nothing comes of that.
pub(super) fn readers(scope: &Scope, form: Form) -> Vec<Option<usize>> {
    if form == Form::Trained {
        return Vec::new();
    }
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); scope.blocks.len()];
    for (index, block) in scope.blocks.iter().enumerate() {
        for source in &block.inputs {
            if let Source::Block { block, .. } = source {
                readers[*block].push(index);
            }
        }
    }
    let outputs = scope.outputs.iter().map(|it| it.source);
    for source in outputs {
        if let Source::Block { block, .. } = source {
            // As a second reader.
            readers[block].extend([block, block]);
        }
    }
    let only = |readers: &Vec<usize>| match readers.as_slice() {
        [reader] => Some(*reader),
        _ => None,
    };
    readers.iter().map(only).collect()
}

/// Whether the layer that reads a scope could be part of the kernel that comes last in it.
pub(super) fn may_join(inner: &Scope, reader: &Block) -> bool {
    let ([output], What::Layer(layer)) = (inner.outputs.as_slice(), &reader.what) else {
        return false;
    };
    let Source::Block { block, port: 0 } = output.source else {
        return false;
    };
    let kernel = &inner.blocks[block];
    let What::Layer(leaf) = &kernel.what else {
        return false;
    };
    let channels = leaf.layer.kernel_channels(&kernel.outputs[0]);
    let (layer, fused) = (&layer.layer, &kernel.fused);
    let is_open = channels.is_some() && fused.epilogue.is_none();
    let adds = layer.is_sum() && reader.inputs.len() == 2 && !fused.adds;
    let norms = layer.is_norm() && channels == Some(1) && !fused.adds;
    is_open && (adds || norms || layer.epilogue().is_some())
}

/// A scope some of whose blocks became part of others.
struct Fusing<'a> {
    scope: &'a mut Scope,
    /// The block that now computes what a block did.
    became: Vec<Option<usize>>,
    /// How often the value of a block is read.
    reads: Vec<usize>,
}

impl<'a> Fusing<'a> {
    fn new(scope: &'a mut Scope) -> Self {
        let mut reads = vec![0; scope.blocks.len()];
        let inputs = scope.blocks.iter().flat_map(|it| &it.inputs);
        for source in inputs.chain(scope.outputs.iter().map(|it| &it.source)) {
            if let Source::Block { block, .. } = source {
                reads[*block] += 1;
            }
        }
        Self {
            became: vec![None; scope.blocks.len()],
            reads,
            scope,
        }
    }

    /// The blocks that are left, in the order of execution.
    fn order(&self) -> Vec<usize> {
        let order = self.scope.order.iter().copied();
        order.filter(|it| self.became[*it].is_none()).collect()
    }

    fn block(&mut self, index: usize) -> &mut Block {
        &mut self.scope.blocks[index]
    }

    /// What a block is, if it is a layer.
    fn leaf(&self, index: usize) -> Option<&Leaf> {
        match &self.scope.blocks[index].what {
            What::Layer(leaf) => Some(leaf),
            What::Run { .. } => None,
        }
    }

    /// Where a value comes from by now.
    fn source(&self, mut source: Source) -> Source {
        while let Source::Block { block, port } = source {
            match self.became[block] {
                Some(block) => source = Source::Block { block, port },
                None => break,
            }
        }
        source
    }

    /// The layer whose kernel gives this value to one reader alone, so that it may do the reader's work, too.
    fn kernel(&self, source: Source) -> Option<usize> {
        let Source::Block { block, port: 0 } = self.source(source) else {
            return None;
        };
        let has_kernel = self.channels(block).is_some();
        (has_kernel && self.reads[block] == 1).then_some(block)
    }

    /// Where the output of a kernel has its channels; none for other blocks.
    fn channels(&self, index: usize) -> Option<usize> {
        let output = self.scope.blocks[index].outputs.first()?;
        self.leaf(index)?.layer.kernel_channels(output)
    }

    /// From now on, the one block computes what the other did.
    fn absorb(&mut self, gone: usize, into: usize) {
        self.became[gone] = Some(into);
        self.reads[into] = self.reads[gone];
    }

    /// Takes the blocks out that are part of others.
    fn finish(self) {
        if self.became.iter().all(Option::is_none) {
            return;
        }
        let mut count = 0;
        let numbers: Vec<usize> = self
            .became
            .iter()
            .map(|it| {
                count += usize::from(it.is_none());
                count.saturating_sub(1)
            })
            .collect();
        let place = |source: Source| match self.source(source) {
            Source::Block { block, port } => Source::Block {
                block: numbers[block],
                port,
            },
            input @ Source::Input(_) => input,
        };
        let order = self.order().into_iter().map(|it| numbers[it]).collect();
        let sources: Vec<Source> = self
            .scope
            .outputs
            .iter()
            .map(|it| place(it.source))
            .collect();
        let blocks: Vec<Vec<Source>> = self
            .scope
            .blocks
            .iter()
            .map(|it| it.inputs.iter().map(|it| place(*it)).collect())
            .collect();
        let Self { scope, became, .. } = self;
        scope.order = order;
        for (output, source) in scope.outputs.iter_mut().zip(sources) {
            output.source = source;
        }
        for (block, inputs) in scope.blocks.iter_mut().zip(blocks) {
            block.inputs = inputs;
        }
        let mut became = became.into_iter();
        scope.blocks.retain(|_| became.next().flatten().is_none());
    }
}
