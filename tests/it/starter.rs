//! What `narchi-codegen new` makes compiles; `main` is not run here, as it writes a file where it is.

#![allow(
    clippy::pedantic,
    clippy::print_stdout,
    reason = "it is a user's program"
)]

include!("../../narchi-codegen/src/cli/new/main.txt");

#[test]
fn the_model_computes_both_ways() {
    let _main: fn() -> Result<()> = main;
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Net::new(&vs.root());
    let images = Tensor::rand([2, 3, 32, 32], (Kind::Float, Device::Cpu));
    let (trained, frozen) = (
        model.forward_t(&images, false).unwrap(),
        model.freeze().unwrap().forward(&images).unwrap(),
    );
    assert!(trained.allclose(&frozen, 1e-4, 1e-5, false));
}
