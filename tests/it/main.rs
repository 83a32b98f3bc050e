//! Every test that crosses a crate boundary and needs libtorch, in one binary.

mod generated;
mod layers;
