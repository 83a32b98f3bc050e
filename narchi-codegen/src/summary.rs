//! What a model consists of, and what it costs: a row for each block, as Keras and torchinfo show it.

mod memory;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    dim::{Dim, Env, Symbol},
    layer::{Weight, WeightKind},
    model::{BlockId, Kind, Model, Scope, ScopeId, Segment},
    shape::{Shape, Type},
    similar::similar,
};

/// A model in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Each scope before what is in it; blocks in the order of execution.
    pub rows: Vec<Row>,
    /// Of the whole model; what is shared counts once.
    pub total: Costs,
    /// The most memory that results take at a time, in bytes: inputs and outputs with them, weights not. With results
    /// dropped where they end, as generated code does in inference.
    pub peak: Option<i64>,
    /// Symbols whose values nobody gave, so that some numbers are unknown.
    pub unknown: Vec<String>,
}

/// What a whole model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Of the whole model; what is shared counts once.
    pub total: Costs,
    /// As in [`Summary`].
    pub peak: Option<i64>,
}

/// A block, or a scope with the sums of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How many scopes are around it.
    pub depth: usize,
    /// The id, or the number in a Sequential.
    pub name: String,
    /// As weights are named: `layer1.0.conv1`.
    pub path: String,
    /// The class and its parameters, `Conv2d { output_feats: 64, kernel_size: 7 }`; none for a scope.
    pub spelled: Option<String>,
    /// The class; for a scope its `_name`, or `Sequential` or `Group`.
    pub class: String,
    /// The shape of each output, with the values that were given.
    pub outputs: Vec<String>,
    /// What it costs.
    pub costs: Costs,
}

/// Numbers; none where they depend on sizes that are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// How many numbers training changes.
    pub parameters: Option<i64>,
    /// How many numbers are saved but not trained.
    pub buffers: Option<i64>,
    /// Multiplications that are added up.
    pub multiply_adds: Option<i64>,
    /// What all results take that have memory of their own, in bytes of 32-bit floats.
    pub activations: Option<i64>,
}

impl Costs {
    const NONE: Self = Self {
        parameters: Some(0),
        buffers: Some(0),
        multiply_adds: Some(0),
        activations: Some(0),
    };

    fn plus(self, other: Self) -> Self {
        let plus = |a: Option<i64>, b: Option<i64>| a?.checked_add(b?);
        Self {
            parameters: plus(self.parameters, other.parameters),
            buffers: plus(self.buffers, other.buffers),
            multiply_adds: plus(self.multiply_adds, other.multiply_adds),
            activations: plus(self.activations, other.activations),
        }
    }
}

impl Model {
    /// The model in numbers, for these values of its symbols: `N` is the batch.
    ///
    /// # Errors
    ///
    /// In a line: a symbol that the model does not have, or a size that it does not take.
    pub fn summarize(&self, at: &[(String, i64)]) -> Result<Summary, String> {
        let env = self.env(at)?;
        let mut rows = Vec::new();
        let total = Walk::new(self, &env, Some(&mut rows)).scope(self.root(), 0);
        let mut unknown: Vec<String> = self.symbols().into_keys().collect();
        unknown.retain(|it| !at.iter().any(|given| given.0 == *it));
        Ok(Summary {
            rows,
            total,
            peak: memory::peak(self, &env),
            unknown,
        })
    }

    /// The sums of [`summarize`](Self::summarize) alone, for which nothing has to be shown.
    ///
    /// # Errors
    ///
    /// As `summarize`.
    pub fn totals(&self, at: &[(String, i64)]) -> Result<Totals, String> {
        let env = self.env(at)?;
        Ok(Totals {
            total: Walk::new(self, &env, None).scope(self.root(), 0),
            peak: memory::peak(self, &env),
        })
    }

    /// Whether inputs come in batches, whose size is `N`.
    pub fn has_batch(&self) -> bool {
        self.symbols().values().any(Symbol::is_batch)
    }

    /// What may be given a value, by the name that people write.
    fn symbols(&self) -> BTreeMap<String, Symbol> {
        let root = self.scope(self.root());
        let inputs = root.inputs.iter().flat_map(|it| &root.block(*it).ports);
        let sizes = inputs.flat_map(Type::dims).flat_map(Dim::symbols);
        let mut symbols = BTreeMap::new();
        for symbol in sizes.chain(self.free.iter().cloned()) {
            // The batch has the name that others may have, too.
            if symbol.is_batch() || !symbols.contains_key(symbol.name()) {
                symbols.insert(symbol.name().to_owned(), symbol);
            }
        }
        symbols
    }

    /// The `_name` of a scope, or what kind of scope it is.
    pub(crate) fn class_of(&self, id: ScopeId) -> String {
        let scope = self.scope(id);
        // Those of a Group have names.
        let has_number = |id: &BlockId| matches!(scope.block(*id).segment, Segment::Index(_));
        let is_sequence = scope.written.iter().all(has_number);
        let usual = if is_sequence { "Sequential" } else { "Group" };
        scope.type_name.clone().unwrap_or_else(|| usual.to_owned())
    }

