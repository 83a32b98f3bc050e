//! Finds out where the values of a document were written, by evaluating its text with [marks](super::marks).

use std::collections::BTreeMap;

use rsjsonnet_lang::{
    arena::Arena,
    program::{Thunk, Value as Marked, ValueKind},
};

use super::{
    Input,
    files::Files,
    jsonnet::Session,
    marks::{Field, Marks, Name, Site},
};
use crate::{
    document::{Entry, Node, Part, Place, Value},
    source::Span,
};

/// Shows the marks of an object.
const MARKS: &str = "function(it) if '$narchi' in it then it['$narchi'] else []";

/// Where the values of a document were written.
#[derive(Debug)]
pub(crate) struct Places {
    start: Span,
    located: Vec<Located>,
}

/// Where a value was written.
#[derive(Clone, Debug)]
pub(super) struct Located {
    key: Span,
    value: Span,
    /// The calls that it is the outcome of, the first to return first.
    calls: Vec<Span>,
    /// The value that it is part of.
    around: Option<usize>,
    /// Where the text begins, if the value was written as a string without escapes.
    literal: Option<usize>,
}

impl Places {
    pub(super) fn new(start: Span, located: Vec<Located>) -> Self {
        Self { start, located }
    }

    /// A place of the text: the exact one, or the nearest one around it that is known.
    pub(crate) fn span(&self, place: &Place) -> Span {
        let Place { node: id, part } = place;
        let located = usize::try_from(id.0)
            .ok()
            .and_then(|it| self.located.get(it));
        let Some(Located {
            key,
            value,
            literal,
            ..
        }) = located
        else {
            return self.start;
        };
        match (part, literal) {
            (Part::Key, _) => *key,
            // The quote after the text is part of the value.
            (Part::Slice(slice), Some(text)) if text + slice.end < value.end => Span {
                file: value.file,
                start: text + slice.start,
                end: text + slice.end,
            },
            (Part::Slice(_) | Part::Value, _) => *value,
        }
    }
}

impl Places {
    /// The calls that a value, or what it is part of, is the outcome of; the first to return first.
    pub(crate) fn calls(&self, place: &Place) -> Vec<Span> {
        let mut calls: Vec<Span> = Vec::new();
        let mut next = usize::try_from(place.node.0).ok();
        while let Some(located) = next.and_then(|it| self.located.get(it)) {
            calls.extend(&located.calls);
            next = located.around;
        }
        calls
    }
}

/// Evaluates with marks and reads them, for every node of `document`, by its number.
pub(super) fn locate(input: &Input, files: &Files, document: &Node) -> Option<Vec<Located>> {
    let arena = Arena::new();
    let mut session = Session::new(&arena, input, files, Some(Marks::default()));
    let value = session.evaluate().ok()?;
    let marks = session.own(MARKS)?;
    let root = session.loader.marks.as_ref()?.root?;
    let mut reader = Reader {
        session,
        marks,
        files,
        located: Vec::new(),
        around: None,
    };
    let start = reader.expression(root)?.0;
    reader.node(
        document,
        Some(&value),
        None,
        start,
        Some(&Origin::Site(root)),
    );
    Some(reader.located)
}

/// Where a value comes from, item by item where that is known.
#[derive(Clone, Debug)]
enum Origin {
    Site(usize),
    List(usize, Vec<Origin>),
}

impl Origin {
    fn read(value: &Marked<'_>) -> Option<Self> {
        let Some(list) = value.to_array() else {
            return index(value).map(Self::Site);
        };
        let [site, items] = list.as_slice() else {
            return None;
        };
        let items = items
            .to_array()?
            .iter()
            .map(Self::read)
            .collect::<Option<_>>()?;
        Some(Self::List(index(site)?, items))
    }

    fn site(&self) -> usize {
        let (Self::Site(site) | Self::List(site, _)) = self;
        *site
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "marks are small and whole"
)]
fn index(value: &Marked<'_>) -> Option<usize> {
    value.as_number().map(|it| it as usize)
}

/// How an object got one of its fields: the key, and the origins of the values that were added up.
struct Written {
    key: Span,
    origins: Vec<Origin>,
}

