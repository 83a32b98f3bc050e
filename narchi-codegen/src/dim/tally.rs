//! What is known of two dims after looking at every class, and the words for it.

use super::{
    Dim, Env, Fact, Facts, Ratio, Relation, Result,
    class::{Class, Classes},
    compare::MAX_CLASSES,
    monomial::Atom,
    zeros::{Budget, Zeros, is_bounded, nonzero, zeros},
};

/// Points that all searches for zeros together may try.
const MAX_TRIES: u32 = 4_000;

/// What is known after looking at every class.
pub(super) struct Tally<'a> {
    difference: &'a Dim,
    facts: &'a Facts,
    classes: &'a Classes,
    /// The classes throughout which both agree.
    same: Vec<&'a Class>,
    /// They agree in single points of other classes, too.
    elsewhere: bool,
    /// These are all the points, if they are listed.
    points: Option<Vec<Env>>,
    /// They may agree in other classes, too.
    unsure: bool,
    /// In each class, but those where they agree throughout, they agree in finitely many points.
    finite: bool,
    equal: Option<Env>,
    different: Option<Env>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(difference: &'a Dim, facts: &'a Facts, classes: &'a Classes) -> Result<Self> {
        let mut this = Tally {
            difference,
            facts,
            classes,
            same: Vec::new(),
            elsewhere: false,
            points: Some(Vec::new()),
            unsure: false,
            finite: true,
            equal: None,
            different: None,
        };
        let mut budget = Budget(MAX_TRIES);
        for class in &classes.all {
            this.add(class, &mut budget)?;
        }
        Ok(this)
    }

    fn add(&mut self, class: &'a Class, budget: &mut Budget) -> Result<()> {
        let polynomial = self.classes.polynomial(self.difference, class)?;
        let found = zeros(&polynomial, budget)?;
        if found == Zeros::All {
            self.same.push(class);
            let start = self.example(class, &Env::default());
            keep_smaller(&mut self.equal, start);
            return Ok(());
        }
        if let Some(steps) = nonzero(&polynomial)? {
            let example = self.example(class, &steps);
            keep_smaller(&mut self.different, example);
        }
        match found {
            Zeros::All | Zeros::None => {}
            Zeros::Points(points) => {
                for steps in points {
                    let Some(point) = self.example(class, &steps) else {
                        continue;
                    };
                    self.elsewhere = true;
                    keep_smaller(&mut self.equal, Some(point.clone()));
                    self.points.iter_mut().for_each(|it| it.push(point.clone()));
                }
            }
            Zeros::Some(steps) => {
                let point = self.example(class, &steps);
                self.elsewhere |= point.is_some();
                self.unsure |= point.is_none();
                self.finite = self.finite && is_bounded(&polynomial)?;
                keep_smaller(&mut self.equal, point);
                self.points = None;
            }
            Zeros::Unknown => {
                self.unsure = true;
                self.finite = self.finite && is_bounded(&polynomial)?;
                self.points = None;
            }
        }
        Ok(())
    }

    /// A member of a class, if it meets the facts; it always does, unless some fact
    /// is beyond what classes can express.
    fn example(&self, class: &Class, steps: &Env) -> Option<Env> {
        let env = self
            .facts
            .complete(self.classes.member(class, steps).ok()?)
            .ok()?;
        let is_partial = self.facts.is_partial() || self.classes.is_partial;
        (!is_partial || self.facts.hold(&env)).then_some(env)
    }

    pub(super) fn conclude(self) -> Result<Relation> {
        if self.same.len() == self.classes.all.len() {
            return Ok(Relation::Same);
        }
        let Some(different) = self.different.clone() else {
            return Ok(Relation::Unknown { different: None });
        };
        let is_partial = self.facts.is_partial() || self.classes.is_partial;
        let exact = !self.elsewhere && !self.unsure;
        if self.same.is_empty() && exact {
            return Ok(Relation::Never { example: different });
        }
        let finite = self.same.is_empty() && self.finite;
        let facts = if self.same.is_empty() {
            self.equation()?
                .or_else(|| self.interval())
                .map(|it| (it, true))
        } else {
            self.remainders()?.map(|it| (it, exact))
        };
        Ok(match (facts, self.equal) {
            (Some((facts, exact)), Some(equal)) => Relation::OnlyWhere {
                facts,
                exact: exact && !is_partial,
                finite,
                equal,
                counterexample: different,
            },
            (None, Some(equal)) => Relation::Sometimes {
                finite,
                equal,
                different,
            },
            (_, None) => Relation::Unknown {
                different: Some(different),
            },
        })
    }

    /// For a linear difference without floors: the equation, solved for a symbol.
    fn equation(&self) -> Result<Option<Vec<Fact>>> {
        if self.difference.has_floors() || self.difference.degree() > 1 {
            return Ok(None);
        }
        let mut best: Option<(i64, Fact)> = None;
        for (monomial, slope) in self
            .difference
            .terms()
            .iter()
            .filter(|(it, _)| !it.is_one())
        {
            let symbol = Dim::term(monomial.clone(), 1.into());
            let value = symbol.minus(self.difference.scale(Ratio::ONE.over(*slope)?)?)?;
            let denominator = value.denominator()?;
            if best.as_ref().is_none_or(|(it, _)| denominator < *it) {
                best = Some((denominator, Fact::Equal(symbol, value)));
            }
        }
        Ok(best.map(|(_, fact)| vec![fact]))
    }

    /// For one symbol and finitely many agreements without gaps: the bounds.
    fn interval(&self) -> Option<Vec<Fact>> {
        let ([symbol], Some(points)) = (self.classes.symbols.as_slice(), &self.points) else {
            return None;
        };
        let mut values: Vec<i64> = points.iter().filter_map(|it| it.get(symbol)).collect();
        values.sort_unstable();
        let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
            return None;
        };
        if last - first > 1 << 16 {
            return None;
        }
        let is_allowed = |value: &i64| {
            let env = self
                .facts
                .complete(Env::from_iter([(symbol.clone(), *value)]));
            env.is_ok_and(|env| self.facts.hold(&env))
        };
        if (first..=last).filter(is_allowed).count() != values.len() {
            return None;
        }
        if first == last {
            return Some(vec![Fact::Equal(Dim::symbol(symbol.clone()), first.into())]);
        }
        let below = (self.facts.least(symbol)..first)
            .rev()
            .take(MAX_CLASSES)
            .any(|it| is_allowed(&it));
        let below = below.then(|| Fact::AtLeast(symbol.clone(), first));
        let most = Fact::AtMost(symbol.clone(), last);
        Some(below.into_iter().chain([most]).collect())
    }

    /// Facts on remainders that single out the classes in which both agree.
    fn remainders(&self) -> Result<Option<Vec<Fact>>> {
        if let Some(facts) = super::remainder::by_symbol(self.classes, &self.same) {
            return Ok(Some(facts));
        }
        for floor in floors_in(self.difference) {
            if let Some(fact) = super::remainder::by_dim(&floor, self.classes, &self.same)? {
                return Ok(Some(vec![fact]));
            }
        }
        Ok(None)
    }
}

pub(crate) fn keep_smaller(best: &mut Option<Env>, other: Option<Env>) {
    if let Some(other) = other
        && best.as_ref().is_none_or(|it| other.size() < it.size())
    {
        *best = Some(other);
    }
}

/// What is inside the floors of a dim, inner ones first.
fn floors_in(dim: &Dim) -> Vec<Dim> {
    let mut found = Vec::new();
    for (atom, _) in dim
        .terms()
        .iter()
        .flat_map(|(monomial, _)| monomial.powers())
    {
        if let Atom::Floor(floor) = atom {
            found.extend(floors_in(&floor.inside));
            found.push(floor.inside.clone());
        }
    }
    found
}
