//! Names in the generated code: from the file where it has one, otherwise from what a thing is.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    classify::{ClassId, Classified},
    generalize::{Column, Derived, General, Parameter},
    plan::{Block, Form, Key, Scope, What, last_name},
    simplify::positions,
};
use crate::{
    layer::Role,
    names::{Taken, camel, snake},
};

/// A struct name for each class.
///
/// The base is the `_name`, the id, or what the ids of the instances have in common. Of several classes
/// with one base the smallest has the bare name, the others add the ids of the blocks that only they have:
/// `ResBlock`, `ResBlockDownsample`. Hence a new instance, or a new class elsewhere in the file, renames
/// nothing.
///
/// Those of the frozen form begin with `Frozen`; `others` are names of the trained one.
pub(super) fn structs(classified: &Classified, root: &str, others: &[String]) -> Vec<String> {
    let mut taken = Taken::types();
    others
        .iter()
        .filter(|it| !it.is_empty())
        .for_each(|it| drop(taken.unique(it)));
    let prefix = prefix(classified.plan.form);
    let mut names = vec![String::new(); classified.instances.len()];
    let root_class = classified.marks[classified.plan.root()].class;
    for name in ["", "Inputs", "Outputs"] {
        taken.unique(&format!("{root}{name}"));
    }
    root.clone_into(&mut names[root_class]);

    let mut by_base: BTreeMap<String, Vec<ClassId>> = BTreeMap::new();
    for (class, instances) in classified.instances.iter().enumerate() {
        if !instances.is_empty() && class != root_class {
            let scopes = instances.iter().map(|it| &classified.plan.scopes[*it]);
            by_base
                .entry(prefix.to_owned() + &base(scopes))
                .or_default()
                .push(class);
        }
    }
    for (base, mut classes) in by_base {
        let example = |class: ClassId| &classified.plan.scopes[classified.instances[class][0]];
        classes.sort_by_key(|it| (example(*it).blocks.len(), *it));
        let common: BTreeSet<String> = words(example(classes[0]), classified).into_iter().collect();
        for (place, class) in classes.into_iter().enumerate() {
            let own = words(example(class), classified);
            let mut own: Vec<String> = own
                .into_iter()
                .filter(|it| place > 0 && !common.contains(it))
                .collect();
            own.dedup();
            // More than two words say less than a number.
            own.truncate(2);
            names[class] = taken.unique(&(base.clone() + &own.concat()));
        }
    }
    names
}

/// What the names of structs begin with.
fn prefix(form: Form) -> &'static str {
    match form {
        Form::Trained => "",
        Form::Frozen => "Frozen",
    }
}

/// The name of a struct without that.
fn thawed(name: &str, form: Form) -> &str {
    name.strip_prefix(prefix(form)).unwrap_or(name)
}

fn base<'a>(mut scopes: impl Iterator<Item = &'a Scope>) -> String {
    let Some(first) = scopes.next() else {
        return String::new();
    };
    if let Some(name) = &first.type_name {
        return camel(name);
    }
    if let Some(id) = &first.id {
        let common = scopes.fold(id.as_str(), |common, it| {
            common_prefix(common, it.id.as_deref().unwrap_or_default())
        });
        // `layer1` alone is `Layer1`, together with `layer2` it is `Layer`.
        let common = if common == id {
            common
        } else {
            trim_number(common)
        };
        return camel(if common.is_empty() { id } else { common });
    }
    last_name(&first.path).map(camel).unwrap_or_default() + "Block"
}

/// What a scope contains, as words for a type name.
fn words(scope: &Scope, classified: &Classified) -> Vec<String> {
    let word = |block: &Block| match (&block.moved_from, &block.id, &block.what) {
        (Some(id), ..) | (None, Some(id), _) => camel(id),
        (None, None, What::Layer(leaf)) => camel(leaf.layer.noun()),
        (None, None, What::Run { scopes, .. }) => camel(
            classified.plan.scopes[scopes[0]]
                .type_name
                .as_deref()
                .unwrap_or("block"),
        ),
    };
    scope.blocks.iter().map(word).collect()
}

/// A field name for each block with weights: its id; for unnamed children of a Sequential what they are,
/// and where several are the same, their number in the file.
pub(super) fn fields<'a>(
    scope: &Scope,
    own: &str,
    form: Form,
    struct_of: impl Fn(usize) -> &'a str,
) -> Vec<Option<String>> {
    let noun = |block: &Block| match (&block.id, &block.what) {
        (Some(id), _) => snake(id),
        (None, What::Layer(leaf)) => leaf.layer.noun().to_owned(),
        (None, What::Run { scopes, .. }) => {
            let name = struct_of(scopes[0]);
            let (name, own) = (thawed(name, form), thawed(own, form));
            // In `Features`, a `FeaturesBlock` is a `block`.
            snake(
                name.strip_prefix(own)
                    .filter(|it| !it.is_empty())
                    .unwrap_or(name),
            )
        }
    };
    let nouns: Vec<Option<String>> = scope
        .blocks
        .iter()
        .map(|it| it.has_weights().then(|| noun(it)))
        .collect();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    nouns
        .iter()
        .flatten()
        .for_each(|it| *counts.entry(it).or_default() += 1);
    let mut taken = Taken::default();
    let positions = positions(scope);
    let name = |(block, noun): (&Block, &Option<String>)| {
        let noun = noun.as_ref()?;
        let plural = if is_plural(block) && block.id.is_none() {
            "s"
        } else {
            ""
        };
        let number = match block.path.first().or(block.start.as_ref()) {
            Some(Key::Nth(number)) if counts[noun] > 1 => positions[*number].to_string(),
            _ => String::new(),
        };
        Some(taken.unique(&format!("{noun}{plural}{number}")))
    };
    scope.blocks.iter().zip(&nouns).map(name).collect()
}

