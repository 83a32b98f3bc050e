use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::archive::Archive;
use crate::dtype::Dtype;
use crate::error::{Error, Result, quoted};
use crate::file::{self, Bytes, Kind};
use crate::layout::{self, Layout};
use crate::rename::Renames;
use crate::{npz, prefix, safetensors, torch};

/// The file formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// `.safetensors`
    Safetensors,
    /// what `torch.save` writes, `.pth` or `.pt`
    Torch,
    /// what `numpy.savez` writes, `.npz`
    Npz,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Safetensors => "safetensors",
            Self::Torch => "torch.save",
            Self::Npz => "npz",
        })
    }
}

/// A file of named tensors, of which only the header has been read.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    format: Format,
    bytes: Bytes,
    archive: Option<Archive>,
    entries: Vec<Entry>,
    by_name: BTreeMap<String, usize>,
    prefix: String,
    notes: Vec<String>,
}

/// What a format finds in a file.
pub(crate) struct Contents {
    pub(crate) entries: Vec<Entry>,
    pub(crate) notes: Vec<String>,
}

/// A tensor in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<i64>,
    source: Source,
    layout: Layout,
}

/// The bytes that a layout speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    File,
    /// A member of the archive.
    Member(usize),
}

impl Entry {
    pub(crate) fn new(
        name: String,
        dtype: Dtype,
        shape: Vec<i64>,
        source: Source,
        layout: Layout,
    ) -> Self {
        Self {
            name,
            dtype,
            shape,
            source,
            layout,
        }
    }

    /// The name of the tensor, without the [prefix](Checkpoint::prefix) that all names of the file share.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of its elements.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Its sizes; none is negative, and the elements fit into memory.
    pub fn shape(&self) -> &[i64] {
        &self.shape
    }
}

impl Checkpoint {
    /// Opens a file and reads what it holds, but not the tensors.
    ///
    /// The format is told by the content, not by the extension. The file is mapped into memory, so it must not be changed
    /// in place while the checkpoint is open; replacing it, as [`write_safetensors`](crate::write_safetensors) does, is fine.
    ///
    /// # Errors
    ///
    /// If there is no such file, it cannot be read, or it is none of the [formats](Format); what is refused is in the
    /// description of the crate. The message has the path, and says what to do where something can be done.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        read(path).map_err(|reason| Error::new(path, reason))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The tensors in the order of the file; no two have the same name.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The tensor of this name, which may be given with or without the [prefix](Self::prefix).
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let bare = name.strip_prefix(&self.prefix).unwrap_or(name);
        let index = self.by_name.get(name).or_else(|| self.by_name.get(bare))?;
        self.entries.get(*index)
    }

    /// What was taken off the beginning of every name, such as `module.`; often nothing.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What was done to get at the tensors, and what was left aside, for people to read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Gives the tensors other names; [`notes`](Self::notes) says how many. The rules see the names that
    /// [`tensors`](Self::tensors) gives, without the [prefix](Self::prefix).
    ///
    /// # Errors
    ///
    /// If two tensors would have the same name; then all keep theirs.
    pub fn rename(&mut self, renames: &Renames) -> Result<(), Error> {
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        let mut changed = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            let name = renames.apply(&entry.name);
            changed += usize::from(name != entry.name);
            if let Some(other) = by_name.insert(name.clone(), index) {
                let (other, own) = (&self.entries[other].name, &entry.name);
                let (other, own, name) = (quoted(other), quoted(own), quoted(&name));
                let reason = format!("{other} and {own} would both be renamed to {name}");
                return Err(Error::new(&self.path, reason));
            }
        }
        for (name, index) in &by_name {
            self.entries[*index].name.clone_from(name);
        }
        self.by_name = by_name;
        // Names are given as they are now.
        self.prefix.clear();
        if changed > 0 {
            let all = self.entries.len();
            self.notes
                .push(format!("renamed {changed} of {all} tensors"));
        }
        Ok(())
    }

    /// The elements of a tensor, one after the other in little-endian order. Borrowed from the file wherever they lie so.
    ///
    /// # Errors
    ///
    /// If the file does not hold them: compressed data may turn out to be broken, and an entry to be of another checkpoint.
    pub fn read(&self, entry: &Entry) -> Result<Cow<'_, [u8]>, Error> {
        self.data(entry).map_err(|reason| {
            Error::new(
                &self.path,
                format!("tensor {}: the file {reason}", quoted(&entry.name)),
            )
        })
    }

    fn data(&self, entry: &Entry) -> Result<Cow<'_, [u8]>> {
        let Layout {
            start,
            extent,
            ref strides,
        } = entry.layout;
        let foreign = "does not hold it; was the entry taken from another checkpoint?";
        let end = start.checked_add(extent).ok_or(foreign)?;
        let source = match (entry.source, &self.archive) {
            // A view of nothing has no place.
            _ if extent == 0 => return Ok(Cow::Borrowed(&[])),
            (Source::File, None) => Cow::Borrowed(&self.bytes[..]),
            (Source::Member(member), Some(archive)) => archive.read(member, end)?,
            _ => return Err(foreign.into()),
        };
        let range = usize::try_from(start).map_err(|_| foreign)?
            ..usize::try_from(end).map_err(|_| foreign)?;
        let region = source.get(range.clone()).ok_or(foreign)?;
        let data = match strides {
            Some(strides) => {
                Cow::Owned(layout::gather(region, entry.dtype, &entry.shape, strides)?)
            }
            None => match source {
                Cow::Borrowed(source) => Cow::Borrowed(source.get(range).ok_or(foreign)?),
                Cow::Owned(source) if range.start == 0 => Cow::Owned(source),
                Cow::Owned(_) => Cow::Owned(region.to_vec()),
            },
        };
        // Any other byte is undefined behaviour in whoever takes it for a bool.
        if entry.dtype == Dtype::Bool && data.iter().any(|&byte| byte > 1) {
            return Err("is corrupt: it has bools other than 0 and 1".into());
        }
        Ok(data)
    }
}

fn read(path: &Path) -> Result<Checkpoint> {
    let bytes = file::map(path)?;
    let (format, archive, contents) = match file::sniff(&bytes)? {
        Kind::Safetensors => (Format::Safetensors, None, safetensors::contents(&bytes)?),
        Kind::Zip => {
            let archive = Archive::open(bytes.clone())?;
            let members = archive.members();
            let arrays = members.iter().any(|member| npz::is_array(&member.name));
            if arrays && !members.iter().any(|member| torch::is_pickle(&member.name)) {
                let contents = npz::contents(&archive)?;
                (Format::Npz, Some(archive), contents)
            } else {
                let contents = torch::contents(&archive)?;
                (Format::Torch, Some(archive), contents)
            }
        }
    };

    let Contents {
        mut entries,
        mut notes,
    } = contents;
    let prefix = prefix::shared(entries.iter().map(Entry::name));
    if !prefix.is_empty() {
        for entry in &mut entries {
            entry.name.drain(..prefix.len());
        }
        notes.push(format!(
            "took `{prefix}` off the beginning of all {} names",
            entries.len()
        ));
    }
    let by_name: BTreeMap<_, _> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (entry.name.clone(), index))
        .collect();
    if by_name.len() < entries.len() {
        return Err("has two tensors of the same name".into());
    }
    Ok(Checkpoint {
        path: path.into(),
        format,
        bytes,
        archive,
        entries,
        by_name,
        prefix,
        notes,
    })
}
