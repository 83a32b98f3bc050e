//! How wires go: down their columns, and from one to another between two rows.

use super::{
    Graph, Look,
    arrivals::{above, arrivals},
    card::Card,
    columns::Columns,
    layout::{Label, Laid, Placed},
    rows::{Net, Rows},
};

/// The height of a shape beside a wire.
const LABEL: f64 = 15.0;
/// How far wires that go to another column are apart.
const TRACK: f64 = 9.0;
/// What is left above the first of them.
const ABOVE: f64 = 5.0;
/// What an arrow needs.
const ARROW: f64 = 15.0;

/// The corners of a wire.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) points: Vec<(f64, f64)>,
    /// Whether it ends in a block, and not where it leaves a scope.
    pub(super) has_tip: bool,
}

/// What is left to do when it is known how wires go.
#[derive(Debug, Default)]
pub(super) struct Routes {
    wires: Vec<Wire>,
    labels: Vec<Label>,
    tops: Vec<f64>,
    height: f64,
}

/// What a net does between two rows.
struct Jog {
    net: usize,
    /// Where it comes from.
    above: f64,
    /// Where it goes to.
    below: Vec<f64>,
    track: Option<usize>,
}

impl Jog {
    fn low(&self) -> f64 {
        self.below.iter().copied().fold(self.above, f64::min)
    }

    fn high(&self) -> f64 {
        self.below.iter().copied().fold(self.above, f64::max)
    }

    fn is_straight(&self) -> bool {
        self.high() <= self.low()
    }
}

/// How wires go, if no box that is beside several rows is in the way.
pub(super) fn route(
    graph: &Graph,
    cards: &[Card],
    rows: &Rows,
    columns: &Columns,
) -> Option<Routes> {
    let arrivals = arrivals(graph, cards, rows, columns);
    let mut gaps: Vec<Vec<Jog>> = (1..rows.count).map(|_| Vec::new()).collect();
    for (number, net) in rows.nets.iter().enumerate() {
        let passed = gaps.iter_mut().enumerate().take(net.until);
        for (gap, jogs) in passed.skip(rows.last[net.node]) {
            let goes_on = gap + 1 < net.until;
            let ends = net.edges.iter();
            let ends = ends.filter(|it| rows.first[graph.edges[**it].to.node] == gap + 1);
            let mut below: Vec<f64> = ends.map(|it| arrivals[*it]).collect();
            below.extend(columns.lanes[number].filter(|_| goes_on));
            jogs.push(Jog {
                net: number,
                above: above(rows, columns, number, gap),
                below,
                track: None,
            });
        }
    }
    let is_blocked = |gap: usize, jog: &Jog| {
        (0..cards.len()).any(|node| {
            let left = columns.nodes[node];
            let is_beside = rows.first[node] <= gap && gap < rows.last[node];
            is_beside && jog.low() < left + cards[node].width && left < jog.high()
        })
    };
    let mut spaces = Vec::new();
    for (gap, jogs) in gaps.iter_mut().enumerate() {
        let wander = |it: &Jog| !it.is_straight();
        if jogs.iter().any(|it| wander(it) && is_blocked(gap, it)) {
            return None;
        }
        let count = tracks(jogs);
        let starts = |it: &Net| rows.last[it.node] == gap && it.label.is_some();
        let label = if rows.nets.iter().any(starts) {
            LABEL
        } else {
            0.0
        };
        #[expect(clippy::cast_precision_loss, reason = "no graph has so many wires")]
        let wide = if count > 0 {
            ABOVE + TRACK * (count - 1) as f64
        } else {
            0.0
        };
        spaces.push((label, label + wide + ARROW));
    }
    let (starts, heights) = heights(cards, rows, &spaces);
    let mut routes = Routes {
        height: starts
            .last()
            .zip(heights.last())
            .map_or(0.0, |it| it.0 + it.1),
        ..Routes::default()
    };
    routes.tops = tops(graph, cards, rows, &starts, &heights);
    let track = |gap: usize, net: usize| {
        let track = gaps[gap].iter().find(|it| it.net == net)?.track?;
        #[expect(clippy::cast_precision_loss, reason = "no graph has so many wires")]
        let down = TRACK * track as f64;
        Some(starts[gap] + heights[gap] + spaces[gap].0 + ABOVE + down)
    };
    routes.wires(graph, cards, rows, columns, (&arrivals, &track));
    Some(routes)
}

