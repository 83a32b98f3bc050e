//! Generated code as its users meet it: shapes, refusals, weights, training.

use narchi_runtime::{
    Device, Kind, Tensor, load, load_shared, narchi_model,
    nn::{self, ModuleT},
    save,
};

narchi_model!(
    Facts,
    "../../narchi-codegen/tests/models/facts.jsonnet",
    allow = ["fact-assumed"],
);
narchi_model!(FcBn, "../arch/fc_bn.jsonnet");
narchi_model!(Nested, "../../narchi-codegen/tests/models/nested.jsonnet");
narchi_model!(
    Residual,
    "../../narchi-codegen/tests/models/residual.jsonnet"
);
narchi_model!(
    Reshapes,
    "../../narchi-codegen/tests/models/reshapes.jsonnet",
    allow = ["fact-assumed"],
);
narchi_model!(
    TwoInTwoOut,
    "../../narchi-codegen/tests/models/two_in_two_out.jsonnet"
);
narchi_model!(Volumes, "../../narchi-codegen/tests/models/volumes.jsonnet");

narchi_model!(
    ExtVars,
    "../arch/ext_vars.jsonnet",
    ext = {
        sizes: [3, 7],
        name: "a \"net\"",
        nothing: null,
        "options": { bias: false, offset: -2, ratio: 0.5 },
    },
    tla = { classes: 4 },
);

narchi_model!(
    Modules,
    "../../narchi-codegen/tests/models/modules.jsonnet",
    allow = ["fact-assumed"],
);
narchi_model!(Settled, "../../narchi-codegen/tests/models/settled.jsonnet");
narchi_model!(Shared, "../../narchi-codegen/tests/models/shared.jsonnet");

mod built {
    narchi_runtime::include_model!("mlp");
}

fn store() -> nn::VarStore {
    nn::VarStore::new(Device::Cpu)
}

fn image(size: &[i64]) -> Tensor {
    Tensor::rand(size, (Kind::Float, Device::Cpu))
}

/// What a model says of an input that it refuses.
fn refusal<T: std::fmt::Debug>(result: narchi_runtime::Result<T>) -> String {
    result.expect_err("this input is wrong").to_string()
}

#[test]
fn sizes_are_those_that_were_promised() {
    let facts = Facts::new(&store().root());
    // [N, 4, ⌊(H-5)/8⌋, ⌈W/8⌉-1]
    let y = facts
        .forward(&image(&[2, 4, 14, 18]))
        .expect("a size that meets the facts");
    assert_eq!(y.size(), [2, 4, 1, 2]);
    let y = facts
        .forward(&image(&[1, 4, 48, 100]))
        .expect("a size that meets the facts");
    assert_eq!(y.size(), [1, 4, 5, 12]);
    let volumes = Volumes::new(&store().root());
    let y = volumes
        .forward_t(&image(&[2, 1, 7, 32, 32]), true)
        .expect("the right shape");
    assert_eq!(y.size(), [2, 4, 7, 16, 11]);
}

#[test]
fn wrong_inputs_are_refused_with_the_reason() {
    let facts = Facts::new(&store().root());
    insta::assert_snapshot!(refusal(facts.forward(&image(&[2, 4, 14]))), @"input `image` has shape [2, 4, 14], expected [N, 4, H, W]: 3 dimensions instead of 4; `unsqueeze(0)` makes a batch of one");
    insta::assert_snapshot!(refusal(facts.forward(&image(&[2, 3, 14, 18]))), @"input `image` has shape [2, 3, 14, 18], expected [N, 4, H, W]: dimension 1 is 3, not 4");
    insta::assert_snapshot!(refusal(facts.forward(&image(&[2, 4, 12, 18]))), @"input `image` has shape [2, 4, 12, 18], expected [N, 4, H, W] with H ≥ 14: `pool2` would fail");
    insta::assert_snapshot!(refusal(facts.forward(&image(&[2, 4, 15, 18]))), @"input `image` has shape [2, 4, 15, 18], expected [N, 4, H, W] with H % 2 == 0: `add` would fail");
    let whole = image(&[2, 4, 14, 18]).to_kind(Kind::Int64);
    insta::assert_snapshot!(refusal(facts.forward(&whole)), @"input `image` has elements of kind Int64, expected Float, Double, Half or BFloat16");
}

#[test]
fn symbols_agree_across_inputs() {
    let model = TwoInTwoOut::new(&store().root());
    let (left, right) = (image(&[1, 3, 16, 20]), image(&[1, 3, 16, 24]));
    let outputs = model
        .forward(TwoInTwoOutInputs {
            left: &left,
            right: &left,
        })
        .expect("equal sizes");
    assert_eq!(outputs.depth.size(), [1, 1, 6, 7]);
    assert_eq!(outputs.shared.size(), [1, 16, 16, 20]);
    let error = refusal(model.forward(TwoInTwoOutInputs {
        left: &left,
        right: &right,
    }));
    insta::assert_snapshot!(error, @"input `right` has shape [1, 3, 16, 24], expected [N, 3, H, W]: dimension 3 is 24, but W is 20 in dimension 3 of `left`");
}

