//! Valid files with a few bytes changed are read or refused; never a panic, and no tensor of another size than it says.
//! `PROPTEST_CASES` sets how many.

use std::fs;

use narchi_weights::Checkpoint;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use crate::data;

const FILES: [&str; 8] = [
    "arrays.npz",
    "compressed.npz",
    "deflated.pth",
    "dtypes.pth",
    "envelope.pth",
    "no_crc.pth",
    "parameters.pth",
    "state_dict.safetensors",
];

fn check(bytes: &[u8]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    let Ok(checkpoint) = Checkpoint::open(&path) else {
        return;
    };
    for tensor in checkpoint.tensors() {
        if let Ok(bytes) = checkpoint.read(tensor) {
            let elements: i64 = tensor.shape().iter().product();
            assert_eq!(
                bytes.len(),
                usize::try_from(elements).unwrap() * tensor.dtype().size()
            );
        }
    }
}

proptest! {
    #[test]
    fn changed_bytes(
        file in 0..FILES.len(),
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = fs::read(data(FILES[file])).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes);
    }

    #[test]
    fn bytes_put_in_and_taken_out(
        file in 0..FILES.len(),
        at in any::<Index>(),
        taken in 0_usize..40,
        put in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = fs::read(data(FILES[file])).unwrap();
        let at = at.index(bytes.len());
        bytes.splice(at..(at + taken).min(bytes.len()), put);
        check(&bytes);
    }

    #[test]
    fn any_pickle_in_a_good_archive(changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..8)) {
        // Without a checksum the changed pickle itself is what gets read.
        let mut bytes = fs::read(data("no_crc.pth")).unwrap();
        let start = bytes.windows(2).position(|window| window == b"\x80\x02").unwrap();
        for (at, byte) in changes {
            bytes[start + at.index(162)] = byte;
        }
        check(&bytes);
    }

    #[test]
    fn any_header_in_good_safetensors(header in r#"\{("[a-c_]{1,3}":\{("dtype":"(F32|U8|X)"|"shape":\[[0-9]{0,3}(,-?[0-9]{1,20})?\]|"data_offsets":\[[0-9]{1,2},[0-9]{1,20}\]|,){0,5}\},?){0,3}\}"#) {
        let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 16]].concat();
        check(&bytes);
    }
}
