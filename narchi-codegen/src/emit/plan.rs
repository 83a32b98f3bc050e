//! The architecture as the emitter works on it: an arena of scopes that can be taken apart.
//!
//! Layers are asked once here for what decides their code. Identities are gone: who reads one reads
//! what it reads.

use std::{collections::BTreeMap, fmt, rc::Rc, sync::Arc};

use proc_macro2::TokenStream;

use crate::{
    layer::{Layer, Memory, Module, Number},
    model::{self, BlockId, Model, Segment},
    shape::Type,
};

/// Index into [`Plan::scopes`]. A scope is stored after the scopes inside it, so that a loop over the
/// arena works bottom-up and nothing here recurses.
pub(super) type ScopeId = usize;

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) scopes: Vec<Scope>,
    pub(super) form: Form,
}

/// The two forms of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With weights that training changes.
    Trained,
    /// For inference only.
    Frozen,
}

/// A Sequential, a Group or the whole network.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// What the file calls it.
    pub(super) id: Option<String>,
    /// What the file wants its type to be called.
    pub(super) type_name: Option<String>,
    /// PyTorch's name of it, for people.
    pub(super) path: String,
    /// Whether children are numbered, as those of a Sequential.
    pub(super) numbered: bool,
    pub(super) inputs: Vec<Port>,
    /// In the order of the file: it decides in which order weights are created.
    pub(super) blocks: Vec<Block>,
    /// The blocks in the order of execution.
    pub(super) order: Vec<usize>,
    pub(super) outputs: Vec<Output>,
    /// What stands at each number of a numbered scope.
    pub(super) elements: Vec<Element>,
}

#[derive(Clone, Debug)]
pub(super) struct Port {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) ty: Type,
}

#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) port: Port,
    pub(super) source: Source,
}

/// How many numbers an element of a numbered scope takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    One,
    /// As many as the run in this block is long.
    Run(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Source {
    Input(usize),
    Block { block: usize, port: usize },
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) id: Option<String>,
    /// What it is called inside its scope, steps and all; `*` for several.
    pub(super) label: String,
    /// The id of the scope this block was moved out of, if any.
    pub(super) moved_from: Option<String>,
    pub(super) path: Vec<Key>,
    /// For children of numbered scopes: the last step of the path. The elements of a run count on
    /// from here.
    pub(super) start: Option<Key>,
    pub(super) what: What,
    /// With what is added to it at the end, if something is.
    pub(super) inputs: Vec<Source>,
    pub(super) outputs: Vec<Type>,
    /// What a frozen layer does along with its own work.
    pub(super) fused: Fused,
}

/// What was a block of its own in the trained form, and is now done by a layer with weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Fused {
    pub(super) norms: Vec<Norm>,
    /// Whether the last input is added to what comes of the others.
    pub(super) adds: bool,
    /// A method of the module's constructor, `relu()`: what is done to each value at last.
    pub(super) epilogue: Option<TokenStream>,
}

/// A layer whose weights become part of those of another.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    pub(super) leaf: Rc<Leaf>,
    pub(super) path: Vec<Key>,
    pub(super) start: Option<Key>,
    /// Whether it came before the other.
    pub(super) is_before: bool,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Layer(Rc<Leaf>),
    /// Scopes of one class, one after the other. Most runs have one element.
    Run {
        scopes: Vec<ScopeId>,
        /// Whether the elements agree in all numbers. Only then may runs of different length share a
        /// class.
        uniform: bool,
    },
}

/// A layer, and its answers for the inputs it has.
pub(super) struct Leaf {
    pub(super) layer: Arc<dyn Layer>,
    /// Leaves of one kind differ in numbers only.
    pub(super) kind: String,
    pub(super) numbers: Vec<Number>,
    pub(super) module: Option<Module>,
    pub(super) memory: Memory,
    /// The method that overwrites the input with the output, where that may be.
    pub(super) overwrites: Option<TokenStream>,
}

/// A step of a weight path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Name(String),
    Index(usize),
    /// The number of the n-th element of the surrounding scope; it depends on the lengths of the runs
    /// before.
    Nth(usize),
}

impl Plan {
    /// The whole network: it was stored last.
    pub(super) fn root(&self) -> ScopeId {
        self.scopes.len() - 1
    }

    pub(super) fn new(architecture: &Model, form: Form) -> Self {
        let scopes = architecture.scopes.iter().map(|it| scope(it, form));
        Self {
            scopes: scopes.collect(),
            form,
        }
    }
}

impl Block {
    pub(super) fn has_weights(&self) -> bool {
        match &self.what {
            What::Layer(leaf) => leaf.module.is_some(),
            What::Run { .. } => true,
        }
    }

    /// The layer and those that are fused into it; none for a run.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Rc<Leaf>> {
        let own = match &self.what {
            What::Layer(leaf) => Some(leaf),
            What::Run { .. } => None,
        };
        own.into_iter()
            .chain(self.fused.norms.iter().map(|it| &it.leaf))
    }

    /// What goes into the layer, without what is added at the end.
    pub(super) fn operands(&self) -> &[Source] {
        &self.inputs[..self.inputs.len() - usize::from(self.fused.adds)]
    }

    /// The steps of the weight paths.
    pub(super) fn keys_mut(&mut self) -> impl Iterator<Item = &mut Key> {
        let norms = self.fused.norms.iter_mut();
        let norms = norms.flat_map(|it| it.path.iter_mut().chain(&mut it.start));
        self.path.iter_mut().chain(&mut self.start).chain(norms)
    }

    /// The scope that a run repeats.
    pub(super) fn first_scope(&self) -> Option<ScopeId> {
        match &self.what {
            What::Layer(_) => None,
            What::Run { scopes, .. } => scopes.first().copied(),
        }
    }
}

