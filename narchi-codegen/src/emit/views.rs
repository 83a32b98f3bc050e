//! Shapes inside a scope as its own inputs see them: sizes that its inputs may have are symbols.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use super::{
    classify::Classified,
    plan::{Block, Scope, ScopeId, Source, What},
};
use crate::{
    dim::{Dim, Facts, Symbol},
    layer::Needs,
    shape::Type,
};

/// The types in a scope, in terms of its inputs. What does not follow from them alone is left out.
#[derive(Debug)]
pub(super) struct View {
    /// The sizes of the inputs; those that depend on the inputs of the network are symbols.
    pub(super) inputs: Vec<Type>,
    blocks: BTreeMap<Source, Type>,
    outputs: Vec<Option<Type>>,
}

/// The views of all scopes but the root; equal scopes share one.
pub(super) struct Views(Vec<Option<Rc<View>>>);

impl Views {
    /// `free` are the symbols that no input binds.
    pub(super) fn new(classified: &Classified, free: &[Symbol]) -> Self {
        let free: BTreeSet<Symbol> = free.iter().cloned().collect();
        let mut views: Vec<Option<Rc<View>>> = vec![None; classified.plan.scopes.len()];
        let mut known: HashMap<(usize, Vec<Type>), Rc<View>> = HashMap::new();
        let mut alive: Vec<ScopeId> = classified.instances.iter().flatten().copied().collect();
        // Those inside come first.
        alive.sort_unstable();
        for id in alive.into_iter().filter(|it| *it != classified.plan.root()) {
            let scope = &classified.plan.scopes[id];
            let inputs = abstracted(scope, &free);
            let key = (classified.marks[id].exact, inputs);
            let view = match known.get(&key) {
                Some(view) => Rc::clone(view),
                None => {
                    let view = Rc::new(view(scope, key.1.clone(), &views));
                    known.insert(key, Rc::clone(&view));
                    view
                }
            };
            views[id] = Some(view);
        }
        Self(views)
    }

    pub(super) fn of(&self, scope: ScopeId) -> Option<&Rc<View>> {
        self.0[scope].as_ref()
    }
}

impl View {
    pub(super) fn ty(&self, source: Source) -> Option<&Type> {
        match source {
            Source::Input(index) => self.inputs.get(index),
            Source::Block { .. } => self.blocks.get(&source),
        }
    }

    /// The outputs for given inputs, if the inputs differ from those known only where they may.
    fn apply(&self, inputs: &[Type]) -> Option<Vec<Option<Type>>> {
        let mut values: BTreeMap<Symbol, Dim> = BTreeMap::new();
        for (known, given) in self.inputs.iter().zip(inputs) {
            if known.rank() != given.rank() || known.dtype != given.dtype {
                return None;
            }
            for (known, given) in known.dims().iter().zip(given.dims()) {
                match known.as_symbol() {
                    Some(symbol) => {
                        let value = values
                            .entry(symbol.clone())
                            .or_insert_with(|| given.clone());
                        if value != given {
                            return None;
                        }
                    }
                    None if known == given => {}
                    None => return None,
                }
            }
        }
        let substitute = |ty: &Type| {
            let dims = ty
                .dims()
                .iter()
                .map(|it| it.substitute(&values))
                .collect::<Result<_, _>>()
                .ok()?;
            Some(ty.with(dims))
        };
        Some(
            self.outputs
                .iter()
                .map(|it| it.as_ref().and_then(substitute))
                .collect(),
        )
    }
}

/// The symbol for a size of an input.
pub(super) fn symbol(input: usize, dim: usize) -> Symbol {
    Symbol::new(&format!("?{input}.{dim}"))
}

/// The types of the inputs, with symbols for sizes that depend on the inputs of the network. Equal sizes
/// have equal symbols.
fn abstracted(scope: &Scope, free: &BTreeSet<Symbol>) -> Vec<Type> {
    let mut symbols: BTreeMap<Dim, Symbol> = BTreeMap::new();
    let mut inputs = Vec::new();
    for (index, input) in scope.inputs.iter().enumerate() {
        let dims = input.ty.dims().iter().enumerate().map(|(position, dim)| {
            if dim.symbols().is_subset(free) {
                return dim.clone();
            }
            let symbol = symbols
                .entry(dim.clone())
                .or_insert_with(|| match dim.as_symbol() {
                    Some(batch) if batch.is_batch() => batch.clone(),
                    _ => symbol(index, position),
                });
            Dim::symbol(symbol.clone())
        });
        inputs.push(input.ty.with(dims.collect()));
    }
    inputs
}

fn view(scope: &Scope, inputs: Vec<Type>, views: &[Option<Rc<View>>]) -> View {
    let bound = inputs
        .iter()
        .flat_map(Type::dims)
        .flat_map(Dim::symbols)
        .collect();
    let mut view = View {
        inputs,
        blocks: BTreeMap::new(),
        outputs: Vec::new(),
    };
    for index in &scope.order {
        let block = &scope.blocks[*index];
        let types: Option<Vec<Type>> = block
            .operands()
            .iter()
            .map(|it| view.ty(*it).cloned())
            .collect();
        let outputs = types.and_then(|types| outputs(block, types, &bound, views));
        for (port, ty) in outputs.into_iter().flatten().enumerate() {
            if let Some(ty) = ty {
                view.blocks.insert(
                    Source::Block {
                        block: *index,
                        port,
                    },
                    ty,
                );
            }
        }
    }
    view.outputs = scope
        .outputs
        .iter()
        .map(|it| view.ty(it.source).cloned())
        .collect();
    view
}

fn outputs(
    block: &Block,
    mut types: Vec<Type>,
    bound: &BTreeSet<Symbol>,
    views: &[Option<Rc<View>>],
) -> Option<Vec<Option<Type>>> {
    match &block.what {
        What::Layer(leaf) => {
            let facts = Facts::default();
            let outputs = leaf
                .layer
                .outputs(&types, &mut Needs::new(&facts, bound))
                .ok()?;
            Some(outputs.into_iter().map(Some).collect())
        }
        What::Run { scopes, .. } => {
            let (last, before) = scopes.split_last()?;
            for scope in before {
                types = views[*scope]
                    .as_ref()?
                    .apply(&types)?
                    .into_iter()
                    .collect::<Option<_>>()?;
            }
            views[*last].as_ref()?.apply(&types)
        }
    }
}
