//! Signs of integer sequences `p(0), p(1), p(2), …` for polynomials `p`, exactly.

use std::cmp::Ordering;

use super::{Error, Result};

/// A polynomial as forward differences at zero: `p(t) = Σ cₖ·binomial(t, k)`.
///
/// In this basis `Δp(t) = p(t+1) - p(t)` just drops the first coefficient.
/// Differences say on integers what derivatives only say on reals: where
/// `Δp` has one sign, the sequence is monotone.
pub(crate) struct Sequence {
    differences: Vec<i128>,
}

/// From here to the next run, all values have this sign (as compared to zero).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) from: i128,
    pub(crate) sign: Ordering,
}

impl Sequence {
    /// The polynomial of degree below `values.len()` through these values at 0, 1, 2, …
    pub(crate) fn through(mut values: Vec<i128>) -> Option<Self> {
        let mut differences = Vec::with_capacity(values.len());
        while let Some(&first) = values.first() {
            differences.push(first);
            values = values
                .windows(2)
                .map(|it| it[1].checked_sub(it[0]))
                .collect::<Option<_>>()?;
        }
        Some(Sequence { differences })
    }

    /// The runs of equal sign, which cover all of 0, 1, 2, …; `None` on overflow.
    pub(crate) fn runs(&self) -> Option<Vec<Run>> {
        runs(&self.differences)
    }

    /// All the zeros, if there are finitely many; at most `most` of them.
    pub(crate) fn zeros(&self, most: usize) -> Option<Vec<i128>> {
        let runs = self.runs()?;
        let mut zeros = Vec::new();
        for (n, run) in runs.iter().enumerate().filter(|(_, run)| run.sign.is_eq()) {
            let end = runs.get(n + 1)?.from;
            if usize::try_from(end - run.from).is_ok_and(|it| it + zeros.len() <= most) {
                zeros.extend(run.from..end);
            } else {
                return None;
            }
        }
        Some(zeros)
    }
}

fn value(differences: &[i128], at: i128) -> Option<i128> {
    let (mut sum, mut binomial) = (0_i128, 1_i128);
    for (k, difference) in (0..).zip(differences) {
        sum = sum.checked_add(difference.checked_mul(binomial)?)?;
        binomial = binomial.checked_mul(at.checked_sub(k)?)? / (k + 1);
    }
    Some(sum)
}

fn runs(differences: &[i128]) -> Option<Vec<Run>> {
    let Some((first, rest)) = differences.split_first() else {
        return Some(vec![Run {
            from: 0,
            sign: Ordering::Equal,
        }]);
    };
    if rest.iter().all(|it| *it == 0) {
        return Some(vec![Run {
            from: 0,
            sign: first.cmp(&0),
        }]);
    }
    let mut found: Vec<Run> = Vec::new();
    let mut push = |from, sign| {
        if found.last().is_none_or(|it| it.sign != sign) {
            found.push(Run { from, sign });
        }
    };
    let slopes = runs(rest)?;
    for (n, slope) in slopes.iter().enumerate() {
        // The sequence is monotone from the start of this run to the start of the next, inclusive.
        let end = slopes.get(n + 1).map(|it| it.from);
        let start = value(differences, slope.from)?.cmp(&0);
        push(slope.from, start);
        let mut from = slope.from;
        let mut sign = start;
        while slope.sign.is_ne() && sign != slope.sign {
            // From `sign` the values move towards the sign of the slope.
            let next = first_where(from, end, |t| Some(value(differences, t)?.cmp(&0) != sign));
            let Some(next) = next.ok()? else {
                break;
            };
            (from, sign) = (next, value(differences, next)?.cmp(&0));
            push(from, sign);
        }
    }
    Some(found)
}

/// The first integer in `from..=end` where a condition holds that, once true, stays true.
/// Fails on overflow. Without `end` it must become true.
fn first_where(
    from: i128,
    end: Option<i128>,
    holds: impl Fn(i128) -> Option<bool>,
) -> Result<Option<i128>> {
    let holds = |at| holds(at).ok_or(Error::Overflow);
    let (mut low, mut step) = (from, 1_i128);
    let mut high = loop {
        let next = low.checked_add(step).ok_or(Error::Overflow)?;
        let next = end.map_or(next, |end| next.min(end));
        if holds(next)? {
            break next;
        }
        if Some(next) == end {
            return Ok(None);
        }
        (low, step) = (next, step.checked_mul(2).ok_or(Error::Overflow)?);
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(Some(high))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn signs_of_all_small_polynomials() {
        for code in 0..9_i128.pow(4) {
            let digit = |n| code / 9_i128.pow(n) % 9 - 4;
            let p = |t: i128| digit(0) * 3 + t * (digit(1) * 5 + t * (digit(2) * 2 + t * digit(3)));
            let sequence = Sequence::through((0..4).map(p).collect()).unwrap();
            let runs = sequence.runs().unwrap();
            for t in 0..40 {
                let run = runs.iter().rev().find(|it| it.from <= t).unwrap();
                assert_eq!(run.sign, p(t).cmp(&0), "{code} at {t}");
            }
        }
    }

    #[test]
    fn finds_far_zeros() {
        // (t - 3)·(t - 1000000)
        let p = |t: i128| (t - 3) * (t - 1_000_000);
        let sequence = Sequence::through((0..3).map(p).collect()).unwrap();
        assert_eq!(sequence.zeros(8), Some(vec![3, 1_000_000]));
    }
}
