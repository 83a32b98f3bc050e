use std::collections::BTreeMap;

use super::{
    Dim, Env, Error, Fact, Ratio, Relation, Result, Symbol, class::Classes, compare,
    compare::MAX_CLASSES, monomial::Atom,
};

/// Facts made ready for use: equalities solved, bounds and remainders moved to
/// the symbols that are left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    given: Vec<Fact>,
    /// Symbols that are determined by others. No key occurs in a value.
    solved: BTreeMap<Symbol, Dim>,
    least: BTreeMap<Symbol, i64>,
    most: BTreeMap<Symbol, i64>,
    remainders: Vec<(Dim, i64, Vec<i64>)>,
    /// What equalities say is zero, without being linear in any symbol.
    unsolved: Vec<Dim>,
    /// Some fact is not in the fields above, so they allow too many values.
    partial: bool,
}

impl Facts {
    /// The facts, all of them together. Fails if they contradict each other obviously.
    pub(crate) fn new(facts: impl IntoIterator<Item = Fact>) -> Result<Self> {
        let mut this = Facts {
            given: facts.into_iter().collect(),
            ..Facts::default()
        };
        let facts = this.given.clone();
        for fact in &facts {
            if let Fact::Equal(a, b) = fact {
                this.solve(&a.minus(b)?.cleared()?)?;
            }
        }
        for (symbol, value) in this.solved.clone() {
            this.at_least(&symbol, &value, 1)?;
            let denominator = value.denominator()?;
            if denominator > 1 {
                this.remainder(&value.scale(denominator.into())?, denominator, &[0])?;
            }
        }
        for fact in &facts {
            match fact {
                Fact::Equal(..) => {}
                Fact::AtLeast(symbol, least) => {
                    let value = this.apply(&Dim::symbol(symbol.clone()))?;
                    this.at_least(symbol, &value, *least)?;
                }
                Fact::AtMost(symbol, most) => {
                    let value = this.apply(&Dim::symbol(symbol.clone()))?;
                    let most = most.checked_neg().ok_or(Error::Overflow)?;
                    this.at_least(symbol, &value.scale((-1).into())?, most)?;
                }
                Fact::Remainder { of, modulus, among } => {
                    this.remainder(&this.apply(of)?, *modulus, among)?;
                }
                Fact::Divides { dividend, divisor } => {
                    let (_, needs) = this.apply(dividend)?.exact_div(this.apply(divisor)?)?;
                    for need in needs {
                        match need {
                            Fact::Remainder { of, modulus, among } => {
                                this.remainder(&of, modulus, &among)?;
                            }
                            _ => this.partial = true,
                        }
                    }
                }
            }
        }
        Ok(this)
    }

    /// Adds a fact, unless it follows from those that are there. Fails if it contradicts
    /// them obviously; then nothing changes. Says whether there is something new.
    pub(crate) fn add(&mut self, fact: Fact) -> Result<bool> {
        if self.implies(&fact) {
            return Ok(false);
        }
        let mut all = Facts::new(self.given.iter().cloned().chain([fact]))?;
        let mut at = 0;
        // The new fact may make older ones superfluous: `H % 8 == 0` after `H % 2 == 0`.
        while at + 1 < all.given.len() {
            let mut rest = all.given.clone();
            let older = rest.remove(at);
            match Facts::new(rest) {
                Ok(rest) if rest.implies(&older) => all = rest,
                _ => at += 1,
            }
        }
        *self = all;
        Ok(true)
    }

