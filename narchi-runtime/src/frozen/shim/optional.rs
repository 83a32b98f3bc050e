//! Functions of libtorch that there is a substitute for.

#![expect(
    unsafe_code,
    reason = "foreign functions; signatures are those of the headers of libtorch 2.13"
)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::OnceLock;

use tch::{Device, Kind, TchError, Tensor};

use super::{Handle, Status};

/// What one thread computes: from one number up to another, of what the address is.
pub(in crate::frozen) type Part = extern "C" fn(i64, i64, *mut c_void);

type What = unsafe extern "C" fn() -> *const c_char;
type ParallelFor = unsafe extern "C" fn(i64, i64, i64, Part, *mut c_void) -> Status;
type Empty =
    unsafe extern "C" fn(i64, *const i64, *const i64, i32, i32, i32, *mut Handle) -> Status;

/// Each is there or not.
struct Optional {
    what: Option<What>,
    parallel_for: Option<ParallelFor>,
    empty: Option<Empty>,
}

fn optional() -> &'static Optional {
    static OPTIONAL: OnceLock<Optional> = OnceLock::new();
    // SAFETY: the functions of these names have those signatures, and a function's address is never null.
    OPTIONAL.get_or_init(|| unsafe {
        Optional {
            what: transmute::<*mut c_void, Option<What>>(address(
                "torch_exception_get_what_without_backtrace",
            )),
            parallel_for: transmute::<*mut c_void, Option<ParallelFor>>(address(
                "torch_parallel_for",
            )),
            empty: transmute::<*mut c_void, Option<Empty>>(address("aoti_torch_empty_strided")),
        }
    })
}

fn address(name: &str) -> *mut c_void {
    symbol(name).unwrap_or_default()
}

/// The address of a function in what the program has loaded.
pub(super) fn symbol(name: &str) -> Option<*mut c_void> {
    #[cfg(unix)]
    let library = libloading::os::unix::Library::this();
    #[cfg(windows)]
    let library = libloading::os::windows::Library::open_already_loaded("torch_cpu.dll").ok()?;
    // SAFETY: an address is taken, nothing is called.
    let found = unsafe { library.get::<*mut c_void>(name.as_bytes()) };
    found.ok().map(|it| *it).filter(|it| !it.is_null())
}

/// Success, or what libtorch says of this thread's last failure.
pub(super) fn done(status: Status) -> Result<(), TchError> {
    if status == 0 {
        return Ok(());
    }
    let Some(what) = optional().what else {
        // Before libtorch 2.13.
        return Err(TchError::Torch("a fused kernel failed".to_owned()));
    };
    // SAFETY: the text stays until this thread's next failure, and is copied.
    let text = unsafe { CStr::from_ptr(what()) };
    Err(TchError::Torch(text.to_string_lossy().into_owned()))
}

/// Calls `part` with ranges that together are `0..n`, each once, on libtorch's own threads; or on this one, where libtorch
/// does not lend them.
///
/// # Safety
///
/// Several threads at once may call `part` with `context`.
pub(in crate::frozen) unsafe fn in_parts(
    n: i64,
    grain: i64,
    part: Part,
    context: *mut c_void,
) -> Result<(), TchError> {
    let Some(parallel_for) = optional().parallel_for else {
        part(0, n, context);
        return Ok(());
    };
    // SAFETY: the caller says so, and the call ends when all parts are done.
    done(unsafe { parallel_for(0, n, grain, part, context) })
}

/// A new tensor of `f32` on the CPU, whose elements are what memory happens to be. Straight to the allocator, past libtorch's
/// search for the function that makes tensors on a device: that takes longer than a small linear map.
#[inline]
pub(in crate::frozen) fn new_tensor(sizes: &[i64], strides: &[i64]) -> Result<Tensor, TchError> {
    /// libtorch's numbers for them, which are the same in all its versions.
    const FLOAT: i32 = 6;
    const CPU: i32 = 0;
    let (Some(empty), true) = (optional().empty, sizes.len() == strides.len()) else {
        return Tensor::f_empty_strided(sizes, strides, (Kind::Float, Device::Cpu));
    };
    let mut handle = null_mut();
    let dims = sizes.len().cast_signed() as i64;
    // SAFETY: there are as many sizes and strides as it is told.
    done(unsafe {
        empty(
            dims,
            sizes.as_ptr(),
            strides.as_ptr(),
            FLOAT,
            CPU,
            -1,
            &raw mut handle,
        )
    })?;
    // SAFETY: after success it is a new handle, which is ours.
    Ok(unsafe { Tensor::from_ptr(handle) })
}
