//! Second half of sharing: which numbers of a class become arguments.
//!
//! Each number in the code of a class is a column: its values over all instances. This is
//! anti-unification where the terms are known to agree in everything but numbers. Columns are grouped by
//! hashing a normal form, never compared in pairs.

use std::collections::{BTreeMap, BTreeSet};

use crate::layer::{Role, Value};

/// A number in the code of a class, over all instances.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// What the number belongs to, in the words of the file.
    pub(super) label: Option<String>,
    /// What it belongs to, where the file has no word for it.
    pub(super) noun: &'static str,
    pub(super) role: Role,
    /// Whether it is the channels of the scope's input, of its output.
    pub(super) is_input: bool,
    pub(super) is_output: bool,
    pub(super) in_forward: bool,
    pub(super) values: Vec<Value>,
}

/// How the code writes a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    Literal(Value),
    /// `scale * parameter + offset`.
    Linear {
        parameter: usize,
        scale: i64,
        offset: i64,
    },
    /// `parameter / 2`, the padding that keeps a size.
    Half {
        parameter: usize,
    },
}

/// An argument of `new`.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// The columns that are equal to it.
    pub(super) columns: Vec<usize>,
    pub(super) role: Role,
    pub(super) values: Vec<Value>,
}

/// What is derived from a parameter and needed in many places.
#[derive(Clone, Debug)]
pub(super) struct Derived {
    pub(super) columns: Vec<usize>,
    pub(super) expr: Expr,
}

#[derive(Clone, Debug)]
pub(super) struct General {
    pub(super) parameters: Vec<Parameter>,
    pub(super) derived: Vec<Derived>,
    /// One for each column.
    pub(super) exprs: Vec<Expr>,
}

/// What may be written how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// A size that is known only when the model is made has no literal, except at the root, where it is
    /// an argument.
    pub(super) symbols_are_literals: bool,
    /// From how many different pairs of values on a number is taken as derived from another. Fewer may
    /// agree by chance.
    pub(super) evidence: usize,
}

/// What is used so often or less is written out where it is used.
const OFTEN: usize = 3;

/// Numbers of one family may be related; across families, agreement is an accident of the instances at
/// hand.
type Family = (Role, String);

/// Equal columns, not yet decided how to write them.
struct Group {
    family: Family,
    columns: Vec<usize>,
    values: Vec<Value>,
    relation: Option<Relation>,
}

enum Relation {
    Linear {
        base: usize,
        scale: i64,
        offset: i64,
    },
    Half {
        base: usize,
    },
}

impl Expr {
    /// What to add to get the other, if that is a number.
    pub(super) fn step_to(&self, other: &Self) -> Option<i64> {
        match (self, other) {
            (Self::Literal(from), Self::Literal(to)) => to.int()?.checked_sub(from.int()?),
            (
                Self::Linear {
                    parameter: a,
                    scale: m,
                    offset: from,
                },
                Self::Linear {
                    parameter: b,
                    scale: n,
                    offset: to,
                },
            ) if (a, m) == (b, n) => to.checked_sub(*from),
            _ => None,
        }
    }

    pub(super) fn uses(&self, parameter: usize) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Linear { parameter: it, .. } | Self::Half { parameter: it } => *it == parameter,
        }
    }
}

pub(super) fn generalize(columns: &[Column], rules: Rules) -> General {
    let mut groups = group(columns, rules);
    relate(&mut groups, rules, primitive, |value, base| {
        (value.checked_rem(base) == Some(0)).then(|| (value / base, 0))
    });
    relate(&mut groups, rules, differences, |value, base| {
        Some((1, value.checked_sub(base)?))
    });
    halve(&mut groups);

    // Parameters in the order in which the code first needs them.
    let mut parameter_of = vec![usize::MAX; groups.len()];
    let mut parameters = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        if group.relation.is_none() {
            parameter_of[index] = parameters.len();
            let (columns, role, values) =
                (group.columns.clone(), group.family.0, group.values.clone());
            parameters.push(Parameter {
                columns,
                role,
                values,
            });
        }
    }
    let mut derived = Vec::new();
    let mut exprs: Vec<Expr> = columns
        .iter()
        .map(|it| Expr::Literal(it.values[0].clone()))
        .collect();
    for (index, group) in groups.iter().enumerate() {
        let expr = match group.relation {
            None => Expr::Linear {
                parameter: parameter_of[index],
                scale: 1,
                offset: 0,
            },
            Some(Relation::Linear {
                base,
                scale,
                offset,
            }) => Expr::Linear {
                parameter: parameter_of[base],
                scale,
                offset,
            },
            Some(Relation::Half { base }) => Expr::Half {
                parameter: parameter_of[base],
            },
        };
        group
            .columns
            .iter()
            .for_each(|it| exprs[*it] = expr.clone());
        if group.relation.is_some() && group.columns.len() > OFTEN {
            derived.push(Derived {
                columns: group.columns.clone(),
                expr,
            });
        }
    }
    General {
        parameters,
        derived,
        exprs,
    }
}

