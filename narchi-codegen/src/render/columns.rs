//! Which columns nodes and long wires are in, and where those are.

use std::collections::BTreeMap;

use super::{
    Graph,
    card::Card,
    layout::label_width,
    order, places,
    rows::{Net, Rows},
};

/// What is left free at the sides of a box.
const BESIDE_BOX: f64 = 11.0;
/// What is left free at the sides of a long wire.
const BESIDE_WIRE: f64 = 8.0;

/// Where nodes and long wires are, from left to right.
#[derive(Debug)]
pub(super) struct Columns {
    /// The left sides of the nodes.
    pub(super) nodes: Vec<f64>,
    /// Where each net is beside nodes, if it is.
    pub(super) lanes: Vec<Option<f64>>,
    /// The wires that go straight down into their node.
    pub(super) straight: Vec<bool>,
    pub(super) width: f64,
}

/// A node or a long wire: something in a column.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) is_lane: bool,
    /// How far it reaches to both sides of its own zero.
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) column: usize,
    /// Where its zero is in its column.
    pub(super) offset: f64,
}

/// A piece of wire from one item to another, from row to row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) upper: usize,
    pub(super) lower: usize,
    pub(super) upper_x: f64,
    pub(super) lower_x: f64,
    /// The wire that ends here.
    edge: Option<usize>,
    /// The net that it is of.
    pub(super) net: usize,
}

impl Columns {
    pub(super) fn new(graph: &Graph, cards: &[Card], rows: &Rows) -> Self {
        let (mut items, lanes) = items(cards, rows);
        let links = links(graph, cards, rows, &lanes);
        let chosen = chains(&links, &items, cards.len(), rows);
        let count = assign(&mut items, &links, &chosen);
        let order = order::order(&items, &links, count, rows.count);
        let xs = places::places(&items, &links, &order, rows.count);
        let x = |it: &Item| xs[it.column] + it.offset;
        let start = items.iter().map(|it| x(it) - it.left);
        let start = start.fold(f64::INFINITY, f64::min);
        let end = items
            .iter()
            .map(|it| x(it) + it.right)
            .fold(start, f64::max);
        let start = if start.is_finite() { start } else { 0.0 };
        let mut straight = vec![false; graph.edges.len()];
        for (link, is_chosen) in links.iter().zip(&chosen) {
            if let (Some(edge), true) = (link.edge, *is_chosen) {
                straight[edge] = true;
            }
        }
        Self {
            nodes: items[..cards.len()]
                .iter()
                .map(|it| x(it) - start)
                .collect(),
            lanes: lanes
                .iter()
                .map(|it| it.map(|item| x(&items[item]) - start))
                .collect(),
            straight,
            width: if end.is_finite() { end - start } else { 0.0 },
        }
    }
}

/// The nodes, then the long wires; and the item of each net that is one.
fn items(cards: &[Card], rows: &Rows) -> (Vec<Item>, Vec<Option<usize>>) {
    let mut items: Vec<Item> = cards
        .iter()
        .enumerate()
        .map(|(node, card)| Item {
            first: rows.first[node],
            last: rows.last[node],
            is_lane: false,
            left: BESIDE_BOX,
            right: card.width + BESIDE_BOX,
            column: 0,
            offset: 0.0,
        })
        .collect();
    for net in &rows.nets {
        if let Some(label) = &net.label {
            let item = &mut items[net.node];
            item.right = item.right.max(net.x + label_width(label) + 3.0);
        }
    }
    let lane = |net: &Net| {
        let (first, last) = rows.lane(net)?;
        items.push(Item {
            first,
            last,
            is_lane: true,
            left: BESIDE_WIRE,
            right: BESIDE_WIRE,
            column: 0,
            offset: 0.0,
        });
        Some(items.len() - 1)
    };
    let lanes = rows.nets.iter().map(lane).collect();
    (items, lanes)
}

