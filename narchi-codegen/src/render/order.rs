//! The order of columns from left to right: with few wires that cross, and short ones.

use super::columns::{Item, Link};

/// With more columns than this, they stay as they are.
const MOST: usize = 80;
/// With more than this, each moves a few places at a time.
const MANY: usize = 40;
/// How often one of them is moved at most.
const MOVES: usize = 40;
/// What it costs to pass a column, where it costs 1 to have two in another order than the file.
const PASSING: usize = 4;
/// What it costs to cross a wire.
const CROSSING: usize = 200;
/// What it costs to cross a box that is beside several rows.
const BOX: usize = 20_000;

/// The columns a net goes through between two rows.
struct Jog {
    gap: usize,
    columns: Vec<usize>,
}

/// The columns in order. To begin with they have the order of their first rows, and of the file.
pub(super) fn order(items: &[Item], links: &[Link], columns: usize, rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..columns).collect();
    if columns > MOST {
        return order;
    }
    let jogs = jogs(items, links);
    let prices = prices(items, columns, rows);
    let mut firsts = vec![usize::MAX; columns];
    for item in items {
        firsts[item.column] = firsts[item.column].min(item.first);
    }
    let cost = |order: &[usize]| cost(order, &jogs, &prices) + inversions(order, &firsts);
    let mut best = cost(&order);
    let reach = if columns > MANY { 4 } else { columns };
    for _ in 0..MOVES {
        // The best of all moves, so that the first column is not moved for what another should do.
        let mut found = None;
        for from in 0..columns {
            for to in from.saturating_sub(reach)..columns.min(from + reach + 1) {
                let mut moved = order.clone();
                let column = moved.remove(from);
                moved.insert(to, column);
                let cost = cost(&moved);
                if cost < best {
                    best = cost;
                    found = Some(moved);
                }
            }
        }
        match found {
            Some(moved) => order = moved,
            None => break,
        }
    }
    order
}

/// How many pairs of columns that start in the same row are not in the order of the file.
fn inversions(order: &[usize], firsts: &[usize]) -> usize {
    let mut count = 0;
    for (place, right) in order.iter().enumerate() {
        let left = order[..place].iter();
        count += left
            .filter(|left| *left > right && firsts[**left] == firsts[*right])
            .count();
    }
    count
}

fn jogs(items: &[Item], links: &[Link]) -> Vec<Jog> {
    let mut jogs: Vec<(usize, usize, Vec<usize>)> = Vec::new();
    for link in links {
        let (upper, lower) = (&items[link.upper], &items[link.lower]);
        if upper.column == lower.column {
            continue;
        }
        let gap = lower.first - 1;
        let both = [upper.column, lower.column];
        match jogs
            .iter_mut()
            .rev()
            .find(|it| (it.0, it.1) == (link.net, gap))
        {
            Some(jog) => jog.2.extend(both),
            None => jogs.push((link.net, gap, both.to_vec())),
        }
    }
    let jogs = jogs.into_iter();
    jogs.map(|(_, gap, columns)| Jog { gap, columns }).collect()
}

/// What it costs to cross a column in each gap.
fn prices(items: &[Item], columns: usize, rows: usize) -> Vec<Vec<usize>> {
    let mut prices = vec![vec![0; rows]; columns];
    for item in items {
        let prices = &mut prices[item.column];
        let inside = if item.is_lane { CROSSING } else { BOX };
        for price in &mut prices[item.first..item.last] {
            *price = inside;
        }
        let mut near = |gap: usize| prices[gap] = prices[gap].max(CROSSING / 2);
        near(item.last);
        if let Some(gap) = item.first.checked_sub(1) {
            near(gap);
        }
    }
    prices
}

fn cost(order: &[usize], jogs: &[Jog], prices: &[Vec<usize>]) -> usize {
    let mut place = vec![0; order.len()];
    for (at, column) in order.iter().enumerate() {
        place[*column] = at;
    }
    let cost = |jog: &Jog| {
        let places = jog.columns.iter().map(|it| place[*it]);
        let (low, high) = places.fold((usize::MAX, 0), |it, at| (it.0.min(at), it.1.max(at)));
        let between = &order[low + 1..high.max(low + 1)];
        let crossed = between.iter().filter(|it| !jog.columns.contains(it));
        PASSING * (high - low) + crossed.map(|it| prices[*it][jog.gap]).sum::<usize>()
    };
    jogs.iter().map(cost).sum()
}
