//! `narchi-codegen weights map`: the rules that it proposes, applied, make `weights check` pass; what could be either is said.

use std::{fs, path::Path};

use narchi_codegen::{Input, compile};
use narchi_weights::{Dtype, Tensor, write_safetensors};

use crate::command::run;

/// ResNet as torchvision names it, but narrow.
const RESNET: &str = "
local Conv(feats, kernel, stride=1) = {
    _class: 'Conv2d', output_feats: feats, kernel_size: kernel, stride: stride, padding: (kernel - 1) / 2, bias: false,
};
local Norm = { _class: 'BatchNorm2d' };
local ReLU = { _class: 'ReLU' };
local Block(feats, stride, project) = {
    _class: 'Group',
    blocks: [
        { _id: 'in', _class: 'Identity' },
        Conv(feats, 3, stride) { _id: 'conv1' }, Norm { _id: 'bn1' }, ReLU { _id: 'relu1' },
        Conv(feats, 3) { _id: 'conv2' }, Norm { _id: 'bn2' },
    ] + (if project then [{ _id: 'downsample', _class: 'Sequential', blocks: [Conv(feats, 1, stride), Norm] }] else []) + [
        { _id: 'add', _class: 'Add' }, ReLU { _id: 'relu2' },
    ],
    graph: [
        'in -> conv1 -> bn1 -> relu1 -> conv2 -> bn2 -> add -> relu2',
        if project then 'in -> downsample -> add' else 'in -> add',
    ],
    input: 'in',
    output: 'relu2',
};
local Layer(id, feats, stride) = {
    _id: id, _class: 'Sequential', blocks: [Block(feats, stride, stride > 1), Block(feats, 1, false)],
};
{
    inputs: [{ _id: 'image', _shape: [3, 32, 32] }],
    outputs: [{ _id: 'scores', _shape: [10] }],
    blocks: [
        Conv(4, 7, 2) { _id: 'conv1' }, Norm { _id: 'bn1' }, ReLU { _id: 'relu' },
        Layer('layer1', 4, 1), Layer('layer2', 8, 2), Layer('layer3', 16, 2),
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: 1 },
        { _id: 'flat', _class: 'Reshape', reshape_spec: [[0, 1, 2]] },
        { _id: 'fc', _class: 'Linear', output_feats: 10 },
    ],
    graph: ['image -> conv1 -> bn1 -> relu -> layer1 -> layer2 -> layer3 -> pool -> flat -> fc -> scores'],
}
";

/// Two branches that nothing but their names tells apart.
const TWINS: &str = "{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [
        { _id: 'left', _class: 'Linear', output_feats: 8 },
        { _id: 'right', _class: 'Linear', output_feats: 8 },
        { _id: 'add', _class: 'Add' },
        { _id: 'last', _class: 'Linear', output_feats: 8, bias: false },
    ],
    graph: ['x -> left -> add -> last -> y', 'x -> right -> add'],
}
";

/// A folder with an architecture and a checkpoint for it, whose tensors `rename` names; it leaves out those without a name.
fn project(architecture: &str, rename: impl Fn(&str) -> Option<String>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.jsonnet");
    fs::write(&path, architecture).unwrap();
    let compilation = compile(&Input {
        path,
        ..Input::default()
    });
    let report = compilation.report();
    let state = compilation.model.expect(&report).state();
    let tensors = state.iter().filter_map(|it| {
        let shape: Vec<i64> = it.shape.iter().map(|it| it.unwrap()).collect();
        let dtype = if it.is_int { Dtype::I64 } else { Dtype::F32 };
        Some((rename(&it.name)?, dtype, shape))
    });
    save(
        &folder.path().join("net.safetensors"),
        &tensors.collect::<Vec<_>>(),
    );
    folder
}

/// Writes zeros.
fn save(path: &Path, tensors: &[(String, Dtype, Vec<i64>)]) {
    let bytes = |it: &(String, Dtype, Vec<i64>)| {
        let numbers = usize::try_from(it.2.iter().product::<i64>()).unwrap();
        vec![0; numbers * it.1.size()]
    };
    let bytes: Vec<Vec<u8>> = tensors.iter().map(bytes).collect();
    let tensors = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, dtype, shape), data)| Tensor {
            name,
            dtype: *dtype,
            shape,
            data,
        });
    write_safetensors(path, tensors).unwrap();
}

