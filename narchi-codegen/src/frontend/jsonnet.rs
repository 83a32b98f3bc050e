//! The first engine: rsjsonnet.

use std::{collections::BTreeMap, path::PathBuf};

use rsjsonnet_lang::{
    arena::Arena,
    interner::InternedStr,
    program::{
        Callbacks, EvalError, EvalErrorKind, EvalStackTraceItem, ImportError, NativeError, Program,
        Thunk, Value, ValueKind,
    },
    span::{SourceId, SpanId},
};

use super::{
    Argument, Engine, Evaluation, Failure, Input,
    errors::Report,
    files::Files,
    marks::Marks,
    nesting,
    reader::{Reader, read},
};
use crate::{
    diagnostic::Diagnostic,
    document::{Node, Value as Data},
    source::{FileId, Span},
};

/// Deeper recursion is taken for endless.
pub(super) const MAX_STACK: usize = 20_000;

pub(super) struct Rsjsonnet;

impl Engine for Rsjsonnet {
    fn evaluate(&self, input: &Input, files: &Files) -> Result<Evaluation, Failure> {
        let arena = Arena::new();
        Session::new(&arena, input, files, None).read()
    }
}

/// An evaluation under way.
pub(super) struct Session<'p, 'i> {
    pub(super) program: Program<'p>,
    pub(super) loader: Loader<'p>,
    input: &'i Input,
}

/// What the engine calls to load things.
pub(super) struct Loader<'p> {
    files: Files,
    jpath: Vec<PathBuf>,
    loaded: BTreeMap<FileId, Thunk<'p>>,
    texts: BTreeMap<SourceId, FileId>,
    /// Why the last import failed.
    failure: Option<Failure>,
    /// Where marks are wanted, what they stand for.
    pub(super) marks: Option<Marks>,
}

impl<'p, 'i> Session<'p, 'i> {
    pub(super) fn new(
        arena: &'p Arena,
        input: &'i Input,
        files: &Files,
        marks: Option<Marks>,
    ) -> Self {
        let mut program = Program::new(arena);
        // Marks deepen every call a little.
        program.set_max_stack(if marks.is_some() {
            4 * MAX_STACK
        } else {
            MAX_STACK
        });
        let loader = Loader {
            files: files.clone(),
            jpath: input.jpath.clone(),
            loaded: BTreeMap::new(),
            texts: BTreeMap::new(),
            failure: None,
            marks,
        };
        Self {
            program,
            loader,
            input,
        }
    }

    /// The value of the whole file, as a document.
    pub(super) fn read(&mut self) -> Result<Evaluation, Failure> {
        let value = self.evaluate()?;
        Ok(read(|reader| node(reader, &value, 0)))
    }

    /// The value of the whole file.
    pub(super) fn evaluate(&mut self) -> Result<Value<'p>, Failure> {
        let main = self.loader.files.main(&self.input.path)?;
        let thunk = self.loader.load(&mut self.program, main)?;
        let mut given = BTreeMap::new();
        given.extend(
            self.input
                .ext_vars
                .iter()
                .map(|(name, value)| (name, value)),
        );
        for (name, argument) in given {
            let value = self.argument("ext-code", name, argument)?;
            let name = self.program.intern_str(name);
            self.program.add_ext_var(name, &value);
        }
        let value = self.program.eval_value(&thunk, &mut self.loader);
        let value = value.map_err(|it| self.explain(it, main))?;
        if !value.is_function() {
            return Ok(value);
        }
        let mut given = BTreeMap::new();
        given.extend(self.input.tla.iter().map(|(name, value)| (name, value)));
        let mut arguments = Vec::new();
        for (name, argument) in given {
            let value = self.argument("tla-code", name, argument)?;
            arguments.push((self.program.intern_str(name), value));
        }
        let value = self
            .program
            .eval_call(&thunk, &[], &arguments, &mut self.loader);
        value.map_err(|it| self.explain(it, main))
    }

    /// Evaluates a text that is none of the user's.
    pub(super) fn own(&mut self, text: &str) -> Option<Thunk<'p>> {
        let (context, _) = self
            .program
            .span_manager_mut()
            .insert_source_context(text.len());
        self.program
            .load_source(context, text.as_bytes(), true, "narchi")
            .ok()
    }

    fn argument(
        &mut self,
        option: &str,
        name: &str,
        value: &Argument,
    ) -> Result<Thunk<'p>, Failure> {
        match value {
            Argument::Text(text) => Ok(self.program.value_to_thunk(&Value::string(text))),
            Argument::Code(code) => {
                // The same name may stand for another text in the next evaluation.
                let key = format!("<{option} {name}={code}>");
                let file = self
                    .loader
                    .files
                    .add(format!("--{option} {name}"), key, code);
                self.loader.load(&mut self.program, file)
            }
        }
    }

    fn explain(&mut self, error: EvalError, main: FileId) -> Failure {
        match (&error.kind, self.loader.failure.take()) {
            (EvalErrorKind::ImportFailed { .. }, Some(failure)) => failure,
            _ => self
                .loader
                .report(&self.program)
                .evaluation(&error, self.input, main)
                .into(),
        }
    }
}

