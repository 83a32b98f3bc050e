//! Shapes of a class in its own words: channels as arguments, sizes relative to its inputs.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    context::Context,
    generalize::Expr,
    plan::{Scope, ScopeId, Source},
    views::{self, View},
};
use crate::{
    dim::{Dim, Symbol},
    layer::Role,
    shape::Type,
};

pub(super) enum Shapes<'a> {
    /// A class with one instance: its shapes are known.
    One(&'a Scope),
    Several(Several),
}

/// Texts hold for all instances, or there are none.
pub(super) struct Several {
    views: Vec<Rc<View>>,
    /// What the symbols of the inputs are called.
    letters: BTreeMap<Symbol, Dim>,
    /// Sizes of the inputs that are numbers, not channels, and differ; and what they are called.
    numbers: Vec<(Vec<i64>, String)>,
    /// Sizes that are written as an expression of the arguments.
    channels: BTreeMap<Vec<i64>, String>,
    /// Strides that are arguments.
    strides: Vec<(Vec<i64>, String)>,
}

type Divide = fn(&Dim, i64) -> crate::dim::Result<Dim>;

impl<'a> Shapes<'a> {
    pub(super) fn new(context: &Context<'a>) -> Self {
        match context.class.instances.as_slice() {
            [_] => Self::One(context.example),
            _ => Self::Several(Several::new(context)),
        }
    }

    /// `[N, feats, ⌈H/2⌉, ⌈W/2⌉]`
    pub(super) fn text(&self, source: Source) -> Option<String> {
        match self {
            Self::One(scope) => Some(scope.ty(source).shape.to_string()),
            Self::Several(several) => several.text(source),
        }
    }
}

impl Several {
    fn new(context: &Context<'_>) -> Self {
        let classes = context.classes;
        let mut seen = BTreeSet::new();
        let instances = context.class.instances.iter().enumerate();
        // Instances that agree in all numbers and inputs say the same.
        let distinct: Vec<(usize, &ScopeId, &Rc<View>)> = instances
            .filter_map(|(index, id)| Some((index, id, context.views.of(*id)?)))
            .filter(|(_, id, view)| {
                seen.insert((classes.classified.marks[**id].exact, Rc::as_ptr(view)))
            })
            .collect();
        let scopes: Vec<&Scope> = context
            .class
            .instances
            .iter()
            .map(|id| classes.scope(*id))
            .collect();
        let rows: Vec<usize> = distinct.iter().map(|it| it.0).collect();
        Self {
            letters: letters(&scopes),
            numbers: numbers(&rows.iter().map(|it| scopes[*it]).collect::<Vec<_>>()),
            views: distinct
                .into_iter()
                .map(|(.., view)| Rc::clone(view))
                .collect(),
            channels: channels(context, &rows),
            strides: strides(context, &rows),
        }
    }

    fn text(&self, source: Source) -> Option<String> {
        let types: Vec<_> = self
            .views
            .iter()
            .map(|it| it.ty(source))
            .collect::<Option<_>>()?;
        let rank = types.first()?.rank();
        if types.iter().any(|it| it.rank() != rank) {
            return None;
        }
        let dims = (0..rank).map(|at| {
            self.dim(
                at,
                &types.iter().map(|it| &it.dims()[at]).collect::<Vec<_>>(),
            )
        });
        Some(format!(
            "[{}]",
            dims.collect::<Option<Vec<_>>>()?.join(", ")
        ))
    }

    /// A size as text, given what it is in each view.
    fn dim(&self, position: usize, sizes: &[&Dim]) -> Option<String> {
        let first = *sizes.first()?;
        if sizes.iter().all(|it| *it == first) {
            return Some(first.substitute(&self.letters).ok()?.to_string());
        }
        let ints: Option<Vec<i64>> = sizes.iter().map(|it| it.as_fixed()).collect();
        match ints {
            Some(ints) if position < 2 => self.channel(&ints).or_else(|| self.number(&ints)),
            Some(ints) => self.number(&ints).or_else(|| self.channel(&ints)),
            None => self.strided(sizes),
        }
    }

