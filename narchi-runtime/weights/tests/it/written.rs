//! What we write, as we and the format's own library read it.

use std::fs;

use narchi_weights::{Checkpoint, Dtype, Tensor, write_safetensors};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::shown;

fn tensor<'a>(name: &'a str, dtype: Dtype, shape: &'a [i64], data: &'a [u8]) -> Tensor<'a> {
    Tensor {
        name,
        dtype,
        shape,
        data,
    }
}

#[track_caller]
fn check(tensors: &[Tensor], expected: &[&str]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    let text = match write_safetensors(&path, tensors.iter().copied()) {
        Ok(()) => shown(&path),
        Err(error) => {
            assert_eq!(
                fs::read_dir(&folder).unwrap().count(),
                0,
                "nothing is left behind"
            );
            format!("error: {}", error.message())
        }
    };
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn tensors_keep_their_order_and_are_aligned() {
    let tensors = [
        tensor("layer.bias", Dtype::U8, &[3], &[1, 2, 3]),
        tensor("a \"name\"\n", Dtype::I64, &[], &[7, 0, 0, 0, 0, 0, 0, 0]),
        tensor("nothing", Dtype::F32, &[0, 4], &[]),
        tensor("half", Dtype::BF16, &[1, 2], &[0x80, 0x3f, 0, 0]),
    ];
    check(
        &tensors,
        &[
            "safetensors",
            "layer.bias uint8[3] = [1.0, 2.0, 3.0]",
            "a \"name\"",
            " int64[] = [7.0]",
            "nothing float32[0, 4] = []",
            "half bfloat16[1, 2] = [1.0, 0.0]",
        ],
    );

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    write_safetensors(&path, tensors).unwrap();
    let bytes = fs::read(&path).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(length % 8, 0);
    for (name, info) in metadata.tensors() {
        let size = tensors
            .iter()
            .find(|tensor| tensor.name == name)
            .unwrap()
            .dtype
            .size();
        assert_eq!(info.data_offsets.0 % size, 0, "{name}");
    }
}

#[test]
fn no_tensors_are_a_file_too() {
    check(&[], &["safetensors"]);
}

#[test]
fn tensors_that_make_no_sense_are_refused() {
    let error = |tensors: &[Tensor], message: &str| {
        check(tensors, &[&format!("error: cannot be written: {message}")]);
    };
    error(
        &[tensor("w", Dtype::F32, &[2], &[0; 7])],
        "tensor `w` has 7 bytes where float32 of shape [2] needs 8",
    );
    error(
        &[tensor("w", Dtype::F32, &[-1], &[])],
        "tensor `w` has the negative size -1",
    );
    error(
        &[tensor("w", Dtype::F32, &[i64::MAX, 3], &[])],
        "tensor `w` has the shape [9223372036854775807, 3], more elements than memory can hold",
    );
    let twice = tensor("w", Dtype::U8, &[1], &[0]);
    error(&[twice, twice], "there are two tensors `w`");
    error(
        &[tensor("__metadata__", Dtype::U8, &[1], &[0])],
        "tensor `__metadata__` has a name that the format keeps for itself",
    );
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    write_safetensors(&path, [tensor("old", Dtype::U8, &[1], &[1])]).unwrap();
    let old = Checkpoint::open(&path).unwrap();
    write_safetensors(&path, [tensor("w", Dtype::U8, &[1], &[0; 2])]).unwrap_err();
    assert_eq!(shown(&path), "safetensors\nold uint8[1] = [1.0]\n");
    write_safetensors(&path, [tensor("new", Dtype::U8, &[1], &[2])]).unwrap();
    assert_eq!(shown(&path), "safetensors\nnew uint8[1] = [2.0]\n");
    assert_eq!(&*old.read(old.get("old").unwrap()).unwrap(), [1]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let folder = TempDir::new().unwrap();
    let message = |path| {
        write_safetensors(path, [])
            .unwrap_err()
            .message()
            .to_owned()
    };
    assert_eq!(
        message(folder.path().to_path_buf()),
        "cannot be written: it is there and not a regular file"
    );
    assert!(
        message(folder.path().join("missing/model.safetensors")).starts_with("cannot be written: ")
    );
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = TempDir::new().unwrap();
    let (link, file) = (folder.path().join("link"), folder.path().join("file"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write_safetensors(&link, [tensor("w", Dtype::U8, &[1], &[1])]).unwrap();
    assert!(link.is_symlink());
    assert_eq!(shown(&file), "safetensors\nw uint8[1] = [1.0]\n");
}

proptest! {
    // Few, since every file waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_formats_own_library_reads_the_same(
        tensors in proptest::collection::btree_map("[a-z.é\"\\\\]{1,12}", (0_usize..3, proptest::collection::vec(0_i64..4, 0..4)), 0..6)
    ) {
        let dtypes = [(Dtype::U8, safetensors::Dtype::U8), (Dtype::F16, safetensors::Dtype::F16), (Dtype::F64, safetensors::Dtype::F64)];
        let data: Vec<u8> = (0..=255).cycle().take(512).collect();
        let tensors: Vec<_> = tensors
            .iter()
            .map(|(name, (dtype, shape))| {
                let dtype = dtypes[*dtype].0;
                let len = usize::try_from(shape.iter().product::<i64>()).unwrap() * dtype.size();
                tensor(name, dtype, shape, &data[..len])
            })
            .collect();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("model.safetensors");
        write_safetensors(&path, tensors.iter().copied()).unwrap();
        let bytes = fs::read(&path).unwrap();
        let theirs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        prop_assert_eq!(theirs.len(), tensors.len());
        let ours = Checkpoint::open(&path).unwrap();
        for tensor in tensors {
            let view = theirs.tensor(tensor.name).unwrap();
            prop_assert_eq!(view.data(), tensor.data);
            prop_assert_eq!(view.shape().iter().map(|&dim| i64::try_from(dim).unwrap()).collect::<Vec<_>>(), tensor.shape);
            prop_assert!(dtypes.contains(&(tensor.dtype, view.dtype())));
            let entry = ours.get(tensor.name).unwrap();
            prop_assert_eq!((entry.dtype(), entry.shape()), (tensor.dtype, tensor.shape));
            prop_assert_eq!(&*ours.read(entry).unwrap(), tensor.data);
        }
    }
}
