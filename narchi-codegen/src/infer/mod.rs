//! Wiring to model: what each block is, and the types of what it makes.
//!
//! Layers are asked for their outputs here and only here. A block whose inputs are unknown is
//! unknown itself, and nothing is said of it: one mistake makes one report.

mod dtypes;
mod inputs;
mod known;
mod modules;
mod outputs;
mod report;
mod shares;
mod smallest;

use std::sync::Arc;

pub(crate) use self::smallest::advise;
use self::{
    known::{Known, Sizes},
    report::{Prefix, label, report, show_inputs, wrong_inputs},
    shares::Shares,
};
use crate::{
    diagnostic::{Diagnostic, Severity, Sink},
    dialect::graph::once_is_enough,
    dim::{Bindings, Dim, Fact},
    document::{Node, Place},
    layer::{Layer, Need, Needs, Params},
    layers,
    model::{BlockId, Model, NewBlock, Output, Scope, ScopeId, Segment, Value, WeightPath},
    shape::Type,
    wiring::{From, Source, Wired, WiredKind, WiredScope, Wiring},
};

/// Finds out what every block is. The result is whole if nothing was reported.
pub(crate) fn infer(sink: &mut Sink, wiring: &Wiring<'_>) -> Model {
    let root = &wiring.root;
    let mut this = Inference {
        sink,
        facts: Known::default(),
        sizes: Sizes::default(),
        scopes: Vec::new(),
        bindings: Bindings::default(),
        shares: Shares::default(),
    };
    let inputs: Vec<Option<Type>> = this.inputs(root);
    let path = WeightPath::default();
    let name = Some(wiring.name.clone());
    let id = this.scope(root, Scope::new(name, None, path), &inputs);
    this.outputs(root, id);
    this.lower_bounds();
    let free = this.free_symbols();
    let Inference {
        scopes,
        facts,
        shares,
        ..
    } = this;
    let (name, description) = (wiring.name.clone(), wiring.description.clone());
    Model {
        name,
        description,
        scopes,
        facts: facts.required,
        free,
        derived: facts.derived,
        shared: shares.names,
    }
}

struct Inference<'a> {
    sink: &'a mut Sink,
    facts: Known,
    sizes: Sizes,
    scopes: Vec<Scope>,
    /// What the symbols of the file mean that is being looked at.
    bindings: Bindings,
    shares: Shares,
}

