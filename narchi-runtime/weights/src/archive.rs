//! The members of a zip archive, read in place where they are stored as they are.

use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::sync::OnceLock;

use zip::{CompressionMethod, ZipArchive};

use crate::error::{Result, quoted};
use crate::file::Bytes;

#[derive(Debug)]
pub(crate) struct Archive {
    bytes: Bytes,
    zip: ZipArchive<Cursor<Bytes>>,
    members: Vec<Member>,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Once unpacked, as the archive says.
    pub(crate) size: u64,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// As it is, from this byte of the file on.
    Stored {
        start: usize,
        crc: u32,
        intact: OnceLock<bool>,
    },
    /// To be unpacked.
    Packed,
}

impl Archive {
    pub(crate) fn open(bytes: Bytes) -> Result<Self> {
        let broken = |error| {
            format!("is a broken zip archive, perhaps a download that was cut short ({error})")
        };
        let mut zip = ZipArchive::new(Cursor::new(bytes.clone())).map_err(broken)?;
        let mut members = Vec::new();
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index).map_err(broken)?;
            let name = file.name().map_err(broken)?.into_owned();
            if file.encrypted() {
                return Err(format!(
                    "is a zip archive whose member {} is encrypted",
                    quoted(&name)
                ));
            }
            let size = file.size();
            let place = match file.compression() {
                CompressionMethod::Stored => stored(&bytes, file.data_start(), size, file.crc32()),
                _ => packed(size, file.compressed_size()),
            };
            let place = place.map_err(|reason| {
                format!(
                    "is a broken zip archive: its member {} {reason}",
                    quoted(&name)
                )
            })?;
            members.push(Member { name, size, place });
        }
        Ok(Self {
            bytes,
            zip,
            members,
        })
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.zip
            .index_for_name_raw(name.as_bytes())
            .filter(|&index| index < self.members.len())
    }

    /// The first `end` bytes of a member. Checked against the member's checksum where all of it is read anyway.
    pub(crate) fn read(&self, index: usize, end: u64) -> Result<Cow<'_, [u8]>> {
        let member = self
            .members
            .get(index)
            .ok_or("has lost a member of its archive")?;
        let wrong = |what: &str| {
            format!(
                "is corrupt: member {} of the archive {what}",
                quoted(&member.name)
            )
        };
        let short = || wrong("is shorter than it says");
        let end_index = usize::try_from(end).map_err(|_| short())?;
        match &member.place {
            Place::Stored { start, crc, intact } => {
                let size = usize::try_from(member.size).map_err(|_| short())?;
                let all = self
                    .bytes
                    .get(*start..)
                    .and_then(|rest| rest.get(..size))
                    .ok_or_else(short)?;
                // torch.save writes the checksum 0 when told to skip it (`set_crc32_options(False)`).
                let intact = *crc == 0 || *intact.get_or_init(|| crc32fast::hash(all) == *crc);
                if !intact {
                    return Err(wrong("differs from its checksum"));
                }
                all.get(..end_index).map(Cow::Borrowed).ok_or_else(short)
            }
            Place::Packed => {
                let broken =
                    |error: &dyn std::error::Error| wrong(&format!("cannot be unpacked ({error})"));
                let mut zip = self.zip.clone();
                let mut file = zip.by_index(index).map_err(|error| broken(&error))?;
                let mut data = Vec::new();
                // The memory grows with what is there; a size that the archive invents costs nothing.
                file.by_ref()
                    .take(end)
                    .read_to_end(&mut data)
                    .map_err(|error| broken(&error))?;
                if data.len() < end_index {
                    return Err(short());
                }
                // The checksum is compared when the end is reached.
                if end == member.size && file.read(&mut [0]).map_err(|error| broken(&error))? != 0 {
                    return Err(wrong("is longer than it says"));
                }
                Ok(Cow::Owned(data))
            }
        }
    }

    /// A whole member that is not a tensor.
    pub(crate) fn read_all(&self, index: usize, most: u64) -> Result<Cow<'_, [u8]>> {
        let member = self
            .members
            .get(index)
            .ok_or("has lost a member of its archive")?;
        if member.size > most {
            return Err(format!(
                "has a member {} of {} bytes, more than the {most} expected",
                quoted(&member.name),
                member.size
            ));
        }
        self.read(index, member.size)
    }
}

fn stored(bytes: &[u8], start: Option<u64>, size: u64, crc: u32) -> Result<Place> {
    let beyond = || format!("of {size} bytes lies beyond the end of the file");
    let start = start
        .and_then(|start| usize::try_from(start).ok())
        .ok_or_else(beyond)?;
    let rest = bytes.get(start..).ok_or_else(beyond)?;
    if size > rest.len() as u64 {
        return Err(beyond());
    }
    Ok(Place::Stored {
        start,
        crc,
        intact: OnceLock::new(),
    })
}

fn packed(size: u64, compressed: u64) -> Result<Place> {
    /// Deflate's best is 1032 to 1.
    const BEST: u64 = 1032;
    if size / BEST > compressed {
        return Err(format!("claims that {compressed} bytes unpack to {size}"));
    }
    Ok(Place::Packed)
}
