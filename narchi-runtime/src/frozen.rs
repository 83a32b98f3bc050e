//! The modules of models that are done with training: inference only, as fast as libtorch can.
//!
//! A frozen model is a plain struct too. Its constructor makes the trained modules, and takes from them what it needs:
//!
//! ```
//! use narchi_runtime::prelude::*;
//!
//! struct Net {
//!     conv1: nn::Conv2d,
//!     bn1: nn::BatchNorm2d,
//!     fc: nn::Linear,
//! }
//!
//! nn::weights!(Net: conv1, bn1, fc);
//!
//! struct FrozenNet {
//!     conv1: frozen::Conv2d,
//!     fc: frozen::Linear,
//! }
//!
//! frozen::blocks!(FrozenNet: conv1, fc);
//!
//! # impl Net {
//! #     fn new(vs: &nn::Path) -> Self {
//! #         Self {
//! #             conv1: nn::Conv2d::new(vs / "conv1", 3, 16, [3, 3], nn::ConvConfig::default()),
//! #             bn1: nn::BatchNorm2d::new(vs / "bn1", 16, nn::BatchNormConfig::default()),
//! #             fc: nn::Linear::new(vs / "fc", 16, 10, nn::LinearConfig::default()),
//! #         }
//! #     }
//! # }
//! impl FrozenNet {
//!     fn new(vs: &nn::Path) -> Self {
//!         let Net { conv1, bn1, fc } = Net::new(vs);
//!         Self {
//!             conv1: frozen::Conv2d::new(conv1).batch_norm(&bn1).relu().pack(),
//!             fc: frozen::Linear::new(fc).pack(),
//!         }
//!     }
//!
//!     fn forward(&self, image: &Tensor) -> Result<Tensor> {
//!         let mut x = self.conv1.forward(image)?;
//!         x = x.f_mean_dim(&[2_i64, 3][..], false, None)?;
//!         self.fc.forward(&x)
//!     }
//! }
//!
//! let vs = nn::VarStore::new(Device::Cpu);
//! let net = Net::new(&vs.root());
//! let frozen = frozen::freeze(&net, "conv1", FrozenNet::new)?;
//! println!("{}", frozen::describe(&frozen));
//! let image = Tensor::zeros([1, 3, 64, 64], (Kind::Float, Device::Cpu));
//! println!("{:?}", frozen.forward(&image)?.size());
//! # Ok::<(), narchi_runtime::Error>(())
//! ```
//!
//! Batch norms become part of the weights next to them, activations and sums part of convolutions and linear maps. Their
//! weights are brought into the layout of their kernel once. On x86 with AVX2 or AVX-512 the most usual convolutions have
//! kernels here: 3 × 3 taps by Winograd's algorithm, with 4 of 9 multiplications, one tap, each channel alone, and images of up
//! to four channels; [`chain`] computes several together, and [`joined`] where their concatenation is. The others have
//! oneDNN's, which libtorch has but does not use by itself. Where a build of libtorch has no such kernels, or the weights are
//! not on the CPU, all is computed as by the trained modules.
//!
//! Results differ from those of the trained form by rounding, and are as near as those to what more digits would give. By
//! Winograd's algorithm an error is relative to the largest number in a window of 4 × 4, so that a small one beside a very large
//! one may be lost, and beside an infinite one is not a number.
//!
//! What is too small for a call of a library to pay is computed by simple loops. [`freeze_with`] and [`load_with`] take
//! [`Options`], as numbers of 16 bits.
//!
//! Every module is [`Send`] and [`Sync`], its `forward` records no gradients, and a failure says which block it was.

mod allocator;
mod batch_norm;
mod blocks;
mod cat;
mod conv;
mod cpu;
mod dense;
mod epilogue;
mod fold;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod linear;
mod lstm;
mod memory;
mod module;
mod options;
mod pool;
mod shared;
mod shim;
mod store;

pub use tch::{no_grad, no_grad_guard};

pub use allocator::{keep_freed_memory, reserve_memory};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d};
pub use blocks::{Blocks, describe};
pub use cat::cat;
pub use conv::{Conv, Conv1d, Conv2d, Conv3d, chain, chain_add, chain_add_, joined};
pub use linear::Linear;
pub use lstm::Lstm;
pub use module::{Module, Unchanging};
pub use options::{Options, cast, freeze_with, load_with};
pub use pool::max_pool2d;
pub use store::{freeze, load, load_shared};

/// Implements [`Blocks`] for a struct of frozen modules, by the names of its fields: `frozen::blocks!(Block: conv1, conv2);`,
/// for one with the length of an array as a parameter `frozen::blocks!(Stage<N>: blocks);`.
#[doc(inline)]
pub use crate::__blocks as blocks;
