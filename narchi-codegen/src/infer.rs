//! Wiring to model: what each block is, and the types of what it makes.
//!
//! Layers are asked for their outputs here and only here. A block whose inputs are unknown is
//! unknown itself, and nothing is said of it: one mistake makes one report.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    diagnostic::{Diagnostic, Sink},
    dim::{Dim, Fact, Facts, Symbol, lower_bounds},
    document::{Node, Place},
    layer::{Layer, Need, Needs, Params, Problem},
    layers,
    model::{
        BlockId, Model, NewBlock, Output, Required, Scope, ScopeId, Segment, Value, WeightPath,
    },
    shape::Type,
    similar::similar,
    wiring::{Declared, DeclaredDim, From, Size, Source, Wired, WiredKind, WiredScope, Wiring},
};

/// Finds out what every block is. The result is whole if nothing was reported.
pub(crate) fn infer(sink: &mut Sink, wiring: &Wiring<'_>) -> Model {
    let root = &wiring.root;
    let mut this = Inference {
        sink,
        facts: Known::default(),
        sizes: Sizes::default(),
        scopes: Vec::new(),
    };
    let inputs: Vec<Option<Type>> = this.inputs(&root.inputs);
    let path = WeightPath::default();
    let name = Some(wiring.name.clone());
    let id = this.scope(root, Scope::new(name, None, path), &inputs);
    this.outputs(root, id);
    this.lower_bounds();
    let free = this.free_symbols();
    let Inference { scopes, facts, .. } = this;
    let (name, description) = (wiring.name.clone(), wiring.description.clone());
    Model {
        name,
        description,
        scopes,
        facts: facts.required,
        free,
    }
}

struct Inference<'a> {
    sink: &'a mut Sink,
    facts: Known,
    sizes: Sizes,
    scopes: Vec<Scope>,
}

/// What is known of the symbols.
#[derive(Default)]
struct Known {
    required: Vec<Required>,
    facts: Facts,
    /// Symbols that some input binds.
    bound: BTreeSet<Symbol>,
}

/// Every size that occurs, and where first.
#[derive(Default)]
struct Sizes {
    seen: BTreeSet<Dim>,
    all: Vec<(Dim, String, Place)>,
}

