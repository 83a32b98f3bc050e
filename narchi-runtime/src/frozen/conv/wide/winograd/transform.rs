//! Into the domain in which a convolution is sixteen products, and out of it.
//!
//! Of `F(2 × 2, 3 × 3)`: a patch `d` of 4 × 4 inputs becomes `Bᵀ d B`, the 3 × 3 weights `g` of it `G g Gᵀ`, and the sums `m` of their
//! products, place by place, the 2 × 2 outputs `Aᵀ m A`.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider registers of its caller"
)]

use super::{Block, Job, Lanes, PANEL, Pair};
use crate::frozen::lanes::{LANES, Vector};

/// Of a patch.
pub(super) const PATCH: usize = 16;

/// A tile of 2 × 2 outputs, by the number of the image, and of its row and column.
#[derive(Clone, Copy)]
struct Tile {
    image: usize,
    row: usize,
    column: usize,
}

impl Job<'_> {
    fn tile(&self, index: usize) -> Tile {
        let [rows, columns] = self.tiles();
        Tile {
            image: index / (rows * columns),
            row: index / columns % rows,
            column: index % columns,
        }
    }

    /// The patches of the tiles: for each place, each sixteen inputs, and each tile.
    #[inline(always)]
    pub(super) fn patches<V: Vector>(&self, block: Block, patches: &mut [Lanes]) {
        for index in 0..block.tiles {
            let tile = self.tile(block.first + index);
            for group in 0..block.groups {
                let patch = transformed(self.patch::<V>(tile, group));
                let first = group * block.tiles + index;
                for (place, value) in patch.as_flattened().iter().enumerate() {
                    value.store(&mut patches[place * block.patches_apart() + first].0);
                }
            }
        }
    }

    /// Zeros where the image has ended.
    #[inline(always)]
    fn patch<V: Vector>(&self, tile: Tile, group: usize) -> [[V; 4]; 4] {
        let [height, width] = self.images.input;
        let [above, before] = self.geometry.padding;
        let groups = self.geometry.inputs / LANES;
        let (input, _) = self.input.as_chunks();
        let top = (tile.row * 2).wrapping_sub(above);
        let left = (tile.column * 2).wrapping_sub(before);
        let at = |row: usize, column: usize| {
            let place = (tile.image * height + row) * width + column;
            V::load(&input[place * groups + group])
        };
        let mut patch = [[V::splat(0.); 4]; 4];
        if top < height && left < width && top + 4 <= height && left + 4 <= width {
            for (row, values) in patch.iter_mut().enumerate() {
                for (column, value) in values.iter_mut().enumerate() {
                    *value = at(top + row, left + column);
                }
            }
            return patch;
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

    /// The outputs of the tiles and of one panel, from the sums for each place and tile.
    #[inline(always)]
    pub(super) fn outputs<V: Vector>(&self, block: Block, panel: usize, sums: &[Pair]) {
        let [height, width] = self.images.output;
        let (outputs, channels) = (self.geometry.outputs, self.output.channels);
        let (biases, _): (&[Pair], _) = self.bias.as_chunks();
        for index in 0..block.tiles {
            let tile = self.tile(block.first + index);
            let first = (tile.image * height + tile.row * 2) * width + tile.column * 2;
            for (half, Lanes(bias)) in biases[panel].iter().enumerate() {
                let from = panel * PANEL + half * LANES;
                if from >= outputs {
                    break;
                }
                let bias = V::load(bias);
                let mut patch = [[bias; 4]; 4];
                for (place, value) in patch.as_flattened_mut().iter_mut().enumerate() {
                    *value = V::load(&sums[place * block.sums_apart() + index][half].0);
                }
                let values = outputs_of(patch, bias);
                let corner = first * channels + from;
                if tile.row * 2 + 2 <= height && tile.column * 2 + 2 <= width {
                    let below = corner + width * channels;
                    let at = [corner, corner + channels, below, below + channels];
                    let [[a, b], [c, d]] = values;
                    self.output.put(at, [a, b, c, d]);
                    continue;
                }
                for (row, values) in values.into_iter().enumerate() {
                    for (column, value) in values.into_iter().enumerate() {
                        if tile.row * 2 + row < height && tile.column * 2 + column < width {
                            let at = corner + (row * width + column) * channels;
                            self.output.put([at], [value]);
                        }
                    }
                }
            }
        }
    }
}

/// `Bᵀ d B`.
#[inline(always)]
fn transformed<V: Vector>([a, b, c, d]: [[V; 4]; 4]) -> [[V; 4]; 4] {
    let mut rows = [[a[0]; 4]; 4];
    for column in 0..4 {
        rows[0][column] = a[column].minus(c[column]);
        rows[1][column] = b[column].plus(c[column]);
        rows[2][column] = c[column].minus(b[column]);
        rows[3][column] = b[column].minus(d[column]);
    }
    for row in &mut rows {
        let [a, b, c, d] = *row;
        *row = [a.minus(c), b.plus(c), c.minus(b), b.minus(d)];
    }
    rows
}

/// `Aᵀ m A`, and the bias.
#[inline(always)]
fn outputs_of<V: Vector>(sums: [[V; 4]; 4], bias: V) -> [[V; 2]; 2] {
    let [a, b, c, d] = sums;
    let mut rows = [[a[0]; 4]; 2];
    for column in 0..4 {
        rows[0][column] = a[column].plus(b[column]).plus(c[column]);
        rows[1][column] = b[column].minus(c[column]).minus(d[column]);
    }
    let mut outputs = [[a[0]; 2]; 2];
    for (outputs, [a, b, c, d]) in outputs.iter_mut().zip(rows) {
        *outputs = [a.plus(b).plus(c).plus(bias), b.minus(c).minus(d).plus(bias)];
    }
    outputs
}

/// `G g Gᵀ`, in double precision.
pub(super) fn of_weights(taps: &[f32; 9]) -> [f32; PATCH] {
    let of = |[a, b, c]: [f64; 3]| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let taps = taps.map(f64::from);
    let columns = [0, 1, 2].map(|it: usize| of([taps[it], taps[3 + it], taps[6 + it]]));
    let rows = [0, 1, 2, 3].map(|row: usize| of([0, 1, 2].map(|it: usize| columns[it][row])));
    #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
    let rounded = |it: f64| it as f32;
    let mut places = [0.; PATCH];
    for (to, from) in places.iter_mut().zip(rows.as_flattened()) {
        *to = rounded(*from);
    }
    places
}
