//! Parameters of layers, read from a block.

use std::{collections::BTreeSet, fmt, ops::Range};

use crate::{
    diagnostic::{Diagnostic, Sink},
    dim::{Bindings, Dim, ParseError},
    document::{Node, Place, Value},
    layer::LayerDef,
};

/// A type that a parameter may have.
pub(crate) trait Param: PartialEq + Sized {
    /// What values are accepted, in words.
    const ACCEPTS: &'static str;
    /// What the report of a value that is not accepted is called.
    const CODE: &'static str = "wrong-parameter";
    /// Values for tests, as JSON: usual, unusual and wrong ones.
    const SAMPLES: &'static [&'static str];

    /// What values are accepted, as JSON Schema.
    fn schema() -> String;

    /// Reads a value; the error says why it is not accepted.
    fn read(node: &Node) -> Result<Self, Unfit>;

    /// The value seen from outside of the file, where its symbols mean something else.
    #[must_use]
    fn bind(self, _: &Bindings) -> Self {
        self
    }

    /// The value as listings show it.
    fn spell(&self) -> String;
}

/// Why a value is not accepted.
#[derive(Debug, Default)]
pub(crate) struct Unfit {
    /// What is wrong, if `ACCEPTS` does not say it.
    why: Option<String>,
    /// Which part of the value, if not all of it.
    at: Option<Place>,
}

impl Unfit {
    pub(crate) fn because(why: impl Into<String>) -> Self {
        Self {
            why: Some(why.into()),
            at: None,
        }
    }

    /// Says why, where that is not known yet.
    #[must_use]
    pub(crate) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.why.is_some() { self } else { other() }
    }

    /// Blames a part of the value, unless a part of that is to blame.
    #[must_use]
    pub(crate) fn at(mut self, part: &Node) -> Self {
        self.at.get_or_insert_with(|| part.place());
        self
    }
}

/// The parameters of one block while it is read.
pub(crate) struct Params<'a> {
    block: &'a Node,
    /// How messages begin: with the name of the block, where it has one.
    prefix: &'a dyn fmt::Display,
    class: &'a str,
    bindings: &'a Bindings,
    sink: &'a mut Sink,
    taken: BTreeSet<&'static str>,
    /// Parameters that must be given and are not, and what they accept.
    missing: Vec<(&'static str, &'static str)>,
}

impl<'a> Params<'a> {
    pub(crate) fn new(
        block: &'a Node,
        prefix: &'a dyn fmt::Display,
        class: &'a str,
        bindings: &'a Bindings,
        sink: &'a mut Sink,
    ) -> Self {
        Self {
            block,
            prefix,
            class,
            bindings,
            sink,
            taken: BTreeSet::new(),
            missing: Vec::new(),
        }
    }

    /// The value of a parameter, or its default. `None` after a problem was reported.
    pub(crate) fn take<T: Param>(&mut self, name: &'static str, default: Option<T>) -> Option<T> {
        self.taken.insert(name);
        let Some(node) = self.block.get(name) else {
            if default.is_none() {
                self.missing.push((name, T::ACCEPTS));
            }
            return default;
        };
        match T::read(node) {
            Ok(value) => Some(value.bind(self.bindings)),
            Err(Unfit { why, at }) => {
                let why = why.unwrap_or_else(|| format!("it is {}", T::ACCEPTS));
                let (prefix, class) = (self.prefix, self.class);
                let message = format!("{prefix}`{name}` of `{class}` cannot be {}", node.brief());
                let place = at.unwrap_or_else(|| node.place());
                self.sink
                    .push(Diagnostic::error(T::CODE, place, message).note(why));
                None
            }
        }
    }

    /// Reports what is left: keys that are no parameters, and parameters that are missing. Keys that
    /// begin with `_` belong to the language. `None` where a parameter was misspelt: what the block does is not known then.
    pub(crate) fn finish(&mut self, def: &LayerDef) -> Option<()> {
        let mut is_misspelt = false;
        let known: Vec<&str> = def.params.iter().map(|it| it.name).collect();
        for entry in self.block.entries() {
            let key = entry.key.as_str();
            if key.starts_with('_') || self.taken.contains(key) {
                continue;
            }
            let message = format!("{}`{}` has no parameter `{key}`", self.prefix, self.class);
            let unknown = Diagnostic::error("unknown-parameter", entry.value.key_place(), message);
            let accepts = match known.as_slice() {
                [] => format!("`{}` has no parameters", self.class),
                known => format!("`{}` accepts: {}", self.class, known.join(", ")),
            };
            let meant = self.sink.similar(key, known.iter().copied());
            is_misspelt |= meant.is_some();
            // A misspelt parameter is one mistake, not two.
            self.missing.retain(|it| Some(it.0) != meant);
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("leave out `{key}`"),
            };
            self.sink.push(unknown.note(accepts).help(Some(help)));
        }
        for (name, accepts) in std::mem::take(&mut self.missing) {
            let message = format!(
                "{}`{}` needs the parameter `{name}`",
                self.prefix, self.class
            );
            let place = self.block.get("_class").unwrap_or(self.block).place();
            let help = format!("add `{name}: …`: {accepts}");
            let missing = Diagnostic::error("missing-parameter", place, message);
            self.sink.push(missing.help(Some(help)));
        }
        (!is_misspelt).then_some(())
    }
}

