//! What is done to each number of an output, where possible while it is still in a register.

pub(super) mod loops;

use std::ffi::CStr;
use std::fmt;

use tch::{TchError, Tensor};

use crate::{Result, nn};

/// An activation at the end of a module.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Epilogue {
    #[default]
    None,
    Relu,
    LeakyRelu(f64),
    Sigmoid,
    Tanh,
    Silu,
    /// The exact one, by the error function.
    Gelu,
    HardSwish,
    Clamp(f64, f64),
}

impl Epilogue {
    /// The same by libtorch, over the tensor where it can.
    #[track_caller]
    pub(super) fn applied(self, mut x: Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::None => x,
            Self::Relu => x.f_relu_()?,
            Self::LeakyRelu(slope) => nn::leaky_relu(&x, slope)?,
            Self::Sigmoid => x.f_sigmoid_()?,
            Self::Tanh => x.f_tanh_()?,
            Self::Silu => x.f_silu_()?,
            Self::Gelu => x.f_gelu_("none")?,
            Self::HardSwish => x.f_hardswish_()?,
            Self::Clamp(low, high) => {
                if !x.is_floating_point() {
                    // tch panics where a function that takes a number fails.
                    return Err(TchError::Kind("clamp of whole numbers".to_owned()).into());
                }
                x.f_clamp_(low, high)?
            }
        })
    }

    /// What oneDNN in libtorch calls it, and its variant.
    pub(super) fn names(self) -> (&'static CStr, &'static CStr) {
        match self {
            Self::None => (c"none", c""),
            Self::Relu => (c"relu", c""),
            Self::LeakyRelu(_) => (c"leaky_relu", c""),
            Self::Sigmoid => (c"sigmoid", c""),
            Self::Tanh => (c"tanh", c""),
            Self::Silu => (c"swish", c""),
            Self::Gelu => (c"gelu", c"none"),
            Self::HardSwish => (c"hardswish", c""),
            Self::Clamp(..) => (c"hardtanh", c""),
        }
    }

    /// Its numbers, of which the first so many count.
    pub(super) fn numbers(self) -> ([f64; 2], usize) {
        match self {
            Self::LeakyRelu(slope) => ([slope, 0.], 1),
            Self::Clamp(low, high) => ([low, high], 2),
            _ => ([0.; 2], 0),
        }
    }
}

/// What a table of blocks says after the kernel: `, relu`.
impl fmt::Display for Epilogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Relu => f.write_str(", relu"),
            Self::LeakyRelu(slope) => write!(f, ", leaky relu {slope}"),
            Self::Sigmoid => f.write_str(", sigmoid"),
            Self::Tanh => f.write_str(", tanh"),
            Self::Silu => f.write_str(", silu"),
            Self::Gelu => f.write_str(", gelu"),
            Self::HardSwish => f.write_str(", hard swish"),
            Self::Clamp(low, high) => write!(f, ", clamp {low} to {high}"),
        }
    }
}

/// The methods that set the epilogue of a module, the same for all.
macro_rules! epilogues {
    () => {
        $crate::frozen::epilogue::epilogues! {
            /// Replaces negative values by zero.
            relu() => Epilogue::Relu;
            /// Multiplies negative values by a slope.
            leaky_relu(negative_slope) => Epilogue::LeakyRelu(negative_slope);
            /// The logistic function.
            sigmoid() => Epilogue::Sigmoid;
            /// The hyperbolic tangent.
            tanh() => Epilogue::Tanh;
            /// Multiplies each value by its logistic function.
            silu() => Epilogue::Silu;
            /// Multiplies each value by the normal distribution's share below it, exactly.
            gelu() => Epilogue::Gelu;
            /// The piecewise approximation of `silu`.
            hard_swish() => Epilogue::HardSwish;
            /// Brings values below `low` to `low` and those above `high` to `high`.
            clamp(low, high) => Epilogue::Clamp(low, high);
        }
    };
    ($($(#[$doc:meta])* $name:ident($($number:ident),*) => $epilogue:expr;)*) => {
        $(
            $(#[$doc])*
            ///
            /// At the end of the module: after the sum, if there is one. The last one set counts.
            #[must_use]
            pub fn $name(mut self $(, $number: f64)*) -> Self {
                self.epilogue = $epilogue;
                self
            }
        )*
    };
}
pub(super) use epilogues;
