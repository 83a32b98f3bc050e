//! Calls of operators by their names: for what is done once.

#![expect(
    unsafe_code,
    reason = "foreign functions, called with what the schema of each operator says"
)]

use std::ffi::CStr;
use std::ptr::null_mut;

use tch::{Kind, TchError, Tensor};

use super::optional::done;
use super::{Geometry, Handle, Kernels, Word, lent};

/// The version whose operators `pack_…` know.
const VERSION: u64 = (2 << 56) | (13 << 48);

impl Kernels {
    /// A weight in the layout that oneDNN reads, for inputs of about that size; others are right too.
    pub(in crate::frozen) fn pack_conv(
        &self,
        weight: &Tensor,
        geometry: Geometry<'_>,
        input: &[i64],
    ) -> Result<Tensor, TchError> {
        let arguments = [
            self.tensor(weight)?,
            self.list(geometry.padding)?,
            self.list(geometry.stride)?,
            self.list(geometry.dilation)?,
            geometry.groups.cast_unsigned(),
            self.some(self.list(input)?)?,
        ];
        self.call(c"mkldnn::_reorder_convolution_weight", arguments)
    }

    /// Whether there are instructions for numbers of 16 bits.
    pub(in crate::frozen) fn supports(&self, kind: Kind) -> Result<bool, TchError> {
        let name = match kind {
            Kind::BFloat16 => c"mkldnn::_is_mkldnn_bf16_supported",
            Kind::Half => c"mkldnn::_is_mkldnn_fp16_supported",
            _ => return Ok(kind == Kind::Float),
        };
        // No arguments, but a place for the result.
        Ok(self.dispatch(name, [0])? & 0xff != 0)
    }

    /// What tells the layouts of packed weights apart; nothing where libtorch does not say.
    pub(in crate::frozen) fn layout(&self, packed: &Tensor) -> Option<Vec<u8>> {
        let arguments = [self.tensor(packed).ok()?];
        let layout = self.call(c"mkldnn::_get_mkldnn_serialized_md", arguments);
        Vec::try_from(layout.ok()?).ok()
    }

    /// The same of a linear map, for about so many rows.
    pub(in crate::frozen) fn pack_linear(
        &self,
        weight: &Tensor,
        rows: i64,
    ) -> Result<Tensor, TchError> {
        let arguments = [self.tensor(weight)?, self.some(rows.cast_unsigned())?];
        self.call(c"mkldnn::_reorder_linear_weight", arguments)
    }

    /// Calls an operator, and takes its one result, a tensor.
    fn call<const N: usize>(&self, name: &CStr, words: [Word; N]) -> Result<Tensor, TchError> {
        let word = self.dispatch(name, words)?;
        // SAFETY: the result is a new handle, which is ours.
        Ok(unsafe { Tensor::from_ptr(word as Handle) })
    }

    /// Calls an operator with all arguments of its schema, each of which it frees; returns its one result, which is ours.
    pub(super) fn dispatch<const N: usize>(
        &self,
        name: &CStr,
        mut words: [Word; N],
    ) -> Result<Word, TchError> {
        // SAFETY: the words are what the schema says, and the result takes the place of the first.
        done(unsafe { (self.operator)(name.as_ptr(), c"".as_ptr(), words.as_mut_ptr(), VERSION) })?;
        Ok(words[0])
    }

    pub(super) fn tensor(&self, tensor: &Tensor) -> Result<Word, TchError> {
        let mut handle = null_mut();
        // SAFETY: it stores a handle to the same tensor.
        done(unsafe { (self.new_handle)(lent(tensor), &raw mut handle) })?;
        Ok(handle as Word)
    }

    pub(super) fn list(&self, numbers: &[i64]) -> Result<Word, TchError> {
        let mut list = null_mut();
        // SAFETY: it stores a new list.
        done(unsafe { (self.new_list)(numbers.len(), &raw mut list) })?;
        for number in numbers {
            // SAFETY: the list is the one above.
            done(unsafe { (self.push)(list, number.cast_unsigned()) })?;
        }
        Ok(list as Word)
    }

    pub(super) fn some(&self, word: Word) -> Result<Word, TchError> {
        let mut cell = null_mut();
        // SAFETY: it stores the address of a new word.
        done(unsafe { (self.new_cell)(&raw mut cell) })?;
        // SAFETY: nobody else has that address yet.
        unsafe { cell.write(word) };
        Ok(cell as Word)
    }
}
