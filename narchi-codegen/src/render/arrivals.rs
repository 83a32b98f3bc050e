//! Where wires come from above a gap, and where they arrive below it.

use super::{
    Graph,
    card::{APART, Card},
    columns::Columns,
    rows::{Net, Rows},
};

/// Where a net comes from that goes through a gap.
pub(super) fn above(rows: &Rows, columns: &Columns, net: usize, gap: usize) -> f64 {
    let Net { node, x, .. } = rows.nets[net];
    match columns.lanes[net] {
        Some(lane) if gap > rows.last[node] => lane,
        _ => columns.nodes[node] + x,
    }
}

/// Where wires arrive at the tops of their nodes.
pub(super) fn arrivals(graph: &Graph, cards: &[Card], rows: &Rows, columns: &Columns) -> Vec<f64> {
    let mut from = vec![0.0; graph.edges.len()];
    for (number, net) in rows.nets.iter().enumerate() {
        for edge in &net.edges {
            let gap = rows.first[graph.edges[*edge].to.node] - 1;
            from[*edge] = above(rows, columns, number, gap);
        }
    }
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); cards.len()];
    for (place, edge) in graph.edges.iter().enumerate() {
        into[edge.to.node].push(place);
    }
    let mut arrivals = vec![0.0; graph.edges.len()];
    for (node, mut edges) in into.into_iter().enumerate() {
        let (card, left) = (&cards[node], columns.nodes[node]);
        if let Some(ins) = &card.ins {
            for edge in edges {
                let port = graph.edges[edge].to.port;
                arrivals[edge] = left + ins.get(port).or(ins.first()).copied().unwrap_or(0.0);
            }
            continue;
        }
        edges.sort_by(|a, b| from[*a].total_cmp(&from[*b]).then(a.cmp(b)));
        let straight = edges.iter().position(|it| columns.straight[*it]);
        for (edge, x) in edges
            .iter()
            .zip(spread(&edges, &from, straight, left, card.width))
        {
            arrivals[*edge] = x;
        }
    }
    arrivals
}

/// Near to where wires come from, but apart; one that is straight is in the middle.
fn spread(
    edges: &[usize],
    from: &[f64],
    straight: Option<usize>,
    left: f64,
    width: f64,
) -> Vec<f64> {
    let middle = left + width / 2.0;
    if let [edge] = edges {
        // One that need not bend does not.
        let is_above = (from[*edge] - middle).abs() <= width / 2.0 - 6.0;
        return vec![if is_above { from[*edge] } else { middle }];
    }
    #[expect(clippy::cast_precision_loss, reason = "no block has so many wires")]
    let reach = (width / 2.0 - 6.0).min(APART * edges.len() as f64);
    let (low, high) = (middle - reach, middle + reach);
    let mut xs: Vec<f64> = edges.iter().map(|it| from[*it].clamp(low, high)).collect();
    match straight {
        Some(place) => {
            xs[place] = middle;
            apart(&mut xs[place..], high);
            let mut others: Vec<f64> = xs[..=place].iter().rev().map(|it| -it).collect();
            apart(&mut others, -low);
            for (x, other) in xs[..=place].iter_mut().rev().zip(others) {
                *x = -other;
            }
        }
        None if xs.len() > 1 => {
            // From both sides, as far as they are apart at least.
            #[expect(clippy::cast_precision_loss, reason = "no block has so many wires")]
            let room = APART.min((high - low) / (xs.len() - 1) as f64);
            for place in 1..xs.len() {
                xs[place] = xs[place].max(xs[place - 1] + room);
            }
            let last = xs.len() - 1;
            xs[last] = xs[last].min(high);
            for place in (0..last).rev() {
                xs[place] = xs[place].min(xs[place + 1] - room);
            }
        }
        None => {}
    }
    xs
}

/// Keeps the first where it is, and the others between it and the end.
fn apart(xs: &mut [f64], end: f64) {
    let Some(others) = xs.len().checked_sub(1).filter(|it| *it > 0) else {
        return;
    };
    #[expect(clippy::cast_precision_loss, reason = "no block has so many wires")]
    let room = APART.min((end - xs[0]) / others as f64);
    for place in 1..xs.len() {
        xs[place] = xs[place].max(xs[place - 1] + room);
    }
    xs[others] = xs[others].min(end);
    for place in (1..others).rev() {
        xs[place] = xs[place].min(xs[place + 1] - room);
    }
}
