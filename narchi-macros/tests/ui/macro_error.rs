//! A mismatched Add is one error, at the path; the code that uses the model is not to blame.

#[path = "../it/stand_in.rs"]
mod runtime;

use runtime::prelude::{Result, Tensor, frozen, nn};

narchi_macros::narchi_model!(crate::runtime, pub Net, "broken.jsonnet");

fn run(vs: &nn::Path, image: &Tensor) -> Result<Tensor> {
    let net = Net::new(vs);
    let net: &dyn nn::Module = &net;
    net.forward(image);
    let net = Net::new(vs);
    net.forward_t(image, true)?;
    let still: FrozenNet = net.freeze()?;
    _ = net.freeze_for([1, 224, 224])?.describe();
    _ = net.freeze_with(frozen::Options)?;
    let still: &dyn nn::Module = &still;
    still.forward(image);
    FrozenNet::load("net.safetensors")?.forward(image)?;
    net.forward(image)
}

fn main() {
    _ = run;
}
