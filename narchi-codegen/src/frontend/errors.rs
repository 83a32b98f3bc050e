//! Turns what the engine says into reports.

use std::collections::BTreeMap;

use rsjsonnet_lang::{
    lexer::LexError,
    parser::ParseError,
    program::{
        AnalyzeError, EvalError, EvalErrorKind as Kind, EvalStackTraceItem as Item, LoadError,
    },
    span::{SourceId, SpanContext, SpanId, SpanManager},
};

use super::{
    Input,
    files::Files,
    jsonnet::MAX_STACK,
    messages::message,
    reader::MAX_NESTING,
    syntax::{self, parameters},
};
use crate::{
    diagnostic::Diagnostic,
    similar::similar,
    source::{FileId, Span},
};

/// More calls than these say nothing new.
const SHOWN_CALLS: usize = 4;

/// What is needed to say where an error happened.
pub(super) struct Report<'a> {
    spans: &'a SpanManager,
    texts: &'a BTreeMap<SourceId, FileId>,
    files: &'a Files,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        spans: &'a SpanManager,
        texts: &'a BTreeMap<SourceId, FileId>,
        files: &'a Files,
    ) -> Self {
        Self {
            spans,
            texts,
            files,
        }
    }

    /// The place in the user's text, if it is one.
    pub(super) fn span(&self, span: SpanId) -> Option<Span> {
        let (context, start, end) = self.spans.get_span(span);
        let SpanContext::Source(source) = self.spans.get_context(context);
        self.texts
            .get(source)
            .map(|&file| self.files.first_line(Span { file, start, end }))
    }

    /// Why a text cannot be loaded.
    pub(super) fn load(&self, error: &LoadError, file: FileId) -> Diagnostic {
        let at = |span| self.span(span).unwrap_or(file.start());
        match error {
            LoadError::Lex(error) => {
                let (span, message) = syntax::lexical(error);
                let help = match error {
                    LexError::UnfinishedString { .. } => "close it with a quote",
                    _ => "correct or remove it",
                };
                Diagnostic::error("syntax-error", at(span), message).help(Some(help))
            }
            LoadError::Parse(ParseError::Expected {
                span,
                expected,
                instead,
            }) => {
                let message = syntax::expected(expected, instead);
                let help = "add what is expected, or remove what is there";
                Diagnostic::error("syntax-error", at(*span), message).help(Some(help))
            }
            LoadError::Analyze(error) => analysis(error, at),
        }
    }

    /// Why a file has no value.
    pub(super) fn evaluation(&self, error: &EvalError, input: &Input, main: FileId) -> Diagnostic {
        let trace = &error.stack_trace;
        let innermost = trace.iter().rev().find_map(|it| self.span(span_of(it)?));
        let own = own_span(&error.kind).and_then(|it| self.span(it));
        let at = own.or(innermost).unwrap_or(main.start());
        let diagnostic = match &error.kind {
            Kind::UnknownExtVar { name } => missing_ext_var(name, at, input),
            Kind::CallParamNotBound {
                span: None,
                param_name,
            } if trace.is_empty() => self.missing_argument(param_name, main),
            Kind::UnknownCallParam {
                span: None,
                param_name,
            } if trace.is_empty() => self.unknown_argument(param_name, main),
            Kind::StackOverflow if path_length(trace) > MAX_NESTING => nested_too_deep(at),
            Kind::StackOverflow => {
                let message = format!("the evaluation goes deeper than {MAX_STACK} calls");
                Diagnostic::error("endless-recursion", at, message)
                    .help(Some("look for a function that calls itself without end"))
            }
            Kind::InfiniteRecursion => {
                let message = "this value is needed to compute itself";
                let help = "give it a value that does not mention it";
                Diagnostic::error("endless-recursion", at, message).help(Some(help))
            }
            Kind::AssertFailed { message, .. } => {
                let said = message.as_deref().unwrap_or("an assertion does not hold");
                said_by_user(said, at)
            }
            Kind::ExplicitError { message, .. } => said_by_user(message, at),
            Kind::AssertEqualFailed { lhs, rhs } => {
                said_by_user(&format!("{lhs} is not equal to {rhs}"), at)
            }
            kind => Diagnostic::error("evaluation-error", at, message(kind))
                .help(Some("change this expression, or what it is computed from")),
        };
        self.with_calls(diagnostic, trace, at)
    }

    fn missing_argument(&self, name: &str, main: FileId) -> Diagnostic {
        let parameters = parameters(&self.files.text(main));
        let place = parameters
            .into_iter()
            .find(|it| it.0 == name)
            .map(|it| it.1);
        let at = place.map_or(main.start(), |it| Span {
            file: main,
            start: it.start,
            end: it.end,
        });
        let message = format!("the file is a function, and its parameter `{name}` is not given");
        Diagnostic::error("missing-top-level-argument", at, message).help(Some(format!(
            "give it with --tla-code {name}=… or --tla-str {name}=…"
        )))
    }

    fn unknown_argument(&self, name: &str, main: FileId) -> Diagnostic {
        let parameters = parameters(&self.files.text(main));
        let known: Vec<&str> = parameters.iter().map(|it| it.0.as_str()).collect();
        let message = format!("the file is a function without a parameter `{name}`");
        let help = similar(name, known.iter().copied()).map(|it| format!("did you mean `{it}`?"));
        Diagnostic::error("unknown-top-level-argument", main.start(), message)
            .note(format!("its parameters: {}", known.join(", ")))
            .help(help)
    }

    /// Says how evaluation came there.
    fn with_calls(&self, mut diagnostic: Diagnostic, trace: &[Item], at: Span) -> Diagnostic {
        let mut calls: Vec<String> = Vec::new();
        for item in trace.iter().rev() {
            let Some(span) = span_of(item).and_then(|it| self.span(it)) else {
                continue;
            };
            let called = match item {
                // A note that repeats the place of the report says nothing.
                _ if span == at => continue,
                Item::Call {
                    name: Some(name), ..
                } => {
                    format!("in `{name}`, called at {}", self.files.show(span))
                }
                Item::Call { name: None, .. } => {
                    format!("in a function called at {}", self.files.show(span))
                }
                Item::Import { .. } => format!("imported at {}", self.files.show(span)),
                _ => continue,
            };
            calls.push(called);
        }
        let more = calls.len().saturating_sub(SHOWN_CALLS);
        for call in calls.into_iter().take(SHOWN_CALLS) {
            diagnostic = diagnostic.note(call);
        }
        match more {
            0 => diagnostic,
            more => diagnostic.note(format!("and {more} more calls")),
        }
    }
}

