//! Frozen modules, against the trained ones in double precision.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "frozen/conv.rs"]
mod conv;
#[path = "frozen/conv_inputs.rs"]
mod conv_inputs;
#[path = "frozen/linear.rs"]
mod linear;
#[path = "frozen/model.rs"]
mod model;
#[path = "frozen/options.rs"]
mod options;
#[path = "frozen/pool.rs"]
mod pool;
#[path = "frozen/rest.rs"]
mod rest;

use std::sync::{Mutex, MutexGuard, PoisonError};

use narchi_runtime::prelude::*;

/// libtorch has one generator for the whole program: tests that draw from it take turns. One thread each: more would wait
/// for one another, actively.
fn seeded(seed: i64) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    narchi_runtime::tch::set_num_threads(1);
    narchi_runtime::tch::manual_seed(seed);
    turn
}

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

/// The same numbers, with those of all channels of a place together.
fn channels_last(x: &Tensor) -> Tensor {
    let dims = i64::try_from(x.dim()).unwrap();
    let to: Vec<i64> = [0].into_iter().chain(2..dims).chain([1]).collect();
    let from: Vec<i64> = [0, dims - 1].into_iter().chain(1..dims - 1).collect();
    x.permute(to).contiguous().permute(from)
}

fn double(x: &Tensor) -> Tensor {
    x.detach().to_kind(Kind::Double)
}

/// The largest difference, and the largest number.
fn distance(a: &Tensor, b: &Tensor) -> (f64, f64) {
    assert_eq!(a.size(), b.size());
    if a.numel() == 0 {
        return (0., 0.);
    }
    let (a, b) = (double(a), double(b));
    let largest = |it: Tensor| it.abs().max().double_value(&[]);
    (largest(&a - &b), largest(b))
}

/// Sees that the frozen form is about as close to the truth as the trained one.
#[track_caller]
fn check(what: &str, frozen: &Tensor, trained: &Tensor, truth: &Tensor) {
    assert_eq!(frozen.kind(), trained.kind(), "{what}");
    let (error, scale) = distance(frozen, truth);
    let (allowed, _) = distance(trained, truth);
    assert!(
        error <= 2. * allowed + 2e-6 * scale.max(1.),
        "{what}: {error:e}, the trained form {allowed:e} of {scale}"
    );
}

/// Fills every weight and buffer with numbers as they might be after training.
fn train(vs: &nn::VarStore) {
    narchi_runtime::tch::no_grad(|| {
        for (name, mut it) in vs.variables() {
            if name.ends_with("running_var") || name.contains("bn") && name.ends_with("weight") {
                let _ = it.f_uniform_(0.5, 2.).unwrap();
            } else if it.is_floating_point() {
                // So that sums stay about as large as what is summed.
                let fan_in: i64 = it.size().iter().skip(1).product();
                let fan_in = f64::from(i32::try_from(fan_in).unwrap());
                let _ = it.f_normal_(0., 0.7 / fan_in.sqrt()).unwrap();
            }
        }
    });
}

/// A model in single and in double precision, with the same weights.
fn twins<M>(make: impl Fn(&nn::Path) -> M) -> (M, M) {
    let vs = nn::VarStore::new(Device::Cpu);
    let single = make(&vs.root());
    train(&vs);
    let mut doubled = nn::VarStore::new(Device::Cpu);
    doubled.set_kind(Kind::Double);
    let double = make(&doubled.root());
    doubled.copy(&vs).unwrap();
    (single, double)
}

/// The same on a second set of handles, to be frozen.
fn frozen<M: nn::Weights, F>(model: &M, first: &str, build: impl FnOnce(&nn::Path) -> F) -> F {
    frozen::freeze(model, first, build).unwrap()
}

type Activation = (&'static str, fn(&Tensor) -> Tensor);

/// The activations, by name and as the trained form would compute them.
fn activations() -> Vec<Activation> {
    vec![
        ("none", |it| it.shallow_clone()),
        ("relu", Tensor::relu),
        ("leaky", |it| nn::leaky_relu(it, 0.2).unwrap()),
        ("sigmoid", Tensor::sigmoid),
        ("tanh", Tensor::tanh),
        ("silu", Tensor::silu),
        ("gelu", |it| it.gelu("none")),
        ("hard swish", Tensor::hardswish),
        ("clamp", |it| it.clamp(-0.3, 0.4)),
    ]
}

/// Sets the epilogue of that name.
macro_rules! with_activation {
    ($module:expr, $name:expr) => {
        match $name {
            "relu" => $module.relu(),
            "leaky" => $module.leaky_relu(0.2),
            "sigmoid" => $module.sigmoid(),
            "tanh" => $module.tanh(),
            "silu" => $module.silu(),
            "gelu" => $module.gelu(),
            "hard swish" => $module.hard_swish(),
            "clamp" => $module.clamp(-0.3, 0.4),
            _ => $module,
        }
    };
}
use with_activation;
