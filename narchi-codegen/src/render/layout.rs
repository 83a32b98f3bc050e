//! Where everything is. Each scope is laid out alone, and is a box in the scope around it.

use super::{
    Graph,
    card::{Card, SMALL},
    columns::Columns,
    rows::Rows,
    text::text_width,
    wires::{self, Wire},
};

/// A graph with places, from its own upper left corner.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) width: f64,
    pub(super) height: f64,
    /// As in the graph.
    pub(super) nodes: Vec<Placed>,
    /// As the edges of the graph.
    pub(super) wires: Vec<Wire>,
    pub(super) labels: Vec<Label>,
    /// Where the inputs are.
    pub(super) ins: Vec<f64>,
    /// Where the outputs are.
    pub(super) outs: Vec<f64>,
}

/// A box with its upper left corner.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) card: Card,
}

/// A shape beside a wire.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) x: f64,
    /// What the letters stand on.
    pub(super) y: f64,
    pub(super) text: String,
}

/// Lays out a graph.
///
/// It has rows, each below those that it needs something of, and columns: chains of blocks, and long wires. A wire goes
/// straight down its column; in the gap between two rows, where no box is, it changes to another.
pub(super) fn laid(graph: &Graph, is_root: bool) -> Laid {
    let cards = cards(graph, is_root);
    // A tall box that is beside several rows may be in the way; one that makes its row high never is.
    let stretched = Rows::new(graph, &cards, true, is_root);
    let columns = Columns::new(graph, &cards, &stretched);
    match wires::route(graph, &cards, &stretched, &columns) {
        Some(routes) => routes.finish(graph, cards, &columns),
        None => {
            let rows = Rows::new(graph, &cards, false, is_root);
            let columns = Columns::new(graph, &cards, &rows);
            let routes = wires::route(graph, &cards, &rows, &columns);
            routes.unwrap_or_default().finish(graph, cards, &columns)
        }
    }
}

fn cards(graph: &Graph, is_root: bool) -> Vec<Card> {
    let mut ins = vec![0_usize; graph.nodes.len()];
    let mut labels: Vec<Vec<f64>> = vec![Vec::new(); graph.nodes.len()];
    for edge in &graph.edges {
        ins[edge.to.node] += 1;
        let labels = &mut labels[edge.from.node];
        if labels.len() <= edge.from.port {
            labels.resize(edge.from.port + 1, 0.0);
        }
        labels[edge.from.port] = label_width(&edge.shape);
    }
    let ends = |look| graph.nodes.iter().filter(|it| it.look == look).count();
    let nodes = graph.nodes.iter().zip(ins).zip(labels);
    let card = |((node, ins), labels): ((&super::Node, usize), Vec<f64>)| {
        Card::new(node, is_root, ins, &labels, ends(node.look))
    };
    nodes.map(card).collect()
}

/// How much room a shape takes to the right of its wire.
pub(super) fn label_width(text: &str) -> f64 {
    text_width(text, SMALL, false) + 9.0
}
