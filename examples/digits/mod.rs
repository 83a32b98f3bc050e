//! A small residual network that tells handwritten digits apart.

mod data;
mod generated;
mod training;

pub use data::{Data, Images};
pub use generated::{Digits, FrozenDigits};
pub use training::{Progress, Training, accuracy, classify};