#[test]
fn reshapes_move_merge_and_split() {
    let model = Reshapes::new(&store().root());
    let x = Tensor::arange(6 * 4 * 5, (Kind::Float, Device::Cpu)).reshape([1, 6, 4, 5]);
    let outputs = model.forward(&x).expect("an even height");
    assert_eq!(outputs.columns, x.permute([0, 3, 1, 2]).reshape([1, 5, 24]));
    assert_eq!(outputs.heads, x.reshape([1, 1, 2, 3, 20]));
    assert_eq!(outputs.halves, x.reshape([1, 6, 2, 2, 5]));
    assert!(refusal(model.forward(&image(&[1, 6, 5, 5]))).contains("H % 2 == 0"));
}

#[test]
fn a_build_script_makes_the_same_model() {
    let vs = store();
    let mlp = built::Mlp::new(&vs.root());
    let scores = mlp.forward(&image(&[5, 8])).expect("the right shape");
    assert_eq!(scores.size(), [5, 3]);
    let sums = scores.sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
    assert!(
        (sums - 1.0).abs().max().double_value(&[]) < 1e-6,
        "probabilities sum to 1"
    );
}

#[test]
fn the_macro_takes_values_as_in_json() {
    let vs = store();
    let model = ExtVars::new(&vs.root());
    assert_eq!(
        model
            .forward(&image(&[2, 7]))
            .expect("the right shape")
            .size(),
        [2, 4]
    );
    assert_eq!(vs.variables().len(), 1, "there is no bias");
}

#[test]
fn symbols_that_no_input_binds_are_arguments() {
    let vs = store();
    let model = Residual::new(&vs.root(), 7);
    let logits = model
        .forward_t(&image(&[2, 3, 9, 11]), false)
        .expect("any size");
    assert_eq!(logits.size(), [2, 7]);
    assert_eq!(vs.variables()["fc.weight"].size(), [7, 64]);
}

#[test]
fn every_weight_learns() {
    let vs = store();
    let model = Residual::new(&vs.root(), 5);
    let x = image(&[4, 3, 12, 12]);
    // Through tch's trait, as its own training loops call it.
    let logits = ModuleT::forward_t(&model, &x, true);
    logits
        .cross_entropy_for_logits(&Tensor::from_slice(&[0i64, 1, 2, 3]))
        .backward();
    for (name, variable) in vs.variables() {
        if variable.requires_grad() {
            assert!(variable.grad().defined(), "{name} has no gradient");
        }
    }
    let statistics = &vs.variables()["layer2.0.bn1.running_mean"];
    assert!(
        statistics.abs().max().double_value(&[]) > 0.0,
        "running statistics move"
    );
    assert_eq!(
        vs.variables()["layer2.0.bn1.num_batches_tracked"].int64_value(&[]),
        1
    );
}

#[test]
fn weights_of_another_model_are_refused_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("residual.safetensors");
    let (small, large) = (store(), store());
    _ = Residual::new(&small.root(), 5);
    _ = Residual::new(&large.root(), 7);
    save(&small, &file).expect("a file");
    let before = large.variables()["stem.weight"].copy();
    let error = refusal(load(&large, &file)).replace(&folder.path().display().to_string(), "");
    insta::assert_snapshot!(error, @r"
    `/residual.safetensors` does not fit the model: 2 of another shape
      another shape: `fc.bias` [7], in the file [5]
      another shape: `fc.weight` [7, 64], in the file [5, 64]
    ");
    assert_eq!(
        large.variables()["stem.weight"],
        before,
        "nothing was changed"
    );

    let nested = store();
    _ = Nested::new(&nested.root());
    let error = refusal(load(&nested, &file));
    assert!(error.contains("features.0.0.weight"), "{error}");
    assert!(error.contains("layer1.0.conv1.weight"), "{error}");
}

#[test]
fn what_torch_saved_loads() {
    let data = "../narchi-runtime/weights/tests/data";
    for file in ["state_dict.pth", "deflated.pth", "state_dict.safetensors"] {
        let vs = store();
        let model = FcBn::new(&vs.root());
        let loaded = load(&vs, format!("{data}/{file}")).expect(file);
        assert_eq!((loaded.tensors, loaded.notes), (7, vec![]), "{file}");
        // The tensors were filled with 0, 1, 2, …: weight [[0, 1], [2, 3], [4, 5]], bias [0, 1, 2].
        let y = model.forward_t(&Tensor::from_slice(&[1f32, 1.0]).reshape([1, 2]), false);
        let y = Vec::<f64>::try_from(y.expect("the right shape").flatten(0, -1)).expect("numbers");
        // (fc - mean) / √(var + ε) · weight + bias, with mean, var, weight and bias 0, 1, 2 as well.
        let norm = |fc: f64, k: f64| (fc - k) / (k + 1e-5).sqrt() * k + k;
        for (k, (y, fc)) in y.iter().zip([1.0, 6.0, 11.0]).enumerate() {
            let expected = norm(fc, f64::from(u8::try_from(k).expect("a few")));
            assert!(
                (y - expected).abs() < 1e-4 * expected.abs().max(1.0),
                "{file}: {y} and {expected}"
            );
        }
    }
    let vs = store();
    _ = FcBn::new(&vs.root());
    let error = refusal(load(&vs, format!("{data}/legacy.pth")));
    assert!(
        error.contains("legacy.pth") && error.contains("save"),
        "{error}"
    );
}

