//! Weights in the order in which the loops read them.

use std::array;

use crate::frozen::dense::{Sizes, count, elements};
use crate::frozen::fold::Pair;

/// So many outputs are computed at once, or twice as many.
pub(super) const LANES: usize = 8;

pub(super) type Lanes = [f32; LANES];

/// The weights of a convolution; zeros fill the last lanes.
#[derive(Debug)]
pub(super) struct Weights {
    /// For each two lanes of outputs, each tap and each input.
    pub(super) pairs: Box<[[Lanes; 2]]>,
    /// The same of the last lanes; there may be none.
    pub(super) single: Box<[[Lanes; 1]]>,
    pub(super) bias: Box<[Lanes]>,
    /// How many inputs each output sees.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) taps: usize,
    /// Each output sees the one input of its number.
    pub(super) is_depthwise: bool,
}

impl Weights {
    /// Of a weight `[outputs, inputs / groups, taps…]`; nothing where its memory cannot be read, or for other groups.
    pub(super) fn new((weight, bias): &Pair, groups: i64) -> Option<Self> {
        let weight = weight.f_contiguous().ok()?;
        let sizes = Sizes::of(&weight)?;
        let [outputs, inputs, taps @ ..] = sizes.as_slice() else {
            return None;
        };
        let (outputs, inputs) = (count(*outputs), count(*inputs));
        let taps = taps.iter().copied().map(count).product();
        let is_depthwise = groups != 1;
        if is_depthwise && (inputs != 1 || count(groups) != outputs) {
            return None;
        }
        let values = elements(&weight, &sizes)?;
        let lanes = outputs.div_ceil(LANES);
        let mut padded_bias = vec![[0.; LANES]; lanes];
        if let Some(bias) = bias {
            let bias = bias.f_contiguous().ok()?;
            let values = elements(&bias, &Sizes::of(&bias)?)?;
            let padded = padded_bias.as_flattened_mut().get_mut(..values.len())?;
            padded.copy_from_slice(values);
        }
        let (mut pairs, mut single) = (Vec::new(), Vec::new());
        for lane in (0..lanes).step_by(2) {
            for (tap, input) in (0..taps).flat_map(|tap| (0..inputs).map(move |it| (tap, it))) {
                let at = |lane: usize| -> Lanes {
                    array::from_fn(|it| match lane * LANES + it {
                        output if output < outputs => {
                            values[(output * inputs + input) * taps + tap]
                        }
                        _ => 0.,
                    })
                };
                if lane + 1 < lanes {
                    pairs.push([at(lane), at(lane + 1)]);
                } else {
                    single.push([at(lane)]);
                }
            }
        }
        Some(Self {
            pairs: pairs.into(),
            single: single.into(),
            bias: padded_bias.into(),
            inputs,
            outputs,
            taps,
            is_depthwise,
        })
    }

    /// How far apart the places of the input have to be.
    pub(super) fn pitch(&self) -> usize {
        if self.is_depthwise {
            self.bias.len() * LANES
        } else {
            self.inputs
        }
    }
}