/// The rules are these, and with them everything fits.
#[track_caller]
fn check(architecture: &str, rename: impl Fn(&str) -> String, expected: &[&str]) {
    let folder = project(architecture, |it| Some(rename(it)));
    let folder = folder.path();
    let (code, out, err) = run(
        folder,
        &[
            "weights",
            "map",
            "net.jsonnet",
            "net.safetensors",
            "-o",
            "rules",
        ],
    );
    let rules = fs::read_to_string(folder.join("rules")).unwrap();
    assert_eq!(rules.lines().collect::<Vec<_>>(), expected, "{err}");
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let (code, _, err) = run(
        folder,
        &[
            "weights",
            "check",
            "net.jsonnet",
            "net.safetensors",
            "--renames",
            "rules",
        ],
    );
    assert_eq!(code, 0, "{err}");
    let renamed = [
        "weights",
        "rename",
        "net.safetensors",
        "rules",
        "-o",
        "renamed.safetensors",
    ];
    let (code, _, err) = run(folder, &renamed);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = run(
        folder,
        &["weights", "check", "net.jsonnet", "renamed.safetensors"],
    );
    assert_eq!(code, 0, "{err}");
}

/// The name with words replaced, in order.
fn replaced(name: &str, words: &[(&str, &str)]) -> String {
    words
        .iter()
        .fold(name.to_owned(), |name, (old, new)| name.replace(old, new))
}

#[test]
fn a_checkpoint_that_fits_needs_no_rules() {
    check(RESNET, str::to_owned, &[]);
    check(RESNET, |it| format!("module.model.{it}"), &[]);
}

#[test]
fn a_prefix_is_one_rule() {
    check(RESNET, |it| format!("net.0.{it}"), &["net.0 -> ."]);
}

#[test]
fn a_backbone_and_a_head_are_two() {
    let rename = |it: &str| match it.strip_prefix("fc.") {
        Some(leaf) => format!("module.head.linear.{leaf}"),
        None => format!("module.backbone.{it}"),
    };
    check(RESNET, rename, &["backbone -> .", "head.linear -> fc"]);
}

#[test]
fn renamed_blocks_are_found_by_their_shapes_and_numbers() {
    let rename = |it: &str| {
        let words = [
            ("layer1.", "stages.0."),
            ("layer2.", "stages.1."),
            ("layer3.", "stages.2."),
            ("downsample.0", "shortcut.conv"),
            ("downsample.1", "shortcut.norm"),
            ("bn", "norm"),
        ];
        let name = replaced(it, &words);
        let is_stem = name.starts_with("conv1") || name.starts_with("norm1");
        if is_stem {
            format!("stem.{name}")
        } else {
            name
        }
    };
    let expected = [
        "stages.0 -> layer1",
        "stages.0.*.norm1 -> layer1.*.bn1",
        "stages.0.*.norm2 -> layer1.*.bn2",
        "stages.1 -> layer2",
        "stages.1.*.norm1 -> layer2.*.bn1",
        "stages.1.*.norm2 -> layer2.*.bn2",
        "stages.1.0.shortcut.conv -> layer2.0.downsample.0",
        "stages.1.0.shortcut.norm -> layer2.0.downsample.1",
        "stages.2 -> layer3",
        "stages.2.*.norm1 -> layer3.*.bn1",
        "stages.2.*.norm2 -> layer3.*.bn2",
        "stages.2.0.shortcut.conv -> layer3.0.downsample.0",
        "stages.2.0.shortcut.norm -> layer3.0.downsample.1",
        "stem.conv1 -> conv1",
        "stem.norm1 -> bn1",
    ];
    check(RESNET, rename, &expected);
}

#[test]
fn names_of_tensors_are_those_of_other_libraries_too() {
    let words = [
        ("bn1.weight", "bn1.gamma"),
        ("bn1.bias", "bn1.beta"),
        ("bn1.running_mean", "bn1.moving_mean"),
        ("bn1.running_var", "bn1.moving_variance"),
    ];
    let rename = |it: &str| {
        if it.starts_with("bn1") {
            replaced(it, &words)
        } else {
            it.to_owned()
        }
    };
    let expected = [
        "bn1.beta -> bn1.bias",
        "bn1.gamma -> bn1.weight",
        "bn1.moving_mean -> bn1.running_mean",
        "bn1.moving_variance -> bn1.running_var",
    ];
    check(RESNET, rename, &expected);
}

