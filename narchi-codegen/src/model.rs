//! The typed architecture: a tree of scopes, each a graph of blocks.
//!
//! There is no block without types: [`Scope::wire`] computes them from those of its inputs, and is
//! the only way to add one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;

use crate::{
    dim::{Dim, Fact, Symbol},
    layer::{Layer, Needs, Problem, Weight, WeightKind},
    shape::Type,
};

/// Names a block of a scope.
pub(crate) type BlockId = NodeIndex<u32>;

/// Names a scope of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ScopeId(pub(crate) usize);

/// A whole network, known to be sound.
#[derive(Debug)]
pub struct Model {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Children before parents; the last is the whole network.
    pub(crate) scopes: Vec<Scope>,
    /// What inputs must meet, beyond their declared shapes.
    pub(crate) facts: Vec<Required>,
    /// Symbols that no input binds: known when the model is made.
    pub(crate) free: Vec<Symbol>,
    /// Weight paths that stand for others, in checkpoints: the other, and what it has the weights of.
    pub(crate) shared: Vec<(String, String)>,
    /// Symbols that are computed from a size of an input: `H` from `2*H`.
    pub(crate) derived: BTreeMap<Symbol, Dim>,
}

/// A fact that the model requires, and the block that would fail without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    pub(crate) fact: Fact,
    /// The fact for people.
    pub(crate) text: String,
    /// The weight path of the block.
    pub(crate) block: String,
}

/// A Sequential, a Group or the whole network. What is different about them is gone here.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What the file calls it; none for an unnamed child of a Sequential.
    pub(crate) name: Option<String>,
    /// What the file wants its type to be called.
    pub(crate) type_name: Option<String>,
    pub(crate) path: WeightPath,
    graph: StableDiGraph<Block, Wire>,
    pub(crate) inputs: Vec<BlockId>,
    pub(crate) outputs: Vec<Output>,
    /// All blocks but the inputs, as written in the file: parameters are made in this order.
    pub(crate) written: Vec<BlockId>,
    /// All blocks but the inputs, operands before their users, otherwise as written.
    pub(crate) order: Vec<BlockId>,
}

/// One value that leaves a scope.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) value: Value,
}

/// A block whose types are known.
#[derive(Debug)]
pub(crate) struct Block {
    /// What the file calls it; none for an unnamed child of a Sequential.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// Its step in the weight path.
    pub(crate) segment: Segment,
    pub(crate) kind: Kind,
    /// What comes out, one type a port.
    pub(crate) ports: Vec<Type>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Input,
    Layer(Arc<dyn Layer>),
    Scope(ScopeId),
}

/// A port of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Value {
    pub(crate) block: BlockId,
    pub(crate) port: usize,
}

/// From which port, and as which input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wire {
    port: usize,
    slot: usize,
}

/// A step in the PyTorch name of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Segment {
    Name(String),
    /// The position in a Sequential.
    Index(usize),
}

/// The PyTorch name of a parameter or of what contains it: `layer1.0.conv1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WeightPath(pub(crate) Vec<Segment>);

/// A block before it is wired.
#[derive(Debug)]
pub(crate) struct NewBlock {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) segment: Segment,
}

