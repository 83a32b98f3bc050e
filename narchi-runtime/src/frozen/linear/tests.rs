use tch::Device;

use super::*;
use crate::nn::VarStore;

fn linear(inputs: i64, outputs: i64) -> Linear {
    let vs = VarStore::new(Device::Cpu);
    let config = nn::LinearConfig::default();
    Linear::new(nn::Linear::new(vs.root(), inputs, outputs, config)).relu()
}

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

fn check(inputs: i64, outputs: i64, border: Option<Border>, choice: &str) {
    let plain = linear(inputs, outputs);
    let mut chosen = linear(inputs, outputs);
    chosen.weights = (
        Shared(plain.weights.0.shallow_clone()),
        plain
            .weights
            .1
            .as_ref()
            .map(|it| Shared(it.shallow_clone())),
    );
    let chosen = match border {
        Some(border) => chosen.pack_with(Kernels::of_libtorch(), border, true),
        None => chosen.pack_with(Err("a symbol"), Border::OTHERS, true),
    };
    assert_eq!(chosen.choice(), choice);
    for rows in [1, 3, 40] {
        let (x, other) = (random(&[rows, inputs]), random(&[rows, outputs]));
        let (a, b) = (chosen.forward(&x).unwrap(), plain.forward(&x).unwrap());
        assert!(a.allclose(&b, 1e-4, 1e-4, false), "{choice}, {rows}");
        let add = |it: &Linear| it.forward_add(&x, &other).unwrap();
        assert!(
            add(&chosen).allclose(&add(&plain), 1e-4, 1e-4, false),
            "{choice}, {rows}"
        );
    }
}

#[test]
fn where_loops_are_slow_there_are_none() {
    let packed = linear(8, 64).pack_with(Kernels::of_libtorch(), Border::OTHERS, false);
    assert_eq!(
        packed.choice(),
        "libtorch, from 1172 rows on oneDNN, packed"
    );
    assert!(packed.small.is_none());
}

#[test]
fn every_kernel_is_right_wherever_the_border_is() {
    let (intel, others) = (Some(Border::INTEL), Some(Border::OTHERS));
    check(
        8,
        64,
        others,
        "Rust up to 97 rows, libtorch, from 1172 rows on oneDNN, packed",
    );
    check(300, 300, others, "libtorch, from 7 rows on oneDNN, packed");
    check(300, 300, intel, "libtorch, from 45 rows on oneDNN, packed");
    check(1000, 900, others, "oneDNN, packed");
    check(1000, 900, intel, "libtorch, from 5 rows on oneDNN, packed");
    check(
        8,
        64,
        None,
        "Rust up to 97 rows, libtorch, which lacks a symbol",
    );
    check(300, 300, None, "libtorch, which lacks a symbol");
}
