use super::*;

#[test]
fn batch_norms_that_stand_alone() {
    fn agrees<const D: usize>(size: &[i64], config: nn::BatchNormConfig) {
        let make = |vs: &nn::Path| nn::BatchNorm::<D>::new(vs / "bn", size[1], config);
        let (single, truth) = twins(make);
        let bn = frozen(&single, "bn", |vs| frozen::BatchNorm::new(make(vs)).pack());
        let x = random(size);
        let run = |bn: &nn::BatchNorm<D>, x: &Tensor| bn.forward_t(x, false).unwrap();
        let what = format!("{size:?} {config:?}");
        check(
            &what,
            &bn.forward(&x).unwrap(),
            &run(&single, &x),
            &run(&truth, &double(&x)),
        );
    }
    let _turn = seeded(41);
    for affine in [true, false] {
        for track_running_stats in [true, false] {
            let config = nn::BatchNormConfig {
                affine,
                track_running_stats,
                ..Default::default()
            };
            agrees::<1>(&[4, 5], config);
            agrees::<1>(&[4, 5, 6], config);
            agrees::<2>(&[2, 3, 4, 5], config);
            agrees::<3>(&[2, 3, 4, 5, 6], config);
        }
    }
    let vs = nn::VarStore::new(Device::Cpu);
    let bn = nn::BatchNorm2d::new(vs.root() / "bn", 3, nn::BatchNormConfig::default());
    let bn = frozen::BatchNorm2d::new(bn);
    for x in [
        random(&[2, 3]),
        random(&[2, 4, 5, 5]),
        random(&[2, 1, 5, 5]),
    ] {
        let error = bn.forward(&x).unwrap_err().to_string();
        assert!(error.contains("`bn`"), "{error}");
    }
}

#[test]
fn a_table_s_long_rows_are_shortened_once() {
    let _turn = seeded(42);
    let config = nn::EmbeddingConfig {
        max_norm: Some(0.5),
        padding_idx: Some(1),
        ..Default::default()
    };
    let vs = nn::VarStore::new(Device::Cpu);
    let trained = nn::Embedding::new(vs.root() / "table", 9, 4, config);
    train(&vs);
    let frozen = frozen(&trained, "table", |vs| {
        frozen::Module::new(nn::Embedding::new(vs / "table", 9, 4, config))
    });
    let rows = Tensor::from_slice(&[1_i64, 8, 3, 3]);
    let first = frozen.forward(&rows).unwrap();
    assert_eq!(first, frozen.forward(&rows).unwrap());
    assert_eq!(first, trained.forward(&rows).unwrap().detach());
    // The row of the padding was trained to something, and stays so.
    assert!(first.get(0).abs().max().double_value(&[]) > 0.);
}

#[test]
fn recurrent_modules_are_what_they_were() {
    let _turn = seeded(43);
    let vs = nn::VarStore::new(Device::Cpu);
    let config = nn::RecurrentConfig {
        num_layers: 2,
        bidirectional: true,
        ..Default::default()
    };
    let make = |vs: &nn::Path| nn::Lstm::new(vs / "rnn", 3, 4, config);
    let trained = make(&vs.root());
    let lstm = frozen(&trained, "rnn", |vs| frozen::Module::new(make(vs)));
    let x = random(&[2, 5, 3]);
    let expected = trained.forward(&x).unwrap().detach();
    assert_eq!(frozen::no_grad(|| lstm.forward(&x)).unwrap(), expected);
    let mut names = Vec::new();
    nn::Weights::visit(&trained, &mut |name, it| {
        assert_eq!(vs.variables()[name].data_ptr(), it.data_ptr());
        names.push(name.to_owned());
    });
    assert_eq!(names.len(), vs.len());
    assert_eq!(names[4], "rnn.weight_ih_l0_reverse");
}