fn is_plural(block: &Block) -> bool {
    matches!(&block.what, What::Run { scopes, .. } if scopes.len() > 1)
}

/// Names for the parameters of a class, and for what is derived from them.
pub(super) fn arguments(
    general: &General,
    columns: &[Column],
    fields: &[Option<String>],
) -> (Vec<String>, Vec<String>) {
    let mut taken = Taken::new(["vs", "i", "array", "nn"]);
    fields
        .iter()
        .flatten()
        .for_each(|it| drop(taken.unique(it)));
    let alone = |role: Role, name: &str| {
        let same = |it: &&Parameter| it.role == role && columns[it.columns[0]].name == name;
        general.parameters.iter().filter(same).count() == 1
    };
    let feats = general
        .parameters
        .iter()
        .filter(|it| it.role == Role::Feats);
    let inner = feats
        .filter(|it| ends(&it.columns, columns) == (false, false))
        .count();
    let name = |parameter: &Parameter| {
        let first = &columns[parameter.columns[0]];
        let label = || label(&parameter.columns, columns);
        match parameter.role {
            Role::Count if alone(Role::Count, &first.name) => "N".to_owned(),
            Role::Count => format!("N_{}", label().to_ascii_uppercase()),
            Role::Feats => match ends(&parameter.columns, columns) {
                (true, true) => "feats".to_owned(),
                (true, false) => "in_feats".to_owned(),
                (false, true) => "out_feats".to_owned(),
                (false, false)
                    if inner == 1 && says_nothing(&label(), &parameter.columns, columns) =>
                {
                    "feats".to_owned()
                }
                (false, false) => feats_of(&label()),
            },
            role if alone(role, &first.name) => first.name.clone(),
            _ if label().is_empty() || first.name.starts_with(&label()) => first.name.clone(),
            _ => snake(&format!("{}_{}", label(), first.name)),
        }
    };
    let arguments = general
        .parameters
        .iter()
        .map(|it| taken.unique(&name(it)))
        .collect();
    let name = |derived: &Derived| match ends(&derived.columns, columns) {
        (_, true) => "out_feats".to_owned(),
        (true, false) => "in_feats".to_owned(),
        (false, false) => feats_of(&label(&derived.columns, columns)),
    };
    let derived = general
        .derived
        .iter()
        .map(|it| taken.unique(&name(it)))
        .collect();
    (arguments, derived)
}

/// `conv2` sets the channels of most blocks: they are just `feats`.
fn says_nothing(label: &str, of: &[usize], columns: &[Column]) -> bool {
    let is_noun = of.iter().any(|it| columns[*it].noun == label);
    label.is_empty() || label == "block" || is_noun
}

fn feats_of(label: &str) -> String {
    match label {
        "" => "feats".to_owned(),
        label if label.ends_with("feats") => label.to_owned(),
        label => snake(&format!("{label}_feats")),
    }
}

/// Whether a number is the channels of the input, of the output.
pub(super) fn ends(of: &[usize], columns: &[Column]) -> (bool, bool) {
    let any = |flag: fn(&Column) -> bool| of.iter().any(|it| flag(&columns[*it]));
    (any(|it| it.is_input), any(|it| it.is_output))
}

/// What the blocks that set a number have in common: `expand1` and `expand3` are `expand`.
fn label(of: &[usize], columns: &[Column]) -> String {
    let makers = of
        .iter()
        .map(|it| &columns[*it])
        .filter(|it| it.role != Role::InFeats);
    let mut labels = makers.filter_map(|it| it.label.as_deref());
    let Some(first) = labels.next() else {
        return columns[of[0]]
            .label
            .as_deref()
            .map(snake)
            .unwrap_or_default();
    };
    let common = trim_number(labels.fold(first, common_prefix));
    snake(if common.is_empty() { first } else { common })
}

fn common_prefix<'a>(a: &'a str, b: &str) -> &'a str {
    let differ = a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b);
    &a[..differ.map_or(a.len().min(b.len()), |((end, _), _)| end)]
}

fn trim_number(text: &str) -> &str {
    text.trim_end_matches(|it: char| it.is_ascii_digit() || it == '_')
}
