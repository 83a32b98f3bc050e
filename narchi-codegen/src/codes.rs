//! What each code of a diagnostic means, with an example that gives it and the same example mended.

use std::fmt::Write;

use crate::{diagnostic::Severity, similar::similar};

/// The page about one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code, as reports have it in brackets.
    pub name: &'static str,
    /// Whether files with this problem are refused, or only warned of.
    pub severity: Severity,
    /// What is wrong, why that matters, and what to do: paragraphs of Markdown.
    pub page: &'static str,
    /// An architecture with the problem.
    pub broken: &'static str,
    /// The same without the problem.
    pub mended: &'static str,
}

macro_rules! codes {
    ($($name:literal $severity:ident,)+) => {
        &[$(Code {
            name: $name,
            severity: Severity::$severity,
            page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/codes/", $name, ".md")),
            broken: codes!(@example "" $name),
            mended: codes!(@example "mended/" $name),
        },)+]
    };
    (@example $folder:literal $name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/tests/errors/", $folder, $name, ".jsonnet"
        ))
    };
}

/// Every code, in the order of the alphabet.
pub const CODES: &[Code] = codes![
    "assertion-failed" Error,
    "checkpoint-differs" Error,
    "cycle" Error,
    "duplicate-block" Error,
    "duplicate-edge" Warning,
    "edge-into-input" Error,
    "empty-list" Error,
    "endless-recursion" Error,
    "evaluation-error" Error,
    "evaluation-too-long" Error,
    "fact-assumed" Warning,
    "facts-contradict" Error,
    "import-not-found" Error,
    "inexact-split" Error,
    "kernel-too-large" Error,
    "missing-class" Error,
    "missing-ext-var" Error,
    "missing-file" Error,
    "missing-id" Error,
    "missing-key" Error,
    "missing-parameter" Error,
    "missing-top-level-argument" Error,
    "module-cycle" Error,
    "module-differs" Error,
    "nested-too-deep" Error,
    "no-architecture" Error,
    "output-as-source" Error,
    "output-differs" Error,
    "parameter-ignored" Warning,
    "shapes-differ" Error,
    "share-too-far" Error,
    "shares-differ" Error,
    "size-not-positive" Error,
    "size-too-complex" Error,
    "size-unknown-here" Error,
    "softmax-without-dim" Warning,
    "symbolic-features" Error,
    "syntax-error" Error,
    "too-large" Error,
    "too-much-memory" Error,
    "two-sources" Error,
    "unbound-symbol" Error,
    "unconnected-block" Error,
    "unconnected-output" Error,
    "unknown-block" Error,
    "unknown-class" Error,
    "unknown-key" Error,
    "unknown-parameter" Error,
    "unknown-port" Error,
    "unknown-top-level-argument" Error,
    "unknown-variable" Error,
    "unreadable-checkpoint" Error,
    "unreadable-file" Error,
    "unused-block" Warning,
    "unused-input" Warning,
    "wrong-dtype" Error,
    "wrong-graph" Error,
    "wrong-id" Error,
    "wrong-inputs" Error,
    "wrong-parameter" Error,
    "wrong-rank" Error,
    "wrong-reshape" Error,
    "wrong-size" Error,
    "wrong-value" Error,
];

/// The page about a code.
pub fn find(name: &str) -> Option<&'static Code> {
    let index = CODES.binary_search_by_key(&name, |it| it.name).ok()?;
    CODES.get(index)
}

/// What to say where `name` is taken for a code.
pub fn unknown(name: &str) -> String {
    let advice = match similar(name, CODES.iter().map(|it| it.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`narchi-codegen explain` lists all".to_owned(),
    };
    format!("there is no code `{name}`: {advice}")
}

impl Code {
    /// The first sentence of the page.
    pub fn summary(&self) -> String {
        let text = self.page.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.split_once(". ") {
            Some((first, _)) => format!("{first}."),
            None => text,
        }
    }

    /// The page with its examples, as a section of Markdown.
    pub fn markdown(&self) -> String {
        let Self { name, page, .. } = self;
        let (broken, mended) = (self.broken.trim_end(), self.mended.trim_end());
        let (refused, accepted) = match self.severity {
            Severity::Error => ("This is refused:", "This compiles:"),
            Severity::Warning => ("This is warned of:", "This is not:"),
        };
        format!(
            "## `{name}`\n\n{page}\n{refused}\n\n```jsonnet\n{broken}\n```\n\n\
             {accepted}\n\n```jsonnet\n{mended}\n```\n"
        )
    }
}

/// A Markdown page of all codes.
pub fn markdown() -> String {
    let mut page = "# Diagnostics\n\n\
        <!-- Generated from narchi-codegen/codes and narchi-codegen/tests/errors; a test keeps it current. -->\n\n\
        What the codes of reports mean, as in `error[unknown-block]`. `narchi-codegen explain CODE` prints one of\n\
        these sections.\n\n"
        .to_owned();
    for code in CODES {
        // Writing to a string does not fail.
        _ = writeln!(page, "* [`{0}`](#{0}): {1}", code.name, code.summary());
    }
    for code in CODES {
        _ = write!(page, "\n{}", code.markdown());
    }
    page
}
