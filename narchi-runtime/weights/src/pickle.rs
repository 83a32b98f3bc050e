//! A reader of pickles that executes nothing.
//!
//! A pickle is a program for a stack machine. Here the machine only builds a graph of values: a class or function is its
//! name, a call is a note of what would be called with what. Values live in one table and refer to each other by number,
//! so that cycles and deep nesting need neither recursion nor copies. Strings are borrowed.
//!
//! The crates that read torch's pickles (candle, pytorch-reader) forget the order of the tensors or copy what they find.

use std::collections::BTreeMap;

use crate::error::Result;

/// The number of a value in its pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(u32);

#[derive(Debug)]
pub(crate) enum Value<'a> {
    None,
    Bool,
    Int(i64),
    Str(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// The name of a class, a function or a dtype.
    Global(Global<'a>),
    /// What the pickle keeps outside itself.
    Persistent(Id),
    /// The result of a call that was not made.
    Object(Box<Object>),
    /// Of no use here; only its type is known.
    Other(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Global<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
}

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) class: Id,
    pub(crate) args: Id,
    /// What was put into it as into a dict.
    pub(crate) items: Vec<(Id, Id)>,
}

#[derive(Debug)]
pub(crate) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    pub(crate) root: Id,
}

impl<'a> Pickle<'a> {
    pub(crate) fn get(&self, id: Id) -> &Value<'a> {
        // Every id was handed out by `Machine::add`.
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }
}

/// Far beyond any checkpoint, and a bound on memory: a byte of pickle may cost a hundred of ours.
const MOST_VALUES: usize = 8_000_000;

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
}

pub(crate) fn read(bytes: &[u8]) -> Result<Pickle<'_>> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
    };
    loop {
        let at = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => {
                return Ok(Pickle {
                    values: machine.values,
                    root,
                });
            }
            Err(reason) => return Err(format!("has a broken pickle: {reason} at its byte {at}")),
        }
    }
}

impl<'a> Machine<'a> {
    /// One instruction; the last one gives the result.
    fn step(&mut self) -> Result<Option<Id>> {
        let op = self.byte()?;
        if op == b'.' {
            return self.pop().map(Some);
        }
        if let Some(value) = self.constant(op)? {
            self.push(value)?;
            return Ok(None);
        }
        match op {
            // PROTO and FRAME say nothing that we need.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            // The stack.
            b'(' => self.marks.push(self.stack.len()),
            b'0' => match self.marks.pop_if(|mark| *mark == self.stack.len()) {
                Some(_) => {}
                None => drop(self.pop()?),
            },
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            // The memo.
            b'q' => {
                let key = self.byte()?;
                self.memoize(u32::from(key))?;
            }
            b'r' => {
                let key = self.u32()?;
                self.memoize(key)?;
            }
            0x94 => {
                let key = u32::try_from(self.memo.len()).map_err(|_| "too many memos")?;
                self.memoize(key)?;
            }
            b'h' => {
                let key = self.byte()?;
                self.recall(u32::from(key))?;
            }
            b'j' => {
                let key = self.u32()?;
                self.recall(key)?;
            }
            _ => self.build(op)?,
        }
        Ok(None)
    }

