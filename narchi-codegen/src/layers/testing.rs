//! What the tests of layers share.

use std::{collections::BTreeSet, sync::Arc};

use proc_macro2::{Ident, Literal, Span};
use quote::{ToTokens, quote};

use crate::{
    diagnostic::{Diagnostic, Found, Sink},
    dim::{Bindings, Dim, Facts, Symbol},
    document::Node,
    layer::{Argument, Blame, Layer, Memory, Moves, Needs, Operand, Params, Problem, Site, Value},
    layers::find,
    probe::{node, symbols},
    shape::{Dtype, Shape, Type},
};

/// What a block, written in JSON, makes of inputs: `[N, 8, H] where H % 2 == 0`, or why it refuses.
///
/// A `#` before an input says that it has whole numbers. Symbols from `K` to `M` are not bound by inputs.
#[track_caller]
pub(super) fn check(block: &str, inputs: &[&str], expected: &str) {
    assert_eq!(describe(block, inputs), expected, "{block} of {inputs:?}");
}

fn describe(block: &str, inputs: &[&str]) -> String {
    let layer = match read(block) {
        Ok(layer) => layer,
        Err(problems) => return problems,
    };
    let types: Vec<Type> = inputs.iter().map(|it| ty(it)).collect();
    let bound = bound(&types);
    let facts = Facts::default();
    let mut needs = Needs::new(&facts, &bound);
    let outputs = match layer.outputs(&types, &mut needs) {
        Ok(outputs) => outputs,
        Err(problem) => return lines(problem),
    };
    let outputs: Vec<String> = outputs.iter().map(Type::to_string).collect();
    let needs: Vec<String> = needs
        .into_found()
        .iter()
        .map(|it| it.fact.to_string())
        .collect();
    match needs.as_slice() {
        [] => outputs.join(", "),
        needs => format!("{} where {}", outputs.join(", "), needs.join(", ")),
    }
}

/// What a block warns of.
#[track_caller]
pub(super) fn check_warnings(block: &str, input: &str, expected: &[&str]) {
    let types = [ty(input)];
    let (facts, bound) = (Facts::default(), bound(&types));
    let mut needs = Needs::new(&facts, &bound);
    read(block).unwrap().outputs(&types, &mut needs).unwrap();
    let warnings: Vec<String> = needs.take_warnings().into_iter().map(lines).collect();
    assert_eq!(warnings, expected, "{block} of {input}");
}

/// The weights of a block, one a line.
#[track_caller]
pub(super) fn check_weights(block: &str, input: &str, expected: &[&str]) {
    let weights = read(block).unwrap().weights(&[ty(input)]);
    let weights: Vec<String> = weights
        .into_iter()
        .map(|it| format!("{} {} {:?}", it.leaf, Shape(it.shape), it.kind))
        .collect();
    assert_eq!(weights, expected, "{block}");
}

/// The code of `forward`, where the inputs are `a`, `b`, … that are borrowed, and the field is `self.layer`.
#[track_caller]
pub(super) fn check_forward(block: &str, inputs: &[&str], expected: &str) {
    assert_eq!(forward(block, inputs, false), expected, "{block}");
}

/// The same where the inputs are owned and end here.
#[track_caller]
pub(super) fn check_forward_owned(block: &str, inputs: &[&str], expected: &str) {
    assert_eq!(forward(block, inputs, true), expected, "{block}");
}

fn forward(block: &str, inputs: &[&str], owned: bool) -> String {
    let layer = read(block).unwrap();
    let types: Vec<Type> = inputs.iter().map(|it| ty(it)).collect();
    let names = ["a", "b", "c"].map(|it| Ident::new(it, Span::call_site()));
    let operand = |name| Operand {
        name,
        owned,
        dies: owned,
        is_only: owned,
        memory: Memory::Fresh,
    };
    let operands: Vec<Operand> = names.into_iter().take(inputs.len()).map(operand).collect();
    let numbers = layer.numbers(&types);
    assert!(layer.moves() == Moves::Nothing || !numbers.iter().any(|it| it.in_forward));
    let numbers: Vec<Argument> = numbers.into_iter().map(|it| argument(it.value)).collect();
    let site = Site {
        field: quote!(self.layer),
        inputs: &operands,
        numbers: &numbers,
        is_frozen: false,
    };
    compact(&layer.forward(&site))
}

/// The code that makes the module of a block, with every number that differs from the default.
#[track_caller]
pub(super) fn check_module(block: &str, input: &str, expected: &str) {
    let layer = read(block).unwrap();
    let types = [ty(input)];
    let module = layer.module(&types).unwrap();
    let numbers = layer.numbers(&types);
    let (arguments, fields) = numbers.split_at(module.arguments);
    let list = |axes: usize, value: &Value| compact(&argument(value.clone()).per_axis(axes));
    let mut code: Vec<String> = arguments
        .iter()
        .map(|it| list(it.axes, &it.value))
        .collect();
    let fields = fields
        .iter()
        .filter(|it| it.default.as_ref() != Some(&it.value));
    let fields = fields.map(|it| format!("{}: {}", it.name, list(it.axes, &it.value)));
    let fields: Vec<String> = fields.chain(module.fixed.iter().map(compact)).collect();
    code.push(format!(
        "{} {{ {} }}",
        compact(&module.config),
        fields.join(", ")
    ));
    let found = format!("{}({})", compact(&module.function), code.join(", "));
    assert_eq!(found, expected, "{block}");
    assert_eq!(
        format!("{}::new", compact(&module.ty)),
        compact(&module.function)
    );
}

