use narchi_runtime::{Device, Kind, Result, Tensor, narchi_model, nn, nn::OptimizerConfig};

narchi_model!("../mlp.jsonnet");

/// Random points; the class of each is the largest of its first three features.
fn points(count: i64) -> (Tensor, Tensor) {
    let features = Tensor::rand([count, 8], (Kind::Float, Device::Cpu));
    let classes = features.narrow(1, 0, 3).argmax(1, false);
    (features, classes)
}

fn train(checkpoint: &str) -> Result<f64> {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Mlp::new(&vs.root());
    let mut adam = nn::Adam::default().build(&vs, 0.01)?;
    let mut last = f64::NAN;
    for step in 1..=300 {
        let (features, classes) = points(64);
        let loss = model.forward(&features)?.cross_entropy_for_logits(&classes);
        adam.backward_step(&loss);
        if step % 100 == 0 {
            last = loss.double_value(&[]);
            println!("step {step}: loss {last:.2}");
        }
    }
    narchi_runtime::save(&vs, checkpoint)?;
    Ok(last)
}

fn main() -> Result<()> {
    train("mlp.safetensors")?;
    Ok(())
}