/// A value inside too many others.
pub(super) fn nested_too_deep<P>(place: P) -> Diagnostic<P> {
    let message = format!("the value nests deeper than {MAX_NESTING} levels");
    Diagnostic::error("nested-too-deep", place, message)
        .help(Some("look for a function that wraps its own result"))
}

fn analysis(error: &AnalyzeError, at: impl Fn(SpanId) -> Span) -> Diagnostic {
    let syntax = |span, message: String| {
        Diagnostic::error("syntax-error", at(span), message).help(Some("correct or remove it"))
    };
    let twice = |first, again, what: &str, name: &str| {
        syntax(again, format!("the {what} `{name}` is defined twice"))
            .label(at(first), "first here")
    };
    match error {
        AnalyzeError::UnknownVariable { span, name } => {
            let message = format!("there is no variable `{name}`");
            let help = format!("correct the name, or define it before: `local {name} = …;`");
            Diagnostic::error("unknown-variable", at(*span), message).help(Some(help))
        }
        AnalyzeError::SelfOutsideObject { self_span } => syntax(
            *self_span,
            "`self` means nothing outside of objects".to_owned(),
        ),
        AnalyzeError::SuperOutsideObject { super_span } => syntax(
            *super_span,
            "`super` means nothing outside of objects".to_owned(),
        ),
        AnalyzeError::DollarOutsideObject { dollar_span } => syntax(
            *dollar_span,
            "`$` means nothing outside of objects".to_owned(),
        ),
        AnalyzeError::RepeatedLocalName {
            original_span,
            repeated_span,
            name,
        } => twice(*original_span, *repeated_span, "variable", name),
        AnalyzeError::RepeatedFieldName {
            original_span,
            repeated_span,
            name,
        } => twice(*original_span, *repeated_span, "field", name),
        AnalyzeError::RepeatedParamName {
            original_span,
            repeated_span,
            name,
        } => twice(*original_span, *repeated_span, "parameter", name),
        AnalyzeError::PositionalArgAfterNamed { arg_span } => syntax(
            *arg_span,
            "an argument without a name follows one with a name".to_owned(),
        ),
        AnalyzeError::TextBlockAsImportPath { span }
        | AnalyzeError::ComputedImportPath { span } => syntax(
            *span,
            "the path of an import must be a string literal".to_owned(),
        ),
    }
}

