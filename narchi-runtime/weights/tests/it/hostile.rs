//! Files that are broken, by accident or on purpose.

use std::fs;

use tempfile::TempDir;
use zip::CompressionMethod;

use crate::made::{pickled, pth, safetensors, zipped};
use crate::{data, shown};

#[track_caller]
fn check(bytes: &[u8], message: &str) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    let shown = shown(&path);
    assert!(
        shown.starts_with("error: ") && shown.contains(message),
        "{shown}"
    );
}

#[test]
fn files_that_are_not_there_or_not_files() {
    let folder = TempDir::new().unwrap();
    assert!(shown(&folder.path().join("missing")).starts_with("error: cannot be opened: "));
    assert_eq!(shown(folder.path()), "error: is not a regular file\n");
    check(b"", "is empty");
    check(b"hello", "is not a checkpoint");
}

#[test]
fn safetensors_headers() {
    check(
        &[&(1_u64 << 60).to_le_bytes()[..], b"{}"].concat(),
        "claims a safetensors header of 1152921504606846976 bytes",
    );
    check(
        &[&1000_u64.to_le_bytes()[..], b"{}"].concat(),
        "is cut short: its safetensors header has 1000 bytes, of which 2 are there",
    );
    check(
        &safetensors("{\"w\":", b""),
        "has a broken safetensors header: EOF",
    );
    check(
        &safetensors("{} x", b""),
        "has a broken safetensors header: trailing characters",
    );
    check(
        &safetensors(&format!("{{\"w\":{}", "[".repeat(100_000)), b""),
        "recursion limit",
    );
    check(
        &safetensors(
            &format!("{{\"w\":{}1{}}}", "{\"a\":".repeat(100), "}".repeat(100)),
            b"",
        ),
        "a tensor `w` that has no dtype",
    );
    check(
        &safetensors("{\"w\":3}", b""),
        "a tensor `w` that has no dtype",
    );
    check(
        &safetensors("{\"__metadata__\":{}}", b"abcd"),
        "has 4 bytes after its last tensor",
    );
}

#[test]
fn safetensors_entries() {
    let one = |dtype: &str, shape: &str, offsets: &str, message: &str| {
        let header =
            format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
        check(
            &safetensors(&header, &[0; 8]),
            &format!("has a tensor `w` that {message}"),
        );
    };
    one(
        "F32",
        "[2]",
        "[0,12]",
        "lies at bytes 0..12 of data that has 8 bytes",
    );
    one("F32", "[2]", "[8,0]", "lies at bytes 8..0");
    one(
        "F32",
        "[2]",
        "[18446744073709551608,18446744073709551615]",
        "lies at bytes",
    );
    one(
        "F32",
        "[2]",
        "[0]",
        "has data_offsets that are not two numbers",
    );
    one(
        "F32",
        "[3]",
        "[0,8]",
        "has 8 bytes where float32 of shape [3] needs 12",
    );
    one("F32", "[-2]", "[0,8]", "has the negative size -2");
    one("F32", "[2.0]", "[0,8]", "has `2.0` as a size");
    one(
        "F32",
        "[4294967296,4294967296]",
        "[0,8]",
        "has the shape [4294967296, 4294967296], more elements",
    );
    one(
        "F8_E4M3",
        "[8]",
        "[0,8]",
        "is of dtype `F8_E4M3`, which is not read",
    );

    let two = |first: &str, second: &str, message: &str| {
        let entry = |offsets| format!(r#"{{"dtype":"U8","shape":[4],"data_offsets":{offsets}}}"#);
        check(
            &safetensors(
                &format!(r#"{{"a":{},"b":{}}}"#, entry(first), entry(second)),
                &[0; 8],
            ),
            message,
        );
    };
    two(
        "[0,4]",
        "[2,6]",
        "has a tensor `b` that overlaps another one",
    );
    two(
        "[4,8]",
        "[4,8]",
        "has 4 bytes before the tensor `a` that belong to none",
    );
    two(
        "[0,4]",
        "[0,4]",
        "has a tensor `b` that overlaps another one",
    );
    let twice = r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#;
    check(&safetensors(twice, &[0; 8]), "the key `a` comes twice");
}

#[test]
fn names_cannot_draw_on_the_terminal() {
    let header = r#"{"\u001b[31mred":{"dtype":"F32","shape":[2],"data_offsets":[0,99]}}"#;
    check(
        &safetensors(header, b""),
        r"a tensor `\u{1b}[31mred` that lies",
    );
}

#[test]
fn bools_are_zero_or_one() {
    let header = r#"{"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"#;
    check(
        &safetensors(header, &[1, 2]),
        "tensor `w`: the file is corrupt: it has bools other than 0 and 1",
    );
}

#[test]
fn every_cut_of_a_file_is_an_error() {
    for name in [
        "state_dict.safetensors",
        "state_dict.pth",
        "deflated.pth",
        "compressed.npz",
    ] {
        let bytes = fs::read(data(name)).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            check(&bytes[..length], "");
        }
    }
}

#[test]
fn a_flipped_bit_in_an_archive_is_noticed() {
    for name in ["views.pth", "deflated.pth"] {
        let bytes = fs::read(data(name)).unwrap();
        let folder = TempDir::new().unwrap();
        let intact = shown(&data(name));
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            // Written anew each time, since a file system may wait for the disk where a file is replaced.
            let path = folder.path().join(at.to_string());
            fs::write(&path, &bytes).unwrap();
            let shown = shown(&path);
            // Dates, padding and members that nobody reads make no difference.
            assert!(
                shown.starts_with("error: ") || shown == intact,
                "byte {at} of {name}: {shown}"
            );
        }
    }
}

