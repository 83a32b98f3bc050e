//! Where the value of a variable is what is wrong, the error points at it.

#[path = "../it/stand_in.rs"]
mod runtime;

narchi_macros::narchi_model!(crate::runtime, Net, "sized.jsonnet", ext = { feats: 3, classes: -4 });
narchi_macros::narchi_model!(crate::runtime, Other, "sized.jsonnet", ext = { feats: 1 / 0, classes: 4 });

fn main() {
    _ = (Net::new, Other::new);
}
