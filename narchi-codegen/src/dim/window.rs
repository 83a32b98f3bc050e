//! Sizes after the layers that slide a window: torch's formulas.

use super::{Dim, Error, Result};

/// A window that slides along one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    /// Elements in the window.
    pub(crate) kernel: i64,
    /// Distance between windows.
    pub(crate) stride: i64,
    /// Elements added at each end.
    pub(crate) padding: i64,
    /// Distance between elements of a window.
    pub(crate) dilation: i64,
}

impl Window {
    /// How much of the padded input the window covers.
    fn extent(self) -> Result<i64> {
        let positive = [
            (self.kernel, "the kernel size must be positive"),
            (self.stride, "the stride must be positive"),
            (self.dilation, "the dilation must be positive"),
            (
                self.padding.saturating_add(1),
                "the padding must not be negative",
            ),
        ];
        if let Some((_, why)) = positive.iter().find(|(it, _)| *it < 1) {
            return Err(Error::Window(why));
        }
        let extent = self
            .dilation
            .checked_mul(self.kernel - 1)
            .and_then(|it| it.checked_add(1));
        extent.ok_or(Error::Overflow)
    }
}

impl Dim {
    /// The length after a convolution: `⌊(x + 2p - d(k-1) - 1)/s⌋ + 1`.
    pub(crate) fn conv(&self, window: Window) -> Result<Dim> {
        let slack = double(window.padding)?
            .checked_sub(window.extent()?)
            .ok_or(Error::Overflow)?;
        if window.stride == 1 && slack == -1 {
            return Ok(self.clone());
        }
        self.plus(slack)?.floor_div(window.stride)?.plus(1)
    }

    /// The length after a pooling.
    ///
    /// With `ceil_mode`, torch rounds up, then drops a last window that would start in the
    /// right padding: one with `(out-1)·s ≥ x + p`. So the length is
    /// `min(⌈(x + 2p - e)/s⌉ + 1, ⌈(x + p)/s⌉)` with the extent `e = d(k-1) + 1`. Both are `⌈(x + c)/s⌉`,
    /// which grows with `c`; so the smaller is the one with the smaller `c`, and no minimum
    /// is left in the formula. (torch lowers by one at most; more is never
    /// needed because it demands `p ≤ e/2`.)
    pub(crate) fn pool(&self, window: Window, ceil_mode: bool) -> Result<Dim> {
        let extent = window.extent()?;
        let padding = window.padding;
        if double(padding)? > extent {
            return Err(Error::Window(
                "the padding must be at most half of the window",
            ));
        }
        if !ceil_mode {
            return self.conv(window);
        }
        let beyond = (extent - padding).saturating_sub(window.stride).max(0);
        self.plus(padding - beyond)?.ceil_div(window.stride)
    }
}

fn double(padding: i64) -> Result<i64> {
    padding.checked_mul(2).ok_or(Error::Overflow)
}
