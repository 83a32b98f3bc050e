use super::*;

struct Net {
    fc: nn::Linear,
    bn: nn::BatchNorm1d,
}
nn::weights!(Net: fc, bn);

fn agrees(inputs: i64, outputs: i64, bias: bool, leading: &[i64], norms: &[&str]) {
    let make = |of: i64| {
        move |vs: &nn::Path| Net {
            fc: nn::Linear::new(vs / "fc", inputs, outputs, nn::LinearConfig { bias }),
            bn: nn::BatchNorm1d::new(vs / "bn", of, nn::BatchNormConfig::default()),
        }
    };
    for (name, activation) in activations() {
        for norm in norms {
            let make = make(if *norm == "before" { inputs } else { outputs });
            let (single, truth) = twins(make);
            let fc = frozen(&single, "fc", |vs| {
                let Net { fc, bn } = make(vs);
                let fc = frozen::Linear::new(fc);
                let fc = match *norm {
                    "before" => fc.input_norm(&bn),
                    "after" => fc.batch_norm(&bn),
                    _ => fc,
                };
                with_activation!(fc, name).pack()
            });
            let run = |net: &Net, x: &Tensor| match *norm {
                "before" => net
                    .fc
                    .forward(&net.bn.forward_t(x, false).unwrap())
                    .unwrap(),
                "after" => net
                    .bn
                    .forward_t(&net.fc.forward(x).unwrap(), false)
                    .unwrap(),
                _ => net.fc.forward(x).unwrap(),
            };
            let what = format!(
                "{inputs} → {outputs}, {leading:?}, {name}, norm {norm}, {}",
                fc.choice()
            );
            let x = random(&[leading, &[inputs]].concat());
            let strided = random(&[leading, &[inputs, 2]].concat()).select(-1, 1);
            for x in [x, strided] {
                let (y, z) = (run(&single, &x), run(&truth, &double(&x)));
                check(
                    &what,
                    &fc.forward(&x).unwrap(),
                    &activation(&y),
                    &activation(&z),
                );
                let other = random(&z.size());
                let kept = other.copy();
                let (y, z) = (activation(&(y + &other)), activation(&(z + double(&other))));
                check(&what, &fc.forward_add(&x, &other).unwrap(), &y, &z);
                assert_eq!(other, kept);
                check(&what, &fc.forward_add_(&x, &other).unwrap(), &y, &z);
            }
        }
    }
}

#[test]
fn small_maps() {
    let _turn = seeded(21);
    for (inputs, outputs) in [
        (1, 1),
        (8, 64),
        (64, 32),
        (7, 33),
        (3, 5),
        (128, 10),
        (1, 70),
    ] {
        agrees(inputs, outputs, true, &[2], &["none", "after", "before"]);
        agrees(inputs, outputs, false, &[], &["none"]);
        agrees(inputs, outputs, false, &[2, 1, 3], &["none"]);
    }
}

#[test]
fn medium_maps() {
    let _turn = seeded(22);
    agrees(200, 150, true, &[3], &["none", "after", "before"]);
    agrees(64, 64, false, &[2, 5], &["none"]);
    agrees(20, 30, true, &[40], &["none"]);
}

#[test]
fn large_maps() {
    let _turn = seeded(23);
    agrees(256, 256, true, &[16], &["none", "after", "before"]);
    agrees(1000, 700, true, &[2, 3], &["none"]);
    agrees(1000, 700, false, &[1], &["none"]);
    agrees(1000, 700, false, &[], &["none"]);
}

fn linear(inputs: i64, outputs: i64) -> frozen::Linear {
    let vs = nn::VarStore::new(Device::Cpu);
    let fc = nn::Linear::new(
        vs.root() / "head" / "fc",
        inputs,
        outputs,
        nn::LinearConfig::default(),
    );
    frozen::Linear::new(fc).relu().pack()
}

#[test]
fn wrong_inputs_are_errors() {
    let _turn = seeded(24);
    for (inputs, outputs) in [(8, 4), (300, 300), (1000, 800)] {
        let fc = linear(inputs, outputs);
        for x in [
            random(&[2, inputs + 1]),
            random(&[500, inputs - 1]),
            random(&[]),
            random(&[2, inputs]).to_kind(Kind::Double),
            random(&[2, inputs]).to_kind(Kind::Int64),
            random(&[500, inputs]).to_kind(Kind::Half),
            Tensor::new(),
        ] {
            let error = fc.forward(&x).unwrap_err().to_string();
            assert!(
                error.contains("`head.fc`") && error.contains("linear.rs:"),
                "{error}"
            );
        }
        let error = fc
            .forward_add(&random(&[2, inputs]), &random(&[3, 7]))
            .unwrap_err();
        assert!(error.to_string().contains("`head.fc`"), "{error}");
    }
}

#[test]
fn what_is_added_may_be_broadcast() {
    let _turn = seeded(25);
    for (inputs, outputs) in [(8, 4), (300, 300), (1000, 800)] {
        let fc = linear(inputs, outputs);
        let (x, other) = (random(&[2, inputs]), random(&[outputs]));
        let sum = fc.forward_add(&x, &other).unwrap();
        let all = other.expand([2, outputs], false);
        assert!(distance(&sum, &fc.forward_add(&x, &all).unwrap()).0 < 1e-5);
    }
}

#[test]
fn an_empty_batch_has_an_empty_output() {
    for (inputs, outputs) in [(8, 4), (300, 300), (1000, 800)] {
        let output = linear(inputs, outputs)
            .forward(&random(&[0, inputs]))
            .unwrap();
        assert_eq!(output.size(), [0, outputs]);
    }
}

#[test]
fn nothing_in_is_the_bias_out() {
    let vs = nn::VarStore::new(Device::Cpu);
    let fc = nn::Linear::new(vs.root(), 0, 3, nn::LinearConfig::default());
    let expected = fc.forward(&random(&[2, 0])).unwrap().detach();
    assert_eq!(
        frozen::Linear::new(fc)
            .pack()
            .forward(&random(&[2, 0]))
            .unwrap(),
        expected
    );
}

#[test]
fn nan_stays_nan() {
    let fc = linear(8, 4);
    let output = fc.forward(&(random(&[1, 8]) * f64::NAN)).unwrap();
    assert!(output.isnan().all().int64_value(&[]) == 1);
}

#[test]
fn inputs_of_a_training_leave_no_gradients() {
    for (inputs, outputs) in [(8, 4), (300, 300), (1000, 800)] {
        let x = random(&[2, inputs]).set_requires_grad(true);
        assert!(!linear(inputs, outputs).forward(&x).unwrap().requires_grad());
    }
}

#[test]
fn zeros_without_memory_are_zeros() {
    let zeros = Tensor::internal_efficientzerotensor([1, 8], (Kind::Float, Device::Cpu));
    let fc = linear(8, 4);
    let expected = fc
        .forward(&Tensor::zeros([1, 8], (Kind::Float, Device::Cpu)))
        .unwrap();
    assert_eq!(fc.forward(&zeros).unwrap(), expected);
    let x = random(&[1, 8]);
    let negated = fc.forward(&x.internal_neg_view()).unwrap();
    assert!(distance(&negated, &fc.forward(&x.neg()).unwrap()).0 < 1e-6);
}
