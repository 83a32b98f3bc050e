//! Where the instructions of x86 are missing, there is none.

use tch::Tensor;

use super::chain::Link;
use super::joined::Part;
use super::small::Call;
use crate::Result;
use crate::frozen::dense::Sizes;
use crate::frozen::fold;
use crate::nn::ConvConfig;

/// No convolution.
#[derive(Debug)]
pub(super) enum Wide {}

impl Wide {
    pub(super) fn new<const D: usize>(_: &ConvConfig<D>, _: &fold::Pair) -> Option<Self> {
        None
    }

    pub(super) fn name(&self) -> &'static str {
        match *self {}
    }

    pub(super) fn run(&self, _: &Call<'_>, _: bool) -> Result<Tensor> {
        match *self {}
    }

    pub(super) fn joined(_: &[Part<'_>], _: &Sizes) -> Result<Option<Tensor>> {
        Ok(None)
    }

    pub(super) fn chained(_: &[Link<'_>], _: &Call<'_>, _: bool) -> Result<Option<Tensor>> {
        Ok(None)
    }
}
