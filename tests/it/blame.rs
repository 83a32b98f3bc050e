//! A failure of libtorch names the block, and where the architecture has it.

use narchi_runtime::{Device, Error, Kind, Tensor, narchi_model, nn};

narchi_model!(Blame, "../arch/blame.jsonnet");

fn check(error: &Error, block: &str, line: u32) {
    let (Error::Torch { block: found, .. } | Error::Module { block: found, .. }) = error else {
        panic!("{error}")
    };
    let found = found.as_ref().unwrap_or_else(|| panic!("{error}"));
    assert_eq!(found.path(), block, "{error}");
    let place = found.place().unwrap_or_else(|| panic!("{error}"));
    let end = format!("arch/blame.jsonnet:{line}:");
    assert!(place.contains(&end), "{error}");
    let text = error.to_string();
    assert!(!text.contains("frame #") && !text.contains('\n'), "{text}");
    assert!(text.contains(&format!("in `{block}` (")), "{text}");
}

#[test]
fn a_block_without_weights_is_named() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Blame::new(&vs.root());
    // libtorch has no pooling of such tensors.
    let image =
        Tensor::zeros([2, 4, 8, 8], (Kind::Float, Device::Cpu)).to_sparse(None, None::<i64>, None);
    check(&model.forward(&image).unwrap_err(), "first.*.pool", 6);
}

#[test]
fn a_block_with_weights_is_named_by_them() {
    let mut vs = nn::VarStore::new(Device::Cpu);
    let model = Blame::new(&vs.root());
    vs.double();
    let image = Tensor::zeros([2, 4, 8, 8], (Kind::Float, Device::Cpu));
    check(&model.forward(&image).unwrap_err(), "first.0.conv", 7);
}

#[test]
fn a_model_may_be_part_of_another() {
    let mut vs = nn::VarStore::new(Device::Cpu);
    let model = Blame::new(&(vs.root() / "eye"));
    vs.double();
    let image = Tensor::zeros([2, 4, 8, 8], (Kind::Float, Device::Cpu));
    check(&model.forward(&image).unwrap_err(), "eye.first.0.conv", 7);
}

#[test]
fn a_block_that_memory_does_not_suffice_for_is_named() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Blame::new(&vs.root());
    // One image, said 2⁵⁰ times: costs nothing until a block makes of it 2⁶⁰ bytes, which no machine can even address.
    let images =
        Tensor::zeros([1, 4, 8, 8], (Kind::Float, Device::Cpu)).expand([1 << 50, 4, 8, 8], false);
    let error = model.forward(&images).unwrap_err();
    check(&error, "first.*.pool", 6);
    let text = error.to_string();
    assert!(
        text.contains("memory") && text.contains(&(1_i64 << 60).to_string()),
        "{text}"
    );
}

#[expect(unsafe_code, reason = "tch cannot make tensors on this device")]
mod elsewhere {
    use std::{ffi::c_void, ptr};

    use narchi_runtime::Tensor;

    unsafe extern "C" {
        fn aoti_torch_empty_strided(
            dims: i64,
            sizes: *const i64,
            strides: *const i64,
            kind: i32,
            device: i32,
            index: i32,
            made: *mut *mut c_void,
        ) -> i32;
    }

    /// Numbers of single precision on the device that has shapes and no memory, which every libtorch has.
    pub(super) fn image([images, channels, height, width]: [i64; 4]) -> Tensor {
        const FLOAT: i32 = 6;
        const META: i32 = 14;
        let sizes = [images, channels, height, width];
        let strides = [channels * height * width, height * width, width, 1];
        let mut made = ptr::null_mut();
        // SAFETY: there are as many sizes and strides as it is told; after success it is a new tensor, which is ours.
        unsafe {
            let code = aoti_torch_empty_strided(
                4,
                sizes.as_ptr(),
                strides.as_ptr(),
                FLOAT,
                META,
                -1,
                &raw mut made,
            );
            assert_eq!(code, 0);
            Tensor::from_ptr(made.cast())
        }
    }
}

#[test]
fn a_block_that_meets_an_input_of_another_device_is_named() {
    let vs = nn::VarStore::new(Device::Cpu);
    let model = Blame::new(&vs.root());
    let error = model.forward(&elsewhere::image([2, 4, 8, 8])).unwrap_err();
    check(&error, "first.0.conv", 7);
    let text = error.to_string();
    assert!(text.contains("other than CPU"), "{text}");
}
