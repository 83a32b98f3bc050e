//! The frozen form of a model is the model: same results from a checkpoint, from any number of threads, whatever becomes of
//! the trained form.

use std::thread;

use narchi_examples::resnet::formula;
use narchi_runtime::{Device, Kind, Result, Tensor, frozen, narchi_model, nn, save, tch};

use crate::drivers::{Tensors, check_frozen};

narchi_model!(Mlp, "../../examples/mlp/mlp.jsonnet");
narchi_model!(Digits, "../../examples/digits/digits.jsonnet");
narchi_model!(Mobilenet, "../arch/mobilenet.jsonnet");
narchi_model!(Chains, "../arch/chains.jsonnet");
narchi_model!(Squeezenet, "../arch/squeezenet.jsonnet");
narchi_model!(Shared, "../../narchi-codegen/tests/models/shared.jsonnet");

fn random(size: &[i64]) -> Tensor {
    Tensor::rand(size, (Kind::Float, Device::Cpu))
}

#[test]
fn a_checkpoint_gives_the_same_model() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digits.safetensors");
    save(&vs, &file).unwrap();
    let image = random(&[3, 1, 8, 8]);
    let [a, b] = [model.freeze(), FrozenDigits::load(&file)].map(|it| it.unwrap().forward(&image));
    assert_eq!(a.unwrap(), b.unwrap());
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let vs = nn::VarStore::new(Device::Cpu);
    let _model = Mlp::new(&vs.root());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mlp.safetensors");
    save(&vs, &file).unwrap();
    let error = FrozenDigits::load(&file).unwrap_err().to_string();
    assert!(
        error.contains("conv.weight") && error.contains("hidden.weight"),
        "{error}"
    );
}

#[test]
fn training_goes_on_without_it() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());
    let frozen = model.freeze().unwrap();
    let image = random(&[2, 1, 8, 8]);
    let before = frozen.forward(&image).unwrap();
    tch::no_grad(|| {
        for (_, mut it) in vs.variables() {
            _ = it.fill_(0.5);
        }
    });
    assert_eq!(frozen.forward(&image).unwrap(), before);
    assert!(!before.requires_grad());
}

#[test]
fn it_may_be_part_of_another_model() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&(vs.root() / "eye"));
    let image = random(&[2, 1, 8, 8]);
    let frozen = model.freeze().unwrap();
    let difference = frozen.forward(&image).unwrap() - model.forward_t(&image, false).unwrap();
    assert!(difference.abs().max().double_value(&[]) < 1e-5);
}

#[test]
fn weights_that_are_shared_stay_shared_in_a_checkpoint() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Shared::new(&vs.root());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shared.safetensors");
    save(&vs, &file).unwrap();
    let names = |it: &dyn frozen::Blocks| {
        let mut names = Vec::new();
        it.visit(&mut |name, _| names.push(name.to_owned()));
        names
    };
    let (a, b) = (model.freeze().unwrap(), FrozenShared::load(&file).unwrap());
    assert_eq!(names(&a), names(&b));
}

#[test]
fn networks_of_images_are_as_exact() {
    check_network("MobileNet", Mobilenet::new, Mobilenet::freeze);
    check_network("chains", Chains::new, Chains::freeze);
    check_network("SqueezeNet", Squeezenet::new, Squeezenet::freeze);
}

/// Whether the frozen form is as exact as the trained one.
pub(crate) fn check_network<M: nn::ModuleT, F: nn::Module>(
    name: &str,
    new: impl Fn(&nn::Path<'_>) -> M,
    freeze: impl Fn(&M) -> Result<F>,
) {
    let mut vs = nn::VarStore::new(Device::Cpu);
    let model = new(&vs.root());
    formula::fill(&vs).unwrap();
    let image = formula::image(&[2, 3, 65, 94]).unwrap();
    let named = |it: Tensor| Tensors::from([("output".to_owned(), it)]);
    let run = |image: &Tensor| named(tch::no_grad(|| model.forward_t(image, false)));
    let trained = run(&image);
    let frozen = named(freeze(&model).unwrap().forward(&image));
    vs.double();
    let exact = run(&image.to_kind(Kind::Double));
    if let Err(why) = check_frozen(&exact, &trained, &frozen) {
        panic!("{name}: {why}");
    }
}

#[test]
fn threads_share_one_model() {
    const CALLS: usize = 100_000;
    let vs = nn::VarStore::new(Device::Cpu);
    let frozen = Mlp::new(&vs.root()).freeze().unwrap();
    let input = random(&[16, 8]);
    let expected: Vec<Vec<f32>> = (0..16)
        .map(|row| {
            let output = frozen.forward(&input.narrow(0, row, 1)).unwrap();
            Vec::try_from(output.view(-1)).unwrap()
        })
        .collect();
    thread::scope(|scope| {
        for first in 0..8_i64 {
            let (frozen, expected, input) = (&frozen, &expected, input.copy());
            scope.spawn(move || {
                let rows: Vec<Tensor> = (0..16).map(|row| input.narrow(0, row, 1)).collect();
                for call in 0..CALLS {
                    let row = (call + usize::try_from(first).unwrap()) % 16;
                    let output = frozen.forward(&rows[row]).unwrap();
                    let output: Vec<f32> = Vec::try_from(output.view(-1)).unwrap();
                    assert!(output == expected[row]);
                }
            });
        }
    });
}

#[test]
fn wrong_inputs_are_errors_as_of_the_trained_form() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Digits::new(&vs.root());
    let frozen = model.freeze().unwrap();
    for size in [vec![1, 1, 8], vec![1, 3, 8, 8], vec![1, 1, 9, 8]] {
        let image = random(&size);
        let (a, b) = (frozen.forward(&image), model.forward_t(&image, false));
        assert_eq!(a.unwrap_err().to_string(), b.unwrap_err().to_string());
    }
}
