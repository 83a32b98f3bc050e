use std::{fmt, sync::Arc};

/// The name of a positive integer that is not known yet, such as `H`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol {
    kind: Kind,
    name: Arc<str>,
}

/// Symbols of different kinds differ, whatever their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Batch,
    Own,
    /// Stands for a quotient while two dims are compared.
    Quotient,
    /// As declared by a nested module, while its symbols are looked for.
    InnerBatch,
    Inner,
}

impl Symbol {
    /// The symbol `name`; two with the same name are the same.
    pub(crate) fn new(name: &str) -> Self {
        Symbol {
            kind: Kind::Own,
            name: name.into(),
        }
    }

    /// The size of a batch: shown as `N`, yet not the `N` that somebody may write.
    pub(crate) fn batch() -> Self {
        Symbol {
            kind: Kind::Batch,
            name: "N".into(),
        }
    }

    /// The name, by which symbols are shown.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the size of a batch.
    pub(crate) fn is_batch(&self) -> bool {
        self.kind == Kind::Batch
    }

    pub(super) fn quotient(text: &str) -> Self {
        Symbol {
            kind: Kind::Quotient,
            name: text.into(),
        }
    }

    pub(super) fn into_inner(self) -> Self {
        let kind = if self.is_batch() {
            Kind::InnerBatch
        } else {
            Kind::Inner
        };
        Symbol { kind, ..self }
    }

    pub(super) fn into_outer(self) -> Self {
        let kind = if self.kind == Kind::InnerBatch {
            Kind::Batch
        } else {
            Kind::Own
        };
        Symbol { kind, ..self }
    }

    pub(super) fn is_inner(&self) -> bool {
        matches!(self.kind, Kind::InnerBatch | Kind::Inner)
    }
}

impl From<&str> for Symbol {
    fn from(name: &str) -> Self {
        Symbol::new(name)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
