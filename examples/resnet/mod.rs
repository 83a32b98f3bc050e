//! ResNet-18, with the names and shapes of torchvision.

pub mod formula;
mod generated;

pub use generated::{FrozenResnet, Resnet};
