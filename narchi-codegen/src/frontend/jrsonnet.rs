//! The second engine: jrsonnet, for comparing. It knows no places, and notes no files.

use jrsonnet_evaluator::{EvaluationState, FileImportResolver, Val, error::LocError};

use super::{
    Argument, Engine, Evaluation, Failure, Input,
    files::Files,
    jsonnet::MAX_STACK,
    reader::{MAX_NESTING, Reader, read},
};
use crate::{
    diagnostic::Diagnostic,
    document::{Node, Value},
};

pub(super) struct Jrsonnet;

impl Engine for Jrsonnet {
    fn evaluate(&self, input: &Input, files: &Files) -> Result<Evaluation, Failure> {
        let main = files.main(&input.path)?;
        let state = EvaluationState::default();
        state.set_max_stack(MAX_STACK);
        state.with_stdlib();
        state.set_import_resolver(Box::new(FileImportResolver {
            library_paths: input.jpath.iter().rev().cloned().collect(),
        }));
        state
            .run_in_state(|| {
                give(input, &state)?;
                let value = state.evaluate_file_raw_nocwd(&input.path)?;
                let value = state.with_tla(value)?;
                let mut problem = None;
                let evaluation = read(|reader| node(reader, &mut problem, value, 0));
                problem.map_or(Ok(evaluation), Err)
            })
            .map_err(|error: LocError| {
                let message = error.error().to_string();
                Diagnostic::error("evaluation-error", main.start(), message).into()
            })
    }
}

fn give(input: &Input, state: &EvaluationState) -> Result<(), LocError> {
    for (name, value) in &input.ext_vars {
        match value {
            Argument::Text(text) => state.add_ext_str(name.as_str().into(), text.as_str().into()),
            Argument::Code(code) => {
                state.add_ext_code(name.as_str().into(), code.as_str().into())?;
            }
        }
    }
    for (name, value) in &input.tla {
        match value {
            Argument::Text(text) => state.add_tla_str(name.as_str().into(), text.as_str().into()),
            Argument::Code(code) => {
                state.add_tla_code(name.as_str().into(), code.as_str().into())?;
            }
        }
    }
    Ok(())
}

/// Values are evaluated as they are read; what is behind the first problem is not.
fn node(reader: &mut Reader, problem: &mut Option<LocError>, value: Val, depth: usize) -> Node {
    let id = reader.begin();
    let mut part = |reader: &mut Reader, part: Result<Val, LocError>| {
        let part = part.unwrap_or_else(|error| {
            problem.get_or_insert(error);
            Val::Null
        });
        node(reader, problem, part, depth + 1)
    };
    let value = match value {
        Val::Null => Value::Null,
        Val::Bool(it) => Value::Bool(it),
        Val::Num(it) => Value::Number(it),
        Val::Str(it) => reader.string(id, it.to_string()),
        Val::Arr(items) => reader.array(id, depth, items.iter(), part),
        Val::Obj(object) => {
            // Assertions run with the first field; an object that nests too deep may have no end.
            if depth < MAX_NESTING
                && let Err(error) = object.run_assertions()
            {
                part(reader, Err(error));
            }
            let field = |key: jrsonnet_evaluator::IStr| {
                let value = object.get(key.clone());
                let value = value.map(|it| it.unwrap_or(Val::Null));
                (key.to_string(), value)
            };
            let fields = object.fields();
            reader.object(id, depth, fields.into_iter().map(field), part)
        }
        Val::Func(_) => reader.function(id),
    };
    Node { id, value }
}
