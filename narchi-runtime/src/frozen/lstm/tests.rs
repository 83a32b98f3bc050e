use tch::{Device, Kind};

use super::*;
use crate::nn::{RecurrentConfig, VarStore};

/// Networks of the same weights, with a kernel or without one.
fn twins(config: RecurrentConfig, in_features: i64, hidden: i64) -> [Lstm; 2] {
    let vs = VarStore::new(Device::Cpu);
    let make = || {
        Lstm::new(nn::Lstm::new(
            vs.root() / "lstm",
            in_features,
            hidden,
            config,
        ))
    };
    [make().pack(), make().pack_with(Err("a symbol"))]
}

fn close(a: &Tensor, b: &Tensor) {
    assert_eq!(a.size(), b.size());
    let distance = (a - b).abs().max().double_value(&[]);
    assert!(distance < 2e-6, "{distance}");
}

#[test]
fn packed_layers_compute_the_same_for_any_size() {
    for threads in [1, 2] {
        for (num_layers, bidirectional, bias) in [
            (1, false, true),
            (1, true, false),
            (3, true, true),
            (2, false, false),
        ] {
            let config = RecurrentConfig {
                num_layers,
                bias,
                bidirectional,
                ..Default::default()
            };
            let [packed, plain] = twins(config, 19, 40);
            assert_eq!(packed.choice(), "oneDNN, packed");
            assert_eq!(plain.choice(), "libtorch, which lacks a symbol");
            tch::set_num_threads(threads);
            for size in [
                [1, 1, 19],
                [1, 50, 19],
                [3, 7, 19],
                [16, 33, 19],
                [70, 2, 19],
            ] {
                let x = Tensor::randn(size, (Kind::Float, Device::Cpu));
                let (a, b) = (packed.forward(&x).unwrap(), plain.forward(&x).unwrap());
                close(&a, &b);
                let (a, b) = [&packed, &plain]
                    .map(|it| it.forward_with_state(&x, false).unwrap())
                    .into();
                close(&a.0, &b.0);
                close(&a.1, &b.1);
                close(&a.2, &b.2);
                let strided = x.transpose(0, 1).contiguous().transpose(0, 1);
                close(&packed.forward_t(&strided, false).unwrap(), &b.0);
            }
        }
    }
    tch::set_num_threads(1);
}

#[test]
fn wrong_inputs_are_errors() {
    let [packed, _] = twins(RecurrentConfig::default(), 19, 8);
    for size in [
        &[2, 7, 18][..],
        &[7, 19],
        &[1, 2, 7, 19],
        &[0, 7, 19],
        &[2, 0, 19],
        &[],
    ] {
        let x = Tensor::zeros(size, (Kind::Float, Device::Cpu));
        let error = packed.forward(&x).unwrap_err().to_string();
        assert!(
            error.contains("`lstm`") && error.contains(file!()),
            "{error}"
        );
    }
    let double = Tensor::zeros([2, 7, 19], (Kind::Double, Device::Cpu));
    assert!(packed.forward(&double).is_err());
    assert!(packed.forward(&Tensor::new()).is_err());
}