impl Inference<'_> {
    /// Infers a scope whose inputs have these types, and those inside it.
    fn scope(
        &mut self,
        wired: &WiredScope<'_>,
        mut scope: Scope,
        inputs: &[Option<Type>],
    ) -> ScopeId {
        let values = inputs
            .iter()
            .zip(&wired.inputs)
            .enumerate()
            .map(|(index, (ty, declared))| {
                let ty = ty.clone()?;
                let block = NewBlock {
                    name: declared.name.clone(),
                    description: declared.description.clone(),
                    segment: Segment::Index(index),
                };
                Some(Value {
                    block: scope.add_input(block, ty),
                    port: 0,
                })
            });
        let inputs: Vec<Option<Value>> = values.collect();
        let mut blocks: Vec<Option<BlockId>> = vec![None; wired.blocks.len()];
        for index in &wired.order {
            let block = &wired.blocks[*index];
            let find =
                |this: &mut Self, source: &Source| this.value(source, &scope, &inputs, &blocks);
            let operands: Vec<Option<Value>> =
                block.inputs.iter().map(|it| find(self, it)).collect();
            blocks[*index] = self.block(&mut scope, wired, block, &operands);
            if let Some(id) = blocks[*index] {
                self.check_share(&scope, block, id);
            }
        }
        scope.written = blocks.iter().flatten().copied().collect();
        for (declared, source) in &wired.outputs {
            if let Some(value) = self.value(source, &scope, &inputs, &blocks) {
                let (name, description) = (declared.name.clone(), declared.description.clone());
                scope.outputs.push(Output {
                    name,
                    description,
                    value,
                });
            }
        }
        self.scopes.push(scope);
        ScopeId(self.scopes.len() - 1)
    }

    /// Where a wire begins; nothing if that is unknown.
    fn value(
        &mut self,
        source: &Source,
        scope: &Scope,
        inputs: &[Option<Value>],
        blocks: &[Option<BlockId>],
    ) -> Option<Value> {
        let block = match source.from? {
            From::Input(input) => return inputs.get(input).copied().flatten(),
            From::Block(block) => blocks[block]?,
        };
        let ports = scope.block(block).ports.len();
        if source.port >= ports {
            let name = scope.block(block).name.as_deref().unwrap_or("this block");
            let message = format!("`{name}` has no output {}", source.port);
            let report = Diagnostic::error("unknown-port", source.place.clone(), message);
            let help = format!("it has {ports}, counted from 0");
            self.sink.push(report.help(Some(help)));
            return None;
        }
        Some(Value {
            block,
            port: source.port,
        })
    }

    fn block(
        &mut self,
        scope: &mut Scope,
        wired: &WiredScope<'_>,
        block: &Wired<'_>,
        operands: &[Option<Value>],
    ) -> Option<BlockId> {
        let new = NewBlock {
            name: block.name.clone(),
            description: block.description.clone(),
            segment: self.shared_segment(scope, block),
        };
        let path = scope.path.join(new.segment.clone());
        match &block.kind {
            WiredKind::Broken => None,
            // That nothing feeds it has been said; its parameters may be wrong all the same.
            WiredKind::Layer {
                class,
                class_place,
                block: node,
            } if block.inputs.is_empty() => {
                self.read(&path, class, class_place, node);
                None
            }
            WiredKind::Scope {
                scope: inner,
                type_name,
            } if block.inputs.is_empty() => {
                let inner_scope = Scope::new(block.name.clone(), type_name.clone(), path);
                self.scope(inner, inner_scope, &vec![None; inner.inputs.len()]);
                None
            }
            WiredKind::Scope {
                type_name,
                scope: inner,
            } => {
                let types: Vec<Option<Type>> = operands
                    .iter()
                    .map(|it| it.map(|it| scope.ty(it).clone()))
                    .collect();
                let inner_scope = Scope::new(block.name.clone(), type_name.clone(), path.clone());
                if block.inputs.iter().any(|it| it.from.is_none()) {
                    self.scope(inner, inner_scope, &vec![None; inner.inputs.len()]);
                    return None;
                }
                if block.inputs.len() != inner.inputs.len() {
                    let report = wrong_inputs(block, inner.inputs.len());
                    self.sink
                        .push(show_inputs(report, scope, wired, block, operands));
                    return None;
                }
                self.warn_of_wires(block);
                let bindings = self.bindings(inner, block, &types, &path)?;
                let outer = std::mem::replace(&mut self.bindings, bindings);
                let id = self.scope(inner, inner_scope, &types);
                self.check_outputs(inner, block, id, &types, &path);
                self.bindings = outer;
                let operands = operands.iter().copied().collect::<Option<Vec<Value>>>()?;
                let inside = &self.scopes[id.0];
                if inside.outputs.len() < inner.outputs.len() {
                    return None;
                }
                Some(scope.wire_scope(new, (id, inside), &operands))
            }
            WiredKind::Layer {
                class,
                class_place,
                block: node,
            } => {
                let layer = self.read(&path, class, class_place, node)?;
                let mut operands: Vec<Value> = operands.iter().copied().collect::<Option<_>>()?;
                if let ([only], true) = (operands.as_slice(), layer.takes_many()) {
                    operands = vec![*only; 1 + block.again.len()];
                } else {
                    self.warn_of_wires(block);
                }
                let mut needs = Needs::new(&self.facts.facts, &self.facts.bound);
                match scope.wire(new, Arc::clone(&layer), &operands, &mut needs) {
                    Ok(id) => {
                        // From here on they are known when the model is made.
                        let settled = needs.settled().to_vec();
                        for warning in needs.take_warnings() {
                            let warning = report(warning, Severity::Warning, block, node, &path);
                            self.sink.push(warning);
                        }
                        let found = needs.into_found();
                        for symbol in &settled {
                            self.facts.bound.remove(symbol);
                        }
                        if !found.is_empty() {
                            self.take_on(found, &path.to_string(), block);
                        }
                        let made = scope.block(id).ports.iter().flat_map(Type::dims);
                        let weights = layer.weights(&scope.types_into(id));
                        let weights = weights.iter().flat_map(|it| &it.shape);
                        self.note_sizes(made.chain(weights), &path, block)?;
                        Some(id)
                    }
                    Err(problem) => {
                        let report = report(problem, Severity::Error, block, node, &path);
                        let known: Vec<Option<Value>> = operands.into_iter().map(Some).collect();
                        self.sink
                            .push(show_inputs(report, scope, wired, block, &known));
                        None
                    }
                }
            }
        }
    }

    fn read(
        &mut self,
        path: &WeightPath,
        class: &str,
        place: &Place,
        block: &Node,
    ) -> Option<Arc<dyn Layer>> {
        let prefix = Prefix(path);
        let Some(def) = layers::find(class) else {
            let message = format!("{prefix}there is no block class `{class}`");
            let containers = ["Sequential", "Group", "Module"];
            let known: Vec<&str> = layers::all().map(|it| it.name).chain(containers).collect();
            let help = match self.sink.similar(class, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the classes are {}", known.join(", ")),
            };
            let unknown = Diagnostic::error("unknown-class", place.clone(), message);
            self.sink.push(unknown.help(Some(help)));
            return None;
        };
        (def.read)(&mut Params::new(
            block,
            &prefix,
            class,
            &self.bindings,
            self.sink,
        ))
    }

    /// Warns of wires that are written again.
    fn warn_of_wires(&mut self, block: &Wired<'_>) {
        for (first, again) in &block.again {
            let warning = once_is_enough(&label(block), again.clone(), first.clone());
            self.sink.push(warning);
        }
    }

    /// Requires of the inputs what a block needs, and warns of it.
    fn take_on(&mut self, needs: Vec<Need>, path: &str, block: &Wired<'_>) {
        for Need { fact, why } in needs {
            // That an image must be larger than a kernel surprises nobody.
            if matches!(fact, Fact::AtLeast(..)) {
                self.facts
                    .require(self.sink, fact, path.to_owned(), &block.place);
                continue;
            }
            let message = format!("`{path}` requires {fact} of the inputs");
            let warning = Diagnostic::warning("fact-assumed", block.place.clone(), message);
            let help = "sizes for which it does not hold are refused when the model is called";
            self.sink.push(warning.note(why).help(Some(help)));
            self.facts
                .require(self.sink, fact, path.to_owned(), &block.place);
        }
    }

    /// Remembers sizes for the bounds of the symbols; a fixed one below one is an error.
    fn note_sizes<'t>(
        &mut self,
        sizes: impl Iterator<Item = &'t Dim>,
        path: &WeightPath,
        block: &Wired<'_>,
    ) -> Option<()> {
        for dim in sizes {
            if dim.as_number().is_some_and(|it| it < 1.into()) {
                let message = format!("`{path}` makes a size of {dim}");
                let report = Diagnostic::error("size-not-positive", block.place.clone(), message);
                let help = "reduce the size less before, or start with a larger one";
                self.sink.push(report.help(Some(help)));
                return None;
            }
            if dim.as_fixed().is_none() && self.sizes.seen.insert(dim.clone()) {
                self.sizes
                    .all
                    .push((dim.clone(), path.to_string(), block.place.clone()));
            }
        }
        Some(())
    }
}