fn family(column: &Column) -> Family {
    match column.role {
        Role::InFeats | Role::OutFeats | Role::Feats => (Role::Feats, String::new()),
        role => (role, column.name.clone()),
    }
}

/// Groups of equal columns, in order of their first; constant columns are literals and are in no group.
fn group(columns: &[Column], rules: Rules) -> Vec<Group> {
    let is_literal = |value: &Value| match value {
        Value::Dim(dim) => rules.symbols_are_literals || dim.as_fixed().is_some(),
        Value::Axes(_) | Value::Float(_) => true,
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut found: BTreeMap<(Family, &[Value]), usize> = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let [first, rest @ ..] = column.values.as_slice() else {
            continue;
        };
        if is_literal(first) && rest.iter().all(|it| it == first) {
            continue;
        }
        let group = *found
            .entry((family(column), &column.values))
            .or_insert_with(|| {
                let (family, values) = (family(column), column.values.clone());
                groups.push(Group {
                    family,
                    columns: Vec::new(),
                    values,
                    relation: None,
                });
                groups.len() - 1
            });
        groups[group].columns.push(index);
    }
    groups
}

/// Derives groups that agree in a normal form from the smallest of them, where `solve` can.
///
/// The smallest is the base so that code multiplies and adds and never divides.
fn relate(
    groups: &mut [Group],
    rules: Rules,
    normal: fn(&[i64]) -> Option<Vec<i64>>,
    solve: impl Fn(i64, i64) -> Option<(i64, i64)>,
) {
    let mut alike: BTreeMap<Vec<i64>, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        if let (Role::Feats, None, Some(values)) =
            (group.family.0, &group.relation, ints(&group.values))
            && values.iter().collect::<BTreeSet<_>>().len() >= rules.evidence
            && let Some(normal) = normal(&values)
        {
            alike.entry(normal).or_default().push(index);
        }
    }
    for mut members in alike.into_values() {
        members.sort_by_key(|it| (first(&groups[*it]), *it));
        let base = members[0];
        for member in &members[1..] {
            // What depends on a derived group would be a chain.
            let solution = solve(first(&groups[*member]), first(&groups[base]));
            let relation = solution.map(|(scale, offset)| Relation::Linear {
                base,
                scale,
                offset,
            });
            groups[*member].relation = relation;
        }
    }
    rebase(groups);
}

/// A base may have been derived by a later relation: then its dependants follow it, or stand for
/// themselves.
fn rebase(groups: &mut [Group]) {
    for index in 0..groups.len() {
        let Some(Relation::Linear {
            base,
            scale,
            offset,
        }) = groups[index].relation
        else {
            continue;
        };
        let Some(Relation::Linear {
            base: root,
            scale: inner,
            offset: shift,
        }) = groups[base].relation
        else {
            continue;
        };
        let scaled = scale.checked_mul(inner).zip(scale.checked_mul(shift));
        groups[index].relation = scaled.and_then(|(scale, shift)| {
            Some(Relation::Linear {
                base: root,
                scale,
                offset: shift.checked_add(offset)?,
            })
        });
    }
}

fn first(group: &Group) -> i64 {
    group.values[0].int().unwrap_or(0)
}

/// Proportional columns have the same primitive vector.
fn primitive(values: &[i64]) -> Option<Vec<i64>> {
    let divisor = values
        .iter()
        .fold(0, |a, b| gcd(a, b.unsigned_abs()))
        .max(1);
    let divisor = i64::try_from(divisor).ok()?;
    Some(values.iter().map(|it| it / divisor).collect())
}

/// Columns a constant apart have the same differences.
fn differences(values: &[i64]) -> Option<Vec<i64>> {
    values.iter().map(|it| it.checked_sub(values[0])).collect()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn halve(groups: &mut [Group]) {
    let halves: BTreeMap<Vec<i64>, usize> = groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.family.0 == Role::Kernel)
        .filter_map(|(index, group)| {
            Some((
                ints(&group.values)?.iter().map(|it| it / 2).collect(),
                index,
            ))
        })
        .collect();
    for group in groups.iter_mut().filter(|it| it.family.0 == Role::Padding) {
        let base = ints(&group.values).and_then(|it| halves.get(&it));
        group.relation = base.map(|it| Relation::Half { base: *it });
    }
}

