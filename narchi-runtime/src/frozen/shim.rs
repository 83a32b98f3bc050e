//! libtorch's fused kernels: finding them, calling them, and what they say when they fail.
//!
//! libtorch exports as C functions what `TorchInductor` calls from its compiled code. Their handles are the same
//! `at::Tensor*` that tch has. They are looked up when the program runs, because builds for other platforms lack some:
//! then nothing here is used.

#![expect(
    unsafe_code,
    reason = "foreign functions; signatures are those of the headers of libtorch 2.13, and what is lent outlives each call"
)]

mod arguments;
mod operator;
mod optional;
mod recurrent;

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null;
use std::sync::OnceLock;

use tch::{TchError, Tensor};
use torch_sys::C_tensor;

use super::epilogue::Epilogue;
use arguments::{Lent, check, length, lent, take, with_pointers};
use optional::symbol;

pub(super) use optional::{in_parts, new_tensor};
pub(super) use recurrent::{LstmLayer, Recurrent};

type Handle = *mut C_tensor;
/// Zero, if all went well.
type Status = c_int;
/// An argument or result of an operator: a number, or an owned pointer.
type Word = u64;

/// Declares the table of functions, and how each is found.
macro_rules! table {
    ($($field:ident = $symbol:ident: fn($($type:ty),* $(,)?);)*) => {
        /// The functions of libtorch that all have to be there.
        pub(super) struct Kernels {
            $($field: unsafe extern "C" fn($($type),*) -> Status,)*
        }

        impl Kernels {
            /// The functions, or the name of one that there is not.
            pub(super) fn look_up(find: impl Fn(&str) -> Option<*mut c_void>) -> Result<Self, &'static str> {
                Ok(Self {
                    $($field: {
                        let found = find(stringify!($symbol)).ok_or(stringify!($symbol))?;
                        // SAFETY: the function of that name has this signature.
                        unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> Status>(found) }
                    },)*
                })
            }
        }
    };
}

table! {
    conv = aoti_torch_cpu_mkldnn__convolution_pointwise: fn(
        Handle, Handle, *const Handle,
        *const i64, i64, *const i64, i64, *const i64, i64, i64,
        *const c_char, *const *const f64, i64, *const *const c_char, *mut Handle,
    );
    conv_add = aoti_torch_cpu_mkldnn__convolution_pointwise_binary: fn(
        Handle, Handle, Handle, *const Handle,
        *const i64, i64, *const i64, i64, *const i64, i64, i64,
        *const c_char, *const f64, *const *const c_char,
        *const *const f64, i64, *const *const c_char, *mut Handle,
    );
    conv_add_over = aoti_torch_cpu_mkldnn__convolution_pointwise_binary_: fn(
        Handle, Handle, Handle, *const Handle,
        *const i64, i64, *const i64, i64, *const i64, i64, i64,
        *const c_char, *const f64, *const *const c_char,
        *const *const f64, i64, *const *const c_char, *mut Handle,
    );
    linear = aoti_torch_cpu__linear_pointwise: fn(
        Handle, Handle, *const Handle,
        *const c_char, *const *const f64, i64, *const *const c_char, *mut Handle,
    );
    linear_add = aoti_torch_cpu__linear_pointwise_binary: fn(
        Handle, Handle, Handle, *const Handle, *const c_char, *mut Handle,
    );
    operator = torch_call_dispatcher: fn(*const c_char, *const c_char, *mut Word, u64);
    new_handle = aoti_torch_new_tensor_handle: fn(Handle, *mut Handle);
    new_list = torch_new_list_reserve_size: fn(usize, *mut *mut c_void);
    push = torch_list_push_back: fn(*mut c_void, Word);
    new_cell = torch_new_stable_ivalue: fn(*mut *mut Word);
}

/// Stride and the like of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Geometry<'a> {
    pub(super) padding: &'a [i64],
    pub(super) stride: &'a [i64],
    pub(super) dilation: &'a [i64],
    pub(super) groups: i64,
}

