//! Layers of recurrent networks, which not every build of libtorch has.

#![expect(
    unsafe_code,
    reason = "foreign functions; signatures are those of the headers of libtorch 2.13, and what is lent outlives each call"
)]

use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use tch::{TchError, Tensor};

use super::optional::{done, symbol};
use super::{Handle, Kernels, Status, Word, lent};

type Layer = unsafe extern "C" fn(
    Handle,
    Handle,
    Handle,
    Handle,
    Handle,
    Handle,
    Handle,
    c_int,
    *const i64,
    i64,
    i64,
    i64,
    i64,
    c_int,
    c_int,
    c_int,
    c_int,
    *mut Handle,
    *mut Handle,
    *mut Handle,
    *mut Handle,
) -> Status;
type Item = unsafe extern "C" fn(*mut c_void, usize, *mut Word) -> Status;
type Delete = unsafe extern "C" fn(*mut c_void) -> Status;

/// What layers need beside the other kernels.
pub(in crate::frozen) struct Recurrent {
    kernels: &'static Kernels,
    layer: Layer,
    item: Item,
    delete: Delete,
}

/// What one layer of an LSTM is computed from, in one direction.
#[derive(Clone, Copy)]
pub(in crate::frozen) struct LstmLayer<'a> {
    /// Of the input, and of the state: dense or packed.
    pub(in crate::frozen) weights: [&'a Tensor; 2],
    pub(in crate::frozen) biases: [&'a Tensor; 2],
    pub(in crate::frozen) hidden: i64,
    pub(in crate::frozen) is_reverse: bool,
}

impl Recurrent {
    /// The functions, or what is missing.
    pub(in crate::frozen) fn of_libtorch() -> Result<&'static Self, &'static str> {
        static FOUND: OnceLock<Result<Recurrent, &'static str>> = OnceLock::new();
        let find = |name| symbol(name).ok_or(name);
        let found = FOUND.get_or_init(|| {
            let kernels = Kernels::of_libtorch()?;
            let layer = find("aoti_torch_cpu_mkldnn_rnn_layer")?;
            let item = find("torch_list_get_item")?;
            let delete = find("torch_delete_list")?;
            // SAFETY: the functions of these names have those signatures.
            Ok(unsafe {
                Self {
                    kernels,
                    layer: transmute::<*mut c_void, Layer>(layer),
                    item: transmute::<*mut c_void, Item>(item),
                    delete: transmute::<*mut c_void, Delete>(delete),
                }
            })
        });
        found.as_ref().map_err(|it| *it)
    }

    /// The weights of a layer in the layout that oneDNN reads, for inputs of about that size `[length, N, features]`; others
    /// are right too.
    pub(in crate::frozen) fn pack(
        &self,
        layer: LstmLayer<'_>,
        input: &[i64],
    ) -> Result<[Tensor; 2], TchError> {
        let kernels = self.kernels;
        let arguments = [
            kernels.tensor(layer.weights[0])?,
            kernels.tensor(layer.weights[1])?,
            layer.hidden.cast_unsigned(),
            Word::from(layer.is_reverse),
            Word::from(true),
            Word::from(false),
            kernels.some(kernels.list(input)?)?,
        ];
        let name = c"mkldnn::_reorder_mkldnn_rnn_layer_weight";
        let list = kernels.dispatch(name, arguments)? as *mut c_void;
        let item = |index| {
            let mut word = 0;
            // SAFETY: the result is a list of two new handles, which are ours.
            done(unsafe { (self.item)(list, index, &raw mut word) })?;
            // SAFETY: see above.
            Ok(unsafe { Tensor::from_ptr(word as Handle) })
        };
        let both = item(0).and_then(|first| Ok([first, item(1)?]));
        // SAFETY: the list is ours, too.
        done(unsafe { (self.delete)(list) })?;
        both
    }

    /// The output `[length, N, hidden]` of `x: [length, N, features]`, and the two states after the last step.
    pub(in crate::frozen) fn lstm(
        &self,
        x: &Tensor,
        start: &Tensor,
        layer: LstmLayer<'_>,
    ) -> Result<[Tensor; 3], TchError> {
        const LSTM: i64 = 2;
        let mut results: [Handle; 4] = [null_mut(); 4];
        let [output, hidden, cell, work] = &mut results;
        // SAFETY: kinds and sizes are those that the layer is for.
        done(unsafe {
            (self.layer)(
                lent(x),
                lent(layer.weights[0]),
                lent(layer.weights[1]),
                lent(layer.biases[0]),
                lent(layer.biases[1]),
                lent(start),
                lent(start),
                c_int::from(layer.is_reverse),
                null(),
                0,
                LSTM,
                layer.hidden,
                1,
                1,
                0,
                0,
                0,
                output,
                hidden,
                cell,
                work,
            )
        })?;
        // SAFETY: after success they are four new handles, which are ours; the last is of no use.
        let [output, hidden, cell, _] = results.map(|it| unsafe { Tensor::from_ptr(it) });
        Ok([output, hidden, cell])
    }
}