impl Inference<'_> {
    /// The types of the declared inputs. A size that is an expression is one opaque symbol.
    fn inputs(&mut self, declared: &[Declared]) -> Vec<Option<Type>> {
        let dims = || declared.iter().filter_map(|it| it.shape.as_ref()).flatten();
        for dim in dims() {
            if let Size::Known(dim) = &dim.size
                && let Some(symbol) = dim.as_symbol()
            {
                self.facts.bound.insert(symbol.clone());
            }
        }
        declared.iter().map(|it| self.input(it)).collect()
    }

    fn input(&mut self, declared: &Declared) -> Option<Type> {
        let mut dims = Vec::new();
        for dim in declared.shape.as_ref()? {
            let Size::Known(size) = &dim.size else {
                return None;
            };
            if size.as_fixed().is_some() || size.as_symbol().is_some() {
                dims.push(size.clone());
                continue;
            }
            let opaque = Symbol::new(&size.to_string());
            self.facts.bound.insert(opaque.clone());
            // Where other inputs bind all of it, they have to agree.
            if size.symbols().is_subset(&self.facts.bound) {
                let fact = Fact::Equal(Dim::symbol(opaque.clone()), size.clone());
                let block = declared.name.clone().unwrap_or_default();
                self.facts.require(self.sink, fact, block, &dim.place);
            }
            dims.push(Dim::symbol(opaque));
        }
        Some(Type::float(dims))
    }

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
            let find = |source: &Source| match source.from? {
                From::Input(input) => inputs.get(input).copied().flatten(),
                From::Block(from) => blocks[from].map(|block| Value {
                    block,
                    port: source.port,
                }),
            };
            let operands: Vec<Option<Value>> = block.inputs.iter().map(find).collect();
            blocks[*index] = self.block(&mut scope, wired, block, &operands);
        }
        scope.written = blocks.iter().flatten().copied().collect();
        for (declared, source) in &wired.outputs {
            let value = match source.from {
                Some(From::Input(input)) => inputs.get(input).copied().flatten(),
                Some(From::Block(block)) => blocks[block].map(|block| Value {
                    block,
                    port: source.port,
                }),
                None => None,
            };
            if let Some(value) = value {
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
            segment: block.segment.clone(),
        };
        let path = scope.path.join(block.segment.clone());
        match &block.kind {
            WiredKind::Broken => None,
            // That nothing feeds it has been said; its parameters may be wrong all the same.
            WiredKind::Layer {
                class,
                class_place,
                block: node,
            } if block.inputs.is_empty() => {
                self.read(class, class_place, node);
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
                let inner_scope = Scope::new(block.name.clone(), type_name.clone(), path);
                if block.inputs.len() != inner.inputs.len() {
                    let (many, takes) = (block.inputs.len(), inner.inputs.len());
                    let message = format!("`{}` takes {takes} input, but has {many}", label(block));
                    let report = Diagnostic::error("wrong-inputs", block.place.clone(), message);
                    self.sink
                        .push(show_inputs(report, scope, wired, block, operands));
                    return None;
                }
                let id = self.scope(inner, inner_scope, &types);
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
                let layer = self.read(class, class_place, node)?;
                let operands: Vec<Value> = operands.iter().copied().collect::<Option<_>>()?;
                let mut needs = Needs::new(&self.facts.facts, &self.facts.bound);
                match scope.wire(new, layer, &operands, &mut needs) {
                    Ok(id) => {
                        let found = needs.into_found();
                        self.take_on(found, &path.to_string(), block);
                        self.note_sizes(scope.block(id).ports.iter(), &path, block)?;
                        Some(id)
                    }
                    Err(problem) => {
                        let report = report(problem, block, node, &path);
                        let known: Vec<Option<Value>> = operands.into_iter().map(Some).collect();
                        self.sink
                            .push(show_inputs(report, scope, wired, block, &known));
                        None
                    }
                }
            }
        }
    }

    fn read(&mut self, class: &str, place: &Place, block: &Node) -> Option<Arc<dyn Layer>> {
        let Some(def) = layers::find(class) else {
            let message = format!("there is no block class `{class}`");
            let containers = ["Sequential", "Group"];
            let known: Vec<&str> = layers::all().map(|it| it.name).chain(containers).collect();
            let help = match similar(class, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the classes are {}", known.join(", ")),
            };
            let unknown = Diagnostic::error("unknown-class", place.clone(), message);
            self.sink.push(unknown.help(Some(help)));
            return None;
        };
        (def.read)(&mut Params::new(block, class, self.sink))
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
        types: impl Iterator<Item = &'t Type>,
        path: &WeightPath,
        block: &Wired<'_>,
    ) -> Option<()> {
        for dim in types.flat_map(Type::dims) {
            if dim.as_number().is_some_and(|it| it < 1.into()) {
                let message = format!("`{path}` makes a size of {dim}");
                let report = Diagnostic::error("size-not-positive", block.place.clone(), message);
                self.sink.push(report);
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

    /// Compares what the file declares of its outputs with what comes out.
    fn outputs(&mut self, wired: &WiredScope<'_>, id: ScopeId) {
        // Outputs that are unknown have been left out of the scope.
        let scope = &self.scopes[id.0];
        let found: BTreeMap<&str, &Type> = scope
            .outputs
            .iter()
            .filter_map(|it| Some((it.name.as_deref()?, scope.ty(it.value))))
            .collect();
        let found: Vec<Option<Type>> = wired
            .outputs
            .iter()
            .map(|(it, _)| Some((*found.get(it.name.as_deref()?)?).clone()))
            .collect();
        for ((declared, source), found) in wired.outputs.iter().zip(found) {
            if let (Some(found), Some(shape)) = (found, &declared.shape) {
                self.output(declared, shape, source, wired, &found);
            }
        }
    }

    fn output(
        &mut self,
        declared: &Declared,
        shape: &[DeclaredDim],
        source: &Source,
        wired: &WiredScope<'_>,
        found: &Type,
    ) {
        let name = declared.name.as_deref().unwrap_or_default();
        let gives = format!("{} gives {found}", source_label(source, wired));
        let whole = shape.first().map_or(&declared.place, |it| &it.place);
        if shape.len() != found.rank() {
            let message = format!(
                "the output `{name}` is declared with {} sizes, but has {}",
                shape.len() - 1,
                found.rank() - 1
            );
            let report = Diagnostic::error("output-differs", whole.clone(), message);
            self.sink.push(
                report
                    .label(source.place.clone(), gives)
                    .note("sizes are declared without the batch"),
            );
            return;
        }
        for (position, (dim, found)) in shape.iter().zip(found.dims()).enumerate() {
            let Size::Known(declared_dim) = &dim.size else {
                continue;
            };
            let mut needs = Needs::new(&self.facts.facts, &self.facts.bound);
            let result = needs.equal(found, declared_dim);
            let needs = needs.into_found();
            if let Err(why) = result {
                let message =
                    format!("the output `{name}` is declared with {declared_dim}, but has {found}");
                let report = Diagnostic::error("output-differs", dim.place.clone(), message);
                let note = format!("dim {position}, the batch being 0: {}", why.0);
                let help = format!("declare {}, or `'<<auto>>'`", as_written(found));
                let label = (source.place.clone(), gives.clone());
                self.sink
                    .push(report.label(label.0, label.1).note(note).help(Some(help)));
            }
            for Need { fact, why } in needs {
                let message = format!("the output `{name}` requires {fact} of the inputs");
                let warning = Diagnostic::warning("fact-assumed", dim.place.clone(), message);
                let help = format!("declare {} to do without", as_written(found));
                self.sink.push(warning.note(why).help(Some(help)));
                self.facts
                    .require(self.sink, fact, name.to_owned(), &dim.place);
            }
        }
    }

    /// Finds how large the symbols must be for no size to vanish.
    fn lower_bounds(&mut self) {
        let dims: Vec<Dim> = self.sizes.all.iter().map(|it| it.0.clone()).collect();
        let Ok(bounds) = lower_bounds(&dims, &self.facts.facts) else {
            return;
        };
        for (symbol, least) in bounds.least {
            if let Some((index, _)) = least.breaks.filter(|_| least.value > 1) {
                let block = self.sizes.all[index].1.clone();
                let fact = Fact::AtLeast(symbol, least.value);
                if !self.facts.facts.implies(&fact) {
                    self.facts.required.push(Required { fact, block });
                }
            }
        }
        for index in bounds.unmet {
            let (dim, path, place) = &self.sizes.all[index];
            let message =
                format!("`{path}` makes a size of {dim}, and nothing shows that it is positive");
            self.sink.push(Diagnostic::error(
                "size-not-positive",
                place.clone(),
                message,
            ));
        }
    }

    /// Symbols that occur, but that no input binds.
    fn free_symbols(&self) -> Vec<Symbol> {
        let mut free = BTreeSet::new();
        for (dim, ..) in &self.sizes.all {
            free.extend(
                dim.symbols()
                    .into_iter()
                    .filter(|it| !self.facts.bound.contains(it)),
            );
        }
        free.into_iter().collect()
    }
}

impl Known {
    fn require(&mut self, sink: &mut Sink, fact: Fact, block: String, place: &Place) {
        match self.facts.add(fact.clone()) {
            // What is known already need not be checked again.
            Ok(false) => {}
            Ok(true) => self.required.push(Required { fact, block }),
            Err(error) => {
                let message = format!(
                    "`{block}` requires {fact} of the inputs, which nothing meets: {error}"
                );
                let mut report = Diagnostic::error("facts-contradict", place.clone(), message);
                for known in &self.required {
                    report = report.note(format!("`{}` requires {}", known.block, known.fact));
                }
                sink.push(report);
            }
        }
    }
}

/// A size as one would write it in a file.
fn as_written(dim: &Dim) -> String {
    match dim.as_fixed() {
        Some(number) => format!("`{number}`"),
        None => format!("`'<<variable:{dim:#}>>'`"),
    }
}

/// What people call a block.
fn label(block: &Wired<'_>) -> String {
    match (&block.name, &block.segment) {
        (Some(name), _) | (None, Segment::Name(name)) => name.clone(),
        (None, Segment::Index(index)) => index.to_string(),
    }
}

fn source_label(source: &Source, wired: &WiredScope<'_>) -> String {
    match source.from {
        Some(From::Block(index)) => format!("`{}`", label(&wired.blocks[index])),
        Some(From::Input(index)) => match wired.inputs.get(index).and_then(|it| it.name.as_ref()) {
            Some(name) => format!("`{name}`"),
            None => "what comes in".to_owned(),
        },
        None => "this".to_owned(),
    }
}

/// The report on a layer that refuses.
fn report(
    problem: Problem,
    block: &Wired<'_>,
    node: &Node,
    path: &WeightPath,
) -> Diagnostic<Place> {
    let Problem {
        code,
        param,
        message,
        notes,
        help,
    } = problem;
    let at = param.and_then(|it| node.get(it)).map(Node::place);
    let place = at.unwrap_or_else(|| block.place.clone());
    let mut report = Diagnostic::error(code, place, format!("`{path}` {message}")).help(help);
    for note in notes {
        report = report.note(note);
    }
    report
}

/// Adds what comes in, and from where.
fn show_inputs(
    mut report: Diagnostic<Place>,
    scope: &Scope,
    wired: &WiredScope<'_>,
    block: &Wired<'_>,
    operands: &[Option<Value>],
) -> Diagnostic<Place> {
    for (source, value) in block.inputs.iter().zip(operands) {
        let Some(value) = value else { continue };
        let text = format!("{} gives {}", source_label(source, wired), scope.ty(*value));
        report = report.label(source.place.clone(), text);
    }
    report
}
