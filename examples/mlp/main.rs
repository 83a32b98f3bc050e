//! The smallest program: a model from a file, at compile time.
//!
//!     cargo run -p narchi-examples --bin mlp

use narchi_runtime::prelude::*;

narchi_runtime::narchi_model!("mlp.jsonnet");

#[expect(clippy::print_stdout, reason = "it is a program")]
fn main() -> Result<()> {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Mlp::new(&vs.root());
    let features = Tensor::rand([5, 8], (Kind::Float, Device::Cpu));
    println!("{:?}", model.forward(&features)?.size());
    Ok(())
}
