//! The whole compiler on one page.

use std::{cell::Cell, panic::resume_unwind, path::Path, thread};

use crate::{
    checkpoint,
    diagnostic::{Diagnostic, Diagnostics, Sink},
    dialect::{modules::Documents, narchi},
    document::Place,
    emit,
    frontend::{self, Evaluated, Input, Reads},
    header::{self, Header},
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
    /// The blocks of the model, by their paths, and where they are written. Only of [`compile_with_places`].
    places: Vec<(String, Span)>,
}

/// Compiles an architecture file.
///
/// Each stage reports every problem it finds and goes on with holes; what depends on a hole is
/// silent. After the last stage there is a model, or there are errors.
pub fn compile(input: &Input) -> Compilation {
    run(input, false)
}

/// The same, for code that says where the architecture has its blocks.
pub fn compile_with_places(input: &Input) -> Compilation {
    run(input, true)
}

/// Runs work that compiles many files one after the other. They share threads, which otherwise are started for each.
///
/// ```
/// # use narchi_codegen::{Input, compile, compiling_many};
/// # let inputs: Vec<Input> = Vec::new();
/// let sound = compiling_many(|| inputs.iter().filter(|it| compile(it).model.is_some()).count());
/// # assert_eq!(sound, 0);
/// ```
pub fn compiling_many<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    deeply(|| frontend::on_one_thread(work))
}

fn run(input: &Input, with_places: bool) -> Compilation {
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

    let mut sink = Sink::default();
    let weights = input.weights.as_deref();
    let weights = weights.and_then(|it| checkpoint::open(&mut sink, &mut sources, &mut reads, it));

    // With the files that it includes.
    let documents = Documents::load(&mut sink, &mut sources, &mut reads, input, document);

    let (sink, model, skeleton, blocks) = deeply(|| {
        // Data to blocks and wires by name.
        let mut wiring = narchi::wire(&mut sink, &documents, &stem(input));

        // Blocks and wires to a typed model.
        let model = infer::infer(&mut sink, &wiring);
        let skeleton = Skeleton::new(&wiring, &model);
        if let Some(weights) = weights.filter(|_| !sink.has_errors()) {
            checkpoint::check(&mut sink, &weights, &model, &wiring, &documents.blocks());
        }
        infer::advise(&mut sink, &mut wiring);
        let blocks = if with_places {
            wiring.paths()
        } else {
            Vec::new()
        };
        (sink, model, skeleton, blocks)
    });
    let model = (!sink.has_errors()).then_some(model);

    let places = match model {
        Some(_) if with_places => places(&documents, &mut sources, blocks),
        _ => Vec::new(),
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

/// Where blocks are written, by their paths.
fn places(
    documents: &Documents,
    sources: &mut Sources,
    blocks: Vec<(String, Place)>,
) -> Vec<(String, Span)> {
    let mut locate = documents.locate(sources);
    let place = |(path, place)| (path, locate(&place).span);
    blocks.into_iter().map(place).collect()
}

fn failed(diagnostics: Diagnostics, sources: Sources, reads: Reads, input: &Input) -> Compilation {
    let skeleton = Skeleton::unknown(&stem(input));
    Compilation {
        model: None,
        diagnostics,
        sources,
        reads,
        skeleton,
        places: Vec::new(),
    }
}

impl Compilation {
    /// The diagnostics as plain text.
    pub fn report(&self) -> String {
        self.diagnostics.plain(&self.sources)
    }

    /// The generated code, as the text of a file; a failure at run time says where its block is written, relative to the
    /// folder of `output`. Nothing if there is no model.
    pub fn source_with_places(
        &self,
        type_name: Option<&str>,
        header: &Header,
        output: Option<&Path>,
    ) -> Option<String> {
        let lines = self.places(&|name| header::relative_to_output(name, output));
        let code = emit::emit(self.model.as_ref()?, type_name, header.forms());
        Some(code.source(&header.to_string(), Some(&lines)))
    }

    /// A line for each block: its path, a tab, and `src/resnet.jsonnet:12:9`, with what `name` makes of a path.
    pub(crate) fn places(&self, name: &dyn Fn(&str) -> String) -> Vec<String> {
        let line = |(path, span): &(String, Span)| {
            let (line, column) = self.sources.line_and_column(*span);
            let file = name(&self.sources.file(span.file).name);
            format!("{path}\t{file}:{line}:{column}\n")
        };
        self.places.iter().map(line).collect()
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

    /// Whether the first error is about the checkpoint.
    pub fn is_about_weights(&self) -> bool {
        let first = self.diagnostics.iter().next();
        first.is_some_and(|it| [checkpoint::DIFFERS, checkpoint::UNREADABLE].contains(&it.code))
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
    thread_local! {
        /// Whether this thread has the room already.
        static IS_DEEP: Cell<bool> = const { Cell::new(false) };
    }
    if IS_DEEP.get() {
        return work();
    }
    let work = || {
        IS_DEEP.set(true);
        let done = work();
        IS_DEEP.set(false);
        done
    };
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
