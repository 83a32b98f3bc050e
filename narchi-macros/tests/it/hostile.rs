//! A file that asks for too much is an error of the crate that uses it, and the compiler and cargo go on.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// No compiler and no build script may take more memory, or longer, over any file.
const LARGEST: u64 = 1 << 30;
const LONGEST: Duration = Duration::from_secs(10);

/// Files that end soon, and the codes of their reports; those without a text are made in `check`.
const QUICK: [(&str, &str, &str); 9] = [
    (
        "deep",
        "local f(x) = f(x + 1) + 1; { a: f(0) }",
        "endless-recursion",
    ),
    (
        "object",
        "{ assert self.a == 1, a: self.b, b: self.a }",
        "endless-recursion",
    ),
    (
        "asserts",
        "local f(x) = { assert f(x + 1).a == 1, a: 1 }; f(0)",
        "endless-recursion",
    ),
    ("itself", "{ a: self }", "nested-too-deep"),
    ("imports", "import 'imports.jsonnet'", "endless-recursion"),
    ("brackets", "", "nested-too-deep"),
    ("long", "", "unreadable-file"),
    ("bytes", "", "unreadable-file"),
    ("folder", "", "unreadable-file"),
];

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
    for (name, content, _) in QUICK {
        let path = folder.join(name).with_extension("jsonnet");
        let content = match name {
            "brackets" => "[".repeat(100_000).into_bytes(),
            "long" => format!("'{}'", "x".repeat(50_000_000)).into_bytes(),
            "bytes" => b"{ a: '\xff\xfe' }".to_vec(),
            "folder" => {
                fs::create_dir(&path).expect("a folder");
                continue;
            }
            _ => content.as_bytes().to_vec(),
        };
        fs::write(path, content).expect("a file");
    }
    write(
        "strings.jsonnet",
        "local d(s, n) = if n == 0 then s else d(s + s, n - 1); { a: d('x', 50) }",
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
    // Of each process, when it was seen first.
    let mut since: BTreeMap<OsString, Instant> = BTreeMap::new();
    let (mut largest, mut longest) = (0, Duration::ZERO);
    let status = loop {
        if let Some(status) = cargo.try_wait().expect("a state") {
            break status;
        }
        for (process, peak) in those_that_work_on(name) {
            largest = largest.max(peak);
            let since = since.entry(process).or_insert_with(Instant::now);
            longest = longest.max(since.elapsed());
        }
        thread::sleep(Duration::from_millis(5));
    };
    let said = said.join().expect("what cargo said");
    assert!(longest < LONGEST, "it took {longest:?}: {said}");
    assert_eq!(status.code(), Some(101), "cargo ends by itself: {said}");
    assert!(largest < LARGEST, "it took {largest} bytes: {said}");
    if cfg!(target_os = "linux") {
        assert!(largest > 0, "somebody worked on it: {said}");
    }
    said
}

/// The processes with the name of this crate among their arguments, which are the compiler and the build script, and
/// the most memory that each has had so far; where the system says it.
fn those_that_work_on(name: &str) -> Vec<(OsString, u64)> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let peak = |process: fs::DirEntry| {
        let arguments = fs::read_to_string(process.path().join("cmdline")).ok()?;
        arguments.replace('_', "-").contains(name).then_some(())?;
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some((process.file_name(), kilobytes << 10))
    };
    processes.filter_map(|it| peak(it.ok()?)).collect()
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
    for file in ["range.jsonnet", "grows.jsonnet", "strings.jsonnet"] {
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
fn macros_report_what_ends_soon() {
    let models = QUICK.map(|(name, ..)| model(&name.to_uppercase(), &format!("{name}.jsonnet")));
    let lib = MODULES.to_owned() + &models.concat();
    let said = check("hostile-quick", "fn main() {}\n", &lib);
    assert_quick(&said);
}

#[test]
fn build_scripts_report_what_ends_soon() {
    let files = QUICK
        .map(|(name, ..)| format!("\"{name}.jsonnet\""))
        .join(", ");
    let script = format!(
        "fn main() -> Result<(), narchi_codegen::ConfigError> {{\n    \
        narchi_codegen::Config::new().compile(&[{files}])\n}}\n"
    );
    let models = QUICK.map(|(name, ..)| {
        format!("mod {name} {{ include!(concat!(env!(\"OUT_DIR\"), \"/{name}.rs\")); }}\n")
    });
    let said = check(
        "hostile-script",
        &script,
        &(MODULES.to_owned() + &models.concat()),
    );
    assert_quick(&said);
}

#[track_caller]
fn assert_quick(said: &str) {
    for (name, _, code) in QUICK {
        let report = said.split("error: `").find(|it| {
            let file = it.split('`').next().unwrap_or_default();
            file.ends_with(&format!("{name}.jsonnet"))
        });
        let report = report.unwrap_or_else(|| panic!("nothing is said of {name}: {said}"));
        assert!(
            report.contains(&format!("error[{code}]")),
            "{name}: {report}"
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