    fn channel(&self, ints: &[i64]) -> Option<String> {
        if let Some(text) = self.channels.get(ints) {
            return Some(text.clone());
        }
        let plain = || self.channels.iter().filter(|it| !it.1.contains(' '));
        let multiple = plain().find_map(|(base, text)| {
            let times = ints[0].checked_div(base[0]).filter(|it| *it > 1)?;
            let all = base
                .iter()
                .zip(ints)
                .all(|(base, int)| base.checked_mul(times) == Some(*int));
            all.then(|| format!("{times} * {text}"))
        });
        let apart = || {
            plain().find_map(|(base, text)| {
                let more = ints[0].checked_sub(base[0])?;
                let all = base
                    .iter()
                    .zip(ints)
                    .all(|(base, int)| base.checked_add(more) == Some(*int));
                all.then(|| {
                    if more < 0 {
                        format!("{text} - {}", -more)
                    } else {
                        format!("{text} + {more}")
                    }
                })
            })
        };
        multiple.or_else(apart)
    }

    /// A number that is a size of an input, or a part of one.
    fn number(&self, ints: &[i64]) -> Option<String> {
        self.numbers.iter().find_map(|(inputs, letter)| {
            let pairs = || inputs.iter().zip(ints);
            if pairs().all(|(input, int)| input == int) {
                return Some(letter.clone());
            }
            let parts = inputs[0].checked_div(ints[0]).filter(|it| *it > 1)?;
            let exact = pairs().all(|(input, int)| int.checked_mul(parts) == Some(*input));
            exact.then(|| format!("{letter}/{parts}"))
        })
    }

    /// A size of an input divided by a stride that is an argument.
    fn strided(&self, sizes: &[&Dim]) -> Option<String> {
        let rounded: [(Divide, _, _); 2] = [(Dim::ceil_div, "⌈", "⌉"), (Dim::floor_div, "⌊", "⌋")];
        let inputs = self.views.first()?.inputs.iter().flat_map(Type::dims);
        for input in inputs.filter(|it| it.as_symbol().is_some()) {
            for (strides, name) in &self.strides {
                for (divide, open, close) in rounded {
                    let is = |(size, stride): (&&Dim, &i64)| {
                        divide(input, *stride).as_ref() == Ok(*size)
                    };
                    if sizes.iter().zip(strides).all(is) {
                        let input = input.substitute(&self.letters).ok()?;
                        return Some(format!("{open}{input}/{name}{close}"));
                    }
                }
            }
        }
        None
    }
}

/// Numbers behind the channels that differ between the scopes, with a letter for each.
fn numbers(scopes: &[&Scope]) -> Vec<(Vec<i64>, String)> {
    let mut numbers: Vec<(Vec<i64>, String)> = Vec::new();
    let inputs = scopes
        .first()
        .map(|it| it.inputs.as_slice())
        .unwrap_or_default();
    for (input, port) in inputs.iter().enumerate() {
        for dim in 2..port.ty.rank() {
            let size = |scope: &&Scope| scope.inputs[input].ty.dims().get(dim)?.as_fixed();
            let Some(sizes) = scopes.iter().map(size).collect::<Option<Vec<i64>>>() else {
                continue;
            };
            let differ = sizes.iter().any(|it| *it != sizes[0]);
            if differ && numbers.iter().all(|it| it.0 != sizes) {
                let letter = usual_letter(dim, port.ty.rank());
                numbers.push((sizes, letter.to_owned()));
            }
        }
    }
    numbers
}