fn missing_ext_var(name: &str, at: Span, input: &Input) -> Diagnostic {
    let given: Vec<&str> = input.ext_vars.iter().map(|it| it.0.as_str()).collect();
    let missing = Diagnostic::error(
        "missing-ext-var",
        at,
        format!("no value is given for `{name}`"),
    );
    let missing = match given.as_slice() {
        [] => missing,
        given => missing.note(format!("given: {}", given.join(", "))),
    };
    let help = match similar(name, given) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("give it with --ext-code {name}=… or --ext-str {name}=…"),
    };
    missing.help(Some(help))
}

/// The first line stands alone; the rest explains it.
fn said_by_user(text: &str, at: Span) -> Diagnostic {
    let mut lines = text.lines().filter(|it| !it.trim().is_empty());
    let first = lines.next().unwrap_or("an error without a text");
    let help = "change the value that it speaks of, or what is given from outside";
    let diagnostic = Diagnostic::error("assertion-failed", at, first).help(Some(help));
    lines.fold(diagnostic, Diagnostic::note)
}

/// How many values of the document are around the error.
fn path_length(trace: &[Item]) -> usize {
    let of_document = |it: &&Item| {
        matches!(
            it,
            Item::ObjectField { span: None, .. } | Item::ArrayItem { span: None, .. }
        )
    };
    trace.iter().filter(of_document).count()
}

fn span_of(item: &Item) -> Option<SpanId> {
    match item {
        Item::Expr { span } | Item::Variable { span, .. } | Item::Import { span } => Some(*span),
        Item::Call { span, .. } | Item::ArrayItem { span, .. } | Item::ObjectField { span, .. } => {
            *span
        }
        Item::CompareArrayItem { .. }
        | Item::CompareObjectField { .. }
        | Item::ManifestArrayItem { .. }
        | Item::ManifestObjectField { .. } => None,
    }
}

fn own_span(kind: &Kind) -> Option<SpanId> {
    match kind {
        Kind::InvalidIndexedType { span, .. }
        | Kind::InvalidSlicedType { span, .. }
        | Kind::SliceIndexOrStepIsNotNumber { span, .. }
        | Kind::StringIndexIsNotNumber { span, .. }
        | Kind::ArrayIndexIsNotNumber { span, .. }
        | Kind::NumericIndexIsNotValid { span, .. }
        | Kind::NumericIndexOutOfRange { span, .. }
        | Kind::ObjectIndexIsNotString { span, .. }
        | Kind::RepeatedFieldName { span, .. }
        | Kind::FieldNameIsNotString { span, .. }
        | Kind::UnknownObjectField { span, .. }
        | Kind::FieldOfNonObject { span }
        | Kind::SuperWithoutSuperObject { span }
        | Kind::ForSpecValueIsNotArray { span, .. }
        | Kind::CondIsNotBool { span, .. }
        | Kind::InvalidUnaryOpType { span, .. }
        | Kind::AssertFailed { span, .. }
        | Kind::ExplicitError { span, .. }
        | Kind::ImportFailed { span, .. } => Some(*span),
        Kind::CalleeIsNotFunction { span, .. }
        | Kind::TooManyCallArgs { span, .. }
        | Kind::UnknownCallParam { span, .. }
        | Kind::RepeatedCallParam { span, .. }
        | Kind::CallParamNotBound { span, .. }
        | Kind::InvalidBinaryOpTypes { span, .. }
        | Kind::NumberNotBitwiseSafe { span }
        | Kind::NumberOverflow { span }
        | Kind::NumberNan { span }
        | Kind::DivByZero { span }
        | Kind::ShiftByNegative { span }
        | Kind::Other { span, .. } => *span,
        _ => None,
    }
}
