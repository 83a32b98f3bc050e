//! Which dict of a pickle holds the tensors.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Result, listed, quoted, shortened};
use crate::pickle::{Id, Pickle, Value};
use crate::torch::{global, is, is_tensor};

/// The keys under which training scripts keep the state dict, the likeliest first.
const ENVELOPES: [&str; 9] = [
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "params_ema",
];

#[derive(Debug)]
pub(crate) struct StateDict<'p> {
    /// Names and tensors in the order of the file.
    pub(crate) tensors: Vec<(&'p str, Id)>,
    pub(crate) notes: Vec<String>,
}

/// A dict of tensors, and the keys that lead to it.
struct Found<'p> {
    items: &'p [(Id, Id)],
    path: Vec<&'p str>,
    aside: Vec<String>,
}

pub(crate) fn find<'p>(pickle: &'p Pickle<'_>) -> Result<StateDict<'p>> {
    let Some(found) = search(pickle, pickle.root, &mut BTreeSet::new(), 0)? else {
        return Err(nothing(pickle));
    };

    // As in Python, a key that comes again keeps its place and gets the new value.
    let mut values: Vec<(&str, Id)> = Vec::new();
    let mut places = BTreeMap::new();
    let mut others = Vec::new();
    for &(key, value) in found.items {
        match *pickle.get(key) {
            Value::Str(name) => match places.get(name) {
                Some(&place) => values[place] = (name, value),
                None => {
                    places.insert(name, values.len());
                    values.push((name, value));
                }
            },
            _ => others.push(format!("a key that is not text ({})", kind(pickle, key))),
        }
    }
    let (tensors, rest): (Vec<_>, Vec<_>) = values
        .into_iter()
        .partition(|&(_, value)| is_tensor(pickle, value));
    let rest = rest
        .into_iter()
        .map(|(name, value)| format!("{} ({})", quoted(name), kind(pickle, value)));
    others.splice(0..0, rest);

    let mut notes = Vec::new();
    if !found.path.is_empty() {
        let path: Vec<_> = found.path.iter().map(|key| quoted(key)).collect();
        let mut note = format!("took the tensors from {}", path.join(" in "));
        if !found.aside.is_empty() {
            note.push_str(", left aside ");
            note.push_str(&listed(&found.aside));
        }
        notes.push(note);
    }
    if !others.is_empty() {
        notes.push(format!(
            "left aside what is not a plain tensor: {}",
            shortened(others)
        ));
    }
    Ok(StateDict { tensors, notes })
}

/// Looks for the dict of tensors in a dict, in its usual envelopes, and at last in its only value that has tensors.
fn search<'p>(
    pickle: &'p Pickle<'_>,
    id: Id,
    seen: &mut BTreeSet<Id>,
    depth: usize,
) -> Result<Option<Found<'p>>> {
    const DEEPEST: usize = 4;
    // A dict that holds itself is not looked into twice.
    if depth > DEEPEST || !seen.insert(id) {
        return Ok(None);
    }
    let Some(items) = dict(pickle, id) else {
        return Ok(None);
    };
    let inside = |key: &'p str, mut found: Found<'p>| {
        found.path.push(key);
        let siblings = items
            .iter()
            .filter_map(|&(other, _)| match *pickle.get(other) {
                Value::Str(other) if other != key => Some(other.to_owned()),
                _ => None,
            });
        found.aside.extend(siblings);
        found
    };

    for envelope in ENVELOPES {
        if let Some(value) = lookup(pickle, items, envelope)
            && let Some(found) = search(pickle, value, seen, depth + 1)?
        {
            return Ok(Some(inside(envelope, found)));
        }
    }
    // A model without parameters has an empty state dict.
    if has_tensors(pickle, items) || (depth == 0 && items.is_empty()) {
        return Ok(Some(Found {
            items,
            path: Vec::new(),
            aside: Vec::new(),
        }));
    }

    let mut candidates = items
        .iter()
        .filter_map(|&(key, value)| match *pickle.get(key) {
            Value::Str(key) => dict(pickle, value)
                .filter(|items| has_tensors(pickle, items))
                .map(|items| (key, items)),
            _ => None,
        });
    match (candidates.next(), candidates.next()) {
        (Some((key, items)), None) => Ok(Some(inside(
            key,
            Found {
                items,
                path: Vec::new(),
                aside: Vec::new(),
            },
        ))),
        (Some((first, _)), Some((second, _))) => {
            let mut all = vec![first, second];
            all.extend(candidates.map(|(key, _)| key));
            Err(format!(
                "holds several dicts of tensors: {}; in python, save the one to load on its own",
                listed(&all)
            ))
        }
        (None, _) => Ok(None),
    }
}

