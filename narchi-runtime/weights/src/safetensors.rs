//! `.safetensors`: eight bytes of length, a JSON header of that length, the data.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::checkpoint::{Contents, Entry, Source};
use crate::dtype::Dtype;
use crate::error::{Result, quoted};
use crate::layout::{Layout, byte_len};

/// The limit that the format's own library sets.
const LONGEST_HEADER: u64 = 100_000_000;
pub(crate) const METADATA: &str = "__metadata__";

pub(crate) fn contents(bytes: &[u8]) -> Result<Contents> {
    let (length, rest) = bytes
        .split_first_chunk()
        .ok_or("ends within the length of its header")?;
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER {
        return Err(format!(
            "claims a safetensors header of {length} bytes, which no real file has"
        ));
    }
    let (header, data) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| {
            format!(
                "is cut short: its safetensors header has {length} bytes, of which {} are there",
                rest.len()
            )
        })?;
    let tensors =
        parse(header).map_err(|error| format!("has a broken safetensors header: {error}"))?;

    let start_of_data = (bytes.len() - data.len()) as u64;
    let data = data.len() as u64;
    let mut entries = Vec::new();
    let mut ranges = Vec::new();
    for (name, value) in tensors {
        let (entry, range) = entry(&name, &value, start_of_data, data)
            .map_err(|reason| format!("has a tensor {} that {reason}", quoted(&name)))?;
        entries.push(entry);
        ranges.push((range, name));
    }
    tiled(ranges, data)?;
    Ok(Contents {
        entries,
        notes: Vec::new(),
    })
}

/// The header's entries as they are written. A map type would forget their order and hide a key that comes twice.
fn parse(header: &[u8]) -> serde_json::Result<Vec<(String, Value)>> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object of tensors by name")
        }

        fn visit_map<A: MapAccess<'de>>(
            self,
            mut map: A,
        ) -> std::result::Result<Self::Value, A::Error> {
            let mut seen = BTreeSet::new();
            let mut entries = Vec::new();
            while let Some(name) = map.next_key::<String>()? {
                if !seen.insert(name.clone()) {
                    return Err(A::Error::custom(format_args!(
                        "the key {} comes twice",
                        quoted(&name)
                    )));
                }
                if name == METADATA {
                    map.next_value::<IgnoredAny>()?;
                } else {
                    entries.push((name, map.next_value()?));
                }
            }
            Ok(entries)
        }
    }

    let mut json = serde_json::Deserializer::from_slice(header);
    let entries = json.deserialize_map(Entries)?;
    json.end()?;
    Ok(entries)
}

fn entry(name: &str, value: &Value, start_of_data: u64, data: u64) -> Result<(Entry, (u64, u64))> {
    let dtype = value
        .get("dtype")
        .and_then(Value::as_str)
        .ok_or("has no dtype")?;
    let dtype = Dtype::from_safetensors(dtype).ok_or_else(|| {
        format!(
            "is of dtype {}, which is not read; convert it to float32 or another common type",
            quoted(dtype)
        )
    })?;
    let shape = value
        .get("shape")
        .and_then(Value::as_array)
        .ok_or("has no shape")?;
    let shape = shape
        .iter()
        .map(|dim| {
            dim.as_i64()
                .ok_or_else(|| format!("has {} as a size", quoted(&dim.to_string())))
        })
        .collect::<Result<Vec<_>>>()?;
    let offsets = value
        .get("data_offsets")
        .and_then(Value::as_array)
        .ok_or("has no data_offsets")?;
    let offsets: Vec<_> = offsets.iter().filter_map(Value::as_u64).collect();
    let [begin, end] = offsets[..] else {
        return Err("has data_offsets that are not two numbers".into());
    };
    if begin > end || end > data {
        return Err(format!(
            "lies at bytes {begin}..{end} of data that has {data} bytes; the file is cut short or corrupt"
        ));
    }
    let needed = byte_len(dtype, &shape)?;
    if end - begin != needed {
        return Err(format!(
            "has {} bytes where {dtype} of shape {shape:?} needs {needed}",
            end - begin
        ));
    }
    let entry = Entry::new(
        name.into(),
        dtype,
        shape,
        Source::File,
        Layout::dense(start_of_data + begin, needed),
    );
    Ok((entry, (begin, end)))
}

/// The format wants every byte of the data to belong to one tensor.
fn tiled(mut ranges: Vec<((u64, u64), String)>, data: u64) -> Result<()> {
    ranges.sort();
    let mut at = 0;
    for ((begin, end), name) in ranges {
        if begin < at {
            return Err(format!(
                "has a tensor {} that overlaps another one",
                quoted(&name)
            ));
        }
        if begin > at {
            return Err(format!(
                "has {} bytes before the tensor {} that belong to none",
                begin - at,
                quoted(&name)
            ));
        }
        at = end;
    }
    if at < data {
        return Err(format!(
            "has {} bytes after its last tensor that belong to none",
            data - at
        ));
    }
    Ok(())
}
