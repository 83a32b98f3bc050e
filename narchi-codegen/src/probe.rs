//! What tests want to know beyond what users can ask: the shapes that a layer makes, without an architecture
//! around it, and of a model the shapes of all blocks and the names in its code.

mod whole;

pub use whole::{Interface, Shapes, interface, shapes_of, value};

use std::collections::BTreeSet;

use crate::{
    diagnostic::Sink,
    dim::{Bindings, Dim, Env, Facts, Symbol},
    document::{Entry, Node, NodeId, Value},
    layer::{Needs, Params, Problem},
    layers,
    shape::{Dtype, Type},
};

/// What goes into a layer.
#[derive(Clone, Debug)]
pub struct Operand {
    /// Its sizes, the batch first: numbers, symbols, or expressions of them.
    pub dims: Vec<String>,
    /// Whether its elements are whole numbers.
    pub is_whole: bool,
}

/// The shapes that a block makes of `inputs`, where its symbols have these values.
///
/// # Errors
///
/// Why the block refuses: for all values, or for these, since a fact does not hold or nothing is left
/// of a size.
pub fn shapes(
    block: &serde_json::Value,
    inputs: &[Operand],
    values: &[(&str, i64)],
) -> Result<Vec<Vec<i64>>, String> {
    let inputs = inputs
        .iter()
        .map(ty)
        .collect::<Result<Vec<Type>, String>>()?;
    let node = node(block, &mut 0);
    let class = node
        .get("_class")
        .and_then(Node::as_str)
        .ok_or("the block has no `_class`")?;
    let def = layers::find(class).ok_or_else(|| format!("there is no class `{class}`"))?;
    let mut sink = Sink::default();
    let layer = (def.read)(&mut Params::new(
        &node,
        &"",
        class,
        &Bindings::default(),
        &mut sink,
    ));
    let layer = layer
        .filter(|_| !sink.has_errors())
        .ok_or("the parameters cannot be read")?;

    let (facts, bound) = (Facts::default(), symbols(&inputs));
    let mut needs = Needs::new(&facts, &bound);
    let outputs = layer.outputs(&inputs, &mut needs);
    let outputs = outputs.map_err(|Problem { code, message, .. }| format!("{code}: {message}"))?;

    let env: Env = values.iter().copied().collect();
    for need in needs.into_found() {
        if !need.fact.holds(&env).map_err(|error| error.to_string())? {
            return Err(format!("{} does not hold", need.fact));
        }
    }
    outputs.iter().map(|it| sizes(it, &env)).collect()
}

fn sizes(ty: &Type, env: &Env) -> Result<Vec<i64>, String> {
    let size = |dim: &Dim| {
        let size = dim.eval_int(env).map_err(|error| error.to_string())?;
        if size < 1 {
            Err(format!("{dim} is {size}"))
        } else {
            Ok(size)
        }
    };
    ty.dims().iter().map(size).collect()
}

/// All symbols of the inputs.
pub(crate) fn symbols(inputs: &[Type]) -> BTreeSet<Symbol> {
    inputs
        .iter()
        .flat_map(|it| it.dims().iter().flat_map(Dim::symbols))
        .collect()
}

fn ty(operand: &Operand) -> Result<Type, String> {
    let dims = operand.dims.iter().map(|it| it.parse());
    let dims = dims.collect::<Result<Vec<Dim>, crate::dim::ParseError>>();
    let dims = dims.map_err(|error| error.to_string())?;
    let dtype = if operand.is_whole {
        Dtype::Int64
    } else {
        Dtype::Float
    };
    Ok(Type {
        dtype,
        ..Type::float(dims)
    })
}

/// JSON as a document.
pub(crate) fn node(json: &serde_json::Value, next: &mut u32) -> Node {
    use serde_json::Value as Json;
    let id = NodeId(*next);
    *next += 1;
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(it) => Value::Bool(*it),
        Json::Number(it) => Value::Number(it.as_f64().unwrap_or(f64::NAN)),
        Json::String(it) => Value::String(it.clone()),
        Json::Array(items) => Value::Array(items.iter().map(|it| node(it, next)).collect()),
        Json::Object(entries) => {
            let entry = |(key, it): (&String, _)| Entry {
                key: key.clone(),
                value: node(it, next),
            };
            Value::Object(entries.iter().map(entry).collect())
        }
    };
    Node { id, value }
}
