//! A mismatched Add is one error, at the path; the code that uses the model is not to blame.

use narchi_runtime::{Result, Tensor, narchi_model, nn};

narchi_model!(pub Net, "broken.jsonnet");

fn run(vs: &nn::Path, image: &Tensor) -> Result<Tensor> {
    let net = Net::new(vs);
    net.forward(image)
}

fn main() {
    _ = run;
}
