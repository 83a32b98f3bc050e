//! Trains the model of digits, saves it, and loads it again.
//!
//!     cargo run --release -p narchi-examples --bin digits -- [FILE.safetensors]

use std::{env, path::PathBuf, time::Instant};

use narchi_examples::{
    Result,
    digits::{Data, Digits, Training, accuracy},
    screen, time,
};
use narchi_runtime::{Device, Error, load, nn, save, tch};

#[expect(clippy::print_stdout, reason = "it is a program")]
fn main() -> Result<()> {
    let path = env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("digits.safetensors"), PathBuf::from);
    let data = Data::load()?;

    // Images of 64 pixels do not pay for a second thread.
    tch::set_num_threads(1);
    tch::manual_seed(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());

    let training = Training::default();
    let bar = screen::progress(training.epochs.unsigned_abs());
    let begin = Instant::now();
    training.run(&model, &vs, &data.training, |it| {
        bar.set_position(it.epoch.unsigned_abs());
        bar.set_message(format!("epochs, loss {:.4}", it.loss));
    })?;
    bar.finish_and_clear();
    println!(
        "trained on {} images in {}",
        data.training.count(),
        time::brief(begin.elapsed())
    );
    let right = accuracy(&model, &data.held_out)?;
    println!(
        "{:.2} % of {} held-out images are right",
        100.0 * right,
        data.held_out.count()
    );

    save(&vs, &path)?;
    let fresh_vs = nn::VarStore::new(Device::Cpu);
    let fresh = Digits::new(&fresh_vs.root());
    let loaded = load(&fresh_vs, &path)?;
    let _guard = tch::no_grad_guard();
    let outputs = |it: &Digits| it.forward_t(&data.held_out.pixels, false);
    let same = outputs(&model)?
        .f_equal(&outputs(&fresh)?)
        .map_err(Error::from)?;
    let verdict = if same {
        "the outputs are the same"
    } else {
        "the outputs differ"
    };
    println!(
        "saved to {}; {} tensors loaded into a new model: {verdict}",
        path.display(),
        loaded.tensors
    );
    Ok(())
}
