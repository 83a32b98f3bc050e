//! Problems with the user's files, and how they are shown.

use std::collections::{BTreeMap, btree_map::Entry};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::{
    document::{NodeId, Place},
    similar::similar,
    source::{Sources, Span},
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// There is no model.
    Error,
    /// There is a model, but not quite what was asked for.
    Warning,
}

/// One problem: what is wrong, where, why, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic<P = Span> {
    /// How bad it is.
    pub severity: Severity,
    /// Stable name of the kind of problem, such as `unknown-block`.
    pub code: &'static str,
    /// What is wrong, in one line, understandable without the snippet.
    pub message: String,
    /// The place that is wrong.
    pub place: P,
    /// What to say at that place, if anything.
    pub label: Option<String>,
    /// Further places that explain why it is wrong.
    pub labels: Vec<(P, String)>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl<P> Diagnostic<P> {
    /// An error at `place`.
    pub fn error(code: &'static str, place: P, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            place,
            label: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning at `place`.
    pub fn warning(code: &'static str, place: P, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, place, message)
        }
    }

    /// Says something at the place itself.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// Adds a place that explains the problem.
    #[must_use]
    pub fn label(mut self, place: P, text: impl Into<String>) -> Self {
        self.labels.push((place, text.into()));
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: Option<impl Into<String>>) -> Self {
        self.help = text.map(Into::into).or(self.help);
        self
    }

    /// The same with other places.
    pub fn map<Q>(self, mut place: impl FnMut(P) -> Q) -> Diagnostic<Q> {
        Diagnostic {
            severity: self.severity,
            code: self.code,
            message: self.message,
            place: place(self.place),
            label: self.label,
            labels: self
                .labels
                .into_iter()
                .map(|(it, text)| (place(it), text))
                .collect(),
            notes: self.notes,
            help: self.help,
        }
    }
}

/// What is known of a place.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) span: Span,
    /// The calls that wrote it, for people, the first to return first.
    pub(crate) calls: Vec<String>,
}

/// The problems found so far, their places not yet looked up.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    all: Vec<Diagnostic<Place>>,
    /// Where in `all` the problems of a value are.
    by_node: BTreeMap<NodeId, Vec<usize>>,
    /// Problems whose places are known, as those of evaluating a file.
    found: Vec<Diagnostic>,
}

impl Sink {
    /// Notes a problem and carries on.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic<Place>) {
        // The same mistake in a function used eight times is one report.
        let known = self.by_node.entry(diagnostic.place.node).or_default();
        if !known.iter().any(|it| self.all[*it] == diagnostic) {
            known.push(self.all.len());
            self.all.push(diagnostic);
        }
    }

    /// Notes a problem whose place is known.
    pub(crate) fn push_found(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// What a misspelt name was meant to be; after many problems nobody reads it, and looking for it takes time.
    pub(crate) fn similar<'a>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        const MANY: usize = 200;
        (self.all.len() < MANY)
            .then(|| similar(name, candidates))
            .flatten()
    }

    pub(crate) fn has_errors(&self) -> bool {
        let is_error = |it: Severity| it == Severity::Error;
        let found = self.found.iter().any(|it| is_error(it.severity));
        found || self.all.iter().any(|it| is_error(it.severity))
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.all.iter().any(|it| it.code == code)
    }

    /// Adds a fact to all problems of a kind.
    pub(crate) fn note(&mut self, code: &str, text: &str) {
        for diagnostic in self.all.iter_mut().filter(|it| it.code == code) {
            diagnostic.notes.push(text.to_owned());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.found.is_empty()
    }

    /// Looks up the places. Problems of one kind at one place become one, in the order of the text.
    pub(crate) fn resolve(self, mut locate: impl FnMut(&Place) -> Found) -> Diagnostics {
        let mut alike: Vec<Alike> = Vec::new();
        let mut known: BTreeMap<(&str, Span), usize> = BTreeMap::new();
        let located = self.all.into_iter().map(|it| {
            // Of the place itself, which comes before those of the labels.
            let mut calls = None;
            let located = it.map(|it| {
                let found = locate(&it);
                calls.get_or_insert(found.calls);
                found.span
            });
            (located, calls.unwrap_or_default())
        });
        let found = self.found.into_iter().map(|it| (it, Vec::new()));
        for (diagnostic, calls) in located.chain(found) {
            match known.entry((diagnostic.code, diagnostic.place)) {
                Entry::Occupied(first) => {
                    let alike = &mut alike[*first.get()];
                    alike.calls.retain(|it| calls.contains(it));
                    alike.others.push(diagnostic.message);
                }
                Entry::Vacant(new) => {
                    new.insert(alike.len());
                    alike.push(Alike {
                        first: diagnostic,
                        calls,
                        others: Vec::new(),
                    });
                }
            }
        }
        let mut all: Vec<Diagnostic> = alike.into_iter().map(Alike::merged).collect();
        all.sort_by_key(|it| (it.severity, it.place));
        Diagnostics(all)
    }
}