impl Scope {
    /// The type of a value.
    pub(super) fn ty(&self, source: Source) -> &Type {
        match source {
            Source::Input(index) => &self.inputs[index].ty,
            Source::Block { block, port } => &self.blocks[block].outputs[port],
        }
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind, self.numbers)
    }
}

fn scope(scope: &model::Scope, form: Form) -> Scope {
    let is_identity = |id: &BlockId| match &scope.block(*id).kind {
        model::Kind::Layer(layer) => {
            layer.is_identity() || (form == Form::Frozen && layer.is_identity_in_inference())
        }
        model::Kind::Input | model::Kind::Scope(_) => false,
    };
    let kept: Vec<BlockId> = scope
        .written
        .iter()
        .filter(|it| !is_identity(it))
        .copied()
        .collect();
    let numbers: BTreeMap<BlockId, usize> =
        kept.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut identities: BTreeMap<model::Value, Source> = BTreeMap::new();
    let inputs: BTreeMap<BlockId, usize> = scope
        .inputs
        .iter()
        .enumerate()
        .map(|(at, id)| (*id, at))
        .collect();
    let find = |value: &model::Value, identities: &BTreeMap<model::Value, Source>| {
        match (numbers.get(&value.block), inputs.get(&value.block)) {
            (Some(block), _) => Source::Block {
                block: *block,
                port: value.port,
            },
            (None, Some(input)) => Source::Input(*input),
            // Operands come before their users, so that an identity is known when it is read.
            (None, None) => identities.get(value).copied().unwrap_or(Source::Input(0)),
        }
    };
    for id in scope.order.iter().filter(|it| is_identity(it)) {
        if let Some(value) = scope.inputs_of(*id).first() {
            let source = find(value, &identities);
            identities.insert(
                model::Value {
                    block: *id,
                    port: 0,
                },
                source,
            );
        }
    }
    let in_sequence = |(at, id): (usize, &BlockId)| scope.block(*id).segment == Segment::Index(at);
    let numbered = !scope.written.is_empty() && scope.written.iter().enumerate().all(in_sequence);
    let blocks = kept.iter().map(|id| {
        let sources = scope
            .inputs_of(*id)
            .iter()
            .map(|it| find(it, &identities))
            .collect();
        block(scope, *id, sources, numbered, form)
    });
    let blocks = blocks.collect();
    let port = |name: &Option<String>, description: &Option<String>, ty: &Type| Port {
        name: name.clone(),
        description: description.clone(),
        ty: ty.clone(),
    };
    let outputs = scope.outputs.iter().map(|it| Output {
        port: port(&it.name, &it.description, scope.ty(it.value)),
        source: find(&it.value, &identities),
    });
    Scope {
        id: scope.name.clone(),
        type_name: scope.type_name.clone(),
        path: scope.path.to_string(),
        numbered,
        inputs: scope
            .inputs
            .iter()
            .map(|id| scope.block(*id))
            .map(|it| port(&it.name, &it.description, &it.ports[0]))
            .collect(),
        blocks,
        order: scope
            .order
            .iter()
            .filter_map(|it| numbers.get(it).copied())
            .collect(),
        outputs: outputs.collect(),
        elements: scope.written.iter().map(|_| Element::One).collect(),
    }
}

fn block(
    scope: &model::Scope,
    id: BlockId,
    inputs: Vec<Source>,
    numbered: bool,
    form: Form,
) -> Block {
    let block = scope.block(id);
    let key = match (&block.segment, numbered) {
        (Segment::Index(index), true) => Key::Nth(*index),
        (Segment::Index(index), false) => Key::Index(*index),
        (Segment::Name(name), _) => Key::Name(name.clone()),
    };
    let what = match &block.kind {
        model::Kind::Scope(inner) => What::Run {
            scopes: vec![inner.0],
            uniform: true,
        },
        model::Kind::Layer(layer) => What::Layer(Rc::new(leaf(layer, &scope.types_into(id), form))),
        #[expect(
            clippy::unreachable,
            reason = "inputs are not among the written blocks"
        )]
        model::Kind::Input => unreachable!(),
    };
    let (path, start) = if numbered {
        (Vec::new(), Some(key))
    } else {
        (vec![key], None)
    };
    let (id, outputs) = (block.name.clone(), block.ports.clone());
    let label = match &block.segment {
        Segment::Name(name) => name.clone(),
        Segment::Index(index) => index.to_string(),
    };
    Block {
        id,
        label,
        moved_from: None,
        path,
        start,
        what,
        inputs,
        outputs,
        fused: Fused::default(),
    }
}

fn leaf(layer: &Arc<dyn Layer>, inputs: &[Type], form: Form) -> Leaf {
    // Without autograd, nobody is harmed by that.
    let overwrites = match form {
        Form::Trained if layer.asks_in_place() => layer.in_place(),
        Form::Trained => None,
        Form::Frozen => layer.in_place(),
    };
    let in_place = if overwrites.is_some() {
        " in place"
    } else {
        ""
    };
    let memory = match (layer.memory(), form) {
        (Memory::Saved, Form::Frozen) => Memory::Fresh,
        (memory, _) => memory,
    };
    Leaf {
        kind: layer.key(inputs) + in_place,
        numbers: layer.numbers(inputs),
        module: layer.module(inputs),
        memory,
        overwrites,
        layer: Arc::clone(layer),
    }
}

/// The PyTorch name of a scope without its numbers at the end: `layer1` for `layer1.0`.
pub(super) fn last_name(path: &str) -> Option<&str> {
    path.split('.')
        .rev()
        .find(|it| !it.is_empty() && it.parse::<usize>().is_err())
}
