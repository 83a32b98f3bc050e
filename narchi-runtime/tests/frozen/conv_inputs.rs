use super::*;

type Config = nn::ConvConfig<2>;

fn small() -> (nn::VarStore, frozen::Conv2d) {
    let vs = nn::VarStore::new(Device::Cpu);
    let conv = nn::Conv2d::new(
        vs.root() / "block" / "conv",
        3,
        4,
        [3, 3],
        Config::default(),
    );
    (vs, frozen::Conv2d::new(conv).relu().pack())
}

#[test]
fn what_is_added_may_be_broadcast() {
    let _turn = seeded(6);
    let (_vs, conv) = small();
    let x = random(&[2, 3, 6, 6]);
    let other = random(&[4, 1, 1]);
    let plain = conv
        .forward_add(&x, &Tensor::zeros([1], (Kind::Float, Device::Cpu)))
        .unwrap();
    assert_eq!(plain, conv.forward(&x).unwrap());
    let sum = conv
        .forward_add(&x, &(other.shallow_clone() + 100.))
        .unwrap();
    let all = (&other + 100.).expand([2, 4, 4, 4], false).contiguous();
    assert!(distance(&sum, &conv.forward_add(&x, &all).unwrap()).0 < 1e-4);
    let error = conv
        .forward_add(&x, &random(&[3, 1, 1]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("`block.conv`"), "{error}");
    // Whole numbers can be added too.
    let whole = Tensor::ones([2, 4, 4, 4], (Kind::Int64, Device::Cpu));
    assert!(conv.forward_add_(&x, &whole).is_ok());
}

#[test]
fn an_input_is_not_overwritten_by_its_own_sum() {
    let _turn = seeded(7);
    let vs = nn::VarStore::new(Device::Cpu);
    let config = Config {
        padding: [1, 1],
        ..Default::default()
    };
    // More multiplications than plain loops do, which write over nothing.
    let conv = nn::Conv2d::new(vs.root(), 64, 64, [3, 3], config);
    let conv = frozen::Conv2d::new(conv).relu().pack();
    let x = channels_last(&random(&[2, 64, 29, 29]));
    let expected = conv.forward_add(&x, &x.copy()).unwrap();
    assert_eq!(conv.forward_add_(&x, &x).unwrap(), expected);
    let over = x.copy();
    let sum = conv.forward_add_(&x, &over).unwrap();
    assert_eq!(sum.data_ptr(), over.data_ptr());
    assert_eq!(sum, expected);
    // What gradients may need is not overwritten either.
    let leaf = channels_last(&random(&[2, 64, 29, 29])).set_requires_grad(true);
    let sum = conv.forward_add_(&x, &leaf).unwrap();
    assert_ne!(sum.data_ptr(), leaf.data_ptr());
    assert!(!sum.requires_grad());
}

#[test]
fn wrong_inputs_are_errors() {
    let _turn = seeded(8);
    let (_vs, conv) = small();
    for size in [
        vec![1, 2, 8, 8],
        vec![3, 8, 8],
        vec![1, 3, 2, 8],
        vec![3],
        vec![],
        vec![1, 3, 8, 8, 8],
    ] {
        let error = conv.forward(&random(&size)).unwrap_err().to_string();
        assert!(
            error.contains("`block.conv`") && error.contains("conv_inputs.rs:"),
            "{error}"
        );
        assert!(conv.forward_add_(&random(&size), &random(&[1])).is_err());
    }
    for kind in [Kind::Double, Kind::Int64, Kind::BFloat16] {
        let error = conv
            .forward(&random(&[1, 3, 8, 8]).to_kind(kind))
            .unwrap_err()
            .to_string();
        assert!(
            error
                .starts_with("a packed convolution takes 4 dimensions, 3 channels, and kind Float"),
            "{error}"
        );
    }
    assert!(conv.forward(&Tensor::new()).is_err());
    assert!(
        conv.forward_add(&random(&[1, 3, 8, 8]), &Tensor::new())
            .is_err()
    );
    let sparse = random(&[1, 3, 8, 8]).to_sparse_sparse_dim(4);
    assert!(conv.forward(&sparse).is_err());
    let packed = random(&[1, 3, 8, 8]).to_mkldnn();
    assert!(conv.forward(&packed).is_err());
}

#[test]
fn packed_weights_can_be_shown() {
    let (_vs, conv) = small();
    let text = format!("{conv:?}");
    assert!(text.contains("fast: Some(Packed"), "{text}");
}

#[test]
fn an_empty_batch_has_an_empty_output() {
    let (_vs, conv) = small();
    let output = conv.forward(&random(&[0, 3, 8, 8])).unwrap();
    assert_eq!(output.size(), [0, 4, 6, 6]);
    let sum = conv.forward_add(&random(&[0, 3, 8, 8]), &output).unwrap();
    assert_eq!(sum.size(), [0, 4, 6, 6]);
}

#[test]
fn negated_views_are_read_as_what_they_are() {
    let _turn = seeded(9);
    let (_vs, conv) = small();
    let x = random(&[1, 3, 8, 8]);
    let expected = conv.forward(&x.neg()).unwrap();
    match conv.forward(&x.internal_neg_view()) {
        Ok(output) => assert_eq!(output, expected),
        Err(error) => assert!(error.to_string().contains("`block.conv`"), "{error}"),
    }
}

#[test]
fn other_kinds_stay_with_libtorch() {
    let _turn = seeded(10);
    let mut vs = nn::VarStore::new(Device::Cpu);
    vs.set_kind(Kind::Double);
    let make = || nn::Conv2d::new(vs.root(), 3, 4, [3, 3], Config::default());
    let conv = frozen::Conv2d::new(make()).relu().pack();
    assert_eq!(conv.choice(), "libtorch, of kind Double");
    let x = double(&random(&[1, 3, 8, 8]));
    let plain = make().forward(&x).unwrap().detach();
    assert_eq!(conv.forward(&x).unwrap(), plain.relu());
    let other = double(&random(&[1, 4, 6, 6]));
    assert_eq!(
        conv.forward_add_(&x, &other).unwrap(),
        (plain + other).relu()
    );
}

#[test]
#[should_panic(
    expected = "cannot fold the batch norm `bn` into `conv`: it has no running statistics"
)]
fn a_batch_norm_by_batch_is_not_folded() {
    let vs = nn::VarStore::new(Device::Cpu);
    let untracked = nn::BatchNormConfig {
        track_running_stats: false,
        ..Default::default()
    };
    let bn = nn::BatchNorm2d::new(vs.root() / "bn", 4, untracked);
    let conv = nn::Conv2d::new(vs.root() / "conv", 3, 4, [3, 3], Config::default());
    let _ = frozen::Conv2d::new(conv).batch_norm(&bn);
}

