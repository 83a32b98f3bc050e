//! The whole compiler on one page.

use std::{panic::resume_unwind, thread};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Sink},
    dialect::{modules::Documents, narchi},
    document::Place,
    frontend::{self, Evaluated, Input, Reads},
    infer,
    model::Model,
    skeleton::Skeleton,
    source::{Sources, Span},
};

/// What came of an architecture file.
#[derive(Debug)]
pub struct Compilation {
    /// The model, if nothing is wrong.
    pub model: Option<Model>,
    /// Errors, if there is no model; warnings in any case.
    pub diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
    /// The files that the result depends on.
    pub reads: Reads,
    /// What can be said of the model even though it is wrong.
    pub skeleton: Skeleton,
    /// Where the blocks of the model are written: for each its path, a tab, and `src/resnet.jsonnet:12:9` in a line. Only
    /// of [`compile_for_macro`].
    pub(crate) places: String,
}

/// Compiles an architecture file.
///
/// Each stage reports every problem it finds and goes on with holes; what depends on a hole is
/// silent. After the last stage there is a model, or there are errors.
pub fn compile(input: &Input) -> Compilation {
    run(input, false)
}

/// The same, for code that has no lines of its own: it says where the architecture has its blocks.
pub fn compile_for_macro(input: &Input) -> Compilation {
    run(input, true)
}

fn run(input: &Input, for_macro: bool) -> Compilation {
    let mut sources = Sources::default();

    // Text to data that knows its places.
    let Evaluated {
        document,
        mut reads,
    } = frontend::evaluate(input, &mut sources);
    let document = match document {
        Ok(document) => document,
        Err(problem) => return failed(Diagnostics(vec![problem]), sources, reads, input),
    };

    // With the files that it includes.
    let mut sink = Sink::default();
    let documents = Documents::load(&mut sink, &mut sources, &mut reads, input, document);

    let (sink, model, skeleton, blocks) = deeply(|| {
        // Data to blocks and wires by name.
        let mut wiring = narchi::wire(&mut sink, &documents, &stem(input));

        // Blocks and wires to a typed model.
        let model = infer::infer(&mut sink, &wiring);
        let skeleton = Skeleton::new(&wiring, &model);
        if sink.has("kernel-too-large")
            && let Some(advice) = infer::smallest_inputs(&mut wiring)
        {
            sink.note("kernel-too-large", &advice);
        }
        let blocks = if for_macro {
            wiring.paths()
        } else {
            Vec::new()
        };
        (sink, model, skeleton, blocks)
    });
    let model = (!sink.has_errors()).then_some(model);

    let places = match model {
        Some(_) if for_macro => places(&documents, &mut sources, blocks),
        _ => String::new(),
    };

    // Places are looked up only when there is something to say.
    let diagnostics = if sink.is_empty() {
        Diagnostics::default()
    } else {
        sink.resolve(documents.locate(&mut sources))
    };
    Compilation {
        model,
        diagnostics,
        sources,
        reads,
        skeleton,
        places,
    }
}

/// A line for each block: its path, a tab, and where it is written.
fn places(documents: &Documents, sources: &mut Sources, blocks: Vec<(String, Place)>) -> String {
    let mut spans = Vec::new();
    {
        let mut locate = documents.locate(sources);
        spans.extend(
            blocks
                .into_iter()
                .map(|(path, place)| (path, locate(&place).span)),
        );
    }
    let line = |(path, span): (String, Span)| format!("{path}\t{}\n", sources.show(span));
    spans.into_iter().map(line).collect()
}

fn failed(diagnostics: Diagnostics, sources: Sources, reads: Reads, input: &Input) -> Compilation {
    let skeleton = Skeleton::unknown(&stem(input));
    Compilation {
        model: None,
        diagnostics,
        sources,
        reads,
        skeleton,
        places: String::new(),
    }
}

impl Compilation {
    /// The diagnostics as plain text.
    pub fn report(&self) -> String {
        self.diagnostics.plain(&self.sources)
    }

    /// The same without warnings of these codes.
    #[must_use]
    pub fn allow(mut self, codes: &[String]) -> Self {
        self.diagnostics.allow(codes);
        self
    }

    /// The external variable whose value the first error is about, if it is about one: its code is wrong, or what is
    /// refused is `std.extVar('…')` as it stands.
    pub fn wrong_ext_var(&self) -> Option<&str> {
        let first = self.diagnostics.iter().next()?.place;
        let named = self
            .sources
            .file(first.file)
            .name
            .strip_prefix("--ext-code ");
        let value = self.sources.text(first);
        let asked = || {
            let name = value.strip_prefix("std.extVar(")?.strip_suffix(')')?;
            Some(name.trim_matches(['"', '\'']))
        };
        named.or_else(asked)
    }

    /// The same with warnings as errors: then there is no model.
    #[must_use]
    pub fn deny_warnings(mut self) -> Self {
        if !self.diagnostics.is_empty() {
            self.diagnostics.deny_warnings();
            self.model = None;
        }
        self
    }

    /// The report, where the evaluation was given up for its memory and yet goes on: a thread cannot be killed, and only
    /// the end of the program stops it. Not where [`Budget`](crate::Budget) is installed.
    pub fn unstoppable(&self) -> Option<String> {
        let grows = |it: &Diagnostic| it.code == "too-much-memory";
        (frontend::has_runaway() && self.diagnostics.iter().any(grows)).then(|| self.report())
    }
}

/// Runs stages that recurse as deep as the file nests: the front-end bounds that, and here is
/// room for it.
fn deeply<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    const STACK: usize = 256 << 20;
    let mut work = Some(work);
    let mut run = || work.take().map(|it| it());
    let done = thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, &mut run);
        thread
            .ok()
            .map(|it| it.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    // Where no thread can be had, the stack at hand has to do.
    #[expect(
        clippy::expect_used,
        reason = "the work was either done or is left to do"
    )]
    done.flatten().or_else(run).expect("work is done once")
}

/// What an architecture without a name is called.
fn stem(input: &Input) -> String {
    input
        .path
        .file_stem()
        .map_or_else(String::new, |it| it.to_string_lossy().into_owned())
}
