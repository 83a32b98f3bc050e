//! Activations in plain Rust.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use super::Epilogue;

/// What loops do, and what is left to libtorch, which computes some faster than a call costs.
#[inline]
pub(in crate::frozen) fn split(epilogue: Epilogue) -> (Epilogue, Epilogue) {
    use Epilogue::{Clamp, HardSwish, LeakyRelu, None, Relu};
    match epilogue {
        None | Relu | LeakyRelu(_) | HardSwish | Clamp(..) => (epilogue, None),
        _ => (None, epilogue),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the values are of single precision"
)]
#[inline(always)]
pub(in crate::frozen) fn activate(epilogue: Epilogue, values: &mut [f32]) {
    // Written so that NaN stays what it is.
    match epilogue {
        Epilogue::Relu => {
            for it in values {
                *it = if *it < 0. { 0. } else { *it };
            }
        }
        Epilogue::LeakyRelu(slope) => {
            let slope = slope as f32;
            for it in values {
                *it = if *it > 0. { *it } else { *it * slope };
            }
        }
        Epilogue::Clamp(low, high) => {
            let (low, high) = (low as f32, high as f32);
            for it in values {
                let raised = if *it < low { low } else { *it };
                *it = if raised > high { high } else { raised };
            }
        }
        Epilogue::HardSwish => {
            for it in values {
                let raised = if *it < -3. { -3. } else { *it };
                let gate = if raised > 3. { 3. } else { raised };
                *it *= (gate + 3.) / 6.;
            }
        }
        // These are left to libtorch.
        Epilogue::None | Epilogue::Sigmoid | Epilogue::Tanh | Epilogue::Silu | Epilogue::Gelu => {}
    }
}