/// What to say of a pickle without a dict of tensors.
fn nothing(pickle: &Pickle) -> String {
    let whole = |class: String| {
        format!(
            "a whole pickled `{class}`, whose code is not in the file; in python, save its `state_dict()` instead"
        )
    };
    let Some(items) = dict(pickle, pickle.root) else {
        return match pickle.get(pickle.root) {
            _ if is_tensor(pickle, pickle.root) => {
                "holds a single tensor without a name; save a dict of tensors".into()
            }
            Value::Object(_) => format!("holds {}", whole(kind(pickle, pickle.root))),
            _ => format!(
                "holds no dict of tensors, but a {}",
                kind(pickle, pickle.root)
            ),
        };
    };
    for envelope in ENVELOPES {
        if let Some(value) = lookup(pickle, items, envelope)
            && let Value::Object(_) = pickle.get(value)
        {
            return format!(
                "holds as {} {}",
                quoted(envelope),
                whole(kind(pickle, value))
            );
        }
    }
    let entries = items
        .iter()
        .filter_map(|&(key, value)| match *pickle.get(key) {
            Value::Str(key) => Some(format!("{} ({})", quoted(key), kind(pickle, value))),
            _ => None,
        });
    match shortened(entries.collect()) {
        keys if keys.is_empty() => "holds no tensors".into(),
        keys => format!("holds no tensors, only {keys}"),
    }
}

/// The items of a dict or of what is made like one; `OrderedDict` and its kind.
fn dict<'p>(pickle: &'p Pickle<'_>, id: Id) -> Option<&'p [(Id, Id)]> {
    match pickle.get(id) {
        Value::Dict(items) => Some(items),
        Value::Object(object) if !object.items.is_empty() => Some(&object.items),
        Value::Object(object) => global(pickle, object.class)
            .filter(|&class| is(class, "collections", "OrderedDict"))
            .map(|_| &[][..]),
        _ => None,
    }
}

fn has_tensors(pickle: &Pickle, items: &[(Id, Id)]) -> bool {
    items
        .iter()
        .any(|&(key, value)| matches!(pickle.get(key), Value::Str(_)) && is_tensor(pickle, value))
}

fn lookup(pickle: &Pickle, items: &[(Id, Id)], key: &str) -> Option<Id> {
    let found = items
        .iter()
        .rfind(|(found, _)| matches!(*pickle.get(*found), Value::Str(found) if found == key));
    found.map(|&(_, value)| value)
}

/// What a value is, in words.
fn kind(pickle: &Pickle, id: Id) -> String {
    let name = match pickle.get(id) {
        Value::None => "None",
        Value::Bool => "bool",
        Value::Int(_) => "int",
        Value::Str(_) => "str",
        Value::Tuple(_) => "tuple",
        Value::List(_) => "list",
        Value::Dict(_) => "dict",
        Value::Global(_) => "class",
        Value::Persistent(_) => "storage",
        Value::Other(name) => name,
        Value::Object(object) => match global(pickle, object.class) {
            Some(class) => {
                return quoted(&format!("{}.{}", class.module, class.name))
                    .trim_matches('`')
                    .to_owned();
            }
            None => "object",
        },
    };
    name.to_owned()
}
