//! From an architecture file to Rust, from Rust to a trained model, and to one that computes what PyTorch does.
//!
//!     cargo demo

use std::{
    env, fs,
    process::{self, ExitCode},
    time::Duration,
};

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

fn main() -> ExitCode {
    narchi_examples::run(program)
}

fn program() -> Result<()> {
    screen::step(1, "A block of a network, as it is described");
    screen::show(screen::excerpt(ARCHITECTURE, "local ResBlock(", "};"));
    screen::caption("examples/resnet/resnet.jsonnet");

    screen::step(2, "The Rust that narchi makes of it, every shape checked");
    screen::show(screen::excerpt(GENERATED, "struct ResBlock ", "}"));
    screen::show("\n");
    screen::show(screen::excerpt(GENERATED, "impl ResBlock ", "}"));
    let lines = GENERATED.lines().count();
    screen::caption(&format!(
        "examples/resnet/generated.rs; all of ResNet-18 has {lines} lines"
    ));

    // Images of 64 pixels do not pay for a second thread.
    let threads = tch::get_num_threads();
    tch::set_num_threads(1);
    let digits = read_digits()?;
    tch::set_num_threads(threads);
    let resnet = compute_resnet()?;

    screen::step(6, "In numbers");
    let head = [
        "model",
        "accuracy",
        "parameters",
        "time per image",
        "frozen",
    ];
    screen::show(&screen::table(
        head,
        &[digits.row("digits, 8×8"), resnet.row("ResNet-18, 224×224")],
    ));
    screen::caption(&format!(
        "median time of one image at a time on the CPU: digits with 1 thread, ResNet-18 with {threads}"
    ));
    Ok(())
}

/// What the table says of a model.
struct Numbers {
    accuracy: String,
    parameters: usize,
    time: Duration,
    /// That of the frozen form.
    frozen_time: Duration,
}

impl Numbers {
    fn row(&self, name: &str) -> [String; 5] {
        let parameters = screen::thousands(self.parameters);
        [
            name.to_owned(),
            self.accuracy.clone(),
            parameters,
            time::brief(self.time),
            time::brief(self.frozen_time),
        ]
    }
}

fn read_digits() -> Result<Numbers> {
    screen::step(3, "A small residual network learns to read digits");
    let data = Data::load()?;
    tch::manual_seed(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());
    let training = Training::default();
    let time = time::brief(training.run_shown(&model, &vs, &data.training)?);
    let (epochs, images) = (training.epochs, screen::thousands(data.training.count()));
    screen::show(&format!("{epochs} epochs of {images} images in {time}"));
    let accuracy = format!("{:.2} %", 100.0 * accuracy(&model, &data.held_out)?);
    screen::show(&format!(
        "it reads {accuracy} of {} held-out digits",
        data.held_out.count()
    ));
    let same = saved_is_same(&model, &vs, &data.held_out)?;
    screen::show(&format!(
        "saved, and loaded into a new model: the outputs {}",
        if same { "are the same" } else { "DIFFER" }
    ));

    screen::step(4, "Digits it has never seen");
    screen::show(&pictures(&model, &data.held_out)?);

    let digit = data.held_out.pixels.f_narrow(0, 0, 1)?;
    let frozen = model.freeze()?;
    Ok(Numbers {
        accuracy: format!("{accuracy} of held-out"),
        parameters: parameters(&vs),
        time: tch::no_grad(|| time::median(|| model.forward_t(&digit, false)))?,
        frozen_time: time::median(|| frozen.forward(&digit))?,
    })
}

/// Whether a model gives the same outputs when it was saved and loaded.
fn saved_is_same(model: &Digits, vs: &nn::VarStore, images: &Images) -> Result<bool> {
    let path = env::temp_dir().join(format!("narchi-demo-{}.safetensors", process::id()));
    save(vs, &path)?;
    let fresh_vs = nn::VarStore::new(Device::Cpu);
    let fresh = Digits::new(&fresh_vs.root());
    let loaded = load(&fresh_vs, &path);
    fs::remove_file(&path)?;
    loaded?;
    let outputs = |it: &Digits| tch::no_grad(|| it.forward_t(&images.pixels, false));
    Ok(outputs(model)?.f_equal(&outputs(&fresh)?)?)
}

