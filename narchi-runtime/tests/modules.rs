//! Names, order, shapes and first values of what the modules register, against torch's.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use narchi_runtime::prelude::*;

/// libtorch has one generator for the whole program: tests that seed it take turns.
fn seeded(seed: i64) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    narchi_runtime::tch::manual_seed(seed);
    turn
}

/// Checks the variables below `m`: the trainable ones in their order, then the buffers.
fn check(vs: &nn::VarStore, parameters: &[(&str, &[i64])], buffers: &[(&str, &[i64], Kind)]) {
    let named = vs.variables();
    let trainable = vs.trainable_variables();
    let in_order: Vec<_> = trainable
        .iter()
        .map(|it| {
            let (name, _) = named
                .iter()
                .find(|(_, named)| named.data_ptr() == it.data_ptr())
                .unwrap();
            (name.as_str(), it.size(), it.kind())
        })
        .collect();
    let expected: Vec<_> = parameters
        .iter()
        .map(|(name, size)| (*name, size.to_vec(), Kind::Float))
        .collect();
    assert_eq!(in_order, expected);
    assert!(trainable.iter().all(Tensor::requires_grad));

    let mut others: Vec<_> = named
        .iter()
        .filter(|(_, it)| !it.requires_grad())
        .map(|(name, it)| (name.as_str(), it.size(), it.kind()))
        .collect();
    others.sort_by_key(|it| it.0);
    let mut expected: Vec<_> = buffers
        .iter()
        .map(|(name, size, kind)| (*name, size.to_vec(), *kind))
        .collect();
    expected.sort_by_key(|it| it.0);
    assert_eq!(others, expected);
}