impl Scope {
    pub(crate) fn new(name: Option<String>, type_name: Option<String>, path: WeightPath) -> Self {
        Self {
            name,
            type_name,
            path,
            graph: StableDiGraph::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            written: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Adds an input of a known type.
    pub(crate) fn add_input(&mut self, block: NewBlock, ty: Type) -> BlockId {
        let id = self.graph.add_node(block.with(Kind::Input, vec![ty]));
        self.inputs.push(id);
        id
    }

    /// Adds a layer; the types of its ports follow from those of its inputs.
    pub(crate) fn wire(
        &mut self,
        block: NewBlock,
        layer: Arc<dyn Layer>,
        inputs: &[Value],
        needs: &mut Needs<'_>,
    ) -> Result<BlockId, Problem> {
        let types: Vec<Type> = inputs.iter().map(|it| self.ty(*it).clone()).collect();
        let ports = layer.outputs(&types, needs)?;
        Ok(self.connect(block.with(Kind::Layer(layer), ports), inputs))
    }

    /// Adds a scope that was wired for the types of these inputs.
    pub(crate) fn wire_scope(
        &mut self,
        block: NewBlock,
        (id, scope): (ScopeId, &Scope),
        inputs: &[Value],
    ) -> BlockId {
        let ports = scope
            .outputs
            .iter()
            .map(|it| scope.ty(it.value).clone())
            .collect();
        self.connect(block.with(Kind::Scope(id), ports), inputs)
    }

    fn connect(&mut self, block: Block, inputs: &[Value]) -> BlockId {
        let id = self.graph.add_node(block);
        for (slot, input) in inputs.iter().enumerate() {
            self.graph.add_edge(
                input.block,
                id,
                Wire {
                    port: input.port,
                    slot,
                },
            );
        }
        self.order.push(id);
        id
    }

    pub(crate) fn block(&self, id: BlockId) -> &Block {
        &self.graph[id]
    }

    /// The type of a value.
    pub(crate) fn ty(&self, value: Value) -> &Type {
        &self.graph[value.block].ports[value.port]
    }

    /// What goes into a block, in the order of its inputs.
    pub(crate) fn inputs_of(&self, id: BlockId) -> Vec<Value> {
        let edges = self.graph.edges_directed(id, petgraph::Direction::Incoming);
        let mut wires: Vec<(usize, Value)> = edges
            .map(|it| {
                (
                    it.weight().slot,
                    Value {
                        block: it.source(),
                        port: it.weight().port,
                    },
                )
            })
            .collect();
        wires.sort_unstable();
        wires.into_iter().map(|(_, value)| value).collect()
    }

    /// The types of what goes into a block.
    pub(crate) fn types_into(&self, id: BlockId) -> Vec<Type> {
        self.inputs_of(id)
            .into_iter()
            .map(|it| self.ty(it).clone())
            .collect()
    }

    /// The PyTorch name of a block.
    pub(crate) fn path_of(&self, id: BlockId) -> WeightPath {
        self.path.join(self.block(id).segment.clone())
    }
}

impl NewBlock {
    fn with(self, kind: Kind, ports: Vec<Type>) -> Block {
        let Self {
            name,
            description,
            segment,
        } = self;
        Block {
            name,
            description,
            segment,
            kind,
            ports,
        }
    }
}

impl Model {
    pub(crate) fn root(&self) -> ScopeId {
        ScopeId(self.scopes.len() - 1)
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0]
    }

    /// All parameters and buffers in the order of PyTorch's state dict.
    pub(crate) fn weights(&self) -> Vec<(String, Weight)> {
        let mut all = Vec::new();
        // Weights that are shared are there once.
        let mut seen = BTreeSet::new();
        // A stack of what is left to visit, so that nothing recurses.
        let mut left = vec![(self.root(), 0)];
        while let Some((id, next)) = left.pop() {
            let scope = self.scope(id);
            let Some(block) = scope.written.get(next).copied() else {
                continue;
            };
            left.push((id, next + 1));
            match &scope.block(block).kind {
                Kind::Input => {}
                Kind::Scope(inner) => left.push((*inner, 0)),
                Kind::Layer(layer) => {
                    let path = scope.path_of(block);
                    let weights = layer.weights(&scope.types_into(block));
                    let named = weights
                        .into_iter()
                        .map(|it| (format!("{path}.{}", it.leaf), it));
                    all.extend(named.filter(|it| seen.insert(it.0.clone())));
                }
            }
        }
        all
    }

    /// How many numbers training changes, if it is known before the model is made.
    pub(crate) fn parameters(&self) -> Option<i64> {
        self.weights()
            .iter()
            .filter(|it| it.1.kind == WeightKind::Parameter)
            .try_fold(0i64, |sum, (_, it)| {
                let count = it
                    .shape
                    .iter()
                    .try_fold(1i64, |product, dim| product.checked_mul(dim.as_fixed()?));
                sum.checked_add(count?)
            })
    }
}

impl Required {
    pub(crate) fn new(fact: Fact, block: String) -> Self {
        let text = fact.to_string();
        Self { fact, text, block }
    }
}

impl WeightPath {
    #[must_use]
    pub(crate) fn join(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }
}

impl fmt::Display for WeightPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            match segment {
                Segment::Name(name) => write!(f, "{dot}{name}")?,
                Segment::Index(index) => write!(f, "{dot}{index}")?,
            }
        }
        Ok(())
    }
}
