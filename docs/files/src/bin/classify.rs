use narchi_runtime::{Device, Kind, Result, Tensor, frozen, narchi_model};

narchi_model!("../mlp.jsonnet");

fn classify(checkpoint: &str, features: &Tensor) -> Result<Vec<i64>> {
    let model = FrozenMlp::load(checkpoint)?;
    let classes = model.forward(features)?.argmax(1, false);
    Ok(Vec::try_from(classes)?)
}

fn main() -> Result<()> {
    // Programs may do this once, at their start: memory that was freed is kept for the next call.
    frozen::keep_freed_memory();
    let features = Tensor::rand([5, 8], (Kind::Float, Device::Cpu));
    println!("{:?}", classify("mlp.safetensors", &features)?);
    Ok(())
}