    /// The instructions that push what stands in the pickle itself.
    fn constant(&mut self, op: u8) -> Result<Option<Value<'a>>> {
        let value = match op {
            b'N' => Value::None,
            0x88 | 0x89 => Value::Bool,
            b'J' => Value::Int(i64::from(i32::from_le_bytes(self.array()?))),
            b'K' => Value::Int(i64::from(self.byte()?)),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.array()?))),
            0x8a => {
                let length = usize::from(self.byte()?);
                int(self.take(length)?)
            }
            0x8b => {
                let length = self.u32()?;
                int(self.take_u64(u64::from(length))?)
            }
            b'G' => {
                self.take(8)?;
                Value::Other("float")
            }
            0x8c | b'X' | 0x8d => Value::Str(self.text(op)?),
            // Python 2 wrote names as byte strings.
            b'U' | b'T' => match std::str::from_utf8(self.counted(op == b'U')?) {
                Ok(text) => Value::Str(text),
                Err(_) => Value::Other("bytes"),
            },
            b'C' | b'B' => {
                self.counted(op == b'C')?;
                Value::Other("bytes")
            }
            0x8e | 0x96 => {
                let length = u64::from_le_bytes(self.array()?);
                self.take_u64(length)?;
                Value::Other("bytes")
            }
            b')' => Value::Tuple(Vec::new()),
            b']' => Value::List(Vec::new()),
            b'}' => Value::Dict(Vec::new()),
            0x8f => Value::Other("set"),
            b'c' => Value::Global(Global {
                module: self.line()?,
                name: self.line()?,
            }),
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    /// The instructions that make values of values.
    fn build(&mut self, op: u8) -> Result<()> {
        let value = match op {
            b't' => Value::Tuple(self.pop_to_mark()?),
            0x85..=0x87 => {
                let mut items = (0x84..op).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
                items.reverse();
                Value::Tuple(items)
            }
            b'l' => Value::List(self.pop_to_mark()?),
            b'd' => Value::Dict(pairs(&self.pop_to_mark()?)?),
            0x91 => {
                self.pop_to_mark()?;
                Value::Other("frozenset")
            }
            b'Q' => Value::Persistent(self.pop()?),
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.value(module)?, self.value(name)?) {
                    (Value::Str(module), Value::Str(name)) => {
                        Value::Global(Global { module, name })
                    }
                    _ => return Err("a class whose name is not text".into()),
                }
            }
            // REDUCE and NEWOBJ: a call, here only noted down.
            b'R' | 0x81 => {
                let (args, class) = (self.pop()?, self.pop()?);
                Value::Object(Box::new(Object {
                    class,
                    args,
                    items: Vec::new(),
                }))
            }
            0x92 => {
                let (_keywords, args, class) = (self.pop()?, self.pop()?, self.pop()?);
                Value::Object(Box::new(Object {
                    class,
                    args,
                    items: Vec::new(),
                }))
            }
            _ => return self.change(op),
        };
        self.push(value)
    }

    /// The instructions that change the value below.
    fn change(&mut self, op: u8) -> Result<()> {
        let items = match op {
            b'a' | b'b' => vec![self.pop()?],
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            b'e' | b'u' | 0x90 => self.pop_to_mark()?,
            _ => {
                return Err(format!(
                    "the instruction {op:#04x}, which torch.save does not use,"
                ));
            }
        };
        let target = self.top()?;
        let target = self
            .values
            .get_mut(target.0 as usize)
            .ok_or("a value that is not there")?;
        match (op, target) {
            (b'a' | b'e', Value::List(list)) => list.extend(items),
            (b's' | b'u', Value::Dict(dict)) => dict.extend(pairs(&items)?),
            (b's' | b'u', Value::Object(object)) => object.items.extend(pairs(&items)?),
            // What an object is built from or appended to is its own business.
            (_, Value::Object(_) | Value::Other(_)) => {}
            _ => return Err("an item for something that holds none".into()),
        }
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) -> Result<()> {
        let id = u32::try_from(self.values.len())
            .ok()
            .filter(|_| self.values.len() < MOST_VALUES);
        let id = id.ok_or_else(|| format!("more than {MOST_VALUES} values"))?;
        self.values.push(value);
        self.stack.push(Id(id));
        Ok(())
    }

    fn value(&self, id: Id) -> Result<&Value<'a>> {
        self.values
            .get(id.0 as usize)
            .ok_or_else(|| "a value that is not there".into())
    }

    /// Where the part of the stack above the last mark begins.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id> {
        self.stack
            .get(self.floor()..)
            .and_then(<[_]>::last)
            .copied()
            .ok_or_else(|| "an empty stack".into())
    }

    fn pop(&mut self) -> Result<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self
            .marks
            .pop()
            .filter(|&mark| mark <= self.stack.len())
            .ok_or("a missing mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn memoize(&mut self, key: u32) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<()> {
        let id = *self
            .memo
            .get(&key)
            .ok_or_else(|| format!("the unknown memo {key}"))?;
        self.stack.push(id);
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or("an unexpected end")?;
        self.at += length;
        Ok(taken)
    }

    fn take_u64(&mut self, length: u64) -> Result<&'a [u8]> {
        self.take(usize::try_from(length).map_err(|_| "an unexpected end")?)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        taken
            .first_chunk()
            .copied()
            .ok_or_else(|| "an unexpected end".into())
    }

    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Bytes after their number, which takes one byte or four.
    fn counted(&mut self, short: bool) -> Result<&'a [u8]> {
        let length = if short {
            u64::from(self.byte()?)
        } else {
            u64::from(self.u32()?)
        };
        self.take_u64(length)
    }

    fn text(&mut self, op: u8) -> Result<&'a str> {
        let bytes = match op {
            0x8d => {
                let length = u64::from_le_bytes(self.array()?);
                self.take_u64(length)?
            }
            _ => self.counted(op == 0x8c)?,
        };
        std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8".into())
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or("an unexpected end")?;
        let line = self.take(length)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| "text that is not UTF-8".into())
    }
}

