//! Words for sets of residue classes: `H % 8 == 0`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Dim, Env, Fact, Result, Symbol,
    class::{Class, Classes, Ray},
};

/// Facts of single symbols, if the classes in `same` are all that meet them.
pub(crate) fn by_symbol(classes: &Classes, same: &[&Class]) -> Option<Vec<Fact>> {
    let columns = 0..classes.symbols.len();
    let starts: Vec<BTreeSet<i64>> = columns
        .map(|at| same.iter().map(|class| class[at].start).collect())
        .collect();
    let meets = |class: &&Class| {
        class
            .iter()
            .zip(&starts)
            .all(|(ray, it)| it.contains(&ray.start))
    };
    if classes.all.iter().filter(meets).count() != same.len() {
        return None;
    }
    let mut facts = Vec::new();
    for (at, (symbol, chosen)) in classes.symbols.iter().zip(&starts).enumerate() {
        let rays: BTreeMap<i64, Ray> = classes
            .all
            .iter()
            .map(|class| (class[at].start, class[at]))
            .collect();
        if rays.len() > chosen.len() {
            facts.push(shortest(symbol, &rays, chosen)?);
        }
    }
    Some(facts)
}

/// The fact with the smallest modulus that tells the chosen rays from the others.
fn shortest(symbol: &Symbol, rays: &BTreeMap<i64, Ray>, chosen: &BTreeSet<i64>) -> Option<Fact> {
    let period = rays.values().next()?.step;
    // Single points have no period, but may be described by one.
    let moduli = 1..=if period > 0 { period } else { 64 };
    let is_chosen = |it: &i64| chosen.contains(it);
    for modulus in moduli.filter(|it| period % it == 0) {
        let (yes, no): (Vec<i64>, Vec<i64>) = rays.keys().partition(|it| is_chosen(it));
        let residues = |of: Vec<i64>| {
            of.iter()
                .map(|it| it.rem_euclid(modulus))
                .collect::<BTreeSet<i64>>()
        };
        let (yes, no) = (residues(yes), residues(no));
        if yes.is_disjoint(&no) {
            let (of, among) = (Dim::symbol(symbol.clone()), yes.into_iter().collect());
            return Some(Fact::Remainder { of, modulus, among });
        }
    }
    None
}

/// A fact on the remainder of the numerator of `inside`, if it is the same within each
/// class and tells the classes in `same` from the others.
pub(crate) fn by_dim(inside: &Dim, classes: &Classes, same: &[&Class]) -> Result<Option<Fact>> {
    let modulus = inside.denominator()?;
    let of = inside
        .minus(Dim::number(inside.constant()))?
        .scale(modulus.into())?;
    let residue = |class: &Class| {
        let value = of.eval_int(&classes.member(class, &Env::default())?)?;
        Ok(value.rem_euclid(modulus))
    };
    let among: BTreeSet<i64> = same.iter().map(|it| residue(it)).collect::<Result<_>>()?;
    let mut met = 0;
    for class in &classes.all {
        met += usize::from(among.contains(&residue(class)?));
    }
    let fact = Fact::Remainder {
        of,
        modulus,
        among: among.into_iter().collect(),
    };
    Ok((met == same.len()).then_some(fact))
}