fn links(graph: &Graph, cards: &[Card], rows: &Rows, lanes: &[Option<usize>]) -> Vec<Link> {
    let mut links = Vec::new();
    for (number, net) in rows.nets.iter().enumerate() {
        let lane = lanes[number];
        if let Some(lane) = lane {
            links.push(Link {
                upper: net.node,
                lower: lane,
                upper_x: net.x,
                lower_x: 0.0,
                edge: None,
                net: number,
            });
        }
        for place in &net.edges {
            let to = graph.edges[*place].to;
            let card = &cards[to.node];
            let lower_x = match &card.ins {
                Some(ins) => ins.get(to.port).copied().unwrap_or(0.0),
                None => card.width / 2.0,
            };
            let is_near = rows.first[to.node] == rows.last[net.node] + 1;
            let (upper, upper_x) = match lane {
                Some(lane) if !is_near => (lane, 0.0),
                _ => (net.node, net.x),
            };
            links.push(Link {
                upper,
                lower: to.node,
                upper_x,
                lower_x,
                edge: Some(*place),
                net: number,
            });
        }
    }
    links
}

/// The links that are straight, so that what they link is one column.
fn chains(links: &[Link], items: &[Item], nodes: usize, rows: &Rows) -> Vec<bool> {
    // Each node goes on with the user that most depends on, and follows its operand; with equals, with the middle one.
    let mut ups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut downs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, link) in links.iter().enumerate() {
        if link.upper < nodes && link.lower < nodes {
            let is_next = rows.first[link.upper] + 1 == rows.first[link.lower];
            if is_next || items[link.upper].last > items[link.upper].first {
                downs.entry(link.upper).or_default().push(place);
            }
            if is_next {
                ups.entry(link.lower).or_default().push(place);
            }
        }
    }
    let middle = |all: &[usize]| (all.len() % 2 == 1).then(|| all[all.len() / 2]);
    let best_up: BTreeMap<usize, Option<usize>> =
        ups.iter().map(|(node, all)| (*node, middle(all))).collect();
    let best_down = downs.iter().map(|(node, all)| {
        let depth = |it: &usize| rows.below[links[*it].lower];
        let most = all.iter().map(depth).max().unwrap_or(0);
        let most: Vec<usize> = all.iter().filter(|it| depth(it) == most).copied().collect();
        (*node, middle(&most))
    });
    let best_down: BTreeMap<usize, Option<usize>> = best_down.collect();
    let mut chosen = vec![false; links.len()];
    let mut has_up = vec![false; items.len()];
    let mut has_down = vec![false; items.len()];
    let mut choose = |place: usize| {
        let link = &links[place];
        if !has_down[link.upper] && !has_up[link.lower] {
            chosen[place] = true;
            has_down[link.upper] = true;
            has_up[link.lower] = true;
        }
    };
    for (node, place) in &best_down {
        if let Some(place) = place
            && best_up.get(&links[*place].lower) == Some(&Some(*place))
        {
            debug_assert_eq!(links[*place].upper, *node);
            choose(*place);
        }
    }
    // Then long wires: with the node they come from or go to, if that is in no chain there.
    for (place, link) in links.iter().enumerate() {
        let into = link.lower < nodes && !ups.contains_key(&link.lower);
        let from = link.upper < nodes && !downs.contains_key(&link.upper);
        let is_last = items[link.upper].last + 1 == items[link.lower].first;
        if is_last && ((link.upper >= nodes && into) || (link.lower >= nodes && from)) {
            choose(place);
        }
    }
    chosen
}

/// Makes columns of chains; gives how many.
fn assign(items: &mut [Item], links: &[Link], chosen: &[bool]) -> usize {
    let mut below: Vec<Option<Link>> = vec![None; items.len()];
    let mut is_top = vec![true; items.len()];
    for (link, _) in links.iter().zip(chosen).filter(|it| *it.1) {
        below[link.upper] = Some(*link);
        is_top[link.lower] = false;
    }
    let mut tops: Vec<usize> = (0..items.len()).filter(|it| is_top[*it]).collect();
    tops.sort_by_key(|it| (items[*it].first, *it));
    for (column, top) in tops.iter().enumerate() {
        items[*top].column = column;
        let mut item = *top;
        while let Some(link) = below[item] {
            items[link.lower].column = column;
            items[link.lower].offset = items[item].offset + link.upper_x - link.lower_x;
            item = link.lower;
        }
    }
    tops.len()
}
