//! Into the domain in which a convolution is sixteen products, and out of it.
//!
//! Of `F(2 × 2, 3 × 3)`: a patch `d` of 4 × 4 inputs becomes `Bᵀ d B`, the 3 × 3 weights `g` of it `G g Gᵀ`, and the sums `m` of their
//! products, place by place, the 2 × 2 outputs `Aᵀ m A`.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use super::{Job, Pair};
use crate::frozen::epilogue::loops::activate;
use crate::frozen::lanes::{LANES, Lanes, Vector};

/// Of a patch.
pub(super) const PLACES: usize = 16;

/// A tile of 2 × 2 outputs, by the number of the image, and of its row and column.
#[derive(Clone, Copy)]
struct Tile {
    image: usize,
    row: usize,
    column: usize,
}

impl Job<'_> {
    fn tile(&self, index: usize) -> Tile {
        let [rows, columns] = self.grid.tiles;
        Tile {
            image: index / (rows * columns),
            row: index / columns % rows,
            column: index % columns,
        }
    }

    /// The patches of the tiles from `first` on: for each place, each sixteen inputs, and each tile.
    #[inline(always)]
    pub(super) fn patches<V: Vector>(&self, first: usize, tiles: usize, patches: &mut [Lanes]) {
        let groups = self.grid.inputs / LANES;
        for index in 0..tiles {
            let tile = self.tile(first + index);
            for group in 0..groups {
                let patch = transformed(self.patch::<V>(tile, group));
                for (place, value) in patch.as_flattened().iter().enumerate() {
                    value.store(&mut patches[(place * groups + group) * tiles + index].0);
                }
            }
        }
    }

    /// Zeros where the image has ended.
    #[inline(always)]
    fn patch<V: Vector>(&self, tile: Tile, group: usize) -> [[V; 4]; 4] {
        let grid = self.grid;
        let [height, width] = grid.input;
        let groups = grid.inputs / LANES;
        let top = (tile.row * 2).wrapping_sub(grid.padding[0]);
        let left = (tile.column * 2).wrapping_sub(grid.padding[1]);
        let at = |row: usize, column: usize| {
            let place = (tile.image * height + row) * width + column;
            V::load(&self.input[place * groups + group])
        };
        let mut patch = [[V::splat(0.); 4]; 4];
        if top < height && left < width && top + 4 <= height && left + 4 <= width {
            let rows = [0, 1, 2, 3].map(|row: usize| top + row);
            return rows.map(|y| [0, 1, 2, 3].map(|column: usize| at(y, left + column)));
        }
        for (row, values) in patch.iter_mut().enumerate() {
            for (column, value) in values.iter_mut().enumerate() {
                let (y, x) = (top.wrapping_add(row), left.wrapping_add(column));
                if y < height && x < width {
                    *value = at(y, x);
                }
            }
        }
        patch
    }

    /// The outputs of the tiles from `first` on, of one panel, from the sums for each place and tile.
    #[inline(always)]
    pub(super) fn outputs<V: Vector>(
        &self,
        first: usize,
        tiles: usize,
        panel: usize,
        sums: &[Pair],
    ) {
        let grid = self.grid;
        let [height, width] = grid.output;
        let groups = grid.outputs / LANES;
        for index in 0..tiles {
            let tile = self.tile(first + index);
            let first = (tile.image * height + tile.row * 2) * width + tile.column * 2;
            for half in 0..2 {
                let group = panel * 2 + half;
                if group == groups {
                    break;
                }
                let sum = |place: usize| V::load(&sums[place * tiles + index].0[half].0);
                let bias = V::load(&self.bias[group].0);
                let values = outputs_of(sum);
                for (row, values) in values.into_iter().enumerate() {
                    for (column, value) in values.into_iter().enumerate() {
                        if tile.row * 2 + row < height && tile.column * 2 + column < width {
                            let place = first + row * width + column;
                            self.put(place * groups + group, value.plus(bias));
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "each share has its own outputs")]
    fn put<V: Vector>(&self, at: usize, mut value: V) {
        if let Some(others) = &self.others {
            // SAFETY: this share alone writes there, if anyone does, and the tensors are borrowed as long as it lasts.
            let other = unsafe { others.get(at) };
            value = value.plus(V::load(&other.unwrap_or_default()));
        }
        let mut values = [0.; LANES];
        value.store(&mut values);
        activate(self.epilogue, &mut values);
        // SAFETY: see above.
        unsafe { self.output.set(at, values) }
    }
}

/// `Bᵀ d B`.
#[inline(always)]
fn transformed<V: Vector>(patch: [[V; 4]; 4]) -> [[V; 4]; 4] {
    let of = |a: V, b: V, c: V, d: V| [a.minus(c), b.plus(c), c.minus(b), b.minus(d)];
    let mut rows = patch;
    for column in 0..4 {
        let [a, b, c, d] = [0, 1, 2, 3].map(|row: usize| patch[row][column]);
        let values = of(a, b, c, d);
        for row in 0..4 {
            rows[row][column] = values[row];
        }
    }
    rows.map(|[a, b, c, d]| of(a, b, c, d))
}

/// `Aᵀ m A`.
#[inline(always)]
fn outputs_of<V: Vector>(sum: impl Fn(usize) -> V) -> [[V; 2]; 2] {
    let of = |[a, b, c, d]: [V; 4]| [a.plus(b).plus(c), b.minus(c).minus(d)];
    let columns = [0, 1, 2, 3].map(|column: usize| of([0, 4, 8, 12].map(|row| sum(row + column))));
    [0, 1].map(|row: usize| of([0, 1, 2, 3].map(|column: usize| columns[column][row])))
}

/// `G g Gᵀ`, in double precision.
pub(super) fn of_weights(taps: &[f32; 9]) -> [f32; PLACES] {
    let of = |[a, b, c]: [f64; 3]| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let taps = taps.map(f64::from);
    let columns = [0, 1, 2].map(|it: usize| of([taps[it], taps[3 + it], taps[6 + it]]));
    let rows = [0, 1, 2, 3].map(|row: usize| of([0, 1, 2].map(|it: usize| columns[it][row])));
    #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
    let rounded = |it: f64| it as f32;
    let mut places = [0.; PLACES];
    for (to, from) in places.iter_mut().zip(rows.as_flattened()) {
        *to = rounded(*from);
    }
    places
}