/// What the marks of an object say.
#[derive(Default)]
struct Marking {
    /// The calls that made it.
    calls: Vec<Span>,
    /// Where the last text that made it is.
    last: Option<Span>,
    fields: BTreeMap<String, Written>,
    /// The field of a comprehension.
    any: Option<Written>,
}

struct Reader<'p, 'a> {
    session: Session<'p, 'a>,
    marks: Thunk<'p>,
    files: &'a Files,
    located: Vec<Located>,
    /// The value that is being read.
    around: Option<usize>,
}

impl<'p> Reader<'p, '_> {
    /// Locates a value and all in it. `around` is the nearest place that is known around it.
    fn node(
        &mut self,
        node: &Node,
        marked: Option<&Marked<'p>>,
        key: Option<Span>,
        around: Span,
        origin: Option<&Origin>,
    ) {
        // Where the two evaluations differ, marks say nothing.
        let marked = marked.filter(|it| agree(node, it));
        let origin = origin.filter(|_| marked.is_some());
        let marking = marked
            .filter(|it| it.is_object())
            .map(|it| self.marking(it));
        let marking = marking.unwrap_or_default();

        let value = match origin.and_then(|it| self.expression(it.site())) {
            Some((span, false)) => span,
            Some((span, true)) => marking.last.unwrap_or(span),
            None => marking.last.unwrap_or(around),
        };
        let literal = node.as_str().filter(|_| origin.is_some());
        let literal = literal.and_then(|text| self.literal(value, text));
        self.located.push(Located {
            key: key.unwrap_or(value),
            value,
            calls: marking.calls.clone(),
            around: self.around,
            literal,
        });
        let around = self.around.replace(self.located.len() - 1);
        match &node.value {
            Value::Array(items) => self.items(items, marked, value, origin),
            Value::Object(entries) => self.entries(entries, marked, value, &marking),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        self.around = around;
    }

    fn items(
        &mut self,
        items: &[Node],
        marked: Option<&Marked<'p>>,
        around: Span,
        origin: Option<&Origin>,
    ) {
        let marked = marked.and_then(Marked::to_array).unwrap_or_default();
        let origins = match origin {
            Some(Origin::List(_, origins)) if origins.len() == items.len() => origins.as_slice(),
            _ => &[],
        };
        for (i, item) in items.iter().enumerate() {
            self.node(item, marked.get(i), None, around, origins.get(i));
        }
    }

    fn entries(
        &mut self,
        entries: &[Entry],
        marked: Option<&Marked<'p>>,
        around: Span,
        marking: &Marking,
    ) {
        let marked = marked.and_then(Marked::to_object).unwrap_or_default();

        for (i, Entry { key, value }) in entries.iter().enumerate() {
            let written = marking.fields.get(key).or(marking.any.as_ref());
            let origin = written.and_then(|it| sum(&it.origins, value));
            let key = written.map_or(around, |it| it.key);
            let marked = marked.get(i).map(|it| &it.1);
            self.node(value, marked, Some(key), around, origin.as_ref());
        }
    }

    /// Reads the marks of an object, from the first text that made it to the last.
    fn marking(&mut self, object: &Marked<'p>) -> Marking {
        let mut marking = Marking::default();
        let object = self.session.program.value_to_thunk(object);
        let marks = self.call(&self.marks.clone(), &[object]);
        for mark in marks.and_then(|it| it.to_array()).unwrap_or_default() {
            if let Some((span, _)) = index(&mark).and_then(|it| self.expression(it)) {
                marking.last = Some(span);
                marking.calls.push(span);
                continue;
            }
            let list = mark.to_array().unwrap_or_default();
            let Some((object, beside)) = list.split_first() else {
                continue;
            };
            let Some(Site::Object { span, fields }) = index(object).and_then(|it| self.site(it))
            else {
                continue;
            };
            marking.last = Some(span);
            let mut beside = beside.iter();
            for field in fields.iter() {
                self.field(field, &mut beside, &mut marking);
            }
        }
        marking
    }

    fn field<'m>(
        &mut self,
        field: &Field,
        beside: &mut impl Iterator<Item = &'m Marked<'p>>,
        marking: &mut Marking,
    ) where
        'p: 'm,
    {
        let name = match &field.name {
            Name::Written(name) => Some(name.clone()),
            Name::Computed => beside.next().and_then(|it| self.computed(it)?.to_string()),
            Name::Comprehension => None,
        };
        let origin = if field.origin {
            beside.next().and_then(|it| self.computed(it))
        } else {
            None
        };
        let origin = origin
            .as_ref()
            .and_then(Origin::read)
            .unwrap_or(Origin::Site(field.value));
        let mut written = Written {
            key: field.key,
            origins: vec![origin],
        };
        let Some(name) = name else {
            if matches!(field.name, Name::Comprehension) {
                marking.any = Some(written);
            }
            return;
        };
        if field.plus
            && let Some(inherited) = marking.fields.remove(&name)
        {
            written.origins.splice(0..0, inherited.origins);
        }
        marking.fields.insert(name, written);
    }

    /// What a function beside a mark returns; it may fail where the document did not need it.
    fn computed(&mut self, function: &Marked<'p>) -> Option<Marked<'p>> {
        let function = self.session.program.value_to_thunk(function);
        self.call(&function, &[])
    }

    fn call(&mut self, function: &Thunk<'p>, arguments: &[Thunk<'p>]) -> Option<Marked<'p>> {
        let Session {
            program, loader, ..
        } = &mut self.session;
        program.eval_call(function, arguments, &[], loader).ok()
    }

    fn site(&self, site: usize) -> Option<Site> {
        self.session.loader.marks.as_ref()?.sites.get(site).cloned()
    }

    /// Where an expression is, and whether it but names something.
    fn expression(&self, site: usize) -> Option<(Span, bool)> {
        match self.site(site)? {
            Site::Expression { span, named } => Some((span, named)),
            Site::Object { .. } => None,
        }
    }

    /// Where the text of a string begins, if it is written at `span` as it is.
    fn literal(&self, span: Span, text: &str) -> Option<usize> {
        self.files.with_text(span, |written| {
            let quoted = written.strip_prefix('@').unwrap_or(written);
            let inner = ['\'', '"'].iter().find_map(|&quote| {
                quoted
                    .strip_prefix(quote)
                    .and_then(|it| it.strip_suffix(quote))
            })?;
            (inner == text).then_some(span.end - 1 - text.len())
        })
    }
}

