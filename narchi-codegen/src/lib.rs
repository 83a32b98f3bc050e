//! Compiles neural network architectures, written in jsonnet, to plain Rust.
//!
//! Read [`compile()`] first: it names every stage in the order they run.

// The whole compiler on one page.
mod compile;

// Texts and places, and what is wrong there.
mod diagnostic;
mod similar;
mod source;

// What evaluations may take.
mod budget;

#[cfg(test)]
#[global_allocator]
static BUDGET: Budget = Budget;

// Text to document.
mod document;
mod frontend;

// Document to wiring.
mod dialect;
mod wiring;

// Wiring to model.
mod infer;
mod listing;
mod model;
#[cfg(feature = "cli")]
mod summary;

// Model to picture.
#[cfg(feature = "cli")]
mod render;

mod dim;
mod shape;

// Model beside checkpoint.
mod checkpoint;

// Model to Rust.
mod emit;
mod names;

// What a layer is, and every layer.
mod layer;
mod layers;

pub mod catalog;
pub mod codes;
#[cfg(any(test, feature = "probe"))]
#[doc(hidden)]
pub mod probe;
#[cfg(feature = "cli")]
mod schema;

// The doors: build scripts, and what they share with the macro; the header of committed files.
mod config;
mod expand;
mod header;
mod skeleton;

#[cfg(feature = "jrsonnet")]
#[doc(hidden)]
pub use crate::frontend::difference_of_engines;
#[doc(hidden)]
pub use crate::frontend::evaluates;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use crate::render::text_width;
pub use crate::{
    budget::Budget,
    compile::{Compilation, compile, compile_with_places, compiling_many},
    config::{Config, ConfigError},
    diagnostic::{Diagnostic, Diagnostics, Severity},
    expand::{Wrapping, expand},
    frontend::{Argument, Input, Reads},
    header::Header,
    layer::{LayerDef, ParamDef},
    listing::{Weight, thousands},
    model::Model,
    source::{FileId, Sources, Span},
};
// What only the command line and other tools look at.
#[cfg(feature = "cli")]
pub use crate::{
    render::{Diagram, Edge, End, Graph, Look, Node},
    schema::schema,
    summary::{Costs, Row, Summary, Totals},
};