/// What is added to the result of a convolution.
#[derive(Clone, Copy)]
pub(super) enum Addend<'a> {
    /// It stays as it is.
    Kept(&'a Tensor),
    /// The result takes its place.
    Over(&'a Tensor),
}

impl Kernels {
    /// Those of this program's libtorch, or why there are none.
    pub(super) fn of_libtorch() -> Result<&'static Self, &'static str> {
        static KERNELS: OnceLock<Result<Kernels, &'static str>> = OnceLock::new();
        let found = KERNELS.get_or_init(|| {
            if !tch::utils::has_mkldnn() {
                return Err("oneDNN");
            }
            Self::look_up(symbol)
        });
        found.as_ref().map_err(|it| *it)
    }

    pub(super) fn conv(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        geometry: Geometry<'_>,
        epilogue: Epilogue,
    ) -> Result<Tensor, TchError> {
        check(x, weight)?;
        let bias = Lent::new(bias);
        let Geometry {
            padding,
            stride,
            dilation,
            groups,
        } = geometry;
        with_pointers(epilogue, |name, numbers, count, variant| {
            // SAFETY: see above; kind and device were checked.
            take(|result| unsafe {
                (self.conv)(
                    lent(x),
                    lent(weight),
                    bias.pointer(),
                    padding.as_ptr(),
                    length(padding),
                    stride.as_ptr(),
                    length(stride),
                    dilation.as_ptr(),
                    length(dilation),
                    groups,
                    name,
                    numbers,
                    count,
                    variant,
                    result,
                )
            })
        })
    }

    /// `conv(x) + other`, of one size, and `relu` of it.
    pub(super) fn conv_add(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        geometry: Geometry<'_>,
        addend: Addend<'_>,
        relu: bool,
    ) -> Result<Tensor, TchError> {
        let (kernel, first, second, other) = match addend {
            Addend::Kept(other) => (self.conv_add, x, other, other),
            Addend::Over(other) => (self.conv_add_over, other, x, other),
        };
        check(x, weight)?;
        check(other, weight)?;
        let bias = Lent::new(bias);
        let Geometry {
            padding,
            stride,
            dilation,
            groups,
        } = geometry;
        let name = c"relu".as_ptr();
        let name = if relu { &raw const name } else { null() };
        let variant = c"".as_ptr();
        // SAFETY: see above; kinds and devices were checked. In place too the result is a handle of its own.
        take(|result| unsafe {
            kernel(
                lent(first),
                lent(second),
                lent(weight),
                bias.pointer(),
                padding.as_ptr(),
                length(padding),
                stride.as_ptr(),
                length(stride),
                dilation.as_ptr(),
                length(dilation),
                groups,
                c"add".as_ptr(),
                &1.,
                name,
                null(),
                0,
                &raw const variant,
                result,
            )
        })
    }

    pub(super) fn linear(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        epilogue: Epilogue,
    ) -> Result<Tensor, TchError> {
        check(x, weight)?;
        let bias = Lent::new(bias);
        with_pointers(epilogue, |name, numbers, count, variant| {
            // SAFETY: see above; kind and device were checked.
            take(|result| unsafe {
                (self.linear)(
                    lent(x),
                    lent(weight),
                    bias.pointer(),
                    name,
                    numbers,
                    count,
                    variant,
                    result,
                )
            })
        })
    }

    /// `linear(x) + other`, of one size.
    pub(super) fn linear_add(
        &self,
        x: &Tensor,
        other: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor, TchError> {
        check(x, weight)?;
        check(other, weight)?;
        let bias = Lent::new(bias);
        // SAFETY: see above; kinds and devices were checked.
        take(|result| unsafe {
            (self.linear_add)(
                lent(x),
                lent(other),
                lent(weight),
                bias.pointer(),
                c"add".as_ptr(),
                result,
            )
        })
    }
}
