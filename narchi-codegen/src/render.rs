//! A model as a picture: what is drawn, without places. The files below say where, or leave it to other programs.

mod arrivals;
mod card;
mod colour;
mod columns;
mod dot;
mod fills;
mod html;
mod layout;
mod mermaid;
mod order;
mod places;
mod rows;
mod svg;
mod text;
mod wires;

use std::collections::BTreeMap;

pub use self::{colour::Colour, fills::Fills, text::text_width};
use crate::{
    dim::{Dim, Env},
    layer::{Layer, Memory},
    model::{Block, BlockId, Kind, Model, Scope, ScopeId, Segment, Value},
    shape::{Dtype, Type},
    summary::known,
};

/// Scopes in more scopes than this are never opened: nobody could see them.
const DEEPEST: usize = 64;

/// What is drawn of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    /// The name of the architecture.
    pub name: String,
    /// What the file says of it.
    pub description: Option<String>,
    /// Inputs, outputs and parameters in a line.
    pub caption: String,
    /// What is in it.
    pub graph: Graph,
}

/// The nodes of a scope, and what goes from one to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The inputs, the blocks in the order of execution, and the outputs.
    pub nodes: Vec<Node>,
    /// The wires.
    pub edges: Vec<Edge>,
}

/// A block, or an input or output of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it is, `layer1.0.conv1`; for inputs and outputs of scopes that are blocks, `layer1.0#in0`.
    pub path: String,
    /// The id, or the number in a Sequential; empty for inputs and outputs that have none.
    pub name: String,
    /// The class, or the `_name` of a scope; empty for inputs and outputs.
    pub class: String,
    /// The parameters that differ from their defaults: `kernel_size`, `[3, 3]`.
    pub params: Vec<(String, String)>,
    /// What the file says of it.
    pub description: Option<String>,
    /// The path that weights in it have, if they are those of another block.
    pub shares: Option<String>,
    /// What it is drawn as.
    pub look: Look,
    /// The colour of its box, if it is not that of what it is drawn as.
    pub fill: Option<Colour>,
    /// What is in a scope that is open.
    pub inside: Option<Graph>,
}

/// What a node is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Look {
    /// An input.
    Input,
    /// An output.
    Output,
    /// A layer that applies matrices that are trained.
    Matrix,
    /// Another layer with weights.
    Weights,
    /// A layer that brings several values together.
    Merge,
    /// A layer that changes no number.
    View,
    /// Any other layer.
    Function,
    /// A scope.
    Scope,
}

/// A wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Which output of which node.
    pub from: End,
    /// Which input of which node.
    pub to: End,
    /// What flows there: `N × 64 × H × W`.
    pub shape: String,
}

/// An end of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The place of the node in its graph.
    pub node: usize,
    /// The number of the output or input.
    pub port: usize,
}

impl Model {
    /// What is drawn of the model, with these values of its sizes, and with as many levels of scopes open as `depth`
    /// says, all if it is none.
    ///
    /// # Errors
    ///
    /// As [`summarize`](Self::summarize).
    pub fn diagram(&self, at: &[(String, i64)], depth: Option<usize>) -> Result<Diagram, String> {
        let env = self.env(at)?;
        let walk = Walk {
            model: self,
            env: &env,
        };
        let levels = depth.map_or(DEEPEST, |it| it.min(DEEPEST));
        Ok(Diagram {
            name: self.name.clone(),
            description: self.description.clone(),
            caption: self.summary(),
            graph: walk.graph(self.root(), "", levels),
        })
    }
}

impl Diagram {
    /// How many levels of scopes are open.
    pub fn depth(&self) -> usize {
        self.graph.depth()
    }
}

impl Graph {
    fn depth(&self) -> usize {
        let inside = self.nodes.iter().filter_map(|it| it.inside.as_ref());
        inside.map(|it| 1 + it.depth()).max().unwrap_or(0)
    }
}

struct Walk<'a> {
    model: &'a Model,
    env: &'a Env,
}

