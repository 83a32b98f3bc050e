//! A file that asks for too much is an error of the crate that uses it, and the compiler and cargo go on.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// No compiler and no build script may take more memory over any file.
const LARGEST: u64 = 1 << 30;

/// Checks a crate with hostile models, and gives what cargo says.
fn check(name: &str, build: &str, lib: &str) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
        [dependencies]\nnarchi-macros = {{ path = '{}' }}\n\n\
        [build-dependencies]\nnarchi-codegen = {{ path = '{}', default-features = false }}\n",
        workspace.join("narchi-macros").display(),
        workspace.join("narchi-codegen").display()
    );
    let write = |path: &str, text: &str| fs::write(folder.join(path), text).expect("a file");
    write("Cargo.toml", &manifest);
    write("build.rs", build);
    write("src/lib.rs", lib);
    write("src/stand_in.rs", include_str!("stand_in.rs"));
    write("range.jsonnet", "std.range(0, 2000000000)");
    write(
        "grows.jsonnet",
        "local f(o, n) = if n == 0 then o else f(o + o, n - 1); f({ a: 1 }, 40)",
    );
    write(
        "fib.jsonnet",
        "local f(n) = if n < 2 then n else f(n - 1) + f(n - 2); f(60)",
    );
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a copy");
    let mut cargo = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&folder)
        // Where other tests have built the dependencies.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuild-target"),
        )
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo runs");
    let mut pipe = cargo.stderr.take().expect("a pipe");
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).expect("text");
        String::from_utf8_lossy(&said).into_owned()
    });
    let mut largest = 0;
    let status = loop {
        if let Some(status) = cargo.try_wait().expect("a state") {
            break status;
        }
        largest = largest.max(peak_of_those_that_work_on(name));
        thread::sleep(Duration::from_millis(5));
    };
    let said = said.join().expect("what cargo said");
    assert_eq!(status.code(), Some(101), "cargo ends by itself: {said}");
    assert!(largest < LARGEST, "it took {largest} bytes: {said}");
    if cfg!(target_os = "linux") {
        assert!(largest > 0, "somebody worked on it: {said}");
    }
    said
}

/// The most memory that any process with the name of this crate among its arguments has had so far, where the system
/// says it: the compiler, and the build script.
fn peak_of_those_that_work_on(name: &str) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else {
        return 0;
    };
    let peak = |process: fs::DirEntry| {
        let arguments = fs::read_to_string(process.path().join("cmdline")).ok()?;
        arguments.replace('_', "-").contains(name).then_some(())?;
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes << 10)
    };
    let peaks = processes.filter_map(|it| peak(it.ok()?));
    peaks.max().unwrap_or(0)
}

const MODULES: &str =
    "extern crate self as narchi_runtime;\nmod stand_in;\npub use stand_in::prelude;\n";

fn build(allocator: &str, file: &str) -> String {
    format!(
        "{allocator}\nfn main() -> Result<(), narchi_codegen::ConfigError> {{\n    \
        narchi_codegen::Config::new().compile(&[\"{file}\"])\n}}\n"
    )
}

fn model(name: &str, file: &str) -> String {
    format!("narchi_macros::narchi_model!(crate, pub {name}, \"../{file}\");\n")
}

#[test]
fn macros_report_what_takes_too_long() {
    let lib = [
        MODULES,
        &model("Fib", "fib.jsonnet"),
        "fn other() -> u8 { \"not a number\" }\n",
    ];
    let said = check("hostile-time", "fn main() {}\n", &lib.concat());
    assert!(said.contains("error[evaluation-too-long]"), "{said}");
    assert!(
        said.contains("mismatched types"),
        "the compiler goes on: {said}"
    );
}

#[test]
fn macros_report_what_takes_too_much() {
    for file in ["range.jsonnet", "grows.jsonnet"] {
        let lib = MODULES.to_owned() + &model("Net", file);
        let said = check("hostile-macro", "fn main() {}\n", &lib);
        // On a busy machine the time may be over first.
        let codes = ["error[too-much-memory]", "error[evaluation-too-long]"];
        assert!(codes.iter().any(|it| said.contains(it)), "{file}: {said}");
        assert!(
            said.contains("could not compile `hostile-macro`"),
            "{file}: {said}"
        );
    }
}

#[test]
fn build_scripts_report_what_asks_for_too_much() {
    let lib = format!("{MODULES}include!(concat!(env!(\"OUT_DIR\"), \"/range.rs\"));\n");
    let installed =
        "#[global_allocator]\nstatic BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;\n";
    let said = check("hostile-budget", &build(installed, "range.jsonnet"), &lib);
    assert!(said.contains("error[too-much-memory]"), "{said}");
    // What cannot be stopped ends with the build script.
    for (file, codes) in [
        ("grows", &["too-much-memory", "evaluation-too-long"][..]),
        ("fib", &["evaluation-too-long"]),
    ] {
        let script = build("", &format!("{file}.jsonnet"));
        let said = check("hostile-build", &script, MODULES);
        let is_reported = |it: &&str| said.contains(&format!("error[{it}]"));
        assert!(codes.iter().any(is_reported), "{file}: {said}");
        assert!(said.contains("The evaluation cannot be stopped"), "{said}");
    }
}
