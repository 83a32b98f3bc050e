//! The order of names in which numbers count as numbers.

use std::cmp::Ordering;

/// `layer9.weight` before `layer10.weight`. Names that differ only in leading zeros keep an order too.
pub fn natural(a: &str, b: &str) -> Ordering {
    let mut left = parts(a);
    let mut right = parts(b);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (left, right) if left == right => {}
            (Some(left), Some(right)) => match by_number(left, right).unwrap_or(left.cmp(right)) {
                Ordering::Equal => {}
                decided => return decided,
            },
            (left, right) => return left.cmp(&right),
        }
    }
}

/// Runs of digits and single other characters.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if first.is_ascii_digit() {
            rest.find(|it: char| !it.is_ascii_digit())
                .unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

/// Numbers of any length: without leading zeros the longer one is greater.
fn by_number(a: &str, b: &str) -> Option<Ordering> {
    let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if !digits(a) || !digits(b) {
        return None;
    }
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    Some(a.len().cmp(&b.len()).then_with(|| a.cmp(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sorted: &[&str]) {
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(natural(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
    }

    #[test]
    fn numbers_count_as_numbers() {
        check(&[
            "conv1.weight",
            "layer1.weight",
            "layer2.0.weight",
            "layer2.weight",
            "layer9.2.bias",
            "layer9.10.bias",
            "layer10.0.bias",
            "layer99999999999999999999999.bias",
            "layer100000000000000000000000.bias",
        ]);
        check(&["", "0", "00", "01", "1", "01a", "a", "é"]);
    }
}