    pub(crate) fn env(&self, at: &[(String, i64)]) -> Result<Env, String> {
        let symbols = self.symbols();
        let mut env = Env::default();
        for (name, value) in at {
            let Some(symbol) = symbols.get(name) else {
                let names: Vec<&str> = symbols.keys().map(String::as_str).collect();
                let near = similar(name, names.iter().copied()).map_or_else(
                    || format!("its sizes are {}", names.join(", ")),
                    |it| format!("did you mean `{it}`?"),
                );
                return Err(format!("the model has no size `{name}`: {near}"));
            };
            if *value < 1 {
                return Err(format!("{name} cannot be {value}: sizes begin with 1"));
            }
            env.set(symbol.clone(), *value);
        }
        let broken = |it: &&crate::model::Required| it.fact.holds(&env) == Ok(false);
        match self.facts.iter().find(broken) {
            None => Ok(env),
            Some(required) => Err(format!(
                "`{}` needs {}, which {env} do not meet",
                required.block, required.text
            )),
        }
    }
}

/// A walk over all blocks.
struct Walk<'a> {
    model: &'a Model,
    env: &'a Env,
    /// Weights that were counted.
    seen: BTreeSet<String>,
    /// Where rows are wanted.
    rows: Option<&'a mut Vec<Row>>,
}

impl<'a> Walk<'a> {
    fn new(model: &'a Model, env: &'a Env, rows: Option<&'a mut Vec<Row>>) -> Self {
        Self {
            model,
            env,
            seen: BTreeSet::new(),
            rows,
        }
    }

    fn scope(&mut self, id: ScopeId, depth: usize) -> Costs {
        let scope = self.model.scope(id);
        let mut sum = Costs::NONE;
        for id in &scope.order {
            let block = scope.block(*id);
            let place = self.begin(scope, *id, depth);
            let costs = match &block.kind {
                Kind::Input => Costs::NONE,
                Kind::Scope(inner) => self.scope(*inner, depth + 1),
                Kind::Layer(_) => self.layer(scope, *id),
            };
            if let (Some(rows), Some(place)) = (&mut self.rows, place) {
                rows[place].costs = costs;
            }
            sum = sum.plus(costs);
        }
        sum
    }

    /// Adds a row without its costs, which those of blocks in it make; where it is, if rows are wanted.
    fn begin(&mut self, scope: &Scope, id: BlockId, depth: usize) -> Option<usize> {
        self.rows.as_ref()?;
        let row = self.row(scope, id, depth);
        let rows = self.rows.as_mut()?;
        rows.push(row);
        Some(rows.len() - 1)
    }

    fn row(&self, scope: &Scope, id: BlockId, depth: usize) -> Row {
        let block = scope.block(id);
        let (spelled, class) = match &block.kind {
            Kind::Layer(layer) => (Some(layer.spell()), layer.class().to_owned()),
            Kind::Scope(inner) => (None, self.model.class_of(*inner)),
            Kind::Input => (None, "input".to_owned()),
        };
        Row {
            depth,
            name: match &block.segment {
                Segment::Name(name) => name.clone(),
                Segment::Index(index) => index.to_string(),
            },
            path: scope.path_of(id).to_string(),
            spelled,
            class,
            outputs: block
                .ports
                .iter()
                .map(|it| known(it, self.env).to_string())
                .collect(),
            costs: Costs::NONE,
        }
    }

    fn layer(&mut self, scope: &Scope, id: BlockId) -> Costs {
        let block = scope.block(id);
        let Kind::Layer(layer) = &block.kind else {
            return Costs::NONE;
        };
        let inputs = scope.types_into(id);
        let weights = layer.weights(&inputs);
        let applications = layer.applications(&inputs, &block.ports);
        let multiply_adds = applications.map_or(Some(0), |dims| {
            let times = product(&dims, self.env)?;
            let matrices = weights.iter().filter(|it| it.shape.len() > 1);
            sum(matrices.map(|it| product(&it.shape, self.env)))?.checked_mul(times)
        });
        let new: Vec<&Weight> = if weights.is_empty() {
            Vec::new()
        } else {
            let path = scope.path_of(id);
            let is_new = |it: &&Weight| self.seen.insert(format!("{path}.{}", it.leaf));
            weights.iter().filter(is_new).collect()
        };
        let count = |is_trained: bool| {
            let some = new
                .iter()
                .filter(|it| (it.kind == WeightKind::Parameter) == is_trained);
            sum(some.map(|it| product(&it.shape, self.env)))
        };
        Costs {
            parameters: count(true),
            buffers: count(false),
            multiply_adds,
            activations: memory::of_results(block, self.env),
        }
    }
}

/// A shape, with numbers where they are known.
pub(crate) fn known(ty: &Type, env: &Env) -> Shape {
    let known: BTreeMap<Symbol, Dim> = env
        .iter()
        .map(|(symbol, value)| (symbol.clone(), Dim::from(value)))
        .collect();
    let shown = |dim: &Dim| dim.substitute(&known).unwrap_or_else(|_| dim.clone());
    Shape(ty.dims().iter().map(shown).collect())
}

/// What sizes make together.
fn product(dims: &[Dim], env: &Env) -> Option<i64> {
    let mut dims = dims.iter();
    dims.try_fold(1_i64, |product, it| {
        product.checked_mul(it.eval_int(env).ok()?)
    })
}

fn sum(mut all: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    all.try_fold(0_i64, |sum, it| sum.checked_add(it?))
}