impl Routes {
    fn wires(
        &mut self,
        graph: &Graph,
        cards: &[Card],
        rows: &Rows,
        columns: &Columns,
        (arrivals, track): (&[f64], &dyn Fn(usize, usize) -> Option<f64>),
    ) {
        let mut wires: Vec<Option<Wire>> = graph.edges.iter().map(|_| None).collect();
        for (number, net) in rows.nets.iter().enumerate() {
            let (from, mut label) = (net.node, net.label.clone());
            let bottom = self.tops[from] + cards[from].height;
            for place in &net.edges {
                let to = graph.edges[*place].to.node;
                let mut x = columns.nodes[from] + net.x;
                if let Some(text) = label.take() {
                    let (x, y) = (x + 5.0, bottom + 11.0);
                    self.labels.push(Label { x, y, text });
                }
                let mut points = vec![(x, bottom)];
                for gap in rows.last[from]..rows.first[to] {
                    let next = if gap + 1 == rows.first[to] {
                        arrivals[*place]
                    } else {
                        columns.lanes[number].unwrap_or(x)
                    };
                    if (next - x).abs() > 0.01
                        && let Some(y) = track(gap, number)
                    {
                        points.extend([(x, y), (next, y)]);
                    }
                    x = next;
                }
                points.push((x, self.tops[to]));
                // In a scope, outputs are where the border is.
                let has_tip = graph.nodes[to].look != Look::Output || cards[to].ins.is_none();
                wires[*place] = Some(Wire { points, has_tip });
            }
        }
        self.wires = wires.into_iter().flatten().collect();
    }

    pub(super) fn finish(self, graph: &Graph, cards: Vec<Card>, columns: &Columns) -> Laid {
        let nodes = cards.into_iter().zip(&columns.nodes).zip(self.tops);
        let nodes: Vec<Placed> = nodes
            .map(|((card, x), y)| Placed { x: *x, y, card })
            .collect();
        let ends = |look| {
            let nodes = graph.nodes.iter().zip(&nodes);
            let ends = nodes.filter(|it| it.0.look == look);
            ends.map(|it| it.1.x + it.1.card.outs.first().unwrap_or(&0.0))
                .collect()
        };
        Laid {
            width: columns.width,
            height: self.height,
            ins: ends(Look::Input),
            outs: ends(Look::Output),
            nodes,
            wires: self.wires,
            labels: self.labels,
        }
    }
}

/// Gives tracks to the nets that go to another column, so that none is over another; gives how many there are.
fn tracks(jogs: &mut [Jog]) -> usize {
    // What it costs to have one above another: the wires that cross, and much more if one is on the other.
    let cost = |a: &Jog, b: &Jog| {
        let within = |x: f64, it: &Jog| it.low() < x && x < it.high();
        let crossed = a.below.iter().filter(|x| within(**x, b)).count();
        let coming = usize::from(within(b.above, a));
        let touching = a
            .below
            .iter()
            .filter(|it| (**it - b.above).abs() < 3.0)
            .count();
        crossed + coming + 1000 * touching
    };
    let moving: Vec<usize> = (0..jogs.len())
        .filter(|it| !jogs[*it].is_straight())
        .collect();
    let mut scored: Vec<(i64, usize)> = Vec::new();
    for a in &moving {
        let mut score = 0_i64;
        for b in moving.iter().filter(|it| *it != a) {
            let (above, below) = (cost(&jogs[*a], &jogs[*b]), cost(&jogs[*b], &jogs[*a]));
            score += i64::try_from(above).unwrap_or(0) - i64::try_from(below).unwrap_or(0);
        }
        scored.push((score, *a));
    }
    scored.sort_unstable();
    let mut count = 0;
    let mut done: Vec<(f64, f64, usize)> = Vec::new();
    for (_, jog) in scored {
        let (low, high) = (jogs[jog].low() - 4.0, jogs[jog].high() + 4.0);
        let over = done.iter().filter(|it| it.0 < high && low < it.1);
        let track = over.map(|it| it.2 + 1).max().unwrap_or(0);
        done.push((low, high, track));
        jogs[jog].track = Some(track);
        count = count.max(track + 1);
    }
    count
}

/// Where rows start, and how high they are, with these spaces between them.
fn heights(cards: &[Card], rows: &Rows, spaces: &[(f64, f64)]) -> (Vec<f64>, Vec<f64>) {
    let mut heights = rows.heights.clone();
    for (node, card) in cards.iter().enumerate() {
        let (first, last) = (rows.first[node], rows.last[node]);
        let between: f64 = spaces[first..last].iter().map(|it| it.1).sum();
        let height = between + heights[first..=last].iter().sum::<f64>();
        heights[last] += (card.height - height).max(0.0);
    }
    let mut starts = Vec::new();
    let mut y = 0.0;
    for (row, height) in heights.iter().enumerate() {
        starts.push(y);
        y += height + spaces.get(row).map_or(0.0, |it| it.1);
    }
    (starts, heights)
}

/// Nodes are in the middle of their rows; where wires cross the border of a scope is at the border.
fn tops(graph: &Graph, cards: &[Card], rows: &Rows, starts: &[f64], heights: &[f64]) -> Vec<f64> {
    let nodes = cards.iter().enumerate();
    let top = |(node, card): (usize, &Card)| {
        let start = starts[rows.first[node]];
        let end = starts[rows.last[node]] + heights[rows.last[node]];
        let is_end = card.ins.is_some() && card.inside.is_none();
        match graph.nodes[node].look {
            Look::Input if is_end => start,
            Look::Output if is_end => end - card.height,
            _ => ((start + end - card.height) / 2.0).round(),
        }
    };
    nodes.map(top).collect()
}
