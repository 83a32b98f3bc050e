//! Which rows nodes are in: operands above their users, with wires between rows and beside nodes.

use super::{Graph, Look, card::Card};

/// What is assumed to be between two rows, where it is not known yet.
const GAP: f64 = 34.0;

/// Rows of a graph.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) count: usize,
    /// The first row of each node.
    pub(super) first: Vec<usize>,
    /// The last one; a tall node may be beside several.
    pub(super) last: Vec<usize>,
    /// How many rows would do before and after each node.
    pub(super) below: Vec<usize>,
    /// How high each row is.
    pub(super) heights: Vec<f64>,
    pub(super) nets: Vec<Net>,
}

/// An output that is used, with all wires from it.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) node: usize,
    /// Where it starts, from the left side of its node.
    pub(super) x: f64,
    /// Wires, by their places in the graph.
    pub(super) edges: Vec<usize>,
    /// The last row that it goes to.
    pub(super) until: usize,
    /// What is written beside it.
    pub(super) label: Option<String>,
}

impl Rows {
    /// With `stretch`, tall nodes are beside several rows where their users are that far away.
    pub(super) fn new(graph: &Graph, cards: &[Card], stretch: bool, is_root: bool) -> Self {
        let first = firsts(graph);
        let count = first.iter().max().map_or(0, |it| it + 1);
        let mut slack = vec![usize::MAX; cards.len()];
        for edge in &graph.edges {
            let rows = first[edge.to.node] - first[edge.from.node];
            let slack = &mut slack[edge.from.node];
            *slack = rows.min(*slack);
        }
        let mut heights = vec![0.0_f64; count];
        for (node, card) in cards.iter().enumerate() {
            if !stretch || slack[node] < 2 {
                let height = &mut heights[first[node]];
                *height = height.max(card.height);
            }
        }
        let mut last = first.clone();
        for (node, card) in cards.iter().enumerate() {
            if !stretch || slack[node] < 2 || slack[node] == usize::MAX {
                continue;
            }
            let mut height = heights[first[node]];
            while height < card.height && last[node] + 1 < first[node] + slack[node] {
                last[node] += 1;
                height += GAP + heights[last[node]];
            }
        }
        let mut below = vec![0; cards.len()];
        for edge in graph.edges.iter().rev() {
            below[edge.from.node] = below[edge.from.node].max(below[edge.to.node] + 1);
        }
        let nets = nets(graph, cards, &first, is_root);
        Self {
            count,
            first,
            last,
            below,
            heights,
            nets,
        }
    }

    /// The rows in which a net is beside nodes.
    pub(super) fn lane(&self, net: &Net) -> Option<(usize, usize)> {
        let last = self.last[net.node];
        (net.until > last + 1).then(|| (last + 1, net.until - 1))
    }
}

/// The longest way from an input; outputs are in the last row. Nodes are in order.
fn firsts(graph: &Graph) -> Vec<usize> {
    let inside = |it: &super::Node| usize::from(it.look != Look::Input);
    let mut first: Vec<usize> = graph.nodes.iter().map(inside).collect();
    // Wires are sorted by where they go, and operands come before their users.
    for edge in &graph.edges {
        first[edge.to.node] = first[edge.to.node].max(first[edge.from.node] + 1);
    }
    let last = first.iter().max().copied().unwrap_or(0);
    for (node, first) in graph.nodes.iter().zip(&mut first) {
        if node.look == Look::Output {
            *first = last;
        }
    }
    first
}

fn nets(graph: &Graph, cards: &[Card], first: &[usize], is_root: bool) -> Vec<Net> {
    let mut order: Vec<usize> = (0..graph.edges.len()).collect();
    order.sort_by_key(|it| (graph.edges[*it].from, *it));
    let mut nets: Vec<Net> = Vec::new();
    let mut before = None;
    for place in order {
        let edge = &graph.edges[place];
        if before != Some(edge.from) {
            before = Some(edge.from);
            let outs = &cards[edge.from.node].outs;
            let x = outs.get(edge.from.port).or(outs.last());
            nets.push(Net {
                node: edge.from.node,
                x: x.copied().unwrap_or(0.0),
                edges: Vec::new(),
                until: 0,
                label: None,
            });
        }
        let Some(net) = nets.last_mut() else { continue };
        net.edges.push(place);
        net.until = net.until.max(first[edge.to.node]);
        // What comes into a scope or leaves it has its shape outside.
        let is_outside = |node: usize, look| !is_root && graph.nodes[node].look == look;
        if !is_outside(edge.from.node, Look::Input) && !is_outside(edge.to.node, Look::Output) {
            net.label = Some(edge.shape.clone());
        }
    }
    nets
}
