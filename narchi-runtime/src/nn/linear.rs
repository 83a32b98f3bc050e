//! Affine maps of the last dimension.

use tch::Tensor;
use tch::nn::Path;

use super::name::{Name, Of};
use super::variable::{Fill, parameter};
use crate::Result;

/// `torch.nn.Linear`: multiplies the last dimension by a matrix and adds a bias.
#[derive(Debug)]
pub struct Linear {
    /// `[out_features, in_features]`
    pub weight: Tensor,
    /// `[out_features]`
    pub bias: Option<Tensor>,
    pub(crate) name: Name,
}

/// Options of [`Linear`], by default those of torch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearConfig {
    /// Whether to add a learned bias.
    pub bias: bool,
}

impl Default for LinearConfig {
    fn default() -> Self {
        Self { bias: true }
    }
}

impl Linear {
    /// Registers `weight` and `bias` under the path, both uniform within 1/√`in_features` of zero.
    ///
    /// # Panics
    ///
    /// If libtorch cannot create the tensors, as for a negative number of features.
    #[track_caller]
    pub fn new(vs: Path<'_>, in_features: i64, out_features: i64, config: LinearConfig) -> Self {
        let weight = parameter(
            &vs,
            "weight",
            &[out_features, in_features],
            Fill::KaimingUniform,
        );
        let fan_in = in_features;
        let bias = config
            .bias
            .then(|| parameter(&vs, "bias", &[out_features], Fill::Bias { fan_in }));
        Self {
            weight,
            bias,
            name: Name::of(&vs),
        }
    }

    /// `[…, in_features]` → `[…, out_features]`
    ///
    /// # Errors
    ///
    /// If the last dimension is not `in_features`, or kind or device is not that of the weight.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        input
            .f_linear(&self.weight, self.bias.as_ref())
            .of(&self.name)
    }
}