impl<'p> Loader<'p> {
    fn load(&mut self, program: &mut Program<'p>, file: FileId) -> Result<Thunk<'p>, Failure> {
        if let Some(known) = self.loaded.get(&file) {
            return Ok(known.clone());
        }
        let mut text = self.files.text(file);
        if let Some(place) = nesting::too_deep(&text) {
            let span = Span {
                file,
                start: place.start,
                end: place.end,
            };
            let message = format!("the text nests deeper than {} levels", nesting::DEEPEST);
            return Err(Diagnostic::error("nested-too-deep", span, message).into());
        }
        if let Some(marks) = &mut self.marks {
            text = marks.write(file, &text);
        }
        let (context, source) = program.span_manager_mut().insert_source_context(text.len());
        self.texts.insert(source, file);
        let name = self.files.name(file);
        let thunk = program
            .load_source(context, text.as_bytes(), true, &name)
            .map_err(|it| Box::new(self.report(program).load(&it, file)))?;
        self.loaded.insert(file, thunk.clone());
        Ok(thunk)
    }

    fn report<'r>(&'r self, program: &'r Program<'p>) -> Report<'r> {
        Report::new(program.span_manager(), &self.texts, &self.files)
    }

    /// The user's place of an import.
    fn place(&self, program: &Program<'p>, from: SpanId) -> Option<Span> {
        self.report(program).span(from)
    }

    fn bytes(&mut self, program: &Program<'p>, from: SpanId, path: &str) -> Option<Vec<u8>> {
        let at = self.place(program, from)?;
        let found = self.files.find(at.file, path, &self.jpath, at);
        found
            .map_err(|it| self.failure = Some(it))
            .ok()
            .map(|it| it.1)
    }
}

impl<'p> Callbacks<'p> for Loader<'p> {
    fn import(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Thunk<'p>, ImportError> {
        let at = self.place(program, from).ok_or(ImportError)?;
        let thunk = self
            .files
            .import(at.file, path, &self.jpath, at)
            .and_then(|file| {
                let shown = format!("imported at {}", self.files.show(at));
                self.load(program, file).map_err(|it| it.note(shown).into())
            });
        thunk.map_err(|it| {
            self.failure = Some(it);
            ImportError
        })
    }

    fn import_str(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<String, ImportError> {
        let bytes = self.bytes(program, from, path).ok_or(ImportError)?;
        String::from_utf8(bytes).map_err(|_| {
            self.failure = self.place(program, from).map(|at| {
                let message = format!("cannot read `{path}`: it is not UTF-8 text");
                Diagnostic::error("unreadable-file", at, message).into()
            });
            ImportError
        })
    }

    fn import_bin(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Vec<u8>, ImportError> {
        self.bytes(program, from, path).ok_or(ImportError)
    }

    /// `std.trace` has nowhere to write to in a compiler.
    fn trace(&mut self, _: &mut Program<'p>, _: &str, _: &[EvalStackTraceItem]) {}

    fn native_call(
        &mut self,
        _: &mut Program<'p>,
        _: InternedStr<'p>,
        _: &[Value<'p>],
    ) -> Result<Value<'p>, NativeError> {
        Err(NativeError)
    }
}

/// A value of the engine as a node of the document.
fn node(reader: &mut Reader, value: &Value<'_>, depth: usize) -> Node {
    let id = reader.begin();
    let value = match value.kind() {
        ValueKind::Null => Data::Null,
        ValueKind::Bool(it) => Data::Bool(it),
        ValueKind::Number(it) => Data::Number(it),
        ValueKind::String(it) => reader.string(id, it),
        ValueKind::Array(items) => reader.array(id, depth, items, |reader, item| {
            node(reader, &item, depth + 1)
        }),
        ValueKind::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(key, value)| (key.value().to_owned(), value));
            reader.object(id, depth, fields, |reader, value| {
                node(reader, &value, depth + 1)
            })
        }
        ValueKind::Function => reader.function(id),
    };
    Node { id, value }
}
