//! Where columns are, when it is known which is left of which.

use std::collections::BTreeMap;

use super::columns::{Item, Link};

/// With fewer rounds, columns are not where their wires would have them.
const ROUNDS: usize = 160;

/// Where columns are: as near to those they are linked to as others let them.
pub(super) fn places(items: &[Item], links: &[Link], order: &[usize], rows: usize) -> Vec<f64> {
    let bounds = bounds(items, order, rows);
    let mut xs = vec![0.0; order.len()];
    let apply = |xs: &mut [f64]| {
        for ((left, right), least) in &bounds {
            let (left, right) = (order[*left], order[*right]);
            xs[right] = f64::max(xs[right], xs[left] + least);
        }
    };
    apply(&mut xs);
    let mut pulls: Vec<Vec<(usize, f64)>> = vec![Vec::new(); order.len()];
    for link in links {
        let (a, b) = (&items[link.upper], &items[link.lower]);
        if a.column != b.column {
            let apart = a.offset + link.upper_x - b.offset - link.lower_x;
            pulls[b.column].push((a.column, apart));
            pulls[a.column].push((b.column, -apart));
        }
    }
    let wanted = |xs: &[f64], column: usize| {
        let pulls = pulls.get(column).filter(|it| !it.is_empty())?;
        let sum: f64 = pulls.iter().map(|(other, apart)| xs[*other] + apart).sum();
        #[expect(clippy::cast_precision_loss, reason = "no block has so many wires")]
        let count = pulls.len() as f64;
        Some(sum / count)
    };
    let push = |xs: &mut [f64], (left, right): (usize, usize), least: f64| {
        let (left, right) = (order[left], order[right]);
        let missing = xs[left] + least - xs[right];
        if missing > 0.0 {
            xs[left] -= missing / 2.0;
            xs[right] += missing / 2.0;
        }
    };
    // First all give way to all.
    for _ in 0..ROUNDS {
        for column in order {
            if let Some(wanted) = wanted(&xs, *column) {
                xs[*column] += (wanted - xs[*column]) / 2.0;
            }
        }
        for (pair, least) in bounds.iter().chain(bounds.iter().rev()) {
            push(&mut xs, *pair, *least);
        }
    }
    for x in &mut xs {
        *x = x.round();
    }
    apply(&mut xs);
    // Then each goes where it wants to be, as far as it is free.
    let mut sides: Vec<(Vec<usize>, Vec<usize>)> = vec![Default::default(); order.len()];
    for (place, ((left, right), _)) in bounds.iter().enumerate() {
        sides[order[*left]].1.push(place);
        sides[order[*right]].0.push(place);
    }
    for _ in 0..ROUNDS / 4 {
        for column in order {
            let Some(wanted) = wanted(&xs, *column) else {
                continue;
            };
            let (before, after) = &sides[*column];
            let low = before
                .iter()
                .map(|it| xs[order[bounds[*it].0.0]] + bounds[*it].1);
            let high = after
                .iter()
                .map(|it| xs[order[bounds[*it].0.1]] - bounds[*it].1);
            let low = low.fold(f64::NEG_INFINITY, f64::max);
            xs[*column] = high.fold(wanted.round(), f64::min).max(low);
        }
    }
    xs
}

/// How far columns are apart at least, by their places from left to right; those further left first.
fn bounds(items: &[Item], order: &[usize], rows: usize) -> Vec<((usize, usize), f64)> {
    let mut place = vec![0; order.len()];
    for (at, column) in order.iter().enumerate() {
        place[*column] = at;
    }
    let mut by_row: Vec<Vec<&Item>> = vec![Vec::new(); rows];
    for item in items {
        for row in by_row.iter_mut().take(item.last + 1).skip(item.first) {
            row.push(item);
        }
    }
    let mut bounds: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for row in &mut by_row {
        row.sort_by_key(|it| place[it.column]);
        for pair in row.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let least = (a.offset + a.right - b.offset + b.left).ceil();
            let bound = bounds
                .entry((place[a.column], place[b.column]))
                .or_insert(least);
            *bound = bound.max(least);
        }
    }
    bounds.into_iter().collect()
}