/// Problems of one kind at one place, as a function that is used several times makes them.
struct Alike {
    first: Diagnostic,
    /// The calls that wrote the place of each.
    calls: Vec<String>,
    /// The messages of the others.
    others: Vec<String>,
}

impl Alike {
    /// One problem that names all.
    fn merged(self) -> Diagnostic {
        /// More than these are counted.
        const NAMED: usize = 7;
        /// More calls than these say no more.
        const CALLS: usize = 4;
        let Self {
            mut first,
            mut calls,
            others,
        } = self;
        for other in others.iter().take(NAMED) {
            let again = format!("also: {other}");
            if *other != first.message && !first.notes.contains(&again) {
                first.notes.push(again);
            }
        }
        if let Some(more) = others.len().checked_sub(NAMED).filter(|it| *it > 0) {
            first.notes.push(format!("and {more} more like these"));
        }
        calls.dedup();
        first.notes.extend(calls.into_iter().take(CALLS));
        first
    }
}

impl Diagnostic {
    /// Renders the problem without colour.
    pub fn plain(&self, sources: &Sources) -> String {
        Renderer::plain().render(&self.report(sources))
    }

    fn report<'a>(&'a self, sources: &'a Sources) -> Vec<Group<'a>> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.code));
        // One snippet a file, the one with the problem first.
        let mut files = vec![self.place.file];
        for (span, _) in &self.labels {
            if !files.contains(&span.file) {
                files.push(span.file);
            }
        }
        for file in files {
            let text = sources.file(file);
            if text.text.is_empty() {
                // A file that could not be read.
                group = group.element(Origin::path(&text.name));
                continue;
            }
            let mut snippet = Snippet::source(&text.text).path(&text.name);
            if file == self.place.file {
                let mut primary = AnnotationKind::Primary.span(self.place.start..self.place.end);
                if let Some(label) = &self.label {
                    primary = primary.label(label);
                }
                snippet = snippet.annotation(primary);
            }
            for (span, label) in self.labels.iter().filter(|it| it.0.file == file) {
                let context = AnnotationKind::Context.span(span.start..span.end);
                snippet = snippet.annotation(context.label(label));
            }
            group = group.element(snippet);
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        vec![group]
    }
}

/// All problems of a compilation, errors first, each in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub(crate) Vec<Diagnostic>);

impl Diagnostics {
    /// More than these are counted, not shown.
    const SHOWN: usize = 20;

    /// The problems.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are errors.
    #[must_use]
    pub fn errors(&self) -> Self {
        self.of(Severity::Error)
    }

    /// Those that are warnings.
    #[must_use]
    pub fn warnings(&self) -> Self {
        self.of(Severity::Warning)
    }

    pub(crate) fn allow(&mut self, codes: &[String]) {
        let is_allowed = |it: &Diagnostic| codes.iter().any(|code| code == it.code);
        self.0
            .retain(|it| it.severity == Severity::Error || !is_allowed(it));
    }

    pub(crate) fn deny_warnings(&mut self) {
        for diagnostic in &mut self.0 {
            diagnostic.severity = Severity::Error;
        }
        self.0.sort_by_key(|it| it.place);
    }

    fn of(&self, severity: Severity) -> Self {
        Self(
            self.iter()
                .filter(|it| it.severity == severity)
                .cloned()
                .collect(),
        )
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.iter().any(|it| it.severity == Severity::Error)
    }

    /// Renders the problems the way rustc would.
    pub fn render(&self, sources: &Sources, renderer: &Renderer) -> String {
        let shown = self.iter().take(Self::SHOWN);
        let mut reports: Vec<String> = shown
            .map(|it| renderer.render(&it.report(sources)))
            .collect();
        if self.0.len() > Self::SHOWN {
            reports.push(format!("… and {} more", self.0.len() - Self::SHOWN));
        }
        reports.join("\n\n")
    }

    /// Renders the problems without colour.
    pub fn plain(&self, sources: &Sources) -> String {
        self.render(sources, &Renderer::plain())
    }
}
