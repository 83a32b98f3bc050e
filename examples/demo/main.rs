//! From an architecture file to Rust, from Rust to a trained model, and a model that computes what PyTorch does.
//!
//!     cargo demo

use std::time::Instant;

use console::style;
use narchi_examples::{
    Result,
    digits::{Data, Digits, Images, Training, accuracy, classify},
    resnet::{Resnet, formula},
    screen, time,
};
use narchi_runtime::{Device, Kind, Tensor, load, nn, save, tch};
use serde_json::Value;

const ARCHITECTURE: &str = include_str!("../resnet/resnet.jsonnet");
const GENERATED: &str = include_str!("../resnet/generated.rs");
const RECORDED: &str = include_str!("../../tests/reference/torchvision/resnets.json");

#[expect(clippy::print_stdout, reason = "it is a program")]
fn main() -> Result<()> {
    println!("{}", screen::step(1, "A block of a network, as it is described"));
    println!("{}", screen::indented(screen::excerpt(ARCHITECTURE, "local ResBlock(", "};")));
    println!("   {}", screen::caption("from examples/resnet/resnet.jsonnet"));

    println!("{}", screen::step(2, "The Rust that narchi makes of it, shapes checked"));
    let ours = screen::excerpt(GENERATED, "struct ResBlock ", "}");
    let code = screen::excerpt(GENERATED, "impl ResBlock ", "}");
    println!("{}", screen::indented(&format!("{ours}\n\n{code}")));
    let lines = GENERATED.lines().count();
    println!("   {}", screen::caption(&format!("from examples/resnet/generated.rs, all of ResNet-18 in {lines} lines")));

    println!("{}", screen::step(3, "A small residual network learns to read digits"));
    let data = Data::load()?;
    let (digits, digits_vs) = trained(&data)?;
    let right = accuracy(&digits, &data.held_out)?;
    println!("   it reads {:.2} % of {} held-out digits", 100.0 * right, data.held_out.count());
    println!("   saved, and loaded into a new model: {}", reloaded(&digits, &digits_vs, &data.held_out)?);

    println!("{}", screen::step(4, "Digits it has never seen"));
    println!("{}", screen::indented(&pictures(&digits, &data.held_out)?));

    println!("{}", screen::step(5, "ResNet-18 computes what torchvision computes"));
    let resnet_vs = nn::VarStore::new(Device::Cpu);
    let resnet = Resnet::new(&resnet_vs.root());
    formula::fill(&resnet_vs)?;
    let (difference, agree) = compared(&resnet)?;
    println!("   the same weights, by a formula, and the same two images of 224×224 on both sides:");
    println!("   outputs differ by at most {difference:.1e} of the greatest; the classes are {agree}");

    println!("{}", screen::step(6, "In numbers"));
    let image = formula::image(&[1, 3, 224, 224])?;
    let digit = data.held_out.pixels.f_narrow(0, 0, 1)?;
    let _guard = tch::no_grad_guard();
    let digit_time = time::median(|| digits.forward_t(&digit, false))?;
    let image_time = time::median(|| resnet.forward_t(&image, false))?;
    let rows = [
        [
            "digits, 8×8".to_owned(),
            format!("{:.2} % of held-out", 100.0 * right),
            screen::thousands(parameters(&digits_vs)),
            time::brief(digit_time),
        ],
        [
            "ResNet-18, 224×224".to_owned(),
            format!("torchvision ± {difference:.0e}"),
            screen::thousands(parameters(&resnet_vs)),
            time::brief(image_time),
        ],
    ];
    let head = ["model", "accuracy", "parameters", "time per image"];
    println!("{}", screen::indented(&screen::table(head, &rows)));
    let threads = tch::get_num_threads();
    println!("   {}", screen::caption(&format!("one image at a time, median, CPU with {threads} threads")));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is a program")]
fn trained(data: &Data) -> Result<(Digits, nn::VarStore)> {
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
    let (epochs, count) = (training.epochs, data.training.count());
    println!("   {epochs} epochs of {} images in {}", screen::thousands(count), time::brief(begin.elapsed()));
    Ok((model, vs))
}

/// Whether a saved model gives the same outputs when it is loaded.
fn reloaded(model: &Digits, vs: &nn::VarStore, images: &Images) -> Result<&'static str> {
    let path = std::env::temp_dir().join(format!("narchi-demo-{}.safetensors", std::process::id()));
    save(vs, &path)?;
    let fresh_vs = nn::VarStore::new(Device::Cpu);
    let fresh = Digits::new(&fresh_vs.root());
    let loaded = load(&fresh_vs, &path);
    std::fs::remove_file(&path)?;
    loaded?;
    let _guard = tch::no_grad_guard();
    let outputs = model.forward_t(&images.pixels, false)?;
    let same = outputs.f_equal(&fresh.forward_t(&images.pixels, false)?)?;
    Ok(if same { "the same outputs" } else { "other outputs" })
}

/// Some digits side by side, among them one that the model gets wrong, if there is one.
fn pictures(model: &Digits, images: &Images) -> Result<String> {
    let labels = Vec::<i64>::try_from(&images.labels)?;
    let answers = Vec::<i64>::try_from(&classify(model, &images.pixels)?)?;
    let wrong = (0..labels.len()).find(|it| labels[*it] != answers[*it]);
    let chosen = [0, 1, 5].into_iter().chain([wrong.unwrap_or(6)]);
    let mut blocks = Vec::new();
    for index in chosen {
        let image = images.pixels.f_select(0, i64::try_from(index)?)?.f_flatten(0, -1)?;
        let mut block = screen::picture(&Vec::<f32>::try_from(&image)?, 8);
        let (label, answer) = (labels[index], answers[index]);
        block.push(match label == answer {
            true => style(format!("read as {answer}")).green().to_string(),
            false => style(format!("read as {answer}, is {label}")).red().to_string(),
        });
        blocks.push(block);
    }
    Ok(screen::beside(&blocks, "   "))
}

/// How far the outputs are from what torchvision gave, and whether the greatest are at the same place.
fn compared(model: &Resnet) -> Result<(f64, &'static str)> {
    let recorded: Value = serde_json::from_str(RECORDED)?;
    let recorded = &recorded["resnet18"];
    let list = |key: &str| -> Vec<f64> {
        recorded[key].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let image = formula::image(&[2, 3, 224, 224])?;
    let output = tch::no_grad(|| model.forward_t(&image, false))?;
    let flat = output.f_flatten(0, -1)?.f_to_kind(Kind::Double)?;
    let part = |from: i64| flat.f_narrow(0, from, 8);
    let ours = Tensor::f_cat(&[part(0)?, part(flat.size()[0] - 8)?], 0)?;
    let theirs = Tensor::f_from_slice(&[list("first8"), list("last8")].concat())?;
    let greatest = theirs.f_abs()?.f_max()?.f_double_value(&[])?;
    let difference = ours.f_sub(&theirs)?.f_abs()?.f_max()?.f_double_value(&[])? / greatest;
    let classes: Vec<i64> = list("argmax").iter().map(|it| *it as i64).collect();
    let same = Vec::<i64>::try_from(&output.f_argmax(1, false)?)? == classes;
    Ok((difference, if same { "the same" } else { "others" }))
}

fn parameters(vs: &nn::VarStore) -> usize {
    vs.trainable_variables().iter().map(Tensor::numel).sum()
}
