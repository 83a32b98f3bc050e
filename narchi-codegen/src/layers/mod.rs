//! Every layer, one family per file.
//!
//! To add a layer to a family, edit the file of the family. To add a family,
//! add a file here and its name to the list.

use crate::layer::LayerDef;

macro_rules! families {
    ($($family:ident,)*) => {
        $(mod $family;)*

        /// Every family.
        static FAMILIES: &[&[LayerDef]] = &[$($family::LAYERS,)*];

        #[cfg(test)]
        static FAMILY_NAMES: &[&str] = &[$(stringify!($family),)*];
    };
}

families! {
    activation,
    conv,
    crf,
    embedding,
    linear,
    merge,
    norm,
    pool,
    recurrent,
    reshape,
    softmax,
}

mod check;

/// Every layer.
pub(crate) fn all() -> impl Iterator<Item = &'static LayerDef> {
    FAMILIES.iter().copied().flatten()
}

/// The layer with the given `_class`.
pub(crate) fn find(name: &str) -> Option<&'static LayerDef> {
    all().find(|it| it.name == name)
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of this folder that are no family.
    const NO_FAMILIES: &[&str] = &["mod", "check", "testing"];

    #[test]
    fn every_file_is_listed() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/layers");
        for file in std::fs::read_dir(dir).expect(dir) {
            let path = file.expect(dir).path();
            let name = path.file_stem().and_then(|it| it.to_str()).expect(dir);
            let is_listed = NO_FAMILIES.contains(&name) || FAMILY_NAMES.contains(&name);
            assert!(is_listed, "add `{name}` to the list");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all().map(|it| it.name).collect();
        names.sort_unstable();
        let n_names = names.len();
        names.dedup();
        assert_eq!(names.len(), n_names);
    }
}