/// A number in as many bytes as it needs, two's complement.
fn int(bytes: &[u8]) -> Value<'static> {
    let Some(&last) = bytes.last() else {
        return Value::Int(0);
    };
    let mut wide = [if last >= 0x80 { 0xff } else { 0 }; 8];
    match wide.get_mut(..bytes.len()) {
        Some(low) => low.copy_from_slice(bytes),
        None => return Value::Other("int"),
    }
    Value::Int(i64::from_le_bytes(wide))
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("a key without a value".into());
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value as text, three levels deep.
    fn shown(pickle: &Pickle, id: Id, depth: usize) -> String {
        if depth == 0 {
            return "…".into();
        }
        let all = |ids: &[Id]| {
            ids.iter()
                .map(|&id| shown(pickle, id, depth - 1))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let dict = |pairs: &[(Id, Id)]| {
            pairs
                .iter()
                .map(|&(key, value)| all(&[key, value]))
                .collect::<Vec<_>>()
                .join("; ")
        };
        match pickle.get(id) {
            Value::None => "None".into(),
            Value::Bool => "bool".into(),
            Value::Int(int) => int.to_string(),
            Value::Str(text) => format!("{text:?}"),
            Value::Tuple(items) => format!("({})", all(items)),
            Value::List(items) => format!("[{}]", all(items)),
            Value::Dict(items) => format!("{{{}}}", dict(items)),
            Value::Global(Global { module, name }) => format!("{module}.{name}"),
            Value::Persistent(id) => format!("@{}", all(&[*id])),
            Value::Object(object) => format!(
                "{}{}{{{}}}",
                all(&[object.class]),
                all(&[object.args]),
                dict(&object.items)
            ),
            Value::Other(name) => format!("<{name}>"),
        }
    }

    fn check(bytes: &[u8], expected: &str) {
        let got = match read(bytes) {
            Ok(pickle) => shown(&pickle, pickle.root, 4),
            Err(error) => error,
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn values_are_read() {
        check(
            b"\x80\x02(NK\x07M\x00\x01J\xff\xff\xff\xff\x88t.",
            "(None, 7, 256, -1, bool)",
        );
        check(
            b"(\x8a\x00\x8a\x01\xff\x8a\x02\xff\x00\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01l.",
            "[0, -1, 255, <int>]",
        );
        check(
            b"}(X\x01\0\0\0aG\x3f\xf0\0\0\0\0\0\0\x8c\x01b]K\x01au.",
            r#"{"a", <float>; "b", [1]}"#,
        );
        check(b"}K\x01K\x02\x86K\x03s.", "{(1, 2), 3}");
        check(
            b"\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\x01m\x8c\x01n\x93)R\x94.",
            "m.n(){}",
        );
        check(b"X\x01\0\0\0kQ.", "@\"k\"");
        check(b"]q\x00h\x00a.", "[[[[…]]]]");
    }

    #[test]
    fn calls_are_noted_and_not_made() {
        check(b"cos\nsystem\nX\x02\0\0\0ls\x85R.", r#"os.system("ls"){}"#);
        check(
            b"ccollections\nOrderedDict\n)R(K\x01K\x02u}b.",
            "collections.OrderedDict(){1, 2}",
        );
        check(b"ca\nB\n)\x81K\x01a}b.", "a.B(){}");
    }

    #[test]
    fn broken_pickles_are_errors() {
        check(b"", "has a broken pickle: an unexpected end at its byte 0");
        check(
            b"\x80\x02",
            "has a broken pickle: an unexpected end at its byte 2",
        );
        check(b".", "has a broken pickle: an empty stack at its byte 0");
        check(
            b"K\x01(.",
            "has a broken pickle: an empty stack at its byte 3",
        );
        check(
            b"K\x01\x86.",
            "has a broken pickle: an empty stack at its byte 2",
        );
        check(b"K\x01(0K\x02\x86.", "(1, 2)");
        check(
            b"K\x01t.",
            "has a broken pickle: a missing mark at its byte 2",
        );
        check(
            b"(K\x01d.",
            "has a broken pickle: a key without a value at its byte 3",
        );
        check(
            b"K\x01K\x02a.",
            "has a broken pickle: an item for something that holds none at its byte 4",
        );
        check(
            b"h\x05.",
            "has a broken pickle: the unknown memo 5 at its byte 0",
        );
        check(
            b"X\xff\xff\xff\x7fabc",
            "has a broken pickle: an unexpected end at its byte 0",
        );
        check(
            b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc",
            "has a broken pickle: an unexpected end at its byte 0",
        );
        check(
            b"K\x01K\x02\x93.",
            "has a broken pickle: a class whose name is not text at its byte 4",
        );
        check(
            b"I1\n.",
            "has a broken pickle: the instruction 0x49, which torch.save does not use, at its byte 0",
        );
    }

    #[test]
    fn nesting_has_no_limit() {
        let mut bytes = vec![b']'; 1_000_000];
        bytes.extend(vec![b'a'; 999_999]);
        bytes.push(b'.');
        assert!(matches!(
            read(&bytes).map(|pickle| pickle.values.len()),
            Ok(1_000_000)
        ));
    }

    #[test]
    fn values_have_a_limit() {
        let mut bytes = vec![b'N'; MOST_VALUES + 1];
        bytes.push(b'.');
        assert!(read(&bytes).is_err_and(|error| error.contains("8000000 values")));
    }
}
