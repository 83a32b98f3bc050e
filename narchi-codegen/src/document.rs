//! An architecture file after evaluation: plain data that knows where it was written.

use std::{fmt::Write, ops::Range};

/// A value and its number in the document, by which its place can be found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The number, counted in the order in which values begin: a parent before its children,
    /// children in the order of the document.
    pub(crate) id: NodeId,
    /// The value.
    pub(crate) value: Value,
}

/// The number of a value in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

/// The data model of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// Any number; jsonnet has but one kind.
    Number(f64),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// Keys and values, in the order of the evaluated document.
    Object(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Node,
}

/// Where something is. Turned into a [`Span`](crate::source::Span) only when a report is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The value.
    pub(crate) node: NodeId,
    /// Which part of it.
    pub(crate) part: Part,
}

/// Which part of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// The key it belongs to, or all of it where it has none.
    Key,
    /// All of it.
    Value,
    /// These bytes of a string.
    Slice(SliceRange),
}

/// Bytes of a string value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SliceRange {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

impl Node {
    /// Counts the values from `first` on, so that several documents have one numbering; gives the next number.
    pub(crate) fn number_from(&mut self, first: u32) -> u32 {
        self.id = NodeId(first);
        let mut next = first + 1;
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|it| next = it.number_from(next)),
            Value::Object(entries) => {
                for entry in entries {
                    next = entry.value.number_from(next);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        next
    }

    /// The value as JSON, which is jsonnet, too.
    pub(crate) fn to_json(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(it) => it.to_string(),
            Value::Number(it) => it.to_string(),
            Value::String(it) => json_string(it),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(Node::to_json).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(entries) => {
                let entry =
                    |it: &Entry| format!("{}: {}", json_string(&it.key), it.value.to_json());
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// The place of the whole value.
    pub(crate) fn place(&self) -> Place {
        Place {
            node: self.id,
            part: Part::Value,
        }
    }

    /// The place of the key that this is the value of.
    pub(crate) fn key_place(&self) -> Place {
        Place {
            node: self.id,
            part: Part::Key,
        }
    }

    /// The place of a part of a string.
    pub(crate) fn slice_place(&self, range: Range<usize>) -> Place {
        let part = Part::Slice(SliceRange {
            start: range.start,
            end: range.end,
        });
        Place {
            node: self.id,
            part,
        }
    }

    /// The value of a key, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|it| it.key == key)
            .map(|it| &it.value)
    }

    /// The entries, if this is an object.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items, if this is an array.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if this is one that fits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within the bounds"
    )]
    pub(crate) fn as_int(&self) -> Option<i64> {
        /// Numbers of jsonnet are doubles: beyond, not every whole number is one.
        const MOST: f64 = 9_007_199_254_740_992.0;
        match self.value {
            Value::Number(number) if number.fract() == 0.0 && number.abs() <= MOST => {
                Some(number as i64)
            }
            _ => None,
        }
    }

    /// What this is, in a word, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// The value as short JSON, for messages.
    pub(crate) fn brief(&self) -> String {
        const MOST: usize = 40;
        let text = self.json();
        match text.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    fn json(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(it) => it.to_string(),
            Value::Number(it) => it.to_string(),
            Value::String(it) => format!("{it:?}"),
            Value::Array(items) if items.len() > 8 => format!("an array of {} items", items.len()),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(Node::json).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(entries) if entries.len() > 3 => "an object".to_owned(),
            Value::Object(entries) => {
                let entry = |it: &Entry| format!("{:?}: {}", it.key, it.value.json());
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            control if control.is_control() => {
                // Writing to a string does not fail.
                _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
    json
}
