//! What a layer is: everything about one kind of block, in one place.
//!
//! A layer is declared with [`layer!`] and implements [`Layer`]. From the declaration come the
//! reading of its parameters, the page about it, and its text in listings.

mod code;
mod needs;
mod param;

use std::{borrow::Cow, fmt::Debug, sync::Arc};

use proc_macro2::TokenStream;

pub(crate) use self::{
    code::{Argument, Channels, Memory, Module, Moves, Number, Operand, Reach, Role, Site, Value},
    needs::{Need, Needs},
    param::{Axes, Mode, Padding, Param, Params, Unfit, WrongSize, of_axes, size},
};
use crate::{
    dim::{self, Dim},
    shape::{Dtype, Type},
};

/// A kind of block.
///
/// Only `outputs` may refuse. All other questions are asked after it has agreed, with the same
/// inputs, and have an answer.
pub(crate) trait Layer: Describe + Debug + Send + Sync {
    /// What comes out when `inputs` go in; what that needs of the symbols goes to `needs`.
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem>;

    /// What its inputs have to be made of; nothing where it takes anything and gives the same.
    fn takes(&self) -> Option<Dtype> {
        Some(Dtype::Float)
    }

    /// The parameters and buffers, in PyTorch's order.
    fn weights(&self, _inputs: &[Type]) -> Vec<Weight> {
        Vec::new()
    }

    /// Class, and everything that decides the code of `forward` and of the module but numbers:
    /// layers that agree in it share their code.
    fn key(&self, _inputs: &[Type]) -> String {
        self.class().to_owned()
    }

    /// What to call one that has no id, in snake case.
    fn noun(&self) -> &'static str;

    /// The numbers in its code, always as many and in one order for a key: arguments of the
    /// constructor, fields of its configuration, then what only `forward` uses.
    fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
        Vec::new()
    }

    /// The field that holds its weights, if it has any.
    fn module(&self, _inputs: &[Type]) -> Option<Module> {
        None
    }

    /// An expression for its output; it may use `?`.
    fn forward(&self, site: &Site<'_>) -> TokenStream;

    /// Whether the output is the input.
    fn is_identity(&self) -> bool {
        false
    }

    /// Whether the output is the input, but for training.
    fn is_identity_in_inference(&self) -> bool {
        self.is_identity()
    }

    /// Whether training differs from inference, so that `forward` uses `train`.
    fn needs_train(&self) -> bool {
        false
    }

    /// Where the channels of the output come from.
    fn channels(&self) -> Channels {
        Channels::Keeps
    }

    /// Who else looks at the memory of the output.
    fn memory(&self) -> Memory {
        Memory::Fresh
    }

    /// Which operands `forward` takes by value where they end.
    fn moves(&self) -> Moves {
        Moves::Nothing
    }

    /// How often each matrix of its weights is applied, as sizes whose product that is; none where they are looked up, or
    /// added. Multiplied by the size of the matrices, these are the multiply-adds.
    #[cfg_attr(
        not(feature = "cli"),
        expect(dead_code, reason = "only the command line counts")
    )]
    fn applications(&self, _inputs: &[Type], _outputs: &[Type]) -> Option<Vec<Dim>> {
        None
    }

    /// Whether it takes any number of inputs, so that one source may feed it twice.
    fn takes_many(&self) -> bool {
        false
    }

    /// Whether it is a sum: `x += y` may stand for it.
    fn is_sum(&self) -> bool {
        false
    }

    /// The method that overwrites the input with the output, if there is one.
    fn in_place(&self) -> Option<TokenStream> {
        None
    }

    /// Whether the file asks for that.
    fn asks_in_place(&self) -> bool {
        false
    }

    /// Frozen: if what comes before and after it can be part of its kernel, where its output has the channels.
    fn kernel_channels(&self, _output: &Type) -> Option<usize> {
        None
    }

    /// Frozen: what an output of an image depends on, where it can be computed in one go with what comes before and after it.
    fn reach(&self, _inputs: &[Type]) -> Option<Reach> {
        None
    }

    /// Whether it concatenates along the channels, the second dimension.
    fn joins_channels(&self) -> bool {
        false
    }

    /// Frozen: whether its kernel reads beyond the borders of its input.
    fn pads(&self) -> bool {
        false
    }

    /// Frozen: whether each channel, the second dimension, is scaled and shifted by its weights and by nothing else.
    fn is_norm(&self) -> bool {
        false
    }

    /// Frozen: the method of kernels that does the same to each value.
    fn epilogue(&self) -> Option<TokenStream> {
        None
    }
}

/// What [`layer!`] implements.
pub(crate) trait Describe {
    /// The name of the class.
    fn class(&self) -> &'static str;

