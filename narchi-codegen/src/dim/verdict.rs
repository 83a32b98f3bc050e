use super::{Env, Fact, Relation};

/// What follows from a [`Relation`] between two sizes that should be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They are equal.
    Always,
    /// They are equal wherever these facts hold, which is for infinitely many sizes.
    Where {
        /// What must hold, all of it.
        facts: Vec<Fact>,
        /// Whether they are known to differ wherever a fact fails.
        exact: bool,
        /// Values for which they differ.
        different: Env,
    },
    /// They are equal, but only for finitely many sizes.
    Finite {
        /// Which sizes these are, if there are words for it: `H ≤ 4`.
        facts: Vec<Fact>,
        /// Values for which they are equal.
        equal: Env,
        /// Values for which they differ.
        different: Env,
    },
    /// They differ everywhere.
    Never {
        /// Values to show it at.
        example: Env,
    },
    /// It has to be checked when the values are known.
    Unknown {
        /// Values for which they are equal, if some were found.
        equal: Option<Env>,
        /// Values for which they differ, if some were found.
        different: Option<Env>,
    },
}

impl Relation {
    /// What follows if both sizes should be equal.
    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Relation::Same => Verdict::Always,
            Relation::Never { example } => Verdict::Never { example },
            Relation::OnlyWhere {
                facts,
                finite: true,
                equal,
                counterexample: different,
                ..
            } => Verdict::Finite {
                facts,
                equal,
                different,
            },
            Relation::OnlyWhere {
                facts,
                exact,
                counterexample: different,
                ..
            } => Verdict::Where {
                facts,
                exact,
                different,
            },
            Relation::Sometimes {
                finite: true,
                equal,
                different,
            } => Verdict::Finite {
                facts: Vec::new(),
                equal,
                different,
            },
            Relation::Sometimes {
                equal, different, ..
            } => Verdict::Unknown {
                equal: Some(equal),
                different: Some(different),
            },
            Relation::Unknown { different } => Verdict::Unknown {
                equal: None,
                different,
            },
        }
    }
}
