//! Warnings are a warning of rustc, which can be denied as any other, and left out by their code.

#![deny(deprecated)]

#[path = "../it/stand_in.rs"]
mod runtime;

narchi_macros::narchi_model!(crate::runtime, Net, "warned.jsonnet");
narchi_macros::narchi_model!(crate::runtime, Quiet, "warned.jsonnet", allow = ["unused-block"]);

fn main() {
    _ = (Net::new, Quiet::new);
}