/// Some digits side by side, among them one that the model gets wrong, if there is one.
fn pictures(model: &Digits, images: &Images) -> Result<String> {
    let labels = Vec::<i64>::try_from(&images.labels)?;
    let answers = Vec::<i64>::try_from(&classify(model, &images.pixels)?)?;
    let (right, wrong): (Vec<usize>, Vec<usize>) =
        (0..labels.len()).partition(|it| labels[*it] == answers[*it]);
    // The first ones are 4 9 4 9 4: take different ones.
    let mut chosen: Vec<usize> = Vec::new();
    for index in right {
        if chosen.iter().all(|it| labels[*it] != labels[index]) {
            chosen.push(index);
        }
    }
    chosen.truncate(if wrong.is_empty() { 4 } else { 3 });
    chosen.extend(wrong.first());

    let mut blocks = Vec::new();
    for index in chosen {
        let image = images.pixels.f_select(0, i64::try_from(index)?)?;
        let pixels = Vec::<f32>::try_from(&image.f_flatten(0, -1)?)?;
        let mut block = screen::picture(&pixels, 8);
        let (label, answer) = (labels[index], answers[index]);
        let text = format!("read as {answer}");
        block.push(if label == answer {
            style(text).green().to_string()
        } else {
            style(format!("{text}, is {label}")).red().to_string()
        });
        blocks.push(block);
    }
    Ok(screen::beside(&blocks, "   "))
}

fn compute_resnet() -> Result<Numbers> {
    screen::step(5, "ResNet-18 computes what torchvision computes");
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Resnet::new(&vs.root());
    formula::fill(&vs)?;
    screen::show(
        "both have the same weights and see the same two images of 224×224, made by a formula",
    );
    let agreement = tch::no_grad(|| compared(&model))?;
    screen::show(&agreement);

    let image = formula::image(&[1, 3, 224, 224])?;
    let frozen = model.freeze()?;
    Ok(Numbers {
        accuracy: "as torchvision".to_owned(),
        parameters: parameters(&vs),
        time: tch::no_grad(|| time::median(|| model.forward_t(&image, false)))?,
        frozen_time: time::median(|| frozen.forward(&image))?,
    })
}

/// How far the outputs are from what torchvision gave.
///
/// # Errors
///
/// Also if they are further away than rounding explains.
fn compared(model: &Resnet) -> Result<String> {
    let recorded: Value = serde_json::from_str(RECORDED)?;
    let list = |key: &str| -> Vec<f64> {
        let list = recorded["resnet18"][key].as_array();
        list.into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect()
    };
    let output = model.forward_t(&formula::image(&[2, 3, 224, 224])?, false)?;
    let classes = output.f_argmax(1, false)?.f_to_kind(Kind::Double)?;
    if !classes.f_equal(&Tensor::f_from_slice(&list("argmax"))?)? {
        return Err("torchvision's ResNet-18 gives other classes".into());
    }

    let flat = output.f_flatten(0, -1)?;
    let eight = |from: i64| flat.f_narrow(0, from, 8);
    let ours = Tensor::f_cat(&[eight(0)?, eight(flat.size()[0] - 8)?], 0)?;
    let theirs = Tensor::f_from_slice(&[list("first8"), list("last8")].concat())?;
    let theirs = theirs.f_to_kind(Kind::Float)?;
    let greatest = |it: &Tensor| it.f_abs()?.f_max()?.f_double_value(&[]);
    let difference = greatest(&ours.f_sub(&theirs)?)? / greatest(&theirs)?;
    if difference > 1e-4 {
        return Err(
            format!("torchvision's ResNet-18 gives other outputs, by {difference:.1e}").into(),
        );
    }
    Ok(if difference == 0.0 {
        "the classes are the same, the 16 outputs that were recorded equal ours to the last bit"
            .to_owned()
    } else {
        format!(
            "the classes are the same, the 16 outputs that were recorded differ from ours by {difference:.0e}"
        )
    })
}

fn parameters(vs: &nn::VarStore) -> usize {
    vs.trainable_variables().iter().map(Tensor::numel).sum()
}
