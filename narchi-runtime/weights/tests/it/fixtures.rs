//! What torch and numpy wrote; `tests/data/make.py` has the values.

use std::borrow::Cow;

use narchi_weights::Checkpoint;

use crate::{data, shown};

#[track_caller]
fn check(name: &str, expected: &[&str]) {
    let shown = shown(&data(name));
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{name}");
}

const STATE_DICT: [&str; 7] = [
    "fc.weight float32[3, 2] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]",
    "fc.bias float32[3] = [0.0, 1.0, 2.0]",
    "bn.weight float32[3] = [0.0, 1.0, 2.0]",
    "bn.bias float32[3] = [0.0, 1.0, 2.0]",
    "bn.running_mean float32[3] = [0.0, 1.0, 2.0]",
    "bn.running_var float32[3] = [0.0, 1.0, 2.0]",
    "bn.num_batches_tracked int64[] = [0.0]",
];

#[test]
fn a_state_dict_comes_in_its_order() {
    let expected = [&["torch.save"], &STATE_DICT[..]].concat();
    check("state_dict.pth", &expected);
    check("deflated.pth", &expected);
}

#[test]
fn safetensors_come_in_the_order_of_their_header() {
    let [weight, bias, bn_weight, bn_bias, mean, var, batches] = STATE_DICT;
    check(
        "state_dict.safetensors",
        &[
            "safetensors",
            batches,
            bn_bias,
            mean,
            var,
            bn_weight,
            bias,
            weight,
        ],
    );
}

#[test]
fn envelopes_are_unwrapped_and_reported() {
    check(
        "envelope.pth",
        &[
            "torch.save",
            "weight float32[1, 2] = [0.0, 1.0]",
            "bias float32[1] = [0.0]",
            "note: took the tensors from `state_dict`, left aside `epoch`, `arch`, `best_acc1`, `when`, `optimizer`",
        ],
    );
}

#[test]
fn the_choice_between_two_models_is_left_to_the_user() {
    check(
        "gan.pth",
        &[
            "error: holds several dicts of tensors: `generator`, `discriminator`; in python, save the one to load on its own",
        ],
    );
}

#[test]
fn prefixes_are_taken_off_and_names_found_either_way() {
    let checkpoint = Checkpoint::open(data("data_parallel.pth")).unwrap();
    let names: Vec<_> = checkpoint
        .tensors()
        .map(narchi_weights::Entry::name)
        .collect();
    assert_eq!(names, ["weight", "bias"]);
    assert_eq!(checkpoint.prefix(), "module.");
    assert_eq!(
        checkpoint.notes(),
        ["took `module.` off the beginning of all 2 names"]
    );
    assert_eq!(checkpoint.get("weight"), checkpoint.get("module.weight"));
    assert!(checkpoint.get("weight").is_some());
    assert_eq!(checkpoint.get("module.module.weight"), None);
}

#[test]
fn views_become_contiguous() {
    check(
        "views.pth",
        &[
            "torch.save",
            "transposed float32[3, 2] = [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]",
            "row float32[3] = [3.0, 4.0, 5.0]",
            "column float32[2] = [1.0, 4.0]",
            "expanded float32[2, 2] = [0.0, 0.0, 1.0, 1.0]",
            "scalar float32[] = [7.0]",
            "empty float32[0, 3] = []",
        ],
    );
}

#[test]
fn every_dtype_is_read() {
    check(
        "dtypes.pth",
        &[
            "torch.save",
            "f64 float64[2] = [0.0, 1.0]",
            "f16 float16[2] = [0.0, 1.0]",
            "bf16 bfloat16[2] = [0.0, 1.0]",
            "i64 int64[2] = [0.0, 1.0]",
            "i32 int32[2] = [0.0, 1.0]",
            "i16 int16[2] = [0.0, 1.0]",
            "i8 int8[2] = [0.0, 1.0]",
            "u8 uint8[2] = [0.0, 1.0]",
            "bool bool[2] = [0.0, 1.0]",
        ],
    );
}

