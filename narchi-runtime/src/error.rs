//! What can go wrong at run time.

use std::fmt;
use std::panic::Location;

use narchi_weights::WrongRule;
use tch::{Kind, TchError};

use crate::{Block, checkpoint::Misfit};

/// What the runtime and generated code return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[non_exhaustive]
pub enum Error {
    /// libtorch refused or failed.
    Torch {
        /// The first line of libtorch's message, without its C++ frames.
        message: String,
        /// The block, as far as it is known.
        block: Option<Block>,
        /// The line that called libtorch; in generated code, the line of the block.
        location: &'static Location<'static>,
    },
    /// A module refused its input, as `torch.nn` does before it calls libtorch.
    Module {
        /// What is wrong and with which shape.
        message: String,
        /// The block, as far as it is known.
        block: Option<Block>,
        /// The line that called the module.
        location: &'static Location<'static>,
    },
    /// The inputs are not what the model takes; found before anything ran.
    Input(String),
    /// A checkpoint cannot be read or written.
    Checkpoint(narchi_weights::Error),
    /// A checkpoint was read, but it is not one of this model.
    Misfit(Misfit),
    /// A text is no list of rules for [`load_renamed`](crate::load_renamed).
    WrongRule(WrongRule),
    /// A tensor cannot be saved.
    Unsaveable {
        /// Name of the tensor.
        name: String,
        /// The kind of its elements, which safetensors has no name for.
        kind: Kind,
    },
}

impl Error {
    #[track_caller]
    pub(crate) fn module(message: String) -> Self {
        Self::Module {
            message,
            block: None,
            location: Location::caller(),
        }
    }

    pub(crate) fn torch(error: TchError, location: &'static Location<'static>) -> Self {
        let text = match error {
            TchError::Torch(text) => text,
            other => other.to_string(),
        };
        let message = text.lines().find(|it| !it.trim().is_empty());
        Self::Torch {
            message: message.unwrap_or("no message").trim().to_owned(),
            block: None,
            location,
        }
    }
}

impl From<TchError> for Error {
    /// `?` passes its own place on, so the location is the line that holds the `?`.
    #[track_caller]
    fn from(error: TchError) -> Self {
        Self::torch(error, Location::caller())
    }
}

impl From<narchi_weights::Error> for Error {
    fn from(error: narchi_weights::Error) -> Self {
        Self::Checkpoint(error)
    }
}

impl From<Misfit> for Error {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

impl From<WrongRule> for Error {
    fn from(wrong: WrongRule) -> Self {
        Self::WrongRule(wrong)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torch {
                message,
                block,
                location,
            } => write!(
                f,
                "libtorch: {message}, {}at {location}",
                within(block.as_ref())
            ),
            Self::Module {
                message,
                block,
                location,
            } => write!(f, "{message}, {}at {location}", within(block.as_ref())),
            Self::Input(message) => f.write_str(message),
            Self::Checkpoint(error) => error.fmt(f),
            Self::Misfit(misfit) => misfit.fmt(f),
            Self::WrongRule(wrong) => wrong.fmt(f),
            Self::Unsaveable { name, kind } => {
                write!(
                    f,
                    "`{name}` has elements of kind {kind:?}, which cannot be saved"
                )
            }
        }
    }
}

fn within(block: Option<&Block>) -> String {
    block.map_or_else(String::new, |it| format!("in {it} "))
}

// What `main` prints when it returns an error: a person reads it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The text of a checkpoint's error is this one's text already.
            Self::Checkpoint(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {

    use tch::{Device, Tensor};

    use super::*;
    use crate::nn;

    fn check(error: &Error, message: &str, line: u32) {
        let place = format!("{}:{line}:", file!());
        let text = error.to_string();
        assert!(text.starts_with(message), "{text}");
        assert!(text.contains(&place), "{text}: not {place}");
        assert!(!text.contains('\n'), "{text}");
        assert!(!text.contains("frame #"), "{text}");
    }

    #[test]
    fn a_torch_error_has_one_line_and_the_place_of_the_question_mark() {
        let tensor = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
        let square = |it: &Tensor| -> Result<Tensor> { Ok(it.f_matmul(it)?) };
        let line = line!() - 1;
        let error = square(&tensor).unwrap_err();
        check(
            &error,
            "libtorch: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3), at ",
            line,
        );
    }

    #[test]
    fn a_module_names_its_caller() {
        let vs = nn::VarStore::new(Device::Cpu);
        let linear = nn::Linear::new(vs.root(), 4, 2, nn::LinearConfig::default());
        let tensor = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
        let error = linear.forward(&tensor).unwrap_err();
        let line = line!() - 1;
        check(
            &error,
            "libtorch: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x2), at ",
            line,
        );
    }

    #[test]
    fn a_module_under_a_path_says_it() {
        let vs = nn::VarStore::new(Device::Cpu);
        let path = vs.root() / "layer1" / 0 / "fc";
        let linear = nn::Linear::new(path, 4, 2, nn::LinearConfig::default());
        let norm = nn::BatchNorm1d::new(vs.root() / "bn", 4, nn::BatchNormConfig::default());
        let tensor = Tensor::zeros([1, 3], (Kind::Float, Device::Cpu));
        let error = linear.forward(&tensor).unwrap_err();
        let line = line!() - 1;
        let message = "libtorch: mat1 and mat2 shapes cannot be multiplied (1x3 and 4x2), in `layer1.0.fc` at ";
        check(&error, message, line);
        let error = norm.forward_t(&tensor, true).unwrap_err();
        let line = line!() - 1;
        let message =
            "batch norm in training needs more than one value per channel, not [1, 3], in `bn` at ";
        check(&error, message, line);
    }

    #[test]
    fn errors_cross_threads() {
        fn crosses<T: std::error::Error + Send + Sync + 'static>() {}
        crosses::<Error>();
    }
}
