//! `.npz`: a zip archive of arrays as `numpy.savez` writes it.

use crate::archive::Archive;
use crate::checkpoint::{Contents, Entry, Source};
use crate::dtype::Dtype;
use crate::error::{Result, listed, quoted};
use crate::layout::{Layout, byte_len};

const SUFFIX: &str = ".npy";
/// Numpy itself refuses headers of more than 10,000 bytes.
const LONGEST_HEADER: u64 = 1 << 16;

pub(crate) fn is_array(member: &str) -> bool {
    member.ends_with(SUFFIX)
}

pub(crate) fn contents(archive: &Archive) -> Result<Contents> {
    let mut entries = Vec::new();
    let mut others = Vec::new();
    for (index, member) in archive.members().iter().enumerate() {
        let Some(name) = member.name.strip_suffix(SUFFIX) else {
            others.push(&member.name);
            continue;
        };
        let head = archive.read(index, member.size.min(LONGEST_HEADER))?;
        let (header, start) = split(&head).map_err(|reason| wrong(name, &reason))?;
        let entry = entry(name, header, index, start, member.size)
            .map_err(|reason| wrong(name, &reason))?;
        entries.push(entry);
    }
    let notes = match others[..] {
        [] => Vec::new(),
        _ => vec![format!(
            "left aside what is not an array: {}",
            listed(&others)
        )],
    };
    Ok(Contents { entries, notes })
}

fn wrong(name: &str, reason: &str) -> String {
    format!("has an array {} that {reason}", quoted(name))
}

/// The header's text, and where the data begins.
fn split(head: &[u8]) -> Result<(&str, u64)> {
    let rest = head
        .strip_prefix(b"\x93NUMPY")
        .ok_or("does not begin as numpy's arrays do")?;
    let short = "ends within its header";
    let (&[major, _minor], rest) = rest.split_first_chunk().ok_or(short)?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk().ok_or(short)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk().ok_or(short)?;
            (
                usize::try_from(u32::from_le_bytes(*length)).map_err(|_| short)?,
                rest,
            )
        }
        _ => {
            return Err(format!(
                "is of version {major} of numpy's format, which is not known"
            ));
        }
    };
    let header = rest.get(..length).ok_or(short)?;
    let header = std::str::from_utf8(header).map_err(|_| "has a header that is not text")?;
    Ok((header, (head.len() - rest.len() + length) as u64))
}

fn entry(name: &str, header: &str, member: usize, start: u64, size: u64) -> Result<Entry> {
    let header = parse(header).ok_or_else(|| {
        format!(
            "has a header that cannot be read: {}",
            quoted(header.trim())
        )
    })?;
    let dtype = Dtype::from_numpy(header.descr).ok_or_else(|| match header.descr.as_bytes() {
        [b'|', b'O', ..] => "holds python objects, which are not read".into(),
        [b'>', ..] => format!(
            "is big-endian ({}); save it in little-endian order",
            quoted(header.descr)
        ),
        _ => format!("is of dtype {}, which is not read", quoted(header.descr)),
    })?;
    if header.fortran_order && header.shape.len() > 1 {
        return Err("is in Fortran order; save `numpy.ascontiguousarray(array)`".into());
    }
    let needed = byte_len(dtype, &header.shape)?;
    if start.checked_add(needed) != Some(size) {
        return Err(format!(
            "has {} bytes where {dtype} of shape {:?} needs {needed}",
            size.saturating_sub(start),
            header.shape
        ));
    }
    Ok(Entry::new(
        name.into(),
        dtype,
        header.shape,
        Source::Member(member),
        Layout::dense(start, needed),
    ))
}

#[derive(Debug, PartialEq, Eq)]
struct Header<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<i64>,
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, the only form that numpy writes.
fn parse(text: &str) -> Option<Header<'_>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, value) = rest.strip_prefix('\'')?.split_once("':")?;
        let value = value.trim_start();
        rest = match key {
            "descr" => {
                let (found, rest) = value.strip_prefix('\'')?.split_once('\'')?;
                descr = Some(found);
                rest
            }
            "fortran_order" => {
                let (found, rest) = match value.strip_prefix("True") {
                    Some(rest) => (true, rest),
                    None => (false, value.strip_prefix("False")?),
                };
                fortran_order = Some(found);
                rest
            }
            "shape" => {
                let (dims, rest) = value.strip_prefix('(')?.split_once(')')?;
                let dims = dims.trim().trim_end_matches(',');
                let dims = dims.split(',').map(str::trim).filter(|dim| !dim.is_empty());
                shape = Some(dims.map(|dim| dim.parse().ok()).collect::<Option<_>>()?);
                rest
            }
            _ => return None,
        };
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some(Header {
        descr: descr?,
        fortran_order: fortran_order?,
        shape: shape?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, bool, &[i64])>) {
        let expected = expected.map(|(descr, fortran_order, shape)| Header {
            descr,
            fortran_order,
            shape: shape.into(),
        });
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn headers_as_numpy_writes_them() {
        check(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n",
            Some(("<f4", false, &[2, 3])),
        );
        check(
            "{'descr': '|i1', 'fortran_order': True, 'shape': (7,), }\n",
            Some(("|i1", true, &[7])),
        );
        check(
            "{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n",
            Some(("<i8", false, &[])),
        );
    }

    #[test]
    fn other_headers_are_refused() {
        check("", None);
        check("{}", None);
        check(
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }",
            None,
        );
        check(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, x), }",
            None,
        );
        check(
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }",
            None,
        );
        check("{'descr': '<f4', 'shape': (2,), }", None);
    }
}