/// Whether two blocks can share code that differs in numbers only.
#[track_caller]
pub(super) fn check_same_code(input: &str, one: &str, other: &str, expected: bool) {
    let types = [ty(input)];
    let [one, other] = [one, other].map(|it| read(it).unwrap());
    let names = |it: &dyn Layer| -> Vec<_> {
        let numbers = it.numbers(&types).into_iter();
        numbers
            .map(|it| (it.name, it.role, it.axes, it.in_forward))
            .collect()
    };
    let (keys, all) = (
        [one.key(&types), other.key(&types)],
        [names(&*one), names(&*other)],
    );
    assert_eq!(keys[0] == keys[1], expected, "{keys:?}");
    assert!(!expected || all[0] == all[1], "{all:?}");
}

/// Tokens as a person would write them, nearly.
fn compact(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    let tight = [
        " . ", " :: ", " ?", " ,", " (", "( ", " )", "[ ", " ]", " :", "& ", "- ",
    ];
    for gap in tight {
        text = text.replace(gap, gap.trim());
    }
    text.replace(" .", ".").replace(") [", ")[")
}

fn argument(value: Value) -> Argument {
    let tokens = match &value {
        Value::Dim(dim) => match dim.as_fixed() {
            Some(number) => Literal::i64_unsuffixed(number).to_token_stream(),
            None => {
                Ident::new(&dim.to_string().to_lowercase(), Span::call_site()).to_token_stream()
            }
        },
        Value::Axes(values) => {
            let values = values.iter().map(|it| Literal::i64_unsuffixed(*it));
            quote!([#(#values),*])
        }
        Value::Float(bits) => Literal::f64_unsuffixed(f64::from_bits(*bits)).to_token_stream(),
    };
    Argument {
        tokens,
        literal: Some(value),
    }
}

/// A block that can be read.
#[track_caller]
pub(super) fn layer(block: &str) -> Arc<dyn Layer> {
    read(block).unwrap()
}

/// Reads a block; the error is all problems, one a line.
pub(crate) fn read(block: &str) -> Result<Arc<dyn Layer>, String> {
    let json: serde_json::Value = serde_json::from_str(block).unwrap();
    let node = node(&json, &mut 0);
    let class = node
        .get("_class")
        .and_then(Node::as_str)
        .unwrap()
        .to_owned();
    let def = find(&class).unwrap();
    let mut sink = Sink::default();
    let layer = (def.read)(&mut Params::new(
        &node,
        &"`block`: ",
        &class,
        &Bindings::default(),
        &mut sink,
    ));
    let mut problems = Vec::new();
    let file = crate::source::Sources::default().add("", "", String::new());
    let found = sink.resolve(|place| Found {
        span: crate::source::Span {
            file,
            // Places tell reports apart, so each gets a span of its own.
            start: place.node.0 as usize,
            end: 0,
        },
        calls: Vec::new(),
    });
    for Diagnostic {
        code,
        message,
        notes,
        help,
        ..
    } in found.iter()
    {
        let (message, notes, help) = (message.clone(), notes.clone(), help.clone());
        problems.push(lines(Problem {
            code,
            blame: Blame::Block,
            message,
            notes,
            help,
        }));
    }
    layer
        .filter(|_| problems.is_empty())
        .ok_or_else(|| problems.join("\n"))
}

fn lines(problem: Problem) -> String {
    let param = match problem.blame {
        Blame::Param(name) | Blame::Item(name, _) => format!("({name})"),
        Blame::Block | Blame::Input(_) => String::new(),
    };
    let mut lines = vec![format!("{}{param}: {}", problem.code, problem.message)];
    lines.extend(problem.notes.iter().map(|it| format!("note: {it}")));
    lines.extend(problem.help.iter().map(|it| format!("help: {it}")));
    lines.join("\n")
}

fn ty(text: &str) -> Type {
    let (dtype, text) = match text.strip_prefix('#') {
        Some(text) => (Dtype::Int64, text),
        None => (Dtype::Float, text),
    };
    let dims = text
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'))
        .unwrap();
    let dims = dims
        .split(", ")
        .filter(|it| !it.is_empty())
        .map(|it| it.parse().unwrap());
    Type {
        dtype,
        ..Type::float(dims.collect::<Vec<Dim>>())
    }
}

fn bound(types: &[Type]) -> BTreeSet<Symbol> {
    let mut bound = symbols(types);
    bound.retain(|it| !("K".."N").contains(&it.name()));
    bound
}
