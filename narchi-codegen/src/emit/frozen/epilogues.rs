//! Activations become the last step of a kernel.
//!
//! ```text
//! before   x = conv(image); x = relu(x)         after   x = conv(image), which ends with relu
//! ```

use super::Fusing;

pub(super) fn run(fusing: &mut Fusing<'_>) {
    for activation in fusing.order() {
        let epilogue = fusing.leaf(activation).and_then(|it| it.layer.epilogue());
        let Some(epilogue) = epilogue else {
            continue;
        };
        let Some(kernel) = fusing.kernel(fusing.scope.blocks[activation].inputs[0]) else {
            continue;
        };
        let fused = &mut fusing.block(kernel).fused;
        if fused.epilogue.is_none() {
            fused.epilogue = Some(epilogue);
            fusing.absorb(activation, kernel);
        }
    }
}
