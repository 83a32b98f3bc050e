//! What a misspelt name was meant to be.

/// The candidate nearest to `name`, if one is near enough.
pub(crate) fn similar<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    /// Names less alike than this have nothing to do with each other.
    const NEAR: f64 = 0.6;
    /// Nobody misspells longer names, and comparing them takes long.
    const LONGEST: usize = 64;
    /// More candidates are looked at for too long.
    const MOST: usize = 1_000;
    if name.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    // Where the lengths differ too much, nothing else needs to be compared.
    let is_candidate = |it: &&str| {
        let (short, long) = (it.len().min(name.len()), it.len().max(name.len()));
        *it != name && long <= LONGEST && short * 2 >= long
    };
    let near = candidates.into_iter().filter(is_candidate).take(MOST);
    let scored = near.map(|it| {
        (
            strsim::normalized_damerau_levenshtein(&lower, &it.to_lowercase()),
            it,
        )
    });
    let best = scored
        .filter(|it| it.0 >= NEAR)
        .reduce(|a, b| if b.0 > a.0 { b } else { a });
    best.map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let classes = ["Conv1d", "Conv2d", "Linear", "ReLU"];
        assert_eq!(similar("conv2D", classes), Some("Conv2d"));
        assert_eq!(similar("Linaer", classes), Some("Linear"));
        assert_eq!(similar("Relu", classes), Some("ReLU"));
        assert_eq!(similar("Embedding", classes), None);
    }
}
