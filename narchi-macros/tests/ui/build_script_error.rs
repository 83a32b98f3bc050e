//! The same through a build script, whose output the environment names here.

extern crate self as narchi_runtime;

#[path = "../it/stand_in.rs"]
mod runtime;
pub use runtime::prelude;

use prelude::{Result, Tensor, nn};

mod model {
    include!(env!("NARCHI_TESTS_BROKEN"));
}

fn run(vs: &nn::Path, image: &Tensor) -> Result<Tensor> {
    let net = model::Broken::new(vs);
    net.freeze()?.forward(image)?;
    net.forward_t(image, true)
}

fn main() {
    _ = run;
}
