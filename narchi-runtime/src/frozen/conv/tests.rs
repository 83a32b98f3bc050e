use tch::{Device, Kind};

use super::*;
use crate::nn::VarStore;

fn conv<const D: usize>(groups: i64) -> Conv<D> {
    let vs = VarStore::new(Device::Cpu);
    let config = ConvConfig {
        groups,
        padding: [1; D],
        ..Default::default()
    };
    Conv::new(nn::Conv::new(vs.root(), 8, 16, [3; D], config)).relu()
}

/// The same weights, with a kernel or without one.
fn twins<const D: usize>(groups: i64) -> [Conv<D>; 2] {
    let (packed, mut plain) = (conv::<D>(groups), conv::<D>(groups));
    let (weight, bias) = &packed.weights;
    plain.weights = (
        Shared(weight.shallow_clone()),
        bias.as_ref().map(|it| Shared(it.shallow_clone())),
    );
    [packed.pack(), plain.pack_with(Err("a symbol"))]
}

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

#[test]
fn without_kernels_libtorch_is_left() {
    let [packed, plain] = twins::<2>(1);
    assert_eq!(packed.choice(), "oneDNN, packed");
    assert_eq!(plain.choice(), "libtorch, which lacks a symbol");
    let (x, other) = (random(&[2, 8, 7, 6]), random(&[2, 16, 7, 6]));
    let close = |a: Result<Tensor>, b: Result<Tensor>| {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!(a.allclose(&b, 1e-5, 1e-5, false));
    };
    close(plain.forward(&x), packed.forward(&x));
    let kept = other.copy();
    close(
        plain.forward_add(&x, &other),
        packed.forward_add(&x, &other),
    );
    assert_eq!(other, kept);
    close(
        plain.forward_add_(&x, &other),
        packed.forward_add(&x, &kept),
    );
    assert!(plain.forward(&random(&[2, 7, 7, 6])).is_err());
    // Without oneDNN, as libtorch does, inputs may have no batch.
    assert_eq!(
        plain.forward(&random(&[8, 7, 6])).unwrap().size(),
        [16, 7, 6]
    );
}

#[test]
fn one_missing_function_is_enough() {
    let only = |missing: &'static str| {
        let found = std::ptr::NonNull::<std::ffi::c_void>::dangling().as_ptr();
        Kernels::look_up(move |name| (name != missing).then_some(found)).err()
    };
    assert_eq!(only("nothing"), None);
    for missing in [
        "aoti_torch_cpu_mkldnn__convolution_pointwise_binary_",
        "torch_call_dispatcher",
    ] {
        assert_eq!(only(missing), Some(missing));
    }
}

/// More sizes than there are layouts, each several times.
fn sizes_agree<const D: usize>(groups: i64) {
    let [packed, plain] = twins::<D>(groups);
    for round in 0..2 {
        for length in 3..9_i64 {
            let mut size = vec![1 + length % 2, 8];
            size.extend([length; D]);
            let x = random(&size);
            size[1] = 16;
            let other = random(&size);
            let what = format!("{D} dimensions, {groups} groups, {length}, round {round}");
            let (a, b) = (packed.forward(&x).unwrap(), plain.forward(&x).unwrap());
            assert!(a.allclose(&b, 1e-5, 1e-5, false), "{what}");
            let add = |it: &Conv<D>| it.forward_add(&x, &other).unwrap();
            assert!(
                add(&packed).allclose(&add(&plain), 1e-5, 1e-5, false),
                "{what}"
            );
            let over = |it: &Conv<D>| it.forward_add_(&x, &a.copy()).unwrap();
            assert!(
                over(&packed).allclose(&over(&plain), 1e-5, 1e-5, false),
                "{what}"
            );
        }
    }
}

#[test]
fn any_number_of_sizes_is_right() {
    for groups in [1, 2, 8] {
        sizes_agree::<1>(groups);
        sizes_agree::<2>(groups);
        sizes_agree::<3>(groups);
    }
}
