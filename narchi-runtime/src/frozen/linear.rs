//! Linear maps with packed weights.

mod border;
mod packed;
mod small;

use tch::{Kind, Tensor};

use super::blocks::Blocks;
use super::dense::{IS_OPTIMIZED, Sizes};
use super::epilogue::{Epilogue, epilogues};
use super::fold::{Pair, folded};
use super::memory;
use super::options::{taken, wished};
use super::shared::Shared;
use super::shim::Kernels;
use crate::nn;
use border::Border;
use packed::Packed;
use small::Small;

use crate::nn::name::{Name, Of};
use crate::{Error, Result};

/// So many multiplications at most are done by loops in plain Rust.
const SMALL: usize = 50_000;

/// A linear map for inference, with what comes before and after it: batch norms become part of its weights.
///
/// How it is computed depends on how many multiplications there are, rows · inputs · outputs:
///
/// * Up to 50,000 by loops in plain Rust, which call libtorch for the memory of the output only.
/// * From 600,000 on by oneDNN with packed weights; with a processor of Intel, for which libtorch's own product is better,
///   from 4,000,000 on with at least four rows.
/// * In between, by libtorch's own product, and the activation in place.
///
/// Measured with one thread of an Intel Sapphire Rapids, in microseconds, `relu` included:
///
/// | in → out | rows | libtorch | loops | packed |
/// |---|---|---|---|---|
/// | 8 → 8 | 1 | 2.6 | 0.37 | |
/// | 64 → 64 | 1 | 3.1 | 0.52 | |
/// | 64 → 64 | 8 | 4.2 | 2.3 | |
/// | 128 → 128 | 2 | 4.1 | 1.8 | |
/// | 256 → 256 | 8 | 13 | | 25 |
/// | 256 → 1024 | 16 | 88 | | 76 |
/// | 1024 → 1024 | 1 | 154 | | 187 |
/// | 1024 → 1024 | 4 | 303 | | 193 |
/// | 1024 → 1024 | 128 | 2037 | | 1730 |
/// | 3072 → 768 | 8 | 1168 | | 592 |
///
/// A perceptron of 8 → 64 → 32 with one row takes 0.86 µs, and 5.4 by the trained modules. With processors of AMD, packed
/// weights take about 0.4 of the time of libtorch's own product from 4,000,000 multiplications on.
#[derive(Debug)]
pub struct Linear {
    weights: Pair,
    in_features: i64,
    out_features: i64,
    epilogue: Epilogue,
    small: Option<Small>,
    packed: Option<Packed>,
    choice: String,
    name: Name,
}

impl Linear {
    /// The same map; it shares the weights, which must not be trained any more.
    pub fn new(linear: nn::Linear) -> Self {
        let size = linear.weight.size();
        let size = |it: usize| size.get(it).copied().unwrap_or(0);
        Self {
            out_features: size(0),
            in_features: size(1),
            weights: (
                Shared(linear.weight.detach()),
                linear.bias.map(|it| Shared(it.detach())),
            ),
            epilogue: Epilogue::None,
            small: None,
            packed: None,
            choice: "libtorch, not packed".to_owned(),
            name: linear.name,
        }
    }

    /// Followed by a batch norm, which becomes part of the weights. The result is the same for inputs of two dimensions:
    /// with three, a batch norm takes the second for the features.
    ///
    /// # Panics
    ///
    /// If the batch norm has no running statistics or other features than the map has outputs, or the weights are packed
    /// already.
    #[must_use]
    #[track_caller]
    pub fn batch_norm(mut self, norm: &nn::BatchNorm1d) -> Self {
        let is_packed = self.is_packed();
        self.weights = folded(&self.name, norm, is_packed, |it| it.after(&self.weights));
        self
    }

    /// After a batch norm, which becomes part of the weights. The result is the same for inputs of two dimensions.
    ///
    /// # Panics
    ///
    /// If the batch norm has no running statistics or other features than the map has inputs, or the weights are packed
    /// already.
    #[must_use]
    #[track_caller]
    pub fn input_norm(mut self, norm: &nn::BatchNorm1d) -> Self {
        let is_packed = self.is_packed();
        self.weights = folded(&self.name, norm, is_packed, |it| {
            it.before(&self.weights, 1)
        });
        self
    }

    epilogues!();

    fn is_packed(&self) -> bool {
        self.small.is_some() || self.packed.is_some()
    }

    /// Brings the weights into the layouts of the fastest kernels; call it last. Where there are none, libtorch's own
    /// stays, and [`choice`](Self::choice) says why.
    #[must_use]
    pub fn pack(self) -> Self {
        let border = Border::of_processor();
        self.pack_with(Kernels::of_libtorch(), border, IS_OPTIMIZED)
    }

