//! Compiles neural network architectures, written in jsonnet, to plain Rust.
//!
//! Build scripts use [`Config`]; `narchi_runtime::narchi_model!` and the command `narchi-codegen` are the other two doors. All
//! of them call [`compile()`], which names every stage in the order they run; so may tools:
//!
//! ```
//! use narchi_codegen::{Input, compile};
//!
//! let compilation = compile(&Input {
//!     path: "../examples/mlp/mlp.jsonnet".into(),
//!     ..Input::default()
//! });
//! // What is wrong, as rustc would say it; here nothing.
//! assert_eq!(compilation.report(), "");
//! let model = compilation.model.ok_or("see the report")?;
//! assert_eq!(model.summary(), "[N, 8] → [N, 32], 2,656 parameters");
//!
//! // What it costs for a batch of 5.
//! # #[cfg(feature = "cli")]
//! # {
//! let totals = model.totals(&[("N".to_owned(), 5)])?;
//! assert_eq!(totals.total.multiply_adds, Some(12_800));
//!
//! // The picture of it.
//! assert!(model.diagram(&[], None)?.svg().starts_with("<svg"));
//! # }
//! # Ok::<(), String>(())
//! ```
//!
//! Sizes are of PyTorch's layout, the batch `N` first; numbers of memory are bytes.

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
    render::{Colour, Diagram, Edge, End, Fills, Graph, Look, Node},
    schema::schema,
    summary::{Costs, Row, Summary, Totals},
};