/// `_module_dict.<line>`, where a norm is part of its convolution, and the lines of all blocks are counted through.
fn neurlink(name: &str) -> String {
    let inner = |rest: &str| {
        let words = [
            ("conv1", "1"),
            ("bn1", "1.postproc.1"),
            ("conv2", "2"),
            ("bn2", "2.postproc.1"),
            ("downsample.0", "3._module_dict.2"),
            ("downsample.1", "3._module_dict.2.postproc.1"),
            ("fc", "11"),
        ];
        format!("_module_dict.{}", replaced(rest, &words))
    };
    for (layer, first) in [("layer1.", 3), ("layer2.", 5), ("layer3.", 7)] {
        if let Some(rest) = name.strip_prefix(layer) {
            let (index, rest) = rest.split_once('.').unwrap();
            let line = first + index.parse::<usize>().unwrap();
            return format!("_module_dict.{line}.{}", inner(rest));
        }
    }
    inner(name)
}

#[test]
fn names_of_neurlink_are_found() {
    let folder = project(RESNET, |it| Some(neurlink(it)));
    let (_, rules, err) = run(
        folder.path(),
        &["weights", "map", "net.jsonnet", "net.safetensors"],
    );
    let expected: Vec<&str> = rules.lines().collect();
    assert!(rules.contains("_module_dict.11 -> fc\n"), "{rules}{err}");
    assert!(
        rules.contains(
            "_module_dict.5._module_dict.3._module_dict.2.postproc.1 -> layer2.0.downsample.1\n"
        ),
        "{rules}"
    );
    check(RESNET, neurlink, &expected);
}

#[test]
fn what_could_be_either_is_said_and_not_guessed() {
    let folder = project(TWINS, |it| {
        Some(replaced(
            it,
            &[("left", "a"), ("right", "b"), ("last", "out")],
        ))
    });
    let map = |more: &[&str]| {
        run(
            folder.path(),
            &[&["weights", "map", "net.jsonnet", "net.safetensors"], more].concat(),
        )
    };
    let (code, out, err) = map(&[]);
    assert_eq!((code, out.as_str()), (1, "out -> last\n"));
    insta::assert_snapshot!(err);
    let (code, out, err) = map(&["--by-order"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "a -> left\nb -> right\nout -> last\n"),
        "{err}"
    );
    let (code, out, _) = map(&["--json"]);
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(object["rules"][0]["from"], "out");
    assert_eq!(
        object["ambiguous"][0]["model"],
        serde_json::json!(["left", "right"])
    );
    assert_eq!(object["problems"].as_array().unwrap().len(), 8);
}

#[test]
fn what_is_missing_or_left_over_is_said() {
    let rename = |it: &str| match it {
        "bn1.bias" => None,
        "fc.weight" => Some("head.weight".to_owned()),
        "fc.bias" => Some("head.offset".to_owned()),
        _ => Some(format!("net.{it}")),
    };
    let folder = project(RESNET, rename);
    let (code, _, err) = run(
        folder.path(),
        &["weights", "map", "net.jsonnet", "net.safetensors"],
    );
    assert_eq!(code, 1);
    insta::assert_snapshot!(err);
}

#[test]
fn wrong_rules_are_refused() {
    let folder = project(TWINS, |it| Some(it.to_owned()));
    let check = |rules: &str, expected: &str| {
        fs::write(folder.path().join("rules"), rules).unwrap();
        let arguments = [
            "weights",
            "check",
            "net.jsonnet",
            "net.safetensors",
            "--renames",
            "rules",
        ];
        let (code, _, err) = run(folder.path(), &arguments);
        assert_eq!(code, 1, "{err}");
        assert!(err.starts_with(expected), "{err}");
    };
    check(
        "left right",
        "error: `rules`: line 1 of the renames: `left right` is no rule",
    );
    check("left -> right", "error: `net.safetensors`: `left.");
}
