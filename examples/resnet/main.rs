//! Classifies a photograph with ResNet-18.
//!
//!     cargo run --release -p narchi-examples --bin resnet -- resnet18-f37072fd.pth photo.jpg
//!
//! Without weights they are random, without a photograph it is noise: then only the time means something.

use std::{env, process::ExitCode};

use narchi_examples::{Result, resnet::Resnet, screen, time};
use narchi_runtime::{Device, Kind, Tensor, load, nn, tch, tch::vision::imagenet};

fn main() -> ExitCode {
    narchi_examples::run(program)
}

fn program() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (weights, photo) = (arguments.next(), arguments.next());

    tch::manual_seed(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Resnet::new(&vs.root());
    if let Some(path) = &weights {
        let loaded = load(&vs, path)?;
        screen::show(&format!("{} tensors from {path}", loaded.tensors));
        loaded
            .notes
            .iter()
            .for_each(|it| screen::show(&format!("note: {it}")));
    }
    let image = match &photo {
        Some(path) => imagenet::load_image_and_resize224(path)?.f_unsqueeze(0)?,
        None => Tensor::f_rand([1, 3, 224, 224], (Kind::Float, Device::Cpu))?,
    };

    let _guard = tch::no_grad_guard();
    let logits = model.forward_t(&image, false)?;
    let rows: Vec<[String; 2]> = imagenet::top(&logits.f_softmax(-1, None)?, 5)
        .into_iter()
        .map(|(probability, class)| [class, format!("{:.1} %", 100.0 * probability)])
        .collect();
    screen::show("\n");
    screen::show(&screen::table(["class", "probability"], &rows));
    let time = time::median(|| model.forward_t(&image, false))?;
    let frozen = model.freeze()?;
    let frozen_time = time::median(|| frozen.forward(&image))?;
    let threads = tch::get_num_threads();
    screen::caption(&format!(
        "{} per image with {threads} threads, frozen {}",
        time::brief(time),
        time::brief(frozen_time)
    ));
    Ok(())
}