#[test]
fn archives_of_something_else() {
    let of = |members: &[(&str, &[u8])]| zipped(members, CompressionMethod::Stored);
    check(
        &of(&[]),
        "is a zip archive, but not of torch.save or numpy.savez; it holds ",
    );
    check(
        &of(&[("word/document.xml", b"")]),
        "it holds `word/document.xml`",
    );
    check(
        &of(&[("a/data.pkl", b"N."), ("b/data.pkl", b"N.")]),
        "two pickles, `a/data.pkl` and `b/data.pkl`",
    );
    check(
        &of(&[("a/data.pkl", b"N."), ("a/byteorder", b"big")]),
        "big-endian machine",
    );
    check(
        &of(&[("w.npy", b"")]),
        "has an array `w` that does not begin as numpy's arrays do",
    );
    check(
        &of(&[("w.npy", b"\x93NUMPY\x01\0\xff\xff{")]),
        "has an array `w` that ends within its header",
    );
    let header =
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999, 9999999999999), }";
    let array = [
        b"\x93NUMPY\x02\0",
        &u32::try_from(header.len()).unwrap().to_le_bytes()[..],
        header,
    ]
    .concat();
    check(
        &of(&[("w.npy", &array)]),
        "more elements than memory can hold",
    );
    check(
        &of(&[(
            "w.npy",
            &[&b"\x93NUMPY\x01\0"[..], &[5, 0], b"{'a'}"].concat(),
        )]),
        "has a header that cannot be read: `{'a'}`",
    );
}

#[test]
fn the_handmade_pickle_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(
        &path,
        pth(&pickled(b"K\x01", b"K\x02\x85", b"K\x02\x85"), &[0; 16]),
    )
    .unwrap();
    assert_eq!(shown(&path), "torch.save\nw float32[2] = [0.0, 0.0]\n");
}

#[test]
fn tensors_that_do_not_fit_their_storage() {
    let tensor = |pickle: Vec<u8>, storage: &[u8], message: &str| {
        check(
            &pth(&pickle, storage),
            &format!("has a tensor `w` that {message}"),
        );
    };
    let (zero, four, one) = (b"K\0", b"K\x04\x85", b"K\x01\x85");
    tensor(
        pickled(b"K\x01", four, one),
        &[0; 16],
        "reaches beyond its storage of 16 bytes",
    );
    tensor(
        pickled(zero, four, one),
        &[0; 15],
        "reaches beyond its storage of 15 bytes",
    );
    tensor(
        pickled(b"J\xff\xff\xff\xff", four, one),
        &[0; 16],
        "reaches beyond its storage",
    );
    tensor(
        pickled(zero, b"J\xff\xff\xff\xff\x85", one),
        &[0; 16],
        "has the negative size -1",
    );
    tensor(
        pickled(zero, four, b")"),
        &[0; 16],
        "has 1 sizes and 0 strides",
    );
    tensor(
        pickled(zero, b"X\x01\0\0\0x", one),
        &[0; 16],
        "is described in a way that torch does not write",
    );
    let huge = b"\x8a\x06\0\0\0\0\0\x01\x85";
    tensor(
        pickled(zero, huge, b"K\0\x85"),
        &[0; 16],
        "spreads 16 bytes of storage to 4398046511104",
    );
    let pickle = pickled(zero, four, one);
    let lonely = zipped(&[("a/data.pkl", &pickle)], CompressionMethod::Stored);
    check(
        &lonely,
        "has a tensor `w` that lies in `a/data/0`, which is not in the archive",
    );
}

