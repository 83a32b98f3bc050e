//! Languages of architecture files: names, nesting, wiring and order.

mod blocks;
pub(crate) mod graph;
pub(crate) mod modules;
pub(crate) mod narchi;
mod unused;
