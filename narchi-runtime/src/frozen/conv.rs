//! Convolutions with packed weights.

mod chain;
mod compute;
mod ending;
mod joined;
mod packed;
mod packs;
mod small;
#[cfg_attr(not(target_arch = "x86_64"), path = "conv/wide/none.rs")]
mod wide;

use std::array;

use tch::Tensor;

use super::blocks::Blocks;
use super::dense::IS_OPTIMIZED;
use super::epilogue::{Epilogue, epilogues};
use super::fold::{Pair, folded};
use super::options::wished;
use super::shared::Shared;
use super::shim::Kernels;
pub use chain::{chain, chain_add, chain_add_};
use compute::Sum;
pub use joined::joined;
use packed::{Packed, obstacle};
use small::Small;
use wide::Wide;

use crate::Result;
use crate::nn::name::{Name, Of};
use crate::nn::{self, ConvConfig};

/// A frozen [`nn::Conv1d`]
pub type Conv1d = Conv<1>;
/// A frozen [`nn::Conv2d`]
pub type Conv2d = Conv<2>;
/// A frozen [`nn::Conv3d`]
pub type Conv3d = Conv<3>;

/// A convolution for inference, with what comes before and after it: batch norms become part of its weights, a sum and an
/// activation are done while the output is still in registers.
///
/// Packed, its output is channels-last, and an input that is channels-last too is read without a copy.
#[derive(Debug)]
pub struct Conv<const D: usize> {
    weights: Pair,
    config: ConvConfig<D>,
    /// Those of the weight, which packed has others with `D` = 1.
    out_channels: i64,
    in_channels: i64,
    kernel: [i64; D],
    epilogue: Epilogue,
    small: Option<Small>,
    fast: Option<Fast>,
    choice: String,
    name: Name,
}

/// What computes it faster than libtorch's own function, where it is not small.
#[derive(Debug)]
enum Fast {
    Packed(Box<Packed>),
    Wide(Wide),
}

impl<const D: usize> Conv<D> {
    /// The same convolution; it shares the weights, which must not be trained any more.
    pub fn new(conv: nn::Conv<D>) -> Self {
        let size = conv.weight.size();
        let size = |it: usize| size.get(it).copied().unwrap_or(0);
        Self {
            out_channels: size(0),
            in_channels: size(1) * conv.config.groups,
            kernel: array::from_fn(|axis| size(2 + axis)),
            weights: (
                Shared(conv.weight.detach()),
                conv.bias.map(|it| Shared(it.detach())),
            ),
            config: conv.config,
            epilogue: Epilogue::None,
            small: None,
            fast: None,
            choice: "libtorch, not packed".to_owned(),
            name: conv.name,
        }
    }

    /// Followed by a batch norm, which becomes part of the weights.
    ///
    /// # Panics
    ///
    /// If the batch norm has no running statistics or other features than the convolution has outputs, or the weights are
    /// packed already.
    #[must_use]
    #[track_caller]
    pub fn batch_norm(mut self, norm: &nn::BatchNorm<D>) -> Self {
        let is_packed = self.is_packed();
        self.weights = folded(&self.name, norm, is_packed, |it| it.after(&self.weights));
        self
    }

    /// After a batch norm, which becomes part of the weights. Only without padding is the result the same: padding comes
    /// after the batch norm, and is not shifted by it.
    ///
    /// # Panics
    ///
    /// If the batch norm has no running statistics or other features than the convolution has inputs, or the weights are
    /// packed already.
    #[must_use]
    #[track_caller]
    pub fn input_norm(mut self, norm: &nn::BatchNorm<D>) -> Self {
        let (is_packed, groups) = (self.is_packed(), self.config.groups);
        self.weights = folded(&self.name, norm, is_packed, |it| {
            it.before(&self.weights, groups)
        });
        self
    }

    epilogues!();

    fn is_packed(&self) -> bool {
        self.small.is_some() || self.fast.is_some()
    }

    /// Brings the weights into the layout of the fastest kernel; call it last. Where there is none, libtorch's own
    /// convolution stays, and [`choice`](Self::choice) says why.
    #[must_use]
    pub fn pack(self) -> Self {
        self.pack_with(Kernels::of_libtorch(), IS_OPTIMIZED)
    }

    /// With kernels that may be missing, and loops that may be slow.
    fn pack_with(
        mut self,
        kernels: Result<&'static Kernels, &'static str>,
        has_loops: bool,
    ) -> Self {
        if self.is_packed() {
            return self;
        }
        match self.chosen(kernels, has_loops) {
            Ok((fast, choice)) => (self.fast, self.choice) = (Some(fast), choice),
            Err(reason) => self.choice = format!("libtorch, {reason}"),
        }
        // Calls of a library cost much where there is little to compute. With a wish, one kind is for all sizes.
        let is_wide = matches!(self.fast, Some(Fast::Wide(_)));
        if has_loops && wished().is_none() && !is_wide {
            self.small = Small::new(&self.config, &self.weights);
        }
        if self.fast.is_some() {
            // The weights are in there alone, so that the memory of dense ones is free once they are packed.
            self.weights.0 = Shared(Tensor::new());
        }
        self
    }

    /// And what it is called; or why there is none.
    fn chosen(
        &self,
        kernels: Result<&'static Kernels, &'static str>,
        has_loops: bool,
    ) -> Result<(Fast, String), String> {
        if let Some(obstacle) = obstacle(&self.config, &self.weights) {
            return Err(obstacle);
        }
        let kind = wished();
        if has_loops
            && kind.is_none()
            && let Some(wide) = Wide::new(&self.config, &self.weights)
        {
            let choice = format!("{}, packed", wide.name());
            return Ok((Fast::Wide(wide), choice));
        }
        let packed = Packed::of(&self.config, &self.weights, kernels)?;
        let choice = match kind {
            Some(kind) => format!("oneDNN, packed in {kind:?}"),
            None => "oneDNN, packed".to_owned(),
        };
        Ok((Fast::Packed(packed.into()), choice))
    }

    /// Which kernel computes it, and why.
    pub fn choice(&self) -> &str {
        &self.choice
    }

    /// `[N, in_channels, input…]` → `[N, out_channels, output…]`, with sizes as [`nn::Conv::forward`] says, and the
    /// activation. Not packed also without `N`.
    ///
    /// # Errors
    ///
    /// If the input has other channels or another number of dimensions, is smaller than the kernel, or is of another kind
    /// or on another device than the weight.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        self.run(input, Sum::None).of(&self.name)
    }

    /// As [`forward`](Self::forward), with `other` added before the activation: a new tensor.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward); and if `other` cannot be added to the output.
    #[track_caller]
    pub fn forward_add(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        self.run(input, Sum::With(other)).of(&self.name)
    }

    /// As [`forward_add`](Self::forward_add), for an `other` that nobody needs any more: where the kernel can do so, the
    /// result is written over it, and is a second handle to the same memory.
    ///
    /// # Errors
    ///
    /// As [`forward_add`](Self::forward_add). What `other` holds then is not said.
    #[track_caller]
    pub fn forward_add_(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        self.run(input, Sum::Over(other)).of(&self.name)
    }
}

impl<const D: usize> Blocks for Conv<D> {
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        each(
            self.name.path(),
            &format!("{}{}", self.choice, self.epilogue),
        );
    }
}

#[cfg(test)]
mod tests;
