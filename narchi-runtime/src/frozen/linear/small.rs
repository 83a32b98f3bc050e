//! Linear maps that are too small for any library: a call would take longer than the multiplications.

mod loops;

use tch::Tensor;

use super::SMALL;
use crate::Result;
use crate::frozen::dense::{Order, Sizes, elements, filled};
use crate::frozen::epilogue::Epilogue;
use crate::frozen::epilogue::loops::split;
use crate::frozen::fold::Pair;
use loops::{Job, WIDTH};

/// The weights of a linear map, as its loops read them.
#[derive(Debug)]
pub(super) struct Small {
    /// For each panel of outputs, and each input, the weights of the panel; zeros fill the last panel.
    weights: Box<[f32]>,
    /// For each output in each panel.
    bias: Box<[f32]>,
    inputs: usize,
    outputs: usize,
}

impl Small {
    /// Of a weight `[outputs, inputs]`; nothing where its memory cannot be read.
    pub(super) fn new((weight, bias): &Pair) -> Option<Self> {
        let weight = weight.f_contiguous().ok()?;
        let sizes = Sizes::of(&weight)?;
        let [outputs, inputs] = *sizes.as_slice() else {
            return None;
        };
        let (outputs, inputs) = (
            usize::try_from(outputs).ok()?,
            usize::try_from(inputs).ok()?,
        );
        let values = elements(&weight, &sizes)?;
        let bias = match bias {
            Some(bias) => {
                let bias = bias.f_contiguous().ok()?;
                elements(&bias, &Sizes::of(&bias)?)?.to_vec()
            }
            None => vec![0.; outputs],
        };
        let padded = outputs.next_multiple_of(WIDTH);
        let mut weights = vec![0.; padded * inputs];
        for output in 0..outputs {
            let panel = output / WIDTH * WIDTH * inputs;
            for input in 0..inputs {
                weights[panel + input * WIDTH + output % WIDTH] = values[output * inputs + input];
            }
        }
        let mut padded_bias = bias;
        padded_bias.resize(padded, 0.);
        Some(Self {
            weights: weights.into(),
            bias: padded_bias.into(),
            inputs,
            outputs,
        })
    }

    /// The map of an input that suits: dense, of `f32` on the CPU, and not too large.
    #[inline]
    #[track_caller]
    pub(super) fn run(
        &self,
        input: &Tensor,
        other: Option<&Tensor>,
        epilogue: Epilogue,
    ) -> Result<Option<Tensor>> {
        let Some((values, sizes)) = self.suitable(input) else {
            return Ok(None);
        };
        let others = match other {
            Some(other) => match addend(other, &sizes) {
                Some(others) => others,
                None => return Ok(None),
            },
            None => &[],
        };
        let (now, later) = split(epilogue);
        let output = filled(&sizes, Order::First, |outputs| {
            loops::run(Job {
                weights: &self.weights,
                bias: &self.bias,
                inputs: values,
                others,
                outputs,
                sizes: (self.inputs, self.outputs),
                epilogue: now,
            });
            Ok(())
        })?;
        output.map(|it| later.applied(it)).transpose()
    }

    /// The elements of an input, and the sizes of its output.
    #[inline]
    fn suitable<'a>(&self, input: &'a Tensor) -> Option<(&'a [f32], Sizes)> {
        let mut sizes = Sizes::of(input)?;
        if sizes.numel() * self.outputs > SMALL {
            return None;
        }
        let values = elements(input, &sizes)?;
        let last = sizes.as_mut_slice().last_mut()?;
        if usize::try_from(*last) != Ok(self.inputs) {
            return None;
        }
        *last = self.outputs.cast_signed() as i64;
        Some((values, sizes))
    }
}

/// The elements of what is added, if they are one for each output.
#[inline]
fn addend<'a>(other: &'a Tensor, outputs: &Sizes) -> Option<&'a [f32]> {
    let sizes = Sizes::of(other)?;
    if sizes.as_slice() != outputs.as_slice() {
        return None;
    }
    elements(other, &sizes)
}