#[test]
fn nothing_is_executed_or_followed_for_ever() {
    check(
        &pth(b"cos\nsystem\nX\x02\0\0\0id\x85R.", b""),
        "holds a whole pickled `os.system`",
    );
    // A dict that holds itself, and one that holds itself as its own envelope.
    check(
        &pth(b"}q\0X\x01\0\0\0ah\0s.", b""),
        "holds no tensors, only `a` (dict)",
    );
    check(
        &pth(b"}q\0X\x05\0\0\0modelh\0s.", b""),
        "holds no tensors, only `model` (dict)",
    );
    // A parameter of a parameter of …
    let functions = b"ctorch._utils\n_rebuild_parameter\n".repeat(10_000);
    let calls = b"\x85R".repeat(10_000);
    check(
        &pth(
            &[b"}X\x01\0\0\0w", &functions[..], b"N", &calls, b"s."].concat(),
            b"",
        ),
        "holds no tensors, only `w`",
    );
    let nested = [b"]".repeat(500_000), b"a".repeat(499_999), b".".to_vec()].concat();
    check(&pth(&nested, b""), "holds no dict of tensors, but a list");
    let envelopes = [
        b"}X\x05\0\0\0model".repeat(10_000),
        b"N".to_vec(),
        b"s".repeat(10_000),
        b".".to_vec(),
    ]
    .concat();
    check(
        &pth(&envelopes, b""),
        "holds no tensors, only `model` (dict)",
    );
    check(&pth(b"N.", b""), "holds no dict of tensors, but a None");
    check(
        &pth(b"", b""),
        "has a broken pickle: an unexpected end at its byte 0",
    );
}

/// An archive of one pickle and a packed storage, where the storage or the pickle claims another size than it has.
fn claiming(members: &[(&str, &[u8])], size: usize, claimed: u32) -> Vec<u8> {
    let mut bytes = zipped(members, CompressionMethod::Deflated);
    let size = u32::try_from(size).unwrap().to_le_bytes();
    // The last place is in the directory of the archive.
    let at = bytes.windows(4).rposition(|window| window == size).unwrap();
    bytes[at..at + 4].copy_from_slice(&claimed.to_le_bytes());
    bytes
}

#[test]
fn bombs_do_not_go_off() {
    // Bytes that hardly compress, so that only the claim is wrong.
    let noise: Vec<u8> = (0..300_000_u64)
        .map(|at| (at * at).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[2])
        .collect();
    let pickle: &[(&str, &[u8])] = &[("a/data.pkl", &noise)];
    check(
        &claiming(pickle, noise.len(), 130 << 20),
        "has a member `a/data.pkl` of 136314880 bytes",
    );

    // 2^24 elements in 64 bytes: more than can be true, and less than that, but not true either.
    let pickle = pickled(b"K\0", b"\x8a\x04\0\0\0\x01\x85", b"K\x01\x85");
    let members: &[(&str, &[u8])] = &[("a/data.pkl", &pickle), ("a/data/0", &[7; 64])];
    check(
        &claiming(members, 64, 64 << 20),
        "its member `a/data/0` claims that",
    );
    let members: &[(&str, &[u8])] = &[("a/data.pkl", &pickle), ("a/data/0", &noise)];
    check(
        &claiming(members, noise.len(), 64 << 20),
        "member `a/data/0` of the archive is shorter than it says",
    );

    // Of a storage that is much larger than its tensor, only the tensor is unpacked.
    let zeros = vec![0; 16 << 20];
    let pickle = pickled(b"K\0", b"K\x02\x85", b"K\x01\x85");
    let members: &[(&str, &[u8])] = &[("a/data.pkl", &pickle), ("a/data/0", &zeros)];
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, zipped(members, CompressionMethod::Deflated)).unwrap();
    assert_eq!(shown(&path), "torch.save\nw float32[2] = [0.0, 0.0]\n");
}