fn ints(values: &[Value]) -> Option<Vec<i64>> {
    values.iter().map(Value::int).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::Dim;

    const RULES: Rules = Rules {
        symbols_are_literals: false,
        evidence: 2,
    };

    fn column(role: Role, values: Vec<Value>) -> Column {
        let name = format!("{role:?}");
        Column {
            name,
            label: None,
            noun: "",
            role,
            is_input: false,
            is_output: false,
            in_forward: false,
            values,
        }
    }

    fn texts(columns: &[Column], rules: Rules) -> Vec<String> {
        let general = generalize(columns, rules);
        let text = |expr: &Expr| match expr {
            Expr::Literal(Value::Dim(dim)) => dim.to_string(),
            Expr::Literal(value) => format!("{value:?}"),
            Expr::Linear {
                parameter,
                scale,
                offset,
            } => format!("{scale}*p{parameter}+{offset}"),
            Expr::Half { parameter } => format!("p{parameter}/2"),
        };
        general.exprs.iter().map(text).collect()
    }

    /// Numbers by role and values, as the code would write them.
    #[track_caller]
    fn check(columns: &[(Role, &[i64])], expected: &[&str]) {
        let value = |it: &i64| Value::Dim(Dim::from(*it));
        let columns: Vec<Column> = columns
            .iter()
            .map(|(role, values)| column(*role, values.iter().map(value).collect()))
            .collect();
        assert_eq!(texts(&columns, RULES), expected);
    }

    #[test]
    fn constants_are_literals_and_equals_are_shared() {
        check(
            &[
                (Role::InFeats, &[3, 3]),
                (Role::InFeats, &[64, 96]),
                (Role::OutFeats, &[64, 96]),
            ],
            &["3", "1*p0+0", "1*p0+0"],
        );
    }

    #[test]
    fn the_smallest_is_the_parameter() {
        check(
            &[(Role::OutFeats, &[256, 512]), (Role::InFeats, &[64, 128])],
            &["4*p0+0", "1*p0+0"],
        );
        check(
            &[(Role::OutFeats, &[96, 128]), (Role::InFeats, &[64, 96])],
            &["1*p0+32", "1*p0+0"],
        );
    }

    #[test]
    fn a_derived_base_is_replaced_by_its_own() {
        // 64 and 128 are proportional; 65 is one more than 64; nothing hangs on a derived number.
        check(
            &[
                (Role::InFeats, &[65, 33]),
                (Role::InFeats, &[64, 32]),
                (Role::InFeats, &[128, 64]),
            ],
            &["1*p0+1", "1*p0+0", "2*p0+0"],
        );
    }

    #[test]
    fn families_do_not_mix() {
        check(
            &[(Role::InFeats, &[1, 2]), (Role::Other, &[1, 2])],
            &["1*p0+0", "1*p1+0"],
        );
        check(
            &[(Role::Kernel, &[3, 7]), (Role::Padding, &[1, 3])],
            &["1*p0+0", "p0/2"],
        );
    }

    #[test]
    fn a_multiple_needs_evidence() {
        let value = |it: &i64| Value::Dim(Dim::from(*it));
        let columns = |instances: usize| {
            let of = |role, values: &[i64]| {
                column(role, values.iter().take(instances).map(value).collect())
            };
            [
                of(Role::InFeats, &[64, 128, 256, 256]),
                of(Role::OutFeats, &[128, 256, 512, 512]),
            ]
        };
        let rules = Rules {
            evidence: 3,
            ..RULES
        };
        assert_eq!(texts(&columns(2), rules), ["1*p0+0", "1*p1+0"]);
        assert_eq!(texts(&columns(3), rules), ["1*p0+0", "2*p0+0"]);
        // Twice the same is no evidence.
        let repeated = columns(4).map(|mut it| {
            it.values.remove(0);
            it
        });
        assert_eq!(texts(&repeated, rules), ["1*p0+0", "1*p1+0"]);
    }

    #[test]
    fn a_size_without_a_number_is_an_argument_even_if_constant() {
        let columns = [column(Role::OutFeats, vec![Value::Dim(Dim::symbol("K"))])];
        assert_eq!(texts(&columns, RULES), ["1*p0+0"]);
        assert_eq!(
            texts(
                &columns,
                Rules {
                    symbols_are_literals: true,
                    ..RULES
                }
            ),
            ["K"]
        );
    }
}