/// What stands for the sizes of the inputs: their real size, if it is the same in all instances, otherwise
/// a letter.
fn letters(scopes: &[&Scope]) -> BTreeMap<Symbol, Dim> {
    let size =
        |scope: &Scope, input: usize, dim: usize| scope.inputs[input].ty.dims().get(dim).cloned();
    let positions: Vec<(usize, usize)> = scopes[0]
        .inputs
        .iter()
        .enumerate()
        .flat_map(|(input, port)| (0..port.ty.rank()).map(move |dim| (input, dim)))
        .collect();
    let sizes = |(input, dim): (usize, usize)| -> Vec<Option<Dim>> {
        scopes.iter().map(|it| size(it, input, dim)).collect()
    };
    let differ = positions.iter().any(|position| {
        let sizes = sizes(*position);
        let is_channel = sizes.iter().flatten().all(|it| it.as_fixed().is_some());
        !is_channel && sizes.iter().any(|it| *it != sizes[0])
    });
    let mut letters: BTreeMap<Symbol, Dim> = BTreeMap::new();
    for (input, dim) in positions {
        let sizes = sizes((input, dim));
        let Some(first) = &sizes[0] else { continue };
        let letter = if differ {
            let rank = scopes[0].inputs[input].ty.rank();
            let mut letter = letter(&sizes, dim, rank);
            while letters
                .values()
                .any(|it| it.as_symbol().is_some_and(|it| it.name() == letter))
            {
                letter.push('\'');
            }
            Dim::symbol(letter.as_str())
        } else {
            first.clone()
        };
        letters.insert(views::symbol(input, dim), letter);
    }
    letters
}

/// The letter that the file uses; otherwise the usual one for the place.
fn letter(sizes: &[Option<Dim>], dim: usize, rank: usize) -> String {
    let only = |size: &Option<Dim>| {
        let symbols = size.as_ref()?.symbols();
        if symbols.len() == 1 {
            symbols.into_iter().next()
        } else {
            None
        }
    };
    let symbol =
        only(&sizes[0]).filter(|it| sizes.iter().all(|size| only(size).as_ref() == Some(it)));
    symbol.map_or_else(
        || usual_letter(dim, rank).to_owned(),
        |it| it.name().to_owned(),
    )
}

fn usual_letter(dim: usize, rank: usize) -> &'static str {
    match (rank, dim) {
        (_, 1) => "C",
        (3, 2) => "L",
        (4, 2) | (5, 3) => "H",
        (4, 3) | (5, 4) => "W",
        _ => "D",
    }
}

/// The arguments whose name says that they are strides, for these instances.
fn strides(context: &Context<'_>, rows: &[usize]) -> Vec<(Vec<i64>, String)> {
    let class = context.class;
    let named = class
        .general
        .parameters
        .iter()
        .zip(&class.arguments)
        .filter(|it| it.1.ends_with("stride"));
    let stride = |(parameter, name): (&super::generalize::Parameter, &String)| {
        let values: Option<Vec<i64>> = rows
            .iter()
            .map(|it| parameter.values[*it].int().filter(|it| *it > 0))
            .collect();
        Some((values?, name.clone()))
    };
    named.filter_map(stride).collect()
}

/// The numbers of channels that the code has expressions for, for these instances.
fn channels(context: &Context<'_>, rows: &[usize]) -> BTreeMap<Vec<i64>, String> {
    let general = &context.class.general;
    let mut channels = BTreeMap::new();
    for expr in &general.exprs {
        let Expr::Linear {
            parameter,
            scale,
            offset,
        } = *expr
        else {
            continue;
        };
        let parameter = &general.parameters[parameter];
        if parameter.role == Role::Feats {
            let value = |row: &usize| {
                parameter.values[*row]
                    .int()?
                    .checked_mul(scale)?
                    .checked_add(offset)
            };
            let values: Option<Vec<i64>> = rows.iter().map(value).collect();
            let text = context
                .argument(expr, &proc_macro2::TokenStream::new())
                .tokens
                .to_string();
            if let Some(values) = values {
                channels.entry(values).or_insert(text);
            }
        }
    }
    channels
}
