//! What the emitter asks a layer about its code.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::dim::Dim;

/// A number in the code of a layer. Layers with the same key may differ in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    /// The argument or field it is for.
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) value: Value,
    /// Fields of a configuration with this value need not be written.
    pub(crate) default: Option<Value>,
    /// How many axes it is for: `7` is written `[7, 7]` where it is 2. Zero for a plain number.
    pub(crate) axes: usize,
    /// Used by `forward`, hence kept in the struct where it differs between instances.
    pub(crate) in_forward: bool,
}

/// The value of a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Value {
    /// A whole number, or one that is known only when the model is made.
    Dim(Dim),
    /// A number for each axis, where they differ.
    Axes(Vec<i64>),
    /// The bits of an `f64`: they can be compared and hashed.
    Float(u64),
}

/// Numbers of different roles are never related: that a stride equals a kernel size is an accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// The channels that come in.
    InFeats,
    /// The channels that go out.
    OutFeats,
    /// Any other number of channels.
    Feats,
    /// The size of a kernel.
    Kernel,
    /// A padding: often half a kernel.
    Padding,
    /// The length of a run of equal scopes.
    Count,
    /// Anything else; related only to numbers of the same name.
    Other,
}

/// A field that holds weights, and how to make it:
/// `function(path, numbers[..arguments], config { numbers[arguments..], fixed })`.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// The type of the field.
    pub(crate) ty: TokenStream,
    /// Its type in the frozen form, which is made of this one; none where that just wraps it.
    pub(crate) frozen: Option<TokenStream>,
    /// The constructor.
    pub(crate) function: TokenStream,
    /// What a private function that wraps the constructor is called.
    pub(crate) wrapper: &'static str,
    /// How many numbers are arguments of the constructor.
    pub(crate) arguments: usize,
    /// The type of the configuration; empty if there is none.
    pub(crate) config: TokenStream,
    /// How many fields it has.
    pub(crate) config_fields: usize,
    /// Fields of the configuration that are no numbers; only those that differ from the default.
    pub(crate) fixed: Vec<TokenStream>,
}

/// The surroundings of a layer in `forward`.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    /// The field with its weights, `self.conv1`.
    pub(crate) field: TokenStream,
    pub(crate) inputs: &'a [Operand],
    /// One for each of the layer's numbers.
    pub(crate) numbers: &'a [Argument],
    /// Whether this is the frozen form, which has no `train`.
    pub(crate) is_frozen: bool,
}

impl Site<'_> {
    /// Whether the model is in training.
    pub(crate) fn train(&self) -> TokenStream {
        if self.is_frozen {
            quote!(false)
        } else {
            quote!(train)
        }
    }
}

/// A value in `forward`.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) name: Ident,
    /// Arguments of `forward` are references.
    pub(crate) owned: bool,
    /// This is the last use of an owned value.
    pub(crate) dies: bool,
    /// It has no other user.
    pub(crate) is_only: bool,
    /// Who else looks at its memory.
    pub(crate) memory: Memory,
}

/// A number in the code: a literal, or an expression of the arguments.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) tokens: TokenStream,
    pub(crate) literal: Option<Value>,
}

/// Which operands the value takes, so that they are dropped with the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moves {
    Nothing,
    /// All, if all end here.
    All,
}

/// Where the channels of the output come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    /// They are those of the first input.
    Keeps,
    /// A parameter says how many.
    Makes,
    /// Several numbers make them.
    Mixes,
}

/// Who else may look at the memory of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nobody: it may be overwritten.
    Fresh,
    /// Autograd needs it in the backward pass.
    Saved,
    /// It may be the input itself.
    View,
}

/// What an output of a frozen kernel depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All channels of one place, the same place of the input.
    Place,
    /// One channel of some places, the same channel of the input.
    Channel,
}

impl Number {
    pub(crate) fn int(name: &'static str, role: Role, value: impl Into<Dim>) -> Self {
        let value = Value::Dim(value.into());
        Self {
            name,
            role,
            value,
            default: None,
            axes: 0,
            in_forward: false,
        }
    }

    pub(crate) fn float(name: &'static str, value: f64) -> Self {
        let value = Value::float(value);
        Self {
            name,
            role: Role::Other,
            value,
            default: None,
            axes: 0,
            in_forward: false,
        }
    }

    /// A number for each axis. `uniform` says that the axes agree, in all numbers of the layer.
    pub(crate) fn axes(name: &'static str, role: Role, values: &[i64], uniform: bool) -> Self {
        let value = match values {
            [first, ..] if uniform => Value::Dim(Dim::from(*first)),
            all => Value::Axes(all.to_vec()),
        };
        let axes = if uniform { values.len() } else { 0 };
        Self {
            name,
            role,
            value,
            default: None,
            axes,
            in_forward: false,
        }
    }

    /// A field of the configuration that need not be written where it is `default`.
    #[must_use]
    pub(crate) fn or(mut self, default: i64) -> Self {
        self.default = Some(match &self.value {
            Value::Axes(values) => Value::Axes(vec![default; values.len()]),
            _ => Value::Dim(Dim::from(default)),
        });
        self
    }

    #[must_use]
    pub(crate) fn or_float(mut self, default: f64) -> Self {
        self.default = Some(Value::float(default));
        self
    }

    #[must_use]
    pub(crate) fn in_forward(mut self) -> Self {
        self.in_forward = true;
        self
    }
}

impl Value {
    pub(crate) fn float(value: f64) -> Self {
        Self::Float(value.to_bits())
    }

    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Dim(dim) => dim.as_fixed(),
            Self::Axes(_) | Self::Float(_) => None,
        }
    }
}

impl Moves {
    pub(crate) fn moves(self, operands: &[Operand]) -> bool {
        // A value that comes twice cannot be moved twice.
        let mut names: Vec<&Ident> = operands.iter().map(|it| &it.name).collect();
        names.sort_unstable();
        names.dedup();
        self == Self::All && names.len() == operands.len() && operands.iter().all(|it| it.dies)
    }
}

impl Operand {
    /// Whether it is ours alone, and nobody looks at it later, so that it may be overwritten.
    pub(crate) fn is_free(&self) -> bool {
        self.dies && self.is_only && self.memory == Memory::Fresh
    }

    pub(crate) fn by_ref(&self) -> TokenStream {
        let name = &self.name;
        if self.owned {
            quote!(&#name)
        } else {
            quote!(#name)
        }
    }
}

impl Argument {
    /// The number once for each axis: `[7, 7]`, `[kernel_size; 2]`, or itself where it lists them already.
    pub(crate) fn per_axis(&self, axes: usize) -> TokenStream {
        let tokens = &self.tokens;
        match (axes, &self.literal) {
            (0, _) => quote!(#tokens),
            (_, Some(_)) => {
                let all = std::iter::repeat_n(tokens, axes);
                quote!([#(#all),*])
            }
            (_, None) => {
                let axes = Literal::usize_unsuffixed(axes);
                quote!([#tokens; #axes])
            }
        }
    }
}

impl ToTokens for Argument {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}
