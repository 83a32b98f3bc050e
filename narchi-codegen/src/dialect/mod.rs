//! Languages of architecture files: names, nesting, wiring and order.

mod blocks;
mod declared;
mod graph;
mod keys;
pub(crate) mod modules;
pub(crate) mod narchi;