/// A whole number for each of `D` axes: written once for all, or as a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axes<const D: usize>(pub(crate) [i64; D]);

/// What is added around the input of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding<const D: usize> {
    /// So many elements at both ends of each axis.
    Each([i64; D]),
    /// As many as keep the size.
    Same,
}

/// What the padding of a convolution is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Zeros,
    Reflect,
    Replicate,
    Circular,
}

impl<const D: usize> From<i64> for Axes<D> {
    fn from(value: i64) -> Self {
        Self([value; D])
    }
}

impl<const D: usize> From<i64> for Padding<D> {
    fn from(value: i64) -> Self {
        Self::Each([value; D])
    }
}

impl Param for bool {
    const ACCEPTS: &'static str = "`true` or `false`";
    const SAMPLES: &'static [&'static str] = &["true", "false", "1", "null"];

    fn schema() -> String {
        r#"{"type": "boolean"}"#.to_owned()
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match node.value {
            Value::Bool(value) => Ok(value),
            _ => Err(Unfit::default()),
        }
    }

    fn spell(&self) -> String {
        self.to_string()
    }
}

impl Param for i64 {
    const ACCEPTS: &'static str = "a whole number";
    const SAMPLES: &'static [&'static str] = &["1", "2", "3", "4", "0", "-1", "1.5", "\"2\""];

    fn schema() -> String {
        r#"{"type": "integer"}"#.to_owned()
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        node.as_int().ok_or_else(Unfit::default)
    }

    fn spell(&self) -> String {
        self.to_string()
    }
}

impl Param for f64 {
    const ACCEPTS: &'static str = "a number";
    const SAMPLES: &'static [&'static str] = &["0.5", "0", "1", "0.001", "-0.5", "2", "\"x\""];

    fn schema() -> String {
        r#"{"type": "number"}"#.to_owned()
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match node.value {
            Value::Number(value) => Ok(value),
            _ => Err(Unfit::default()),
        }
    }

    fn spell(&self) -> String {
        self.to_string()
    }
}

impl Param for Dim {
    const ACCEPTS: &'static str =
        "a whole number from 1 on, or a size such as `\"<<variable:K>>\"`";
    const CODE: &'static str = "wrong-size";
    const SAMPLES: &'static [&'static str] = &["1", "4", "6", "8", "0", "-2", "2.5", "true"];

    fn schema() -> String {
        r#"{"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^<<variable:.+>>$"}]}"#
            .to_owned()
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match &node.value {
            Value::String(text) => size(text).map_err(|it| Unfit::because(it.message)),
            _ => node
                .as_int()
                .filter(|it| 1 <= *it)
                .map(Dim::from)
                .ok_or_else(Unfit::default),
        }
    }

    fn bind(self, bindings: &Bindings) -> Self {
        bindings.apply(&self)
    }

    fn spell(&self) -> String {
        self.to_string()
    }
}

/// Why a text is no size, and which of its bytes are to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongSize {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

/// Reads `<<variable:W/2>>`.
pub(crate) fn size(text: &str) -> Result<Dim, WrongSize> {
    const OPEN: &str = "<<variable:";
    let Some(inner) = text.strip_prefix(OPEN).and_then(|it| it.strip_suffix(">>")) else {
        let message = "a size that is no number is written `<<variable:…>>`".to_owned();
        return Err(WrongSize {
            at: 0..text.len(),
            message,
        });
    };
    inner
        .parse()
        .map_err(|ParseError { at, message }| WrongSize {
            at: at.start + OPEN.len()..at.end + OPEN.len(),
            message,
        })
}

