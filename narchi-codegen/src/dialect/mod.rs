//! Languages of architecture files: names, nesting, wiring and order.

mod blocks;
mod declared;
pub(crate) mod graph;
mod keys;
pub(crate) mod modules;
pub(crate) mod narchi;
mod unused;