    /// The facts as they were given.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.given.iter()
    }

    /// Whether a fact is known to follow from these.
    pub(crate) fn implies(&self, fact: &Fact) -> bool {
        self.given.contains(fact) || self.proves(fact).unwrap_or(false)
    }

    fn proves(&self, fact: &Fact) -> Result<bool> {
        Ok(match fact {
            Fact::AtLeast(symbol, least) => {
                let value = self.apply(&Dim::symbol(symbol.clone()))?;
                self.lowest(&value)?.is_some_and(|it| it >= (*least).into())
            }
            Fact::AtMost(symbol, most) => {
                let value = self
                    .apply(&Dim::symbol(symbol.clone()))?
                    .scale((-1).into())?;
                let most = most.checked_neg().ok_or(Error::Overflow)?;
                self.lowest(&value)?.is_some_and(|it| it >= most.into())
            }
            Fact::Remainder { of, modulus, among } => {
                let of = self.apply(of)?;
                if of.has_quotients() || of.denominator()? != 1 {
                    return Ok(false);
                }
                let classes = Classes::new(of.periods(*modulus)?, self, MAX_CLASSES)?;
                let mut proved = true;
                for class in &classes.all {
                    let value = of.eval_int(&classes.member(class, &Env::default())?)?;
                    proved &= among.contains(&value.rem_euclid((*modulus).max(1)));
                }
                proved
            }
            Fact::Divides { dividend, divisor } => {
                let (quotient, needs) = self.apply(dividend)?.exact_div(self.apply(divisor)?)?;
                let is_known = |need: &Fact| match need {
                    Fact::Divides { .. } => self.divides(need),
                    need => self.implies(need),
                };
                quotient.as_number().is_none_or(Ratio::is_integer) && needs.iter().all(is_known)
            }
            Fact::Equal(a, b) => compare(a, b, self) == Relation::Same,
        })
    }

    /// Whether a division is among the facts, once equalities are put in.
    fn divides(&self, fact: &Fact) -> bool {
        let known = self.given.iter().filter_map(|it| match it {
            Fact::Divides { dividend, divisor } => self
                .apply(dividend)
                .ok()?
                .exact_div(self.apply(divisor).ok()?)
                .ok(),
            _ => None,
        });
        known.flat_map(|(_, needs)| needs).any(|it| it == *fact)
    }

    /// A number that a linear dim is never below.
    fn lowest(&self, dim: &Dim) -> Result<Option<Ratio>> {
        let mut sum = Ratio::ZERO;
        for (monomial, slope) in dim.terms() {
            let value = match monomial.as_atom() {
                None if monomial.is_one() => 1,
                Some(Atom::Symbol(symbol)) if *slope > Ratio::ZERO => {
                    self.next_allowed(symbol, self.least(symbol))?
                }
                Some(Atom::Symbol(symbol)) => match self.most(symbol) {
                    Some(most) => most,
                    None => return Ok(None),
                },
                _ => return Ok(None),
            };
            sum = sum.plus(slope.times(value.into())?)?;
        }
        Ok(Some(sum))
    }

    /// The facts with symbols in the place of quotients. (That these are whole is for the
    /// caller to check.)
    pub(super) fn opaque(&self, seen: &mut Vec<Dim>) -> Result<Facts> {
        let mut facts = Vec::new();
        for fact in &self.given {
            match fact {
                Fact::AtLeast(..) | Fact::AtMost(..) => facts.push(fact.clone()),
                Fact::Remainder { of, modulus, among } => facts.push(Fact::Remainder {
                    of: of.opaque(seen)?,
                    modulus: *modulus,
                    among: among.clone(),
                }),
                Fact::Divides { .. } => {}
                Fact::Equal(a, b) => {
                    let zero = a.minus(b)?.cleared()?.opaque(seen)?;
                    facts.push(Fact::Equal(zero, Dim::default()));
                }
            }
        }
        Facts::new(facts)
    }

    /// The dim with symbols that equalities determine replaced.
    pub(crate) fn apply(&self, dim: &Dim) -> Result<Dim> {
        if self.solved.is_empty() {
            Ok(dim.clone())
        } else {
            dim.substitute(&self.solved)
        }
    }

    /// Whether all hold, and all values are positive. Facts on symbols without a value are passed over.
    pub(crate) fn hold(&self, env: &Env) -> bool {
        env.iter().all(|(_, value)| value >= 1)
            && self
                .given
                .iter()
                .all(|fact| matches!(fact.holds(env), Ok(true) | Err(Error::Unbound(_))))
    }

    /// Adds the values of the symbols that equalities determine.
    pub(crate) fn complete(&self, mut env: Env) -> Result<Env> {
        for (symbol, value) in &self.solved {
            if value.symbols().iter().all(|it| env.get(it).is_some()) {
                env.set(symbol.clone(), value.eval_int(&env)?);
            }
        }
        Ok(env)
    }

    pub(crate) fn least(&self, symbol: &Symbol) -> i64 {
        self.least.get(symbol).copied().unwrap_or(1)
    }

    pub(crate) fn most(&self, symbol: &Symbol) -> Option<i64> {
        self.most.get(symbol).copied()
    }

    /// The first value from `value` on that the facts on remainders allow.
    pub(crate) fn next_allowed(&self, symbol: &Symbol, value: i64) -> Result<i64> {
        let own: Vec<_> = self
            .remainders
            .iter()
            .filter(|(of, ..)| of.symbols().iter().eq([symbol]))
            .collect();
        let is_allowed = |value: i64| {
            let env = Env::from_iter([(symbol.clone(), value)]);
            own.iter().all(|(of, modulus, among)| {
                of.eval_int(&env)
                    .is_ok_and(|it| among.contains(&it.rem_euclid(*modulus)))
            })
        };
        let mut values = (value..=i64::MAX).take(1 << 20);
        values
            .find(|it| is_allowed(*it))
            .ok_or_else(|| Error::Contradiction(symbol.clone()))
    }

    /// Whether a dim is a multiple of what an equality says is zero.
    pub(crate) fn say_zero(&self, dim: &Dim) -> Result<bool> {
        for zero in &self.unsolved {
            if dim.divide(self.apply(zero)?).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn remainders(&self) -> &[(Dim, i64, Vec<i64>)] {
        &self.remainders
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.partial
    }

    /// Uses `zero == 0` to express one symbol by others, best one that stays whole.
    fn solve(&mut self, zero: &Dim) -> Result<()> {
        let zero = self.apply(zero)?;
        let mut best: Option<(Symbol, Dim)> = None;
        for (monomial, coefficient) in zero.terms() {
            let Some(Atom::Symbol(symbol)) = monomial.as_atom() else {
                continue;
            };
            let rest = zero.minus(Dim::term(monomial.clone(), *coefficient))?;
            if rest.symbols().contains(symbol) {
                continue;
            }
            let value = rest.scale(Ratio::from(-1).over(*coefficient)?)?;
            let is_better = |(_, it): &(_, Dim)| Ok(value.denominator()? < it.denominator()?);
            if best.as_ref().map_or(Ok(true), is_better)? {
                best = Some((symbol.clone(), value));
            }
        }
        let Some((symbol, value)) = best else {
            if !zero.terms().is_empty() {
                self.unsolved.push(zero);
                self.partial = true;
            }
            return Ok(());
        };
        let this = BTreeMap::from([(symbol.clone(), value.clone())]);
        for other in self.solved.values_mut() {
            *other = other.substitute(&this)?;
        }
        self.solved.insert(symbol, value);
        Ok(())
    }

    /// Uses `of % modulus in among`.
    fn remainder(&mut self, of: &Dim, modulus: i64, among: &[i64]) -> Result<()> {
        if of.has_quotients() {
            self.partial = true;
            return Ok(());
        }
        let scale = of.denominator()?;
        let scaled = |it: i64| it.checked_mul(scale).ok_or(Error::Overflow);
        let among = among.iter().map(|it| scaled(*it)).collect::<Result<_>>()?;
        self.remainders
            .push((of.scale(scale.into())?, scaled(modulus.max(1))?, among));
        Ok(())
    }

    /// Uses `value >= least`, which speaks of `symbol`.
    fn at_least(&mut self, symbol: &Symbol, value: &Dim, least: i64) -> Result<()> {
        let need = Ratio::from(least).plus(value.constant().times((-1).into())?)?;
        match value.terms() {
            _ if value.as_number().is_some_and(|it| it < least.into()) => {
                return Err(Error::Contradiction(symbol.clone()));
            }
            _ if value.as_number().is_some() => {}
            [(monomial, slope), rest @ ..] if rest.iter().all(|(it, _)| it.is_one()) => {
                let Some(Atom::Symbol(of)) = monomial.as_atom() else {
                    self.partial = true;
                    return Ok(());
                };
                let bound = need.over(*slope)?;
                let (least, most) = (self.least(of), self.most(of).unwrap_or(i64::MAX));
                if *slope > Ratio::ZERO {
                    let up = bound.floor().saturating_add(i64::from(!bound.is_integer()));
                    self.least.insert(of.clone(), least.max(up));
                } else {
                    self.most.insert(of.clone(), most.min(bound.floor()));
                }
                if self.most(of).is_some_and(|it| it < self.least(of)) {
                    return Err(Error::Contradiction(of.clone()));
                }
            }
            _ => self.partial = true,
        }
        Ok(())
    }
}
