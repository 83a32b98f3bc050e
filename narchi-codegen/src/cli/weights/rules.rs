//! Few rules that give the tensors of a file the names that were found for them.

use std::collections::{BTreeMap, BTreeSet};

use narchi_weights::Renames;

use super::propose::Proposal;

/// Left and right side.
type Rule = (Vec<String>, Vec<String>);

/// Rules without `*`, from which a name takes the longest that it begins with.
type Exact = BTreeMap<Vec<String>, Vec<String>>;

/// What has to come out: names of the file, and what they are in the model.
struct Wanted {
    pairs: Vec<(Vec<String>, Vec<String>)>,
    /// Names of the file that have no counterpart.
    others: Vec<Vec<String>>,
}

/// Rules for modules, as far out as they go, and for single tensors where those do not do. `names` are all of the file.
pub(super) fn rules(found: &Proposal, names: &[String]) -> Renames {
    let tensors = found.tensors.iter();
    let pairs: Vec<_> = tensors.map(|it| (split(&it.1), split(&it.0))).collect();
    let known: BTreeSet<&String> = found.tensors.iter().map(|it| &it.1).collect();
    let others = names.iter().filter(|it| !known.contains(it));
    let others = others.map(|it| split(it)).collect();
    let wanted = Wanted { pairs, others };

    let mut rules = Exact::new();
    let modules = found.modules.iter().map(|(model, file)| (file, model));
    let tensors = wanted.pairs.iter().map(|(file, model)| (file, model));
    // The outer ones come first, and tensors last.
    for (file, model) in modules.chain(tensors) {
        if renamed(&rules, file) != *model {
            rules.insert(file.clone(), model.clone());
        }
    }
    wanted.drop_needless(&mut rules);
    wanted.hoist(&mut rules);
    wanted.with_stars(&rules)
}

fn split(name: &str) -> Vec<String> {
    name.split('.').map(str::to_owned).collect()
}

/// What rules without `*` make of a path.
fn renamed(rules: &BTreeMap<Vec<String>, Vec<String>>, path: &[String]) -> Vec<String> {
    for length in (0..=path.len()).rev() {
        if let Some(to) = rules.get(&path[..length]) {
            return [to, &path[length..]].concat();
        }
    }
    path.to_vec()
}

impl Wanted {
    fn is_met(&self, rules: &Exact) -> bool {
        let is_right = |it: &(Vec<String>, Vec<String>)| renamed(rules, &it.0) == it.1;
        self.pairs.iter().all(is_right)
    }

    /// What stands for others in the end renames nothing itself.
    fn drop_needless(&self, rules: &mut Exact) {
        let mut decisive = BTreeSet::new();
        for (file, _) in &self.pairs {
            let length = (0..=file.len())
                .rev()
                .find(|it| rules.contains_key(&file[..*it]));
            decisive.extend(length.map(|it| file[..it].to_vec()));
        }
        rules.retain(|from, _| decisive.contains(from));
    }

    /// One rule for what is around several modules that keep their names: `net -> .` for `net.a -> a` and `net.b -> b`.
    fn hoist(&self, rules: &mut Exact) {
        let mut candidates: BTreeSet<Rule> = BTreeSet::new();
        for (from, to) in &*rules {
            let same = from
                .iter()
                .rev()
                .zip(to.iter().rev())
                .take_while(|it| it.0 == it.1);
            let around = |up: usize| {
                (
                    from[..from.len() - up].to_vec(),
                    to[..to.len() - up].to_vec(),
                )
            };
            candidates.extend((1..=same.count()).map(around));
        }
        let models: BTreeSet<&Vec<String>> = self.pairs.iter().map(|it| &it.1).collect();
        for (from, to) in candidates {
            if rules.contains_key(&from) {
                continue;
            }
            let mut fewer = rules.clone();
            fewer.insert(from.clone(), to);
            let below: Vec<Rule> = fewer
                .iter()
                .filter(|it| it.0.len() > from.len() && it.0.starts_with(&from))
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect();
            for (below, to) in below {
                fewer.remove(&below);
                if renamed(&fewer, &below) != to {
                    fewer.insert(below, to);
                }
            }
            // What is left over must not come to be where something else belongs.
            let collides = |it: &Vec<String>| models.contains(&renamed(&fewer, it));
            if fewer.len() < rules.len() && self.is_met(&fewer) && !self.others.iter().any(collides)
            {
                *rules = fewer;
            }
        }
    }

    /// With `*` for numbers wherever that makes the same of every name.
    fn with_stars(&self, rules: &Exact) -> Renames {
        let mut kept: Vec<Rule> = rules
            .iter()
            .map(|(from, to)| (from.clone(), to.clone()))
            .collect();
        let expected = parsed(&kept);
        let names = || {
            self.pairs
                .iter()
                .map(|it| &it.0)
                .chain(&self.others)
                .map(|it| it.join("."))
        };
        for direction in [starred, starred_from_the_left] {
            let mut families: BTreeMap<Rule, Vec<Rule>> = BTreeMap::new();
            for rule in &kept {
                families
                    .entry(direction(rule))
                    .or_default()
                    .push(rule.clone());
            }
            for (pattern, family) in families {
                if family.len() < 2 {
                    continue;
                }
                let mut fewer: Vec<Rule> = kept
                    .iter()
                    .filter(|it| !family.contains(it))
                    .cloned()
                    .collect();
                fewer.push(pattern);
                let renames = parsed(&fewer);
                if names().all(|it| renames.apply(&it) == expected.apply(&it)) {
                    kept = fewer;
                }
            }
        }
        kept.sort_by(order);
        parsed(&kept)
    }
}

/// By the left side, where numbers count as numbers.
fn order(a: &Rule, b: &Rule) -> std::cmp::Ordering {
    narchi_weights::natural(&a.0.join("."), &b.0.join("."))
}

/// The rule with `*` for parts that are numbers, as long as both sides have the same, from the right on.
fn starred(rule: &Rule) -> Rule {
    let numbers = |path: &[String]| -> Vec<usize> {
        let is_number = |it: &String| it.bytes().all(|it| it.is_ascii_digit());
        (0..path.len())
            .rev()
            .filter(|it| is_number(&path[*it]))
            .collect()
    };
    let (mut from, mut to) = rule.clone();
    for (a, b) in numbers(&rule.0).into_iter().zip(numbers(&rule.1)) {
        if from[a] != to[b] {
            break;
        }
        "*".clone_into(&mut from[a]);
        "*".clone_into(&mut to[b]);
    }
    (from, to)
}

fn starred_from_the_left(rule: &Rule) -> Rule {
    let turned = |(from, to): &Rule| -> Rule {
        let turn = |it: &[String]| it.iter().rev().cloned().collect();
        (turn(from), turn(to))
    };
    turned(&starred(&turned(rule)))
}

fn parsed(rules: &[Rule]) -> Renames {
    let path = |it: &[String]| {
        if it.is_empty() {
            ".".to_owned()
        } else {
            it.join(".")
        }
    };
    let line = |it: &Rule| format!("{} -> {}\n", path(&it.0), path(&it.1));
    let text: String = rules.iter().map(line).collect();
    // Names with spaces or stars cannot be spelled as rules; those are left as they are.
    text.parse().unwrap_or_default()
}
