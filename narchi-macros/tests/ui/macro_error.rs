//! A mismatched Add is one error, at the path; the code that uses the model is not to blame.

#[path = "../it/stand_in.rs"]
mod runtime;

use runtime::prelude::{Result, Tensor, nn};

narchi_macros::narchi_model!(crate::runtime, pub Net, "broken.jsonnet");

fn run(vs: &nn::Path, image: &Tensor) -> Result<Tensor> {
    let net = Net::new(vs);
    let net: &dyn nn::Module = &net;
    net.forward(image);
    let net = Net::new(vs);
    net.forward_t(image, true)?;
    let frozen: FrozenNet = net.freeze()?;
    _ = net.freeze_for([1, 224, 224])?.describe();
    let frozen: &dyn nn::Module = &frozen;
    frozen.forward(image);
    FrozenNet::load("net.safetensors")?.forward(image)?;
    net.forward(image)
}

fn main() {
    _ = run;
}