#[test]
fn included_files_compute_what_they_say() {
    let vs = store();
    let model = Modules::new(&vs.root());
    let x = image(&[2, 3, 8, 64]);
    let outputs = model.forward(&x).expect("a height that both halve");
    assert_eq!(outputs.y.size(), [2, 8, 32]);
    assert_eq!(outputs.double.size(), [2, 16, 32]);
    assert_eq!(outputs.same, x);
    // `pair` adds its input to itself, and lays it beside itself; `twice` adds that to itself.
    assert_eq!(outputs.double.narrow(1, 0, 8), outputs.y);
    let names = [
        "first.conv.bias",
        "first.conv.weight",
        "rest.0.conv.bias",
        "rest.0.conv.weight",
    ];
    let mut found: Vec<String> = vs.variables().into_keys().collect();
    found.sort();
    assert_eq!(found, names);
}

#[test]
fn sizes_of_weights_are_arguments_that_inputs_agree_with() {
    let model = Settled::new(&store().root(), 5);
    assert_eq!(
        model
            .forward(&image(&[2, 3, 5]))
            .expect("the right shape")
            .size(),
        [2, 3, 5]
    );
    insta::assert_snapshot!(refusal(model.forward(&image(&[2, 3, 4]))), @"input `x` has shape [2, 3, 4], expected [N, L, W]: dimension 2 is 4, but W is 5 in this model");
}

#[test]
fn shared_weights_are_one_and_load_under_any_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let vs = store();
    let model = Shared::new(&vs.root());
    assert_eq!(vs.variables().len(), 7, "a convolution and a batch norm");
    let (x, other) = (image(&[1, 3, 6, 6]), image(&[1, 3, 6, 6]));
    let both = |model: &Shared, left: &Tensor, right: &Tensor| {
        let inputs = SharedInputs { left, right };
        model.forward_t(inputs, false).expect("the right shape")
    };
    let output = both(&model, &x, &other);
    assert!(
        output.allclose(&both(&model, &other, &x), 1e-5, 1e-6, false),
        "both eyes see alike"
    );

    let file = folder.path().join("own.safetensors");
    save(&vs, &file).expect("a file");
    let again = store();
    let loaded = Shared::new(&again.root());
    load_shared(&again, &file, Shared::SHARED).expect("its own weights");
    assert_eq!(both(&loaded, &x, &other), output);

    // As Python would save it, under both names; and under the second alone.
    let alias = |it: &str| {
        it.replace("left_eye", "right_eye")
            .replace("norms.0", "norms.2")
    };
    for keep in [true, false] {
        let stored = store();
        for (name, tensor) in vs.variables() {
            let own = keep.then(|| name.clone());
            for name in own.into_iter().chain([alias(&name)]) {
                let steps: Vec<&str> = name.split('.').collect();
                let (leaf, steps) = steps.split_last().expect("a name");
                let path = steps.iter().fold(stored.root(), |path, step| path / step);
                _ = path.add(leaf, tensor.copy(), false);
            }
        }
        let file = folder.path().join("renamed.safetensors");
        save(&stored, &file).expect("a file");
        let again = store();
        let loaded = Shared::new(&again.root());
        load_shared(&again, &file, Shared::SHARED).expect("the same weights by another name");
        assert_eq!(both(&loaded, &x, &other), output);
    }
}

#[test]
fn loaded_weights_give_the_same_outputs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("nested.safetensors");
    let (one, other) = (store(), store());
    let (first, second) = (Nested::new(&one.root()), Nested::new(&other.root()));
    let signal = image(&[3, 2, 40]);
    // Moves the running statistics away from their beginnings.
    _ = first.forward_t(&signal, true).expect("the right shape");
    save(&one, &file).expect("a file");
    assert_eq!(
        load(&other, &file).expect("the same model").tensors,
        one.variables().len()
    );
    let outputs =
        [&first, &second].map(|it| it.forward_t(&signal, false).expect("the right shape"));
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn errors_of_libtorch_say_where() {
    let vs = store();
    let model = Nested::new(&vs.root());
    // The guard takes any float; libtorch does not multiply doubles with floats.
    let signal = image(&[1, 2, 8]).to_kind(Kind::Double);
    let error = refusal(model.forward_t(&signal, false));
    assert!(
        error.contains("generated.rs"),
        "the place of the call: {error}"
    );
    assert!(!error.contains("frame #"), "no backtrace of C++: {error}");
}
