//! What must hold at any size; run by `cargo test`.

use std::{fs, process::Command};

use crate::{counting::allocated, families::Family, measure};

/// How much more ten times as many blocks may cost.
const MORE: f64 = 12.0;

/// The same for the time without optimisation on a machine that may be busy. What grows with the square costs a hundred
/// times as much.
const MUCH_MORE: f64 = 24.0;

/// What `narchi-runtime` offers to generated code, without libtorch.
const STAND_IN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../narchi-macros/tests/it/stand_in.rs"
);

/// Checks that cost is in proportion to size, and that the code compiles.
#[expect(
    clippy::cast_precision_loss,
    reason = "for ratios, a double has more digits than enough"
)]
pub(crate) fn check(family: &Family) {
    let (small, large) = (family.size, 10 * family.size);
    let cost = |size: usize, runs: usize| {
        let text = (family.text)(size);
        let before = allocated();
        let measured = measure(&text, 1);
        let after = allocated();
        let again = measure(&text, runs);
        let time = (again.compile + again.emit).min(measured.compile + measured.emit);
        let [calls, bytes] = [0, 1].map(|it| after[it] - before[it]);
        (
            [calls as f64, bytes as f64, time.as_secs_f64()],
            measured.file,
        )
    };
    let (small_cost, _) = cost(small, 3);
    let (large_cost, file) = cost(large, 1);
    let limits = [("allocations", MORE), ("bytes", MORE), ("time", MUCH_MORE)];
    for (index, (what, most)) in limits.into_iter().enumerate() {
        let ratio = large_cost[index] / small_cost[index];
        println!("{}, {small} → {large}: {what} × {ratio:.1}", family.name);
        assert!(ratio <= most, "{}: {what} grow too fast", family.name);
    }
    if family.compiles_alone {
        compiles(&file);
    }
}

/// Has rustc compile generated code to an object file.
fn compiles(file: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    let modules = "extern crate self as narchi_runtime; mod stand_in; pub use stand_in::prelude; mod net; pub use net::*;";
    write("lib.rs", modules);
    write("net.rs", file);
    fs::copy(STAND_IN, folder.path().join("stand_in.rs")).expect("a copy");
    let output = Command::new("rustc")
        .args([
            "--crate-type=lib",
            "--edition=2024",
            "--emit=obj",
            "--cap-lints=allow",
            "lib.rs",
        ])
        .current_dir(&folder)
        .output()
        .expect("rustc runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}",
        said.chars().take(2000).collect::<String>()
    );
}
