use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::dtype::Dtype;
use crate::error::{Error, Result, quoted};
use crate::layout::byte_len;
use crate::safetensors::METADATA;

/// A tensor to be written.
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a> {
    /// Its name, such as `layer1.0.conv1.weight`.
    pub name: &'a str,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its sizes.
    pub shape: &'a [i64],
    /// Its elements, one after the other in little-endian order.
    pub data: &'a [u8],
}

/// Writes tensors as `.safetensors`, in the given order.
///
/// The file is written beside `path` under another name and then moved there, so that a reader finds the old file or
/// the new one, never a part.
///
/// # Errors
///
/// If two tensors have the same name, the data of one is not what its shape and type take, or the file cannot be written;
/// what was there before is there still.
pub fn write_safetensors<'a>(
    path: impl AsRef<Path>,
    tensors: impl IntoIterator<Item = Tensor<'a>>,
) -> Result<(), Error> {
    let path = path.as_ref();
    let tensors: Vec<_> = tensors.into_iter().collect();
    let wrong = |reason| Error::new(path, reason);
    let (header, order) = header(&tensors).map_err(wrong)?;
    replace(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        order
            .iter()
            .try_for_each(|tensor| file.write_all(tensor.data))
    })
    .map_err(|error| wrong(format!("cannot be written: {error}")))
}

/// The header, which lists the tensors as given, and the tensors in the order of their data.
fn header<'a>(tensors: &[Tensor<'a>]) -> Result<(String, Vec<Tensor<'a>>)> {
    let mut names = BTreeSet::new();
    for tensor in tensors {
        check(tensor).map_err(|reason| {
            format!("cannot be written: tensor {} {reason}", quoted(tensor.name))
        })?;
        if !names.insert(tensor.name) {
            return Err(format!(
                "cannot be written: there are two tensors {}",
                quoted(tensor.name)
            ));
        }
    }
    // Python views the file in place, which needs every tensor aligned to its elements, and the format allows no gaps.
    let mut order: Vec<_> = tensors.iter().enumerate().collect();
    order.sort_by_key(|(index, tensor)| (std::cmp::Reverse(tensor.dtype.size()), *index));
    let mut begins = vec![0; tensors.len()];
    let mut at = 0;
    for (index, tensor) in &order {
        begins[*index] = at;
        at += tensor.data.len();
    }

    let mut fields = vec![format!(
        "{}:{}",
        Value::from(METADATA),
        json!({ "format": "pt" })
    )];
    for (tensor, begin) in tensors.iter().zip(begins) {
        let mut entry = Map::new();
        entry.insert("dtype".into(), tensor.dtype.safetensors().into());
        entry.insert("shape".into(), tensor.shape.into());
        entry.insert(
            "data_offsets".into(),
            json!([begin, begin + tensor.data.len()]),
        );
        fields.push(format!(
            "{}:{}",
            Value::from(tensor.name),
            Value::from(entry)
        ));
    }
    // One by one, since a JSON object of serde_json sorts its keys.
    let mut header = format!("{{{}}}", fields.join(","));
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    Ok((
        header,
        order.into_iter().map(|(_, tensor)| *tensor).collect(),
    ))
}

fn check(tensor: &Tensor) -> Result<()> {
    if tensor.name == METADATA {
        return Err("has a name that the format keeps for itself".into());
    }
    let needed = byte_len(tensor.dtype, tensor.shape)?;
    if tensor.data.len() as u64 != needed {
        let Tensor {
            dtype, shape, data, ..
        } = tensor;
        return Err(format!(
            "has {} bytes where {dtype} of shape {shape:?} needs {needed}",
            data.len()
        ));
    }
    Ok(())
}

/// Writes a file beside `path`, then moves it there.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    // Behind a link it is the file that is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if path.exists() && !path.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is there and not a regular file",
        ));
    }
    let (temporary, file) = create_beside(&path)?;
    let mut file = BufWriter::new(file);
    let written = write(&mut file)
        .and_then(|()| file.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // What went wrong first is what the caller hears about.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it names no file"))?;
    let process = std::process::id();
    for attempt in 0.. {
        let mut temporary = name.to_os_string();
        temporary.push(format!(".{process}-{attempt}.part"));
        let temporary = path.with_file_name(temporary);
        match File::create_new(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => {}
            created => return created.map(|file| (temporary, file)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}
