//! What a model needs of the sizes of its inputs, and what is worth a warning, while its blocks are wired.

use std::collections::BTreeSet;

use super::Problem;
use crate::dim::{Dim, Env, Fact, Facts, Symbol, Verdict, compare};

/// Decides about sizes, and notes what must hold for them.
pub(crate) struct Needs<'a> {
    known: &'a Facts,
    /// Symbols that inputs bind: their values differ from call to call.
    bound: &'a BTreeSet<Symbol>,
    found: Vec<Need>,
    settled: Vec<Symbol>,
    warnings: Vec<Problem>,
}

/// Something that must hold of the symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) fact: Fact,
    /// Why, in a line: `⌈H/8⌉ and H/8 must agree`.
    pub(crate) why: String,
}

/// Why two sizes cannot be taken as equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disagreement(pub(crate) String);

impl<'a> Needs<'a> {
    pub(crate) fn new(known: &'a Facts, bound: &'a BTreeSet<Symbol>) -> Self {
        Self {
            known,
            bound,
            found: Vec::new(),
            settled: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether a size is the same for all calls of a model, so that weights can have it.
    pub(crate) fn is_settled(&self, dim: &Dim) -> bool {
        dim.symbols().is_disjoint(self.bound)
    }

    /// Whether weights can have this size. A symbol that an input binds is then settled: it
    /// becomes an argument of `new`, and inputs have to agree with it.
    pub(crate) fn settle(&mut self, dim: &Dim) -> bool {
        if self.is_settled(dim) {
            return true;
        }
        let symbol = dim.as_symbol().filter(|it| !it.is_batch());
        self.settled.extend(symbol.cloned());
        symbol.is_some()
    }

    /// The symbols that were settled.
    pub(crate) fn settled(&self) -> &[Symbol] {
        &self.settled
    }

    /// Notes something that is right, but may not be what was meant.
    pub(crate) fn warn(&mut self, warning: Problem) {
        self.warnings.push(warning);
    }

    /// What to warn of.
    pub(crate) fn take_warnings(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.warnings)
    }

    /// What was found to be needed.
    pub(crate) fn into_found(self) -> Vec<Need> {
        self.found
    }

    /// Makes sure that two sizes agree: they do, or they do where a fact holds, or it is an error.
    pub(crate) fn equal(&mut self, a: &Dim, b: &Dim) -> Result<(), Disagreement> {
        if a == b {
            return Ok(());
        }
        let values = |env: &Env| {
            let value = |dim: &Dim| {
                dim.eval(env)
                    .map_or_else(|_| "?".into(), |it| it.to_string())
            };
            format!("for {env} they are {} and {}", value(a), value(b))
        };
        let disagree = |text: String| Err(Disagreement(text));
        match compare(a, b, self.known).verdict() {
            Verdict::Always => Ok(()),
            Verdict::Never { example } if example.iter().next().is_none() => {
                disagree(format!("{a} and {b} never agree"))
            }
            Verdict::Never { example } => {
                disagree(format!("{a} and {b} never agree: {}", values(&example)))
            }
            Verdict::Finite {
                facts,
                equal,
                different,
            } => {
                let facts: Vec<String> = facts.iter().map(Fact::to_string).collect();
                let only = if facts.is_empty() {
                    format!("a few sizes, such as {equal}")
                } else {
                    facts.join(" and ")
                };
                disagree(format!(
                    "{a} and {b} agree only for {only}: {}",
                    values(&different)
                ))
            }
            Verdict::Where { facts, .. } => {
                for fact in facts {
                    self.need(fact, || format!("{a} and {b} must agree"));
                }
                Ok(())
            }
            Verdict::Unknown { .. } => {
                let fact = Fact::Equal(a.clone(), b.clone());
                self.need(fact, || {
                    format!("whether {a} and {b} agree can only be seen at run time")
                });
                Ok(())
            }
        }
    }

    /// Notes that something must hold.
    pub(crate) fn need(&mut self, fact: Fact, why: impl FnOnce() -> String) {
        let is_new = !self.known.implies(&fact) && self.found.iter().all(|it| it.fact != fact);
        if is_new {
            self.found.push(Need { fact, why: why() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of two sizes that should agree: the facts that are needed, or why they cannot.
    fn check(a: &str, b: &str, expected: Result<&[&str], &str>) {
        let (known, bound) = (Facts::default(), BTreeSet::new());
        let mut needs = Needs::new(&known, &bound);
        let dim = |text: &str| text.parse::<Dim>().expect(text);
        let agreed = needs.equal(&dim(a), &dim(b)).map_err(|it| it.0);
        let found: Vec<String> = needs
            .into_found()
            .iter()
            .map(|it| it.fact.to_string())
            .collect();
        assert_eq!(
            agreed.map(|()| found),
            expected
                .map(|it| it.iter().map(ToString::to_string).collect())
                .map_err(str::to_owned)
        );
    }

    #[test]
    fn every_verdict_has_its_consequence() {
        check("⌊H/2⌋+⌈H/2⌉", "H", Ok(&[]));
        check("⌈H/8⌉", "H/8", Ok(&["H % 8 == 0"]));
        check("H", "W", Ok(&["H == W"]));
        check(
            "⌈H/8⌉",
            "⌈H/4⌉",
            Err("⌈H/8⌉ and ⌈H/4⌉ agree only for H ≤ 4: for H = 5 they are 1 and 2"),
        );
        check(
            "H",
            "32",
            Err("H and 32 agree only for H == 32: for H = 1 they are 1 and 32"),
        );
        check(
            "H",
            "H+1",
            Err("H and H+1 never agree: for H = 1 they are 1 and 2"),
        );
        check("128", "64", Err("128 and 64 never agree"));
        // Beyond the theory: an equation for the entry.
        check("H*H", "W*W*W", Ok(&["H**2 == W**3"]));
    }

    #[test]
    fn what_is_known_is_not_needed_again() {
        let known = Facts::new(["H % 8 == 0"].map(|_| Fact::divisible(Dim::symbol("H"), 8)))
            .expect("facts");
        let bound = BTreeSet::new();
        let mut needs = Needs::new(&known, &bound);
        needs.need(Fact::divisible(Dim::symbol("H"), 4), String::new);
        assert_eq!(needs.into_found(), []);
    }
}
