//! The tensors of a model, with their names.

use tch::Tensor;

use super::recurrent::Cell;
use super::{BatchNorm, Conv, Crf, Embedding, Linear, Recurrent};

/// Modules, and what consists of modules: gives its parameters and buffers.
///
/// [`nn::weights!`](crate::nn::weights) implements it for a struct.
pub trait Weights {
    /// Calls `each` with the whole name of every parameter and buffer, as in the [`VarStore`](super::VarStore), and the
    /// tensor: `layer1.0.conv1.weight`. What several modules share comes several times.
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor));
}

impl<const D: usize> Weights for Conv<D> {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        each(&self.name.leaf("weight"), &self.weight);
        if let Some(bias) = &self.bias {
            each(&self.name.leaf("bias"), bias);
        }
    }
}

impl Weights for Linear {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        each(&self.name.leaf("weight"), &self.weight);
        if let Some(bias) = &self.bias {
            each(&self.name.leaf("bias"), bias);
        }
    }
}

impl<const D: usize> Weights for BatchNorm<D> {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        for (leaf, tensor) in [("weight", &self.weight), ("bias", &self.bias)] {
            if let Some(tensor) = tensor {
                each(&self.name.leaf(leaf), tensor);
            }
        }
        if let Some(running) = &self.running {
            each(&self.name.leaf("running_mean"), &running.mean);
            each(&self.name.leaf("running_var"), &running.var);
            let counter = &running.num_batches_tracked;
            each(&self.name.leaf("num_batches_tracked"), counter);
        }
    }
}

impl Weights for Embedding {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        each(&self.name.leaf("weight"), &self.weight);
    }
}

impl Weights for Crf {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        for (leaf, tensor) in [
            ("start_transitions", &self.start_transitions),
            ("end_transitions", &self.end_transitions),
            ("transitions", &self.transitions),
        ] {
            each(&self.name.leaf(leaf), tensor);
        }
    }
}

impl<C: Cell> Weights for Recurrent<C> {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        for (leaf, tensor) in self.leaves().zip(&self.weights) {
            each(&self.name.leaf(&leaf), tensor);
        }
    }
}

impl<T: Weights, const N: usize> Weights for [T; N] {
    fn visit(&self, each: &mut dyn FnMut(&str, &Tensor)) {
        for it in self {
            it.visit(each);
        }
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! __weights {
    ($model:ident $(<$($length:ident),+ $(,)?>)?: $($field:ident),*) => {
        impl $(<$(const $length: usize),+>)? $crate::nn::Weights for $model $(<$($length),+>)? {
            fn visit(&self, each: &mut dyn FnMut(&str, &$crate::Tensor)) {
                let _ = &each;
                $($crate::nn::Weights::visit(&self.$field, each);)*
            }
        }
    };
}
