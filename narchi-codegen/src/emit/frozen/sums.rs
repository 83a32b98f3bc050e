//! The sum of a residual becomes part of the kernel that computes one of its summands.
//!
//! ```text
//! before   x = conv(image); x += shortcut       after   x = conv.forward_add(image, shortcut)
//! ```
//!
//! Of two kernels the later one takes it, so that nothing has to wait. It moves to where the sum was: the other summand
//! comes before it then.

use super::Fusing;

pub(super) fn run(fusing: &mut Fusing<'_>) {
    let order = fusing.order();
    // Where each block is computed.
    let mut places = vec![0; fusing.scope.blocks.len()];
    for (place, block) in order.iter().enumerate() {
        places[*block] = place;
    }
    let mut moved: Vec<Option<usize>> = order.iter().copied().map(Some).collect();
    for (place, sum) in order.iter().copied().enumerate() {
        if !fusing.leaf(sum).is_some_and(|it| it.layer.is_sum()) {
            continue;
        }
        let [a, b] = fusing.scope.blocks[sum].inputs[..] else {
            continue;
        };
        let kernel = |source| {
            let kernel = fusing.kernel(source)?;
            let fused = &fusing.scope.blocks[kernel].fused;
            (!fused.adds && fused.epilogue.is_none()).then_some(kernel)
        };
        let pairs = [(kernel(a), b), (kernel(b), a)].into_iter();
        let pairs = pairs.filter_map(|(kernel, other)| Some((kernel?, other)));
        let Some((kernel, other)) = pairs.max_by_key(|it| places[it.0]) else {
            continue;
        };
        let block = fusing.block(kernel);
        block.inputs.push(other);
        block.fused.adds = true;
        fusing.absorb(sum, kernel);
        moved[places[kernel]] = None;
        moved[place] = Some(kernel);
        places[kernel] = place;
    }
    fusing.scope.order = moved.into_iter().flatten().collect();
}
