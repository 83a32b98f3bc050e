//! The bytes of a file, and which format they are.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use crate::error::Result;

/// A mapped file; clones share the mapping.
#[derive(Clone, Debug)]
pub(crate) struct Bytes(Arc<Mmap>);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

pub(crate) fn map(path: &Path) -> Result<Bytes> {
    // Asked before opening, since opening a named pipe waits for a writer.
    let metadata = path
        .metadata()
        .map_err(|error| format!("cannot be opened: {error}"))?;
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    if metadata.len() == 0 {
        return Err("is empty".into());
    }
    let file = File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    #[expect(
        unsafe_code,
        reason = "the one way to map a file; sound while nobody else changes it in place, as `Checkpoint::open` documents"
    )]
    let map = unsafe { Mmap::map(&file) };
    let map = map.map_err(|error| format!("cannot be mapped into memory: {error}"))?;
    Ok(Bytes(Arc::new(map)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Safetensors,
    Zip,
}

/// The kind of file by its content. The extension says nothing: `.pt` has meant four formats, and files get renamed.
pub(crate) fn sniff(bytes: &[u8]) -> Result<Kind> {
    // The first eight bytes of safetensors are a length and may look like anything, so the ninth is asked first.
    if bytes.get(8) == Some(&b'{') {
        return Ok(Kind::Safetensors);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    Err(not_a_checkpoint(bytes).into())
}

fn not_a_checkpoint(bytes: &[u8]) -> &'static str {
    /// 0x1950a86a20f9469cfc6c as a pickle writes it.
    const TORCH_LEGACY: &[u8] = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19";
    let starts = |magic: &[u8]| bytes.starts_with(magic);

    if starts(b"\x80")
        && bytes
            .get(2..)
            .is_some_and(|rest| rest.starts_with(TORCH_LEGACY))
    {
        return "is in the format that torch.save wrote before 1.6; \
                save it again in python: `torch.save(torch.load(path, map_location=\"cpu\"), path)`";
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return "is a tar archive, as torch.save wrote in 2016; \
                save it again in python: `torch.save(torch.load(path, map_location=\"cpu\"), path)`";
    }
    if starts(b"\x80") {
        return "is a plain python pickle; load it in python and save a dict of tensors with torch.save";
    }
    if starts(b"\x93NUMPY") {
        return "is a single numpy array, which has no name; save arrays by name with numpy.savez";
    }
    if starts(b"\x89HDF") {
        return "is an HDF5 file; save the weights as safetensors, .pth or .npz";
    }
    if starts(b"GGUF") {
        return "is a GGUF file; save the weights as safetensors, .pth or .npz";
    }
    if starts(b"\x1f\x8b") {
        return "is compressed with gzip; unpack it first";
    }
    if starts(b"version https://git-lfs") {
        return "is a pointer of git-lfs, not the file itself; run `git lfs pull`";
    }
    if bytes.trim_ascii_start().starts_with(b"<") {
        return "is a web page or XML, perhaps a download that failed";
    }
    "is not a checkpoint: neither safetensors, nor a zip archive as torch.save and numpy.savez write"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], message: &str) {
        let refused = sniff(bytes).map(|kind| format!("{kind:?}"));
        assert!(
            refused.as_ref().is_err_and(|error| error.contains(message)),
            "{refused:?}"
        );
    }

    #[test]
    fn other_formats_are_named() {
        check(b"\x93NUMPY\x01\0", "numpy.savez");
        check(b"\x89HDF\r\n\x1a\n", "HDF5");
        check(b"GGUF\x03\0\0\0", "GGUF");
        check(b"\x1f\x8b\x08\0", "gzip");
        check(
            b"version https://git-lfs.github.com/spec/v1\n",
            "git lfs pull",
        );
        check(b"\n<!DOCTYPE html>", "download");
        check(b"\x80\x04\x95\x0b\0\0\0\0\0\0\0", "plain python pickle");
        check(b"hello", "not a checkpoint");
    }

    #[test]
    fn a_safetensors_length_may_look_like_another_format() {
        for length in [0x280_u64, 0x4b50, 0x8b1f, 1 << 60] {
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.push(b'{');
            assert_eq!(sniff(&bytes), Ok(Kind::Safetensors));
        }
    }
}
