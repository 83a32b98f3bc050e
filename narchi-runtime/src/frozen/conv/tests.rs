use tch::{Device, Kind};

use super::small::Call;
use super::*;
use crate::frozen::dense::Sizes;
use crate::frozen::memory;
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

fn shared((weight, bias): &Pair) -> Pair {
    let bias = bias.as_ref().map(|it| Shared(it.shallow_clone()));
    (Shared(weight.shallow_clone()), bias)
}

/// The same weights, with a kernel or without one.
fn twins<const D: usize>(groups: i64) -> [Conv<D>; 2] {
    let (packed, mut plain) = (conv::<D>(groups), conv::<D>(groups));
    plain.weights = shared(&packed.weights);
    // Their sizes are those of small convolutions.
    let without_loops = |it| Conv { small: None, ..it };
    [packed.pack(), plain.pack_with(Err("a symbol"), true)].map(without_loops)
}

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

#[test]
fn where_loops_are_slow_there_are_none() {
    let vs = VarStore::new(Device::Cpu);
    let conv = || nn::Conv::new(vs.root(), 32, 32, [3, 3], ConvConfig::default());
    let (fast, mut plain) = (Conv::<2>::new(conv()), Conv::new(conv()));
    plain.weights = shared(&fast.weights);
    let plain = plain.pack_with(Kernels::of_libtorch(), false);
    assert_eq!(plain.choice(), "oneDNN, packed");
    assert!(plain.small.is_none());
    let x = random(&[1, 32, 9, 9]);
    let (a, b) = (fast.pack().forward(&x).unwrap(), plain.forward(&x).unwrap());
    assert!(a.allclose(&b, 1e-4, 1e-4, false));
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

/// The loops, for each number of lanes and of places that they do at once, against libtorch.
#[test]
fn small_convolutions_are_right() {
    for (groups, channels) in [
        (1, [3, 7]),
        (1, [5, 24]),
        (1, [1, 41]),
        (6, [6, 6]),
        (24, [24, 24]),
    ] {
        for stride in [1, 2] {
            let vs = VarStore::new(Device::Cpu);
            let config = ConvConfig {
                groups,
                padding: [1, 0],
                stride: [1, stride],
                dilation: [1, 3 - stride],
                ..Default::default()
            };
            // The second takes the weights of the first.
            let make = || nn::Conv2d::new(vs.root(), channels[0], channels[1], [2, 3], config);
            let (plain, conv) = (make(), make());
            let conv = Conv::new(conv).relu().pack();
            for width in 5..16 {
                let x = random(&[1 + width % 3, channels[0], 3, width]);
                let y = plain.forward(&x).unwrap();
                let other = random(&y.size());
                let small = |x: &Tensor, other: Option<&Tensor>| {
                    let (sizes, outputs) = (Sizes::of(x).unwrap(), Sizes::of(&y).unwrap());
                    let call = Call {
                        input: x,
                        sizes: &sizes,
                        outputs: &outputs,
                        other,
                        epilogue: conv.epilogue,
                    };
                    conv.small.as_ref().unwrap().run(&call).unwrap().unwrap()
                };
                let what = format!("{groups} groups, {channels:?}, stride {stride}, width {width}");
                assert!(
                    small(&x, None).allclose(&y.relu(), 1e-5, 1e-5, false),
                    "{what}"
                );
                let sum = (&y + &other).relu();
                assert!(
                    small(&x, Some(&other)).allclose(&sum, 1e-5, 1e-5, false),
                    "{what}"
                );
                let last =
                    |it: &Tensor| it.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
                let found = small(&last(&x), Some(&last(&other)));
                assert!(found.allclose(&sum, 1e-5, 1e-5, false), "{what}");
                assert!(memory::is_channels_last(&found), "{what}");
            }
        }
    }
}

#[test]
fn threads_do_not_change_the_result() {
    let vs = VarStore::new(Device::Cpu);
    let config = ConvConfig {
        padding: [1, 1],
        ..Default::default()
    };
    let conv = Conv::new(nn::Conv2d::new(vs.root(), 24, 24, [3, 3], config));
    let conv = conv.pack();
    let x = random(&[3, 24, 9, 9]);
    let [one, three] = [1, 3].map(|threads| {
        tch::set_num_threads(threads);
        conv.forward(&x).unwrap()
    });
    tch::set_num_threads(1);
    assert_eq!(one, three);
}
