//! Languages of architecture files: names, nesting, wiring and order.

mod graph;
pub(crate) mod narchi;