#[test]
fn modules_may_be_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<frozen::Conv1d>();
    shared::<frozen::Conv2d>();
    shared::<frozen::Conv3d>();
    shared::<frozen::Linear>();
    shared::<frozen::BatchNorm2d>();
    shared::<frozen::Module<nn::Embedding>>();
    shared::<frozen::Module<nn::Lstm>>();
    shared::<frozen::Module<nn::Gru>>();
    shared::<frozen::Module<nn::Rnn>>();
    shared::<frozen::Module<nn::Crf>>();
}

#[test]
fn threads_compute_what_one_does() {
    let _turn = seeded(44);
    let vs = nn::VarStore::new(Device::Cpu);
    let root = &vs.root();
    let config = nn::ConvConfig {
        padding: [1, 1],
        ..Default::default()
    };
    let conv = nn::Conv2d::new(root / "conv", 8, 16, [3, 3], config);
    let conv = frozen::Conv2d::new(conv).relu().pack();
    let linear = |inputs, outputs| {
        let fc = nn::Linear::new(root / inputs, inputs, outputs, nn::LinearConfig::default());
        frozen::Linear::new(fc).relu().pack()
    };
    let (small, large) = (linear(16, 32), linear(512, 1024));
    let inputs: Vec<_> = (0..6)
        .map(|it| random(&[1 + it % 2, 8, 7 + it, 9]))
        .collect();
    let rows: Vec<_> = (1..6)
        .map(|it| (random(&[it, 16]), random(&[it, 512])))
        .collect();
    let run = |conv: &frozen::Conv2d, inputs: &[Tensor], rows: &[(Tensor, Tensor)]| {
        let mut all: Vec<_> = inputs.iter().map(|it| conv.forward(it).unwrap()).collect();
        for (a, b) in rows {
            all.push(small.forward(a).unwrap());
            all.push(large.forward(b).unwrap());
        }
        all
    };
    narchi_runtime::tch::set_num_threads(1);
    let expected = run(&conv, &inputs, &rows);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let inputs: Vec<_> = inputs.iter().map(Tensor::copy).collect();
            let rows: Vec<_> = rows.iter().map(|it| (it.0.copy(), it.1.copy())).collect();
            let expected: Vec<_> = expected.iter().map(Tensor::copy).collect();
            let (conv, run) = (&conv, &run);
            scope.spawn(move || {
                narchi_runtime::tch::set_num_threads(1);
                for _ in 0..20 {
                    assert_eq!(run(conv, &inputs, &rows), expected);
                }
            });
        }
    });
}

#[test]
fn a_packed_lstm_is_as_close_to_the_truth_as_a_trained_one() {
    let _turn = seeded(44);
    for threads in [1, 2] {
        for (num_layers, bidirectional, bias) in
            [(1, false, true), (2, true, true), (3, true, false)]
        {
            let config = nn::RecurrentConfig {
                num_layers,
                bias,
                bidirectional,
                ..Default::default()
            };
            let make = |vs: &nn::Path| nn::Lstm::new(vs / "rnn", 24, 32, config);
            let (single, truth) = twins(make);
            let lstm = frozen(&single, "rnn", |vs| frozen::Lstm::new(make(vs)).pack());
            assert_eq!(frozen::describe(&lstm), "rnn   oneDNN, packed\n");
            narchi_runtime::tch::set_num_threads(threads);
            for size in [[1, 40, 24], [9, 3, 24]] {
                let x = random(&size);
                let what = format!("{size:?} {config:?}");
                let [a, b, c] = [
                    lstm.forward_with_state(&x, false).unwrap(),
                    single.forward_with_state(&x, false).unwrap(),
                    truth.forward_with_state(&double(&x), false).unwrap(),
                ];
                check(&what, &a.0, &b.0, &c.0);
                check(&what, &a.1, &b.1, &c.1);
                check(&what, &a.2, &b.2, &c.2);
                assert_eq!(lstm.forward(&x).unwrap(), a.0);
                assert_eq!(lstm.forward_t(&x, false).unwrap(), a.0);
                assert!(!a.0.requires_grad());
            }
        }
    }
}