#[test]
fn conv_registers_weight_and_bias() {
    let _turn = seeded(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let root = &vs.root();
    let grouped = nn::ConvConfig {
        groups: 2,
        ..Default::default()
    };
    let plain = nn::ConvConfig {
        bias: false,
        ..Default::default()
    };
    nn::Conv1d::new(root / "c1", 4, 6, [5], grouped);
    nn::Conv2d::new(root / "c2", 3, 64, [7, 5], plain);
    nn::Conv3d::new(root / "c3", 2, 1, [1, 2, 3], nn::ConvConfig::default());
    check(
        &vs,
        &[
            ("c1.weight", &[6, 2, 5]),
            ("c1.bias", &[6]),
            ("c2.weight", &[64, 3, 7, 5]),
            ("c3.weight", &[1, 2, 1, 2, 3]),
            ("c3.bias", &[1]),
        ],
        &[],
    );
}

#[test]
fn batch_norm_registers_parameters_and_buffers() {
    let _turn = seeded(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let root = &vs.root();
    let bn = nn::BatchNorm2d::new(root / "bn", 3, nn::BatchNormConfig::default());
    let bare = nn::BatchNormConfig {
        affine: false,
        ..Default::default()
    };
    let untracked = nn::BatchNormConfig {
        track_running_stats: false,
        ..Default::default()
    };
    nn::BatchNorm1d::new(root / "bare", 4, bare);
    nn::BatchNorm3d::new(root / "untracked", 5, untracked);
    check(
        &vs,
        &[
            ("bn.weight", &[3]),
            ("bn.bias", &[3]),
            ("untracked.weight", &[5]),
            ("untracked.bias", &[5]),
        ],
        &[
            ("bn.running_mean", &[3], Kind::Float),
            ("bn.running_var", &[3], Kind::Float),
            ("bn.num_batches_tracked", &[], Kind::Int64),
            ("bare.running_mean", &[4], Kind::Float),
            ("bare.running_var", &[4], Kind::Float),
            ("bare.num_batches_tracked", &[], Kind::Int64),
        ],
    );
    let running = bn.running.unwrap();
    for (tensor, value) in [
        (&bn.weight.unwrap(), 1.),
        (&bn.bias.unwrap(), 0.),
        (&running.mean, 0.),
        (&running.var, 1.),
        (&running.num_batches_tracked, 0.),
    ] {
        assert_eq!(tensor, &tensor.full_like(value));
    }
}

#[test]
fn linear_registers_weight_and_bias() {
    let _turn = seeded(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let root = &vs.root();
    nn::Linear::new(root / "fc", 512, 10, nn::LinearConfig::default());
    nn::Linear::new(root / "head", 10, 3, nn::LinearConfig { bias: false });
    check(
        &vs,
        &[
            ("fc.weight", &[10, 512]),
            ("fc.bias", &[10]),
            ("head.weight", &[3, 10]),
        ],
        &[],
    );
}

#[test]
fn embedding_registers_a_table() {
    let _turn = seeded(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let padded = nn::EmbeddingConfig {
        padding_idx: Some(-1),
        ..Default::default()
    };
    let table = nn::Embedding::new(vs.root() / "table", 3, 3, padded);
    check(&vs, &[("table.weight", &[3, 3])], &[]);
    assert_eq!(table.config.padding_idx, Some(2));
    // What python prints for `torch.manual_seed(0); torch.nn.Embedding(3, 3, -1).weight`.
    let expected = [
        [1.5410, -0.2934, -2.1788],
        [0.5684, -1.0845, -1.3986],
        [0., 0., 0.],
    ];
    let drawn = Vec::<Vec<f64>>::try_from(table.weight.detach().to_kind(Kind::Double)).unwrap();
    for (value, expected) in drawn.iter().flatten().zip(expected.as_flattened()) {
        assert!((value - expected).abs() < 0.00005, "{drawn:?}");
    }
}

/// Whether the values look drawn evenly from within `bound` of zero.
fn check_uniform(what: &str, tensor: &Tensor, bound: f64) {
    let values = tensor.detach().to_kind(Kind::Double);
    let count = f64::from(u32::try_from(values.numel()).unwrap());
    let largest = values.abs().max().double_value(&[]);
    let mean = values.mean(None).double_value(&[]);
    let deviation = values.std(true).double_value(&[]);
    let theory = bound / 3_f64.sqrt();
    assert!(
        largest <= bound * (1. + 1e-7) && largest > bound * (1. - 10. / count),
        "{what}: {largest}"
    );
    assert!(
        mean.abs() < 4. * theory / count.sqrt(),
        "{what}: mean {mean}"
    );
    // A uniform sample's deviation has a relative error of about 0.45/√n.
    assert!(
        (deviation / theory - 1.).abs() < 2. / count.sqrt(),
        "{what}: deviation {deviation} is not {theory}"
    );
}

#[test]
fn first_values_spread_as_in_pytorch() {
    let _turn = seeded(1);
    let vs = nn::VarStore::new(Device::Cpu);
    let root = &vs.root();
    let linear = nn::Linear::new(root / "fc", 100, 2000, nn::LinearConfig::default());
    check_uniform("linear.weight", &linear.weight, 0.1);
    check_uniform("linear.bias", linear.bias.as_ref().unwrap(), 0.1);
    let config = nn::ConvConfig {
        groups: 4,
        ..Default::default()
    };
    let conv = nn::Conv2d::new(root / "conv", 8, 2000, [3, 5], config);
    let bound = 1. / 30_f64.sqrt();
    check_uniform("conv.weight", &conv.weight, bound);
    check_uniform("conv.bias", conv.bias.as_ref().unwrap(), bound);
}

#[test]
fn a_seed_gives_the_numbers_it_gives_in_pytorch() {
    let _turn = seeded(0);
    let vs = nn::VarStore::new(Device::Cpu);
    let linear = nn::Linear::new(vs.root(), 3, 2, nn::LinearConfig::default());
    // What python prints for `torch.manual_seed(0); list(torch.nn.Linear(3, 2).parameters())`.
    let weight = [-0.0043, 0.3097, -0.4752, -0.4249, -0.2224, 0.1548];
    let bias = [-0.0114, 0.4578];
    let values = |it: &Tensor| Vec::<f64>::try_from(it.to_kind(Kind::Double).view(-1)).unwrap();
    let drawn = [
        values(&linear.weight),
        values(linear.bias.as_ref().unwrap()),
    ]
    .concat();
    for (value, expected) in drawn.iter().zip(weight.iter().chain(&bias)) {
        assert!((value - expected).abs() < 0.00005, "{drawn:?}");
    }
    assert_eq!(drawn.len(), 8);
}

#[test]
fn a_seed_makes_models_repeatable() {
    let draw = |seed| {
        let _turn = seeded(seed);
        let vs = nn::VarStore::new(Device::Cpu);
        let conv = nn::Conv2d::new(vs.root(), 3, 4, [3, 3], nn::ConvConfig::default());
        (conv.weight.detach(), conv.bias.unwrap().detach())
    };
    let (first, again, other) = (draw(7), draw(7), draw(8));
    assert_eq!(first, again);
    assert_ne!(first.0, other.0);
    assert_ne!(first.1, other.1);
}

#[test]
fn the_kind_of_the_store_is_that_of_the_model() {
    let _turn = seeded(0);
    let mut vs = nn::VarStore::new(Device::Cpu);
    vs.set_kind(Kind::Double);
    let conv = nn::Conv1d::new(vs.root() / "conv", 1, 2, [1], nn::ConvConfig::default());
    let bn = nn::BatchNorm1d::new(vs.root() / "bn", 2, nn::BatchNormConfig::default());
    let input = Tensor::ones([3, 1, 4], (Kind::Double, Device::Cpu));
    let x = conv.forward(&input).unwrap();
    assert_eq!(bn.forward_t(&x, true).unwrap().kind(), Kind::Double);
    let running = bn.running.unwrap();
    assert_eq!(running.var.kind(), Kind::Double);
    assert_eq!(running.num_batches_tracked.kind(), Kind::Int64);
}

#[test]
fn sizes_that_cannot_be_panic_with_the_name() {
    let _turn = seeded(0);
    let panicked = std::panic::catch_unwind(|| {
        let vs = nn::VarStore::new(Device::Cpu);
        nn::Linear::new(vs.root() / "fc", 4, -1, nn::LinearConfig::default())
    });
    let text = *panicked.unwrap_err().downcast::<String>().unwrap();
    assert!(
        text.starts_with("cannot create `fc.weight` of size [-1, 4]: libtorch: "),
        "{text}"
    );
}

#[test]
fn or_panic_passes_tensors_and_panics_with_the_error() {
    let one = Tensor::from_slice(&[1_f32]);
    assert_eq!(nn::or_panic(Ok(one.shallow_clone())), one);
    let panicked = std::panic::catch_unwind(|| {
        let error = narchi_runtime::Error::Input("input `x` is wrong".to_owned());
        nn::or_panic(Err(error))
    });
    let text = *panicked.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(text, "input `x` is wrong");
}
