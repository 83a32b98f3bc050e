//! What wrappers put before every name.

/// `DataParallel`, `torch.compile`, and modules that keep the network in a field `model`.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];

/// The wrappers' prefixes that all names share. Something is left of every name.
pub(crate) fn shared<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    let mut prefix = String::new();
    loop {
        let wrapped_in = |wrapper: &&&str| {
            names.iter().all(|name| {
                let rest = name
                    .get(prefix.len()..)
                    .and_then(|name| name.strip_prefix(**wrapper));
                rest.is_some_and(|rest| !rest.is_empty())
            })
        };
        match WRAPPERS.iter().find(wrapped_in) {
            Some(wrapper) if !names.is_empty() => prefix.push_str(wrapper),
            _ => return prefix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], prefix: &str) {
        assert_eq!(shared(names.iter().copied()), prefix, "{names:?}");
    }

    #[test]
    fn only_what_all_names_share_is_a_prefix() {
        check(&[], "");
        check(&["module.fc.weight", "module.fc.bias"], "module.");
        check(
            &["module._orig_mod.fc.weight", "module._orig_mod.bn.bias"],
            "module._orig_mod.",
        );
        check(&["model.fc.weight", "head.weight"], "");
        check(&["layer1.weight", "layer1.bias"], "");
        check(&["module.", "module.fc"], "");
        check(&["modules.fc"], "");
    }
}
