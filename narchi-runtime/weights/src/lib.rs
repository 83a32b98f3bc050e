//! Reads the tensors of model checkpoints, and writes safetensors. Needs no libtorch and executes nothing.
//!
//! | format | read |
//! |---|---|
//! | `.safetensors` | everything |
//! | `.pth`, `.pt` | what `torch.save` has written since 1.6: a state dict, by itself or in an envelope such as `{"epoch": …, "state_dict": …}` |
//! | `.npz` | arrays in C order and little-endian, compressed or not |
//!
//! The format is told by the content. Envelopes and prefixes such as `module.` are taken off, and [`Checkpoint::notes`] says
//! so; it also names what is left aside, such as optimizer states, and quantized or sparse tensors.
//!
//! Refused, with a message that says what to do instead: whole pickled modules, `TorchScript` archives, `torch.save` before
//! 1.6, big-endian data, and element types other than [`Dtype`]'s. Truncated, corrupt and hostile files are errors; no file
//! makes this crate panic, recurse without end, or take memory out of proportion to the file.
//!
//! ```no_run
//! # fn main() -> Result<(), narchi_weights::Error> {
//! let checkpoint = narchi_weights::Checkpoint::open("resnet18.pth")?;
//! for tensor in checkpoint.tensors() {
//!     let bytes = checkpoint.read(tensor)?;
//!     println!("{} {} {:?}: {} bytes", tensor.name(), tensor.dtype(), tensor.shape(), bytes.len());
//! }
//! for note in checkpoint.notes() {
//!     println!("{note}");
//! }
//! # Ok(())
//! # }
//! ```

mod archive;
mod checkpoint;
mod dtype;
mod error;
mod file;
mod fit;
mod layout;
mod npz;
mod order;
mod pickle;
mod prefix;
mod rename;
mod safetensors;
mod state_dict;
mod torch;
mod write;

pub use checkpoint::{Checkpoint, Entry, Format};
pub use dtype::Dtype;
pub use error::Error;
pub use fit::{Fit, Misfit, Problem, Wanted, fit};
pub use order::natural;
pub use rename::{Renames, WrongRule};
pub use write::{Tensor, write_safetensors};
