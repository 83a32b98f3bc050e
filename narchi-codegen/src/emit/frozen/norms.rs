//! Batch norms become part of the weights of a neighbour.
//!
//! ```text
//! before   x = conv(image); x = bn(x)           after   x = conv(image), with other weights
//! before   x = bn(image);   x = linear(x)       after   x = linear(image), with other weights
//! ```
//!
//! In inference a batch norm multiplies each channel by a number and adds another, and so do weights and bias. Before a
//! convolution that is exact only without padding: what is padded is zero, whatever the norm makes of a zero.

use super::{
    super::plan::{Block, Norm, What},
    Fusing,
};

/// Norms behind a kernel.
pub(super) fn after(fusing: &mut Fusing<'_>) {
    for norm in fusing.order() {
        if !is_norm(fusing, norm) {
            continue;
        }
        let Some(kernel) = fusing.kernel(fusing.scope.blocks[norm].inputs[0]) else {
            continue;
        };
        if fusing.channels(kernel) == Some(1) {
            let fused = fused(&fusing.scope.blocks[norm], false);
            fusing.block(kernel).fused.norms.extend(fused);
            fusing.absorb(norm, kernel);
        }
    }
}

/// Norms that nothing but a kernel reads.
pub(super) fn before(fusing: &mut Fusing<'_>) {
    for kernel in fusing.order() {
        if fusing.channels(kernel).is_none() {
            continue;
        }
        let input = fusing.source(fusing.scope.blocks[kernel].inputs[0]);
        let super::Source::Block { block: norm, .. } = input else {
            continue;
        };
        let is_exact = fusing.scope.blocks[norm]
            .outputs
            .first()
            .and_then(|it| fusing.leaf(kernel)?.layer.kernel_channels(it))
            == Some(1)
            && fusing.leaf(kernel).is_some_and(|it| !it.layer.pads());
        if is_exact && is_norm(fusing, norm) && fusing.reads[norm] == 1 {
            let fused = fused(&fusing.scope.blocks[norm], true);
            let source = fusing.scope.blocks[norm].inputs[0];
            let reads = fusing.reads[kernel];
            fusing.block(kernel).fused.norms.extend(fused);
            fusing.block(kernel).inputs[0] = source;
            fusing.absorb(norm, kernel);
            fusing.reads[kernel] = reads;
        }
    }
}

fn is_norm(fusing: &Fusing<'_>, index: usize) -> bool {
    fusing.leaf(index).is_some_and(|it| it.layer.is_norm())
}

fn fused(norm: &Block, is_before: bool) -> Option<Norm> {
    let What::Layer(leaf) = &norm.what else {
        return None;
    };
    Some(Norm {
        leaf: leaf.clone(),
        path: norm.path.clone(),
        start: norm.start.clone(),
        is_before,
    })
}
