//! Where the places of an image lie in memory.

use super::Geometry;
use crate::frozen::dense::{Order, Sizes, count};

/// The places of padded inputs, channels-last, and of outputs.
#[derive(Clone, Copy)]
pub(super) struct Places {
    images: usize,
    channels: usize,
    /// Numbers from one place to the next; more than channels are filled with zeros.
    pitch: usize,
    input: [usize; 2],
    output: [usize; 2],
    geometry: Geometry,
}

/// What a window consists of: parts that lie together in memory.
pub(super) struct Taps {
    /// Where each part starts, as seen from the window's first place.
    pub(super) parts: Vec<usize>,
    /// How many numbers each has.
    pub(super) length: usize,
}

impl Places {
    pub(super) fn of(input: &Sizes, output: &Sizes, geometry: Geometry, pitch: usize) -> Self {
        let plane = |it: &Sizes| match *it.as_slice() {
            [_, _, length] => [1, count(length)],
            [_, _, rows, columns, ..] => [count(rows), count(columns)],
            _ => [0; 2],
        };
        let size = input.as_slice();
        Self {
            images: size.first().copied().map_or(0, count),
            channels: size.get(1).copied().map_or(0, count),
            pitch,
            input: plane(input),
            output: plane(output),
            geometry,
        }
    }

    fn padded_size(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.input[axis] + 2 * self.geometry.padding[axis])
    }

    /// Whether the loops can read it as it is.
    pub(super) fn is_bare(&self) -> bool {
        self.geometry.padding == [0; 2] && self.pitch == self.channels
    }

    /// The input with zeros around it.
    pub(super) fn padded(&self, input: &[f32], order: Order) -> Vec<f32> {
        let Self {
            channels, pitch, ..
        } = *self;
        let [rows, columns] = self.input;
        let [vertical, horizontal] = self.geometry.padding;
        let [all_rows, all_columns] = self.padded_size();
        let mut padded = vec![0.; self.images * all_rows * all_columns * pitch];
        if input.is_empty() {
            return padded;
        }
        let images = padded.chunks_exact_mut(all_rows * all_columns * pitch);
        for (target, source) in images.zip(input.chunks_exact(rows * columns * channels)) {
            for row in 0..rows {
                let start = ((row + vertical) * all_columns + horizontal) * pitch;
                let target = &mut target[start..start + columns * pitch];
                match order {
                    Order::Last if pitch == channels => {
                        target.copy_from_slice(
                            &source[row * columns * channels..][..columns * channels],
                        );
                    }
                    Order::Last => {
                        let source = source[row * columns * channels..].chunks_exact(channels);
                        for (target, source) in target.chunks_exact_mut(pitch).zip(source) {
                            target[..channels].copy_from_slice(source);
                        }
                    }
                    Order::First => {
                        for channel in 0..channels {
                            let source = &source[(channel * rows + row) * columns..][..columns];
                            for (target, source) in target.chunks_exact_mut(pitch).zip(source) {
                                target[channel] = *source;
                            }
                        }
                    }
                }
            }
        }
        padded
    }

    /// Where the window of each output starts.
    pub(super) fn starts(&self) -> Vec<usize> {
        let [all_rows, all_columns] = self.padded_size();
        let [down, right] = self.geometry.stride;
        let [rows, columns] = self.output;
        let mut starts = Vec::with_capacity(self.images * rows * columns);
        for image in 0..self.images {
            for row in 0..rows {
                let first = (image * all_rows + row * down) * all_columns;
                starts.extend((0..columns).map(|it| (first + it * right) * self.pitch));
            }
        }
        starts
    }

    /// With neighbouring taps in one part, where they are neighbours in memory too; all apart for `is_depthwise`.
    pub(super) fn taps(&self, is_depthwise: bool) -> Taps {
        let [_, all_columns] = self.padded_size();
        let Geometry {
            kernel: [rows, columns],
            dilation: [down, right],
            ..
        } = self.geometry;
        let (columns, together) = if right == 1 && !is_depthwise {
            (1, columns)
        } else {
            (columns, 1)
        };
        let place = |row, column| (row * down * all_columns + column * right) * self.pitch;
        let parts = (0..rows).flat_map(|row| (0..columns).map(move |column| place(row, column)));
        Taps {
            parts: parts.collect(),
            length: together * self.pitch,
        }
    }
}