/// Whether both are the same value, as far as can be seen without looking into it.
fn agree(node: &Node, marked: &Marked<'_>) -> bool {
    match (&node.value, marked.kind()) {
        // It also stands for what cannot be part of a document.
        (Value::Null, _) => true,
        (Value::Bool(a), ValueKind::Bool(b)) => *a == b,
        (Value::Number(a), ValueKind::Number(b)) => a.total_cmp(&b).is_eq(),
        (Value::String(a), ValueKind::String(b)) => *a == b,
        (Value::Array(a), ValueKind::Array(b)) => a.len() == b.len(),
        (Value::Object(a), ValueKind::Object(b)) => a
            .iter()
            .map(|it| &*it.key)
            .eq(b.iter().map(|it| it.0.value())),
        _ => false,
    }
}

/// The origin of a value that is the sum of several: arrays are joined, of others the last one counts.
fn sum(origins: &[Origin], value: &Node) -> Option<Origin> {
    let (last, inherited) = origins.split_last()?;
    let Value::Array(items) = &value.value else {
        return Some(last.clone());
    };
    if inherited.is_empty() {
        return Some(last.clone());
    }
    let length = |it: &Origin| match it {
        Origin::Site(_) => None,
        Origin::List(_, items) => Some(items.len()),
    };
    let known: usize = origins.iter().filter_map(length).sum();
    let unknown = origins.iter().filter(|it| length(it).is_none()).count();
    let rest = items.len().checked_sub(known)?;
    if unknown > 1 || (unknown == 0 && rest > 0) {
        return Some(Origin::Site(last.site()));
    }
    let mut joined = Vec::new();
    for origin in origins {
        match origin {
            Origin::Site(_) => joined.extend(vec![origin.clone(); rest]),
            Origin::List(_, items) => joined.extend_from_slice(items),
        }
    }
    Some(Origin::List(last.site(), joined))
}