#[test]
fn other_dtypes_are_named() {
    check(
        "complex.pth",
        &[
            "error: has a tensor `spectrum` that is of dtype `ComplexFloat`, which is not read; \
         convert it to float32 or another common type",
        ],
    );
    check(
        "u16.pth",
        &[
            "error: has a tensor `ids` that is of dtype `uint16`, which is not read; \
         convert it to float32 or another common type",
        ],
    );
}

#[test]
fn parameters_are_tensors() {
    check(
        "parameters.pth",
        &[
            "torch.save",
            "plain float32[2] = [0.0, 1.0]",
            "marked float32[2] = [0.0, 1.0]",
            "tagged float32[2] = [0.0, 1.0]",
            "note: left aside what is not a plain tensor: `extra` (str)",
        ],
    );
}

#[test]
fn what_is_no_plain_tensor_is_left_aside_and_named() {
    check(
        "sparse.pth",
        &[
            "torch.save",
            "dense float32[2] = [0.0, 1.0]",
            "note: left aside what is not a plain tensor: `mask` (torch._utils._rebuild_sparse_tensor)",
        ],
    );
}

#[test]
fn newer_pickles_and_missing_checksums_are_fine() {
    check(
        "protocol4.pth",
        &["torch.save", "w float32[2, 2] = [0.0, 1.0, 2.0, 3.0]"],
    );
    check("no_crc.pth", &["torch.save", "w float32[2] = [0.0, 1.0]"]);
}

#[test]
fn whole_modules_are_refused_with_advice() {
    check(
        "module.pth",
        &[
            "error: holds a whole pickled `torch.nn.modules.linear.Linear`, whose code is not in the file; \
         in python, save its `state_dict()` instead",
        ],
    );
    check(
        "module_in_dict.pth",
        &[
            "error: holds as `model` a whole pickled `torch.nn.modules.activation.ReLU`, whose code is not in the file; \
         in python, save its `state_dict()` instead",
        ],
    );
    check(
        "scripted.pt",
        &[
            "error: is a TorchScript archive; in python, save `torch.jit.load(path).state_dict()` with torch.save",
        ],
    );
}

#[test]
fn the_old_format_is_refused_with_advice() {
    check(
        "legacy.pth",
        &["error: is in the format that torch.save wrote before 1.6; \
         save it again in python: `torch.save(torch.load(path, map_location=\"cpu\"), path)`"],
    );
}

#[test]
fn numpy_archives_are_read() {
    let arrays = [
        "npz",
        "weight float32[2, 3] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]",
        "steps int64[] = [5.0]",
    ];
    check("arrays.npz", &arrays);
    check("compressed.npz", &arrays);
    check(
        "fortran.npz",
        &[
            "error: has an array `weight` that is in Fortran order; save `numpy.ascontiguousarray(array)`",
        ],
    );
    check(
        "big_endian.npz",
        &[
            "error: has an array `weight` that is big-endian (`>f4`); save it in little-endian order",
        ],
    );
    check(
        "objects.npz",
        &["error: has an array `weight` that holds python objects, which are not read"],
    );
}

#[test]
fn what_lies_in_order_is_not_copied() {
    let borrowed = |file, tensor| {
        let checkpoint = Checkpoint::open(data(file)).unwrap();
        let bytes = checkpoint.read(checkpoint.get(tensor).unwrap()).unwrap();
        matches!(bytes, Cow::Borrowed(_))
    };
    assert!(borrowed("state_dict.safetensors", "fc.weight"));
    assert!(borrowed("state_dict.pth", "fc.weight"));
    assert!(borrowed("views.pth", "row"));
    assert!(borrowed("arrays.npz", "weight"));
    assert!(!borrowed("views.pth", "transposed"));
    assert!(!borrowed("deflated.pth", "fc.weight"));
}

#[test]
fn an_entry_of_another_checkpoint_is_an_error() {
    let pth = Checkpoint::open(data("state_dict.pth")).unwrap();
    let safetensors = Checkpoint::open(data("state_dict.safetensors")).unwrap();
    let foreign = pth.get("fc.weight").unwrap();
    let message = safetensors.read(foreign).unwrap_err().to_string();
    assert!(message.ends_with("tensor `fc.weight`: the file does not hold it; was the entry taken from another checkpoint?"));
}
