//! Long short-term memories with packed weights.

mod packed;

use std::fmt;

use tch::Tensor;

use super::blocks::Blocks;
use super::options::widened;
use super::shared::Shared;
use super::shim::Recurrent;
use crate::nn::name::{Name, Of};
use crate::{Result, nn};
use packed::Packed;

/// A frozen [`nn::Lstm`].
///
/// libtorch computes each layer by oneDNN, and brings its weights into another layout in each call; packed, they are in it.
/// With two or three threads, each direction of a layer has one of its own.
pub struct Lstm {
    trained: Shared<nn::Lstm>,
    packed: Option<Packed>,
    choice: String,
}

impl Lstm {
    /// The same network; it shares the weights, which must not be trained any more.
    pub fn new(lstm: nn::Lstm) -> Self {
        Self {
            trained: Shared(lstm),
            packed: None,
            choice: "libtorch, not packed".to_owned(),
        }
    }

    /// Brings the weights into the layout of the fastest kernel; call it last. Where there is none, libtorch's own network
    /// stays, and [`choice`](Self::choice) says why.
    #[must_use]
    pub fn pack(self) -> Self {
        self.pack_with(Recurrent::of_libtorch())
    }

    /// With kernels that may be missing.
    fn pack_with(mut self, kernels: Result<&'static Recurrent, &'static str>) -> Self {
        if self.packed.is_some() {
            return self;
        }
        self.choice = match Packed::of(&self.trained, kernels) {
            Ok(packed) => {
                // The weights are in there alone.
                self.trained.0.weights.clear();
                self.packed = Some(packed);
                "oneDNN, packed".to_owned()
            }
            Err(reason) => format!("libtorch, {reason}"),
        };
        self
    }

    /// Which kernel computes it, and why.
    pub fn choice(&self) -> &str {
        &self.choice
    }

    fn name(&self) -> &Name {
        &self.trained.name
    }

    /// `[N, length, in_features]` → `[N, length, hidden_size]`, twice as many with `bidirectional`.
    ///
    /// # Errors
    ///
    /// If the input has another number of dimensions or features, or is of another kind or on another device than the weights.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        Ok(self.forward_with_state(input, false)?.0)
    }

    /// As [`forward`](Self::forward), whatever `_train` is: a frozen network has no dropout.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_t(&self, input: &Tensor, _train: bool) -> Result<Tensor> {
        self.forward(input)
    }

    /// The output as [`forward`](Self::forward) gives it, then what is seen of the state after the last step, and what is not:
    /// `[N, layers, hidden_size]` both, with `bidirectional` twice as many layers.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_with_state(
        &self,
        input: &Tensor,
        _train: bool,
    ) -> Result<(Tensor, Tensor, Tensor)> {
        let _no_grad = tch::no_grad_guard();
        match &self.packed {
            Some(packed) => match widened(input)? {
                Some(input) => packed.run(&input).of(self.name()),
                None => packed.run(input).of(self.name()),
            },
            None => self.trained.forward_with_state(input, false),
        }
    }
}

impl fmt::Debug for Lstm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lstm")
            .field("name", self.name())
            .field("choice", &self.choice)
            .finish_non_exhaustive()
    }
}

impl Blocks for Lstm {
    fn visit(&self, each: &mut dyn FnMut(&str, &str)) {
        each(self.name().path(), &self.choice);
    }
}

#[cfg(test)]
mod tests;
