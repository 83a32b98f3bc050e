//! The modules of generated code, and what trains them.
//!
//! Names, order and shapes of parameters and buffers, their initial values and what is computed equal those of
//! the class in `torch.nn` that each module names. Unlike tch's own modules, `forward` returns an error
//! instead of panicking.

mod activation;
mod batch_norm;
mod conv;
mod crf;
mod embedding;
mod linear;
pub(crate) mod name;
mod recurrent;
pub(crate) mod variable;
mod weights;

pub use tch::nn::{
    Adam, AdamW, Init, Module, ModuleT, Optimizer, OptimizerConfig, Path, RmsProp, Sgd, VarStore,
    adam, adamw, rms_prop, sgd,
};

pub use activation::leaky_relu;
pub use batch_norm::{
    BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, BatchNormConfig, RunningStats,
};
pub use conv::{Conv, Conv1d, Conv2d, Conv3d, ConvConfig, PaddingMode};
pub use crf::Crf;
pub use embedding::{Embedding, EmbeddingConfig};
pub use linear::{Linear, LinearConfig};
pub use recurrent::{
    Cell, Gru, GruCell, Lstm, LstmCell, Nonlinearity, Recurrent, RecurrentConfig, Rnn, RnnCell,
    RnnConfig,
};

pub use weights::Weights;

/// Implements [`Weights`] for a struct of modules, by the names of its fields: `nn::weights!(Block: conv1, bn1);`, for
/// one with the length of an array as a parameter `nn::weights!(Stage<N>: blocks);`.
#[doc(inline)]
pub use crate::__weights as weights;
#[doc(hidden)]
pub use crate::block::located;
use crate::{Result, Tensor};

/// What `impl ModuleT` of generated code ends with: tch's trait has no place for an error.
///
/// # Panics
///
/// With the error, if there is one. Call the model's own `forward` or `forward_t` to get it as a value.
#[track_caller]
pub fn or_panic(result: Result<Tensor>) -> Tensor {
    match result {
        Ok(tensor) => tensor,
        #[expect(clippy::panic, reason = "tch's module traits leave no other way")]
        Err(error) => panic!("{error}"),
    }
}