    /// The parameters that differ from their defaults, and their values as listings show them.
    fn params(&self) -> Vec<(&'static str, String)>;

    /// Class and parameters that differ from their defaults, as listings show them.
    fn spell(&self) -> String {
        let params = self.params();
        if params.is_empty() {
            return self.class().to_owned();
        }
        let spelled: Vec<String> = params
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        format!("{} {{ {} }}", self.class(), spelled.join(", "))
    }
}

/// A parameter or buffer of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weight {
    /// PyTorch's name of it, `weight` or `running_mean`.
    pub(crate) leaf: Cow<'static, str>,
    pub(crate) shape: Vec<Dim>,
    pub(crate) kind: WeightKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightKind {
    /// Floating point, changed by training.
    Parameter,
    /// Floating point, saved but not trained.
    Buffer,
    /// A 64-bit whole number, saved but not trained.
    Counter,
}

impl Weight {
    pub(crate) fn parameter(leaf: impl Into<Cow<'static, str>>, shape: Vec<Dim>) -> Self {
        Self {
            leaf: leaf.into(),
            shape,
            kind: WeightKind::Parameter,
        }
    }
}

/// What a layer blames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// All of it.
    Block,
    /// A parameter.
    Param(&'static str),
    /// An item of the list that a parameter is.
    Item(&'static str, usize),
    /// What comes in, by its number.
    Input(usize),
}

/// Why a layer refuses its inputs or parameters. It knows no places; `infer` does.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) blame: Blame,
    pub(crate) message: String,
    pub(crate) notes: Vec<String>,
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            blame: Blame::Block,
            message: message.into(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// A parameter with a value that does not do.
    pub(crate) fn param(param: &'static str, message: impl Into<String>) -> Self {
        Self {
            blame: Blame::Param(param),
            ..Self::new("wrong-parameter", message)
        }
    }

    #[must_use]
    pub(crate) fn blame(self, blame: Blame) -> Self {
        Self { blame, ..self }
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<dim::Error> for Problem {
    fn from(error: dim::Error) -> Self {
        Self::new(
            "size-too-complex",
            format!("has sizes that cannot be computed: {error}"),
        )
    }
}

/// The inputs, if there are as many as needed.
pub(crate) fn exactly<const N: usize>(inputs: &[Type]) -> Result<&[Type; N], Problem> {
    inputs.try_into().map_err(|_| {
        let many = |count: usize| if count == 1 { "input" } else { "inputs" };
        let message = format!("takes {N} {}, but has {}", many(N), inputs.len());
        let blame = if inputs.len() > N {
            Blame::Input(N)
        } else {
            Blame::Block
        };
        Problem::new("wrong-inputs", message).blame(blame)
    })
}

/// A class of layers.
pub struct LayerDef {
    /// The class, as architecture files name it.
    pub name: &'static str,
    /// What it does, as Markdown.
    pub docs: &'static str,
    /// What it accepts.
    pub params: &'static [ParamDef],
    /// Reads a block. `None` after problems were reported.
    pub(crate) read: fn(&mut Params<'_>) -> Option<Arc<dyn Layer>>,
}

/// A parameter of a class.
pub struct ParamDef {
    /// The key in architecture files.
    pub name: &'static str,
    /// What it does, as Markdown.
    pub docs: &'static str,
    /// What values are accepted, in words.
    pub accepts: &'static str,
    /// The same as JSON Schema.
    pub schema: fn() -> String,
    /// The default, as Markdown, if there is one.
    pub default: Option<&'static str>,
    /// Values to try in tests, as JSON: usual, unusual and wrong ones.
    pub samples: &'static [&'static str],
}

/// Declares a layer: its parameters with their docs, types and defaults.
///
/// ```text
/// layer! {
///     /// What the layer does.
///     pub(crate) struct AvgPool2d {
///         /// A parameter that must be given.
///         kernel_size: Axes<2>,
///         /// A parameter that may be left out, and how the docs call its default.
///         stride: Option<Axes<2>> = None => "`kernel_size`",
///         /// A parameter whose default reads well as it is.
///         ceil_mode: bool = false,
///     }
/// }
/// ```
macro_rules! layer {
    (
        $(#[doc = $docs:literal])+
        pub(crate) struct $name:ident {
            $($(#[doc = $param_docs:literal])+
            $param:ident: $ty:ty $(= $default:expr $(=> $default_text:literal)?)?,)*
        }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name {
            $($(#[doc = $param_docs])+ pub(crate) $param: $ty,)*
        }

        impl $name {
            pub(super) const DEF: $crate::layer::LayerDef = $crate::layer::LayerDef {
                name: stringify!($name),
                docs: concat!($($docs, "\n"),+),
                params: &[$($crate::layer::ParamDef {
                    name: stringify!($param),
                    docs: concat!($($param_docs, "\n"),+),
                    accepts: <$ty as $crate::layer::Param>::ACCEPTS,
                    schema: <$ty as $crate::layer::Param>::schema,
                    default: $crate::layer::layer!(@text $($default $(=> $default_text)?)?),
                    samples: <$ty as $crate::layer::Param>::SAMPLES,
                },)*],
                read: |params| {
                    $(let $param = params.take::<$ty>(
                        stringify!($param),
                        $crate::layer::layer!(@value $($default)?),
                    );)*
                    params.finish(&Self::DEF)?;
                    Some(std::sync::Arc::new(Self { $($param: $param?,)* }))
                },
            };
        }

        impl $crate::layer::Describe for $name {
            fn class(&self) -> &'static str {
                stringify!($name)
            }

            fn params(&self) -> Vec<(&'static str, String)> {
                #[allow(unused_mut, reason = "some layers have no parameters")]
                let mut params = Vec::new();
                $(
                    let default: Option<$ty> = $crate::layer::layer!(@value $($default)?);
                    if default.as_ref() != Some(&self.$param) {
                        params.push((stringify!($param), $crate::layer::Param::spell(&self.$param)));
                    }
                )*
                params
            }
        }
    };
    (@text) => { None };
    (@text $default:expr) => { Some(concat!("`", stringify!($default), "`")) };
    (@text $default:expr => $text:literal) => { Some($text) };
    (@value) => { None };
    (@value $value:expr) => { Some($value.into()) };
}
pub(crate) use layer;
