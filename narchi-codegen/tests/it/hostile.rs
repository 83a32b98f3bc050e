//! Files that ask for too much give a report, soon and without much memory, and nothing else happens.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The bounds that hold for every file.
const LONGEST: Duration = Duration::from_secs(10);
const LARGEST: u64 = 1 << 30;

/// Has the command check a file, and compares the code of the first report.
fn check(content: impl AsRef<[u8]>, expected: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("net.jsonnet"), content).expect("a file");
    check_file(&folder.path().join("net.jsonnet"), expected);
}

fn check_file(path: &Path, expected: &str) {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_narchi-codegen"));
    let mut child = command
        .arg("check")
        .arg(path)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut largest = 0;
    while child.try_wait().expect("a state").is_none() {
        largest = peak(child.id()).unwrap_or(0).max(largest);
        // The pipe holds the reports of these files.
        thread::sleep(Duration::from_millis(2));
        if start.elapsed() > 2 * LONGEST {
            child.kill().expect("it can be stopped");
            panic!("{} never ends", path.display());
        }
    }
    let took = start.elapsed();
    let output = child.wait_with_output().expect("an end");
    let report = String::from_utf8_lossy(&output.stderr);
    let beginning: String = report.chars().take(300).collect();
    assert_eq!(output.status.code(), Some(1), "{beginning}");
    let is_expected = |code: &str| beginning.starts_with(&format!("error[{code}]"));
    assert!(
        expected.split(" or ").any(is_expected),
        "{expected} is expected: {beginning}"
    );
    assert!(took < LONGEST, "it took {took:?}: {beginning}");
    assert!(largest < LARGEST, "it took {largest} bytes: {beginning}");
}

/// The most memory that a process has had so far, where the system says it.
fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

#[test]
fn recursion_has_an_end() {
    check(
        "local f(x) = f(x + 1) + 1; { a: f(0) }",
        "endless-recursion",
    );
    check(
        "{ assert self.a == 1, a: self.b, b: self.a }",
        "endless-recursion",
    );
    check(
        "local f(x) = { assert f(x + 1).a == 1, a: 1 }; f(0)",
        "endless-recursion",
    );
    check("{ a: self }", "nested-too-deep");
    check("local a = { b: a }; a", "nested-too-deep");
    check("import 'net.jsonnet'", "endless-recursion");
    // On a slow machine the time is over first.
    let either = "too-much-memory or evaluation-too-long";
    check("local f(x) = f(x + [1]) tailstrict; f([])", either);
    check("local a = { b: a }; std.prune(a)", either);
    check("local a = { b: a }; std.manifestJson(a)", either);
}

#[test]
fn time_has_an_end() {
    check(
        "local fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2); fib(60)",
        "evaluation-too-long",
    );
    check(
        "local f(x) = f(x + 1) tailstrict; f(0)",
        "evaluation-too-long",
    );
}

#[test]
fn memory_has_an_end() {
    let double = "local d(s, n) = if n == 0 then s else d(s + s, n - 1);";
    for file in [
        "std.range(0, 2000000000)",
        "std.makeArray(1e8, function(i) i)",
        "std.makeArray(2e9, function(i) i)",
        "std.repeat('x', 2000000000)",
        "std.repeat([1], 2000000000)",
        "'%2000000000d' % 1",
        "std.sort(std.range(0, 3000000))",
        "{ ['a' + x]: x for x in std.range(0, 10000000) }",
        "[x + y for x in std.range(0, 100000) for y in std.range(0, 100000)]",
        "local f(o, n) = if n == 0 then o else f(o + o, n - 1); f({ a: 1 }, 40)",
        &format!("{double} {{ a: d('x', 50) }}"),
        &format!("{double} {{ a: d([1], 50) }}"),
        &format!("[{}]", "1,".repeat(4_000_000)),
    ] {
        check(file, "too-much-memory or evaluation-too-long");
    }
}

#[test]
fn data_has_an_end() {
    check("{ a: std.repeat('x', 50000000) }", "too-large");
    check("{ [std.repeat('x', 50000000)]: 1 }", "too-large");
    check(
        "local row = std.range(1, 1000); [row for i in row]",
        "too-large",
    );
    check("[".repeat(100_000), "nested-too-deep");
    check(
        "[".repeat(100_000) + &"]".repeat(100_000),
        "nested-too-deep",
    );
    check(format!("'{}'", "x".repeat(50_000_000)), "unreadable-file");
    check(b"{ a: '\xff\xfe' }", "unreadable-file");
    check_file(Path::new(env!("CARGO_MANIFEST_DIR")), "unreadable-file");
}

#[cfg(unix)]
#[test]
fn devices_have_an_end() {
    check("importstr '/dev/zero'", "unreadable-file");
    check("importbin '/dev/urandom'", "unreadable-file");
    check_file(Path::new("/dev/zero"), "unreadable-file");
}

#[test]
fn many_problems_are_found_in_time() {
    let architecture = |blocks: &str, graph: &str| {
        format!(
            "{{ inputs: [{{ _id: 'x', _shape: [8] }}], outputs: [{{ _id: 'y', _shape: [8] }}], \
            blocks: {blocks}, graph: {graph} }}"
        )
    };
    let many = "std.makeArray(20000, function(i) { _id: 'b%d' % i, _class: 'ReLU' })";
    check(architecture(many, "['x -> y']"), "unconnected-block");
    let unknown = "std.makeArray(20000, function(i) { _id: 'b%d' % i, _class: 'Relu%d' % i })";
    check(architecture(unknown, "['x -> y']"), "unconnected-block");
    let edges = "std.makeArray(20000, function(i) 'x%d -> fc -> y' % i)";
    let one = "[{ _id: 'fc', _class: 'Linear', output_feats: 4 }]";
    check(architecture(one, edges), "unknown-block");
}
