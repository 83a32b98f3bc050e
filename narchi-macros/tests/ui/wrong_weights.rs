//! A checkpoint that is not one of the model is an error at its path; one that fits is not.

#[path = "../it/stand_in.rs"]
mod runtime;

narchi_macros::narchi_model!(crate::runtime, Fits, "sized.jsonnet", ext = { feats: 3, classes: 2 }, weights = "sized.safetensors");
narchi_macros::narchi_model!(crate::runtime, Differs, "sized.jsonnet", ext = { feats: 3, classes: 4 }, weights = "sized.pth");
narchi_macros::narchi_model!(crate::runtime, Missing, "sized.jsonnet", ext = { feats: 3, classes: 2 }, weights = "none.pth");

fn main() {
    _ = (Fits::new, Differs::new, Missing::new);
}