    /// With kernels that may be missing and loops that may be slow, for any processor.
    fn pack_with(
        mut self,
        kernels: Result<&'static Kernels, &'static str>,
        border: Border,
        has_loops: bool,
    ) -> Self {
        let size = usize::try_from(self.in_features * self.out_features).unwrap_or(0);
        if self.is_packed() || size == 0 {
            return self;
        }
        let small = if has_loops { SMALL / size } else { 0 };
        if small > 0 && wished().is_none() {
            self.small = Small::new(&self.weights);
        }
        self.choice = match Packed::of(&self.weights, kernels, border) {
            Ok(packed) => {
                let large = packed.from_rows;
                if large == 1 {
                    // Nobody calls the plain weights any more.
                    self.weights.0 = Shared(Tensor::new());
                }
                self.packed = Some(packed);
                match (small, large) {
                    (_, 1) => match wished() {
                        None => "oneDNN, packed".to_owned(),
                        Some(kind) => format!("oneDNN, packed in {kind:?}"),
                    },
                    (0, _) => format!("libtorch, from {large} rows on oneDNN, packed"),
                    _ => format!(
                        "Rust up to {small} rows, libtorch, from {large} rows on oneDNN, packed"
                    ),
                }
            }
            Err(reason) if self.small.is_some() => {
                format!("Rust up to {small} rows, libtorch, {reason}")
            }
            Err(reason) => format!("libtorch, {reason}"),
        };
        self
    }

    /// Which kernel computes it, and why.
    pub fn choice(&self) -> &str {
        &self.choice
    }

    /// `[…, in_features]` → `[…, out_features]`, with the activation.
    ///
    /// # Errors
    ///
    /// If the last dimension is not `in_features`, or kind or device is not that of the weight.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        self.run(input, None).of(&self.name)
    }

    /// As [`forward`](Self::forward), with `other` added before the activation: a new tensor.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward); and if `other` cannot be added to the output.
    #[track_caller]
    pub fn forward_add(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        self.run(input, Some(other)).of(&self.name)
    }

    /// As [`forward_add`](Self::forward_add), for an `other` that nobody needs any more: the result may be written over it.
    ///
    /// # Errors
    ///
    /// As [`forward_add`](Self::forward_add). What `other` holds then is not said.
    #[track_caller]
    pub fn forward_add_(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        // No kernel gains by it.
        self.run(input, Some(other)).of(&self.name)
    }

    /// As the above, without a name in its errors.
    #[inline]
    #[track_caller]
    pub(super) fn run(&self, input: &Tensor, other: Option<&Tensor>) -> Result<Tensor> {
        if let Some(small) = &self.small
            && let Some(output) = small.run(input, other, self.epilogue)?
        {
            return Ok(output);
        }
        self.by_libtorch(input, other)
    }

    #[track_caller]
    fn by_libtorch(&self, input: &Tensor, other: Option<&Tensor>) -> Result<Tensor> {
        let _no_grad = tch::no_grad_guard();
        let (weight, bias) = (&*self.weights.0, self.weights.1.as_deref());
        let Some(packed) = self
            .packed
            .as_ref()
            .filter(|it| self.is_large(input, it.from_rows))
        else {
            return self.finished(input.f_linear(weight, bias)?, other);
        };
        let reduced = taken(input, packed.kind)?;
        let input = reduced.as_ref().unwrap_or(input);
        self.check(input, packed.kind)?;
        let (weight, bias) = (&packed.weight, packed.bias.as_deref());
        let run = |epilogue| packed.kernels.linear(input, weight, bias, epilogue);
        let Some(other) = other else {
            return Ok(run(self.epilogue)?);
        };
        let reduced = taken(other, packed.kind)?;
        let other = reduced.as_ref().unwrap_or(other);
        let mut size = input.size();
        if let Some(last) = size.last_mut() {
            *last = self.out_features;
        }
        if other.size() != size || other.f_kind()? != packed.kind || !memory::is_plain(other) {
            return self.finished(run(Epilogue::None)?, Some(other));
        }
        self.epilogue
            .applied(packed.kernels.linear_add(input, other, weight, bias)?)
    }

    /// Whether it has so many rows. All inputs have one, also those that are refused.
    fn is_large(&self, input: &Tensor, rows: usize) -> bool {
        let is_large = |sizes: Sizes| {
            let inputs = usize::try_from(self.in_features).unwrap_or(0);
            sizes.numel() >= rows.saturating_mul(inputs)
                && sizes.as_slice().last() == Some(&self.in_features)
                && memory::is_plain(input)
                && input.f_kind().is_ok_and(|it| it == Kind::Float)
        };
        rows == 1 || Sizes::of(input).is_some_and(is_large)
    }

    #[track_caller]
    fn check(&self, input: &Tensor, kind: Kind) -> Result<()> {
        let size = input.size();
        let is_right = memory::is_plain(input)
            && input.f_kind()? == kind
            && size.last() == Some(&self.in_features);
        if is_right {
            return Ok(());
        }
        let found = memory::described(input);
        Err(Error::module(format!(
            "a packed linear map takes {} features of kind {kind:?} on Cpu, not {found}",
            self.in_features
        )))
    }

    /// What comes after the product, by libtorch.
    #[track_caller]
    fn finished(&self, mut output: Tensor, other: Option<&Tensor>) -> Result<Tensor> {
        if let Some(other) = other {
            output = output.f_add_(other)?;
        }
        self.epilogue.applied(output)
    }
}

impl Blocks for Linear {
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        each(
            self.name.path(),
            &format!("{}{}", self.choice, self.epilogue),
        );
    }
}

#[cfg(test)]
mod tests;
