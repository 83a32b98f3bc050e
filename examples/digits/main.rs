//! Trains the model of digits, saves it, and loads it again.
//!
//!     cargo run --release -p narchi-examples --bin digits -- [FILE.safetensors]

use std::{env, path::PathBuf, process::ExitCode};

use narchi_examples::{
    Result,
    digits::{Data, Digits, Training, accuracy},
    screen, time,
};
use narchi_runtime::{Device, load, nn, save, tch};

fn main() -> ExitCode {
    narchi_examples::run(program)
}

fn program() -> Result<()> {
    let path = env::args_os()
        .nth(1)
        .unwrap_or_else(|| "digits.safetensors".into());
    let path = PathBuf::from(path);
    let data = Data::load()?;

    // Images of 64 pixels do not pay for a second thread.
    tch::set_num_threads(1);
    tch::manual_seed(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());

    let time = Training::default().run_shown(&model, &vs, &data.training)?;
    let (time, count) = (time::brief(time), data.training.count());
    screen::show(&format!("trained on {count} images in {time}"));
    let (right, count) = (accuracy(&model, &data.held_out)?, data.held_out.count());
    screen::show(&format!(
        "reads {:.2} % of {count} held-out images",
        100.0 * right
    ));

    save(&vs, &path)?;
    let fresh_vs = nn::VarStore::new(Device::Cpu);
    let fresh = Digits::new(&fresh_vs.root());
    let tensors = load(&fresh_vs, &path)?.tensors;
    let outputs = |it: &Digits| tch::no_grad(|| it.forward_t(&data.held_out.pixels, false));
    if !outputs(&model)?.f_equal(&outputs(&fresh)?)? {
        return Err("the model that was loaded has other outputs".into());
    }
    screen::show(&format!("saved to {}, {tensors} tensors", path.display()));
    screen::show("loaded into a new model: the outputs are the same");
    Ok(())
}