impl Walk<'_> {
    /// What is in a scope, whose inputs and outputs are called after the path of its block.
    fn graph(&self, id: ScopeId, path: &str, levels: usize) -> Graph {
        let scope = self.model.scope(id);
        let mut graph = Graph::default();
        let mut places: BTreeMap<BlockId, usize> = BTreeMap::new();
        for (place, id) in scope.inputs.iter().enumerate() {
            let block = scope.block(*id);
            let name = block.name.clone().unwrap_or_default();
            places.insert(*id, graph.nodes.len());
            let path = end_path(path, &name, "in", place);
            let description = block.description.clone();
            graph
                .nodes
                .push(Node::end(Look::Input, path, name, description));
        }
        for id in &scope.order {
            let node = self.node(scope, *id, path, levels);
            places.insert(*id, graph.nodes.len());
            let to = graph.nodes.len();
            graph.nodes.push(node);
            for (slot, value) in scope.inputs_of(*id).into_iter().enumerate() {
                let edge = self.edge(scope, &places, value, End::new(to, slot));
                graph.edges.extend(edge);
            }
        }
        for (place, output) in scope.outputs.iter().enumerate() {
            let to = End::new(graph.nodes.len(), 0);
            let edge = self.edge(scope, &places, output.value, to);
            graph.edges.extend(edge);
            let name = output.name.clone().unwrap_or_default();
            let path = end_path(path, &name, "out", place);
            let description = output.description.clone();
            graph
                .nodes
                .push(Node::end(Look::Output, path, name, description));
        }
        graph
    }

    fn edge(
        &self,
        scope: &Scope,
        places: &BTreeMap<BlockId, usize>,
        value: Value,
        to: End,
    ) -> Option<Edge> {
        Some(Edge {
            from: End::new(*places.get(&value.block)?, value.port),
            to,
            shape: spelled(scope.ty(value), self.env),
        })
    }

    fn node(&self, scope: &Scope, id: BlockId, outer: &str, levels: usize) -> Node {
        let block = scope.block(id);
        let name = name(scope, id);
        let path = match outer {
            "" => name.clone(),
            outer => format!("{outer}.{name}"),
        };
        let weights = scope.path_of(id).to_string();
        let mut node = Node {
            name,
            class: String::new(),
            params: Vec::new(),
            description: block.description.clone(),
            shares: (weights != path).then_some(weights),
            look: Look::Scope,
            fill: None,
            inside: None,
            path,
        };
        match &block.kind {
            Kind::Input => node.look = Look::Input,
            Kind::Scope(inner) => {
                node.class = self.model.class_of(*inner);
                let open = |levels| self.graph(*inner, &node.path, levels);
                node.inside = levels.checked_sub(1).map(open);
            }
            Kind::Layer(layer) => {
                layer.class().clone_into(&mut node.class);
                let params = layer.params().into_iter();
                node.params = params
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect();
                node.look = look(layer.as_ref(), block, &scope.types_into(id));
            }
        }
        node
    }
}

/// The id or the number of a block; one that has the weights of another has a name of its own.
fn name(scope: &Scope, id: BlockId) -> String {
    let block = scope.block(id);
    let place = scope.written.iter().position(|it| *it == id);
    let place = place.unwrap_or_default();
    let before = scope.written.iter().take(place);
    let is_other = before
        .into_iter()
        .any(|it| scope.block(*it).segment == block.segment);
    match (&block.segment, &block.name) {
        (Segment::Name(_), Some(name)) if is_other => name.clone(),
        (Segment::Name(name), _) => name.clone(),
        (Segment::Index(_), _) if is_other => place.to_string(),
        (Segment::Index(index), _) => index.to_string(),
    }
}

fn look(layer: &dyn Layer, block: &Block, inputs: &[Type]) -> Look {
    if layer.applications(inputs, &block.ports).is_some() {
        Look::Matrix
    } else if !layer.weights(inputs).is_empty() {
        Look::Weights
    } else if layer.takes_many() {
        Look::Merge
    } else if layer.memory() == Memory::View || layer.is_identity_in_inference() {
        Look::View
    } else {
        Look::Function
    }
}

/// Inputs and outputs of the model have the ids that the file gives them; those of scopes none that could be taken.
fn end_path(path: &str, name: &str, side: &str, place: usize) -> String {
    if path.is_empty() && !name.is_empty() {
        name.to_owned()
    } else {
        format!("{path}#{side}{place}")
    }
}

/// `N × 64 × 2·⌈H/2⌉ × (W + 1)`
fn spelled(ty: &Type, env: &Env) -> String {
    let shape = known(ty, env);
    let dims: Vec<String> = shape.0.iter().map(dim).collect();
    let numbers = match ty.dtype {
        Dtype::Float => "",
        Dtype::Int64 => " of int64",
    };
    format!("{}{numbers}", dims.join(" × "))
}

fn dim(dim: &Dim) -> String {
    let text = dim.to_string().replace('*', "·");
    // A sum, outside of anything that is closed.
    let mut open = 0_usize;
    let is_sum = text.chars().any(|it| {
        match it {
            '(' | '[' | '⌈' | '⌊' => open += 1,
            ')' | ']' | '⌉' | '⌋' => open = open.saturating_sub(1),
            _ => {}
        }
        it == ' ' && open == 0
    });
    if is_sum { format!("({text})") } else { text }
}

impl Node {
    /// Whose weights it has, if it has any and they are those of another block.
    fn shares(&self) -> Option<&str> {
        let has_weights = matches!(self.look, Look::Matrix | Look::Weights | Look::Scope);
        self.shares.as_deref().filter(|_| has_weights)
    }

    fn end(look: Look, path: String, name: String, description: Option<String>) -> Self {
        Self {
            path,
            name,
            class: String::new(),
            params: Vec::new(),
            description,
            shares: None,
            look,
            fill: None,
            inside: None,
        }
    }
}

impl End {
    fn new(node: usize, port: usize) -> Self {
        Self { node, port }
    }
}
