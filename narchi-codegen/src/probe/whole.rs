//! Questions about a whole model.

use std::collections::BTreeSet;

use crate::{
    dim::{Dim, Env, Error, Symbol},
    model::{Kind, Model, Scope, Segment},
    names,
    shape::Type,
};

/// The sizes in a model, with numbers for its symbols; the batch comes first, and is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// What comes out of each block, one shape a port. A block is called as Python narchi calls it: `layer1·0·conv1`.
    pub blocks: Vec<(String, Vec<Vec<i64>>)>,
    /// What leaves the model, by name.
    pub outputs: Vec<(String, Vec<i64>)>,
}

/// What callers of generated code have to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The inputs: their names, and the fields of the struct if there are several.
    pub inputs: Vec<(String, String)>,
    /// The outputs, likewise.
    pub outputs: Vec<(String, String)>,
    /// The sizes that `new` takes.
    pub sizes: Vec<String>,
}

/// All shapes of a model, where symbols have these values.
///
/// # Errors
///
/// If the model does not take such inputs, or a size is not whole and positive.
pub fn shapes_of(model: &Model, values: &dyn Fn(&str) -> i64) -> Result<Shapes, String> {
    let mut env = env(symbols(model), values)?;
    for required in &model.facts {
        let holds = loop {
            match required.fact.holds(&env) {
                // Such as a size that is only there to compute a symbol from.
                Err(Error::Unbound(symbol)) => bind(&mut env, symbol, values)?,
                holds => break holds.map_err(|it| it.to_string())?,
            }
        };
        if !holds {
            return Err(format!("{} does not hold at {env}", required.text));
        }
    }
    let mut shapes = Shapes {
        blocks: Vec::new(),
        outputs: Vec::new(),
    };
    // What is left to visit, so that nothing recurses.
    let mut left = vec![(model.root(), 0, String::new())];
    while let Some((id, next, prefix)) = left.pop() {
        let scope = model.scope(id);
        let Some(id_of_block) = scope.written.get(next).copied() else {
            continue;
        };
        left.push((id, next + 1, prefix.clone()));
        let block = scope.block(id_of_block);
        let name = match (&block.name, &block.segment) {
            (Some(name), _) | (None, Segment::Name(name)) => name.clone(),
            (None, Segment::Index(index)) => index.to_string(),
        };
        let name = prefix + &name;
        let ports = block.ports.iter().map(|it| super::sizes(it, &env));
        let ports = ports.collect::<Result<_, _>>();
        shapes
            .blocks
            .push((name.clone(), ports.map_err(|it| format!("{name}: {it}"))?));
        if let Kind::Scope(inner) = &block.kind {
            left.push((*inner, 0, name + "·"));
        }
    }
    let root = model.scope(model.root());
    for output in &root.outputs {
        let name = output.name.clone().unwrap_or_default();
        shapes
            .outputs
            .push((name, super::sizes(root.ty(output.value), &env)?));
    }
    Ok(shapes)
}

/// The value of an expression such as `H/2-1`.
///
/// # Errors
///
/// If it is none, or its value is not whole.
pub fn value(expression: &str, values: &dyn Fn(&str) -> i64) -> Result<i64, String> {
    let dim: Dim = expression
        .parse()
        .map_err(|it: crate::dim::ParseError| it.to_string())?;
    let env = env(dim.symbols(), values)?;
    dim.eval_int(&env).map_err(|it: Error| it.to_string())
}

/// The names in the code of a model.
pub fn interface(model: &Model) -> Interface {
    let root = model.scope(model.root());
    let inputs = root.inputs.iter().map(|it| root.block(*it).name.clone());
    let outputs = root.outputs.iter().map(|it| it.name.clone());
    Interface {
        inputs: fields(inputs.map(Option::unwrap_or_default).collect()),
        outputs: fields(outputs.map(Option::unwrap_or_default).collect()),
        sizes: model.free.iter().map(|it| it.name().to_owned()).collect(),
    }
}

fn fields(names: Vec<String>) -> Vec<(String, String)> {
    let fields = names::ports(names.iter().map(String::as_str));
    let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
    names.into_iter().zip(fields).collect()
}

/// All symbols in the types of a model.
fn symbols(model: &Model) -> BTreeSet<Symbol> {
    let ports = |scope: &Scope| -> Vec<Type> {
        let blocks = scope.inputs.iter().chain(&scope.written);
        blocks
            .flat_map(|it| scope.block(*it).ports.clone())
            .collect()
    };
    let types: Vec<Type> = model.scopes.iter().flat_map(ports).collect();
    super::symbols(&types)
}

fn env(symbols: BTreeSet<Symbol>, values: &dyn Fn(&str) -> i64) -> Result<Env, String> {
    let mut env = Env::default();
    for symbol in symbols {
        bind(&mut env, symbol, values)?;
    }
    Ok(env)
}

/// A symbol that stands for an expression, as the size `H+W` of an input does, has the value of that.
fn bind(env: &mut Env, symbol: Symbol, values: &dyn Fn(&str) -> i64) -> Result<(), String> {
    let value = match symbol.name().parse::<Dim>() {
        _ if symbol.is_batch() => 1,
        Ok(it) if it.as_symbol().is_none() => value(symbol.name(), values)?,
        _ => values(symbol.name()),
    };
    env.set(symbol, value);
    Ok(())
}