impl<T: Param> Param for Option<T> {
    const ACCEPTS: &'static str = T::ACCEPTS;
    const CODE: &'static str = T::CODE;
    const SAMPLES: &'static [&'static str] = T::SAMPLES;

    fn schema() -> String {
        format!(r#"{{"anyOf": [{}, {{"type": "null"}}]}}"#, T::schema())
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match node.value {
            Value::Null => Ok(None),
            _ => T::read(node).map(Some),
        }
    }

    fn bind(self, bindings: &Bindings) -> Self {
        self.map(|it| it.bind(bindings))
    }

    fn spell(&self) -> String {
        self.as_ref().map_or_else(|| "null".to_owned(), T::spell)
    }
}

/// One value for all axes, or a list with one for each.
pub(crate) fn of_axes<const D: usize>(one: &str) -> String {
    let list = format!(r#"{{"type": "array", "items": {one}, "minItems": {D}, "maxItems": {D}}}"#);
    format!(r#"{{"anyOf": [{one}, {list}]}}"#)
}

impl<const D: usize> Param for Axes<D> {
    const ACCEPTS: &'static str = match D {
        1 => "a whole number",
        2 => "a whole number, or a list of two: rows and columns",
        _ => "a whole number, or a list with one for each axis",
    };
    const SAMPLES: &'static [&'static str] = match D {
        1 => &["1", "2", "3", "[3]", "0", "-1", "[2, 2]", "1.5"],
        2 => &[
            "1", "2", "3", "[3, 1]", "[1, 2]", "[2, 5]", "0", "[1, -1]", "[2]",
        ],
        _ => &[
            "1",
            "2",
            "3",
            "[3, 1, 2]",
            "[1, 2, 2]",
            "0",
            "[1, 1, -1]",
            "[2, 2]",
        ],
    };

    fn schema() -> String {
        of_axes::<D>(r#"{"type": "integer"}"#)
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        if let Some(value) = node.as_int() {
            return Ok(value.into());
        }
        let values: Option<Vec<i64>> = match &node.value {
            Value::Array(items) => items.iter().map(Node::as_int).collect(),
            _ => None,
        };
        values
            .and_then(|it| it.try_into().ok())
            .map(Self)
            .ok_or_else(Unfit::default)
    }

    fn spell(&self) -> String {
        match self.0.first() {
            Some(first) if self.0.iter().all(|it| it == first) => first.to_string(),
            _ => format!("{:?}", self.0),
        }
    }
}

impl<const D: usize> Param for Padding<D> {
    const ACCEPTS: &'static str =
        "a whole number, a list with one for each axis, \"same\" or \"valid\"";
    const SAMPLES: &'static [&'static str] = match D {
        1 => &[
            "0",
            "1",
            "2",
            "[1]",
            "\"same\"",
            "\"valid\"",
            "-1",
            "\"full\"",
        ],
        2 => &[
            "0",
            "1",
            "2",
            "[1, 0]",
            "[0, 3]",
            "\"same\"",
            "\"valid\"",
            "[0, -1]",
            "[1]",
        ],
        _ => &[
            "0",
            "1",
            "2",
            "[1, 0, 1]",
            "\"same\"",
            "\"valid\"",
            "[0, -1, 0]",
            "[1]",
        ],
    };

    fn schema() -> String {
        let (axes, words) = (Axes::<D>::schema(), r#"{"enum": ["same", "valid"]}"#);
        format!(r#"{{"anyOf": [{axes}, {words}]}}"#)
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match node.as_str() {
            Some("same") => Ok(Self::Same),
            Some("valid") => Ok(0.into()),
            Some(_) => Err(Unfit::default()),
            None => Axes::read(node).map(|Axes(each)| Self::Each(each)),
        }
    }

    fn spell(&self) -> String {
        match self {
            Self::Each(each) => Axes(*each).spell(),
            Self::Same => "\"same\"".to_owned(),
        }
    }
}

impl Param for Mode {
    const ACCEPTS: &'static str = "\"zeros\", \"reflect\", \"replicate\" or \"circular\"";
    const SAMPLES: &'static [&'static str] = &[
        "\"zeros\"",
        "\"reflect\"",
        "\"replicate\"",
        "\"circular\"",
        "\"mirror\"",
    ];

    fn schema() -> String {
        r#"{"enum": ["zeros", "reflect", "replicate", "circular"]}"#.to_owned()
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        match node.as_str() {
            Some("zeros") => Ok(Self::Zeros),
            Some("reflect") => Ok(Self::Reflect),
            Some("replicate") => Ok(Self::Replicate),
            Some("circular") => Ok(Self::Circular),
            _ => Err(Unfit::default()),
        }
    }

    fn spell(&self) -> String {
        match self {
            Self::Zeros => "\"zeros\"",
            Self::Reflect => "\"reflect\"",
            Self::Replicate => "\"replicate\"",
            Self::Circular => "\"circular\"",
        }
        .to_owned()
    }
}