#[test]
#[should_panic(expected = "cannot fold the batch norm `bn` into `conv`: libtorch: ")]
fn a_batch_norm_of_other_channels_is_not_folded() {
    let vs = nn::VarStore::new(Device::Cpu);
    let bn = nn::BatchNorm2d::new(vs.root() / "bn", 3, nn::BatchNormConfig::default());
    let conv = nn::Conv2d::new(vs.root() / "conv", 3, 4, [3, 3], Config::default());
    let _ = frozen::Conv2d::new(conv).batch_norm(&bn);
}

#[test]
fn what_has_no_memory_or_no_strides_is_not_read() {
    let vs = nn::VarStore::new(Device::Cpu);
    for (inputs, kernel) in [(16, 1), (16, 3), (3, 3)] {
        let path = vs.root() / format!("{inputs}-{kernel}");
        let config = nn::ConvConfig::default();
        let conv = nn::Conv2d::new(path, inputs, 16, [kernel; 2], config);
        let conv = frozen::Conv2d::new(conv).pack();
        let zeros = |batch| {
            let size = [batch, inputs, 3, 3];
            Tensor::internal_efficientzerotensor(size, (Kind::Float, Device::Cpu))
        };
        assert!(conv.forward(&zeros(1)).is_err());
        assert!(conv.forward(&zeros(2).narrow(0, 1, 1)).is_err());
        let x = random(&[1, inputs, 3, 3]);
        let y = conv.forward(&x).unwrap();
        let nothing = Tensor::new();
        assert!(conv.forward_add(&x, &nothing).is_err());
        assert!(conv.forward_add_(&x, &nothing).is_err());
        // What libtorch can add, it adds.
        let sparse = y.to_sparse_sparse_dim(4);
        let twice = &y * 2.0;
        assert_eq!(conv.forward_add(&x, &sparse).unwrap(), twice);
        assert_eq!(conv.forward_add_(&x, &sparse).unwrap(), twice);
    }
}
