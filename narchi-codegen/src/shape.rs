//! What flows along a wire: shape and element type.

use std::fmt;

use crate::dim::Dim;

/// The sizes of all dimensions of a tensor, the batch first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape(pub(crate) Vec<Dim>);

/// What the elements of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dtype {
    /// Floating point, as precise as the weights.
    Float,
    /// Whole numbers of 64 bits.
    Int64,
}

/// Everything known of a tensor before it exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Type {
    pub(crate) shape: Shape,
    pub(crate) dtype: Dtype,
}

impl Type {
    pub(crate) fn float(dims: Vec<Dim>) -> Self {
        Self {
            shape: Shape(dims),
            dtype: Dtype::Float,
        }
    }

    pub(crate) fn dims(&self) -> &[Dim] {
        &self.shape.0
    }

    pub(crate) fn rank(&self) -> usize {
        self.shape.0.len()
    }

    /// The same with other sizes.
    pub(crate) fn with(&self, dims: Vec<Dim>) -> Self {
        Self {
            shape: Shape(dims),
            dtype: self.dtype,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims: Vec<String> = self.0.iter().map(Dim::to_string).collect();
        write!(f, "[{}]", dims.join(", "))
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float => "floating point numbers",
            Self::Int64 => "whole numbers",
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            Dtype::Float => self.shape.fmt(f),
            Dtype::Int64 => write!(f, "{} of {}", self.shape, self.dtype),
        }
    }
}
