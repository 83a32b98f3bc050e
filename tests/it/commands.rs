//! The commands of the README and the book for which cargo is needed: those of the tutorial are run by a reader, as they are
//! written, and the others here or by `.ci/run`. Tests of `narchi-codegen` run all the rest.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pages that make one crate, in the order in which they are read.
const TUTORIAL: [&str; 3] = [
    "docs/first-model.md",
    "docs/training.md",
    "docs/freezing.md",
];

/// So that crates of readers share with this workspace what takes minutes to build: narchi is not what is published, but what
/// is here, and all else is built in the same way.
const CONFIG: &str = "
[net]
offline = true

[patch.crates-io]
narchi-runtime = { path = 'WORKSPACE/narchi-runtime' }

[profile.dev]
debug = 'line-tables-only'
[profile.dev.package.'*']
debug = false
";

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(page: &str) -> String {
    fs::read_to_string(workspace().join(page)).unwrap()
}

/// The README and the book.
fn pages() -> Vec<String> {
    let files = fs::read_dir(workspace().join("docs")).unwrap();
    let names = files.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = names
        .filter(|it| Path::new(it).extension().is_some_and(|it| it == "md"))
        .map(|it| format!("docs/{it}"))
        .collect();
    pages.push("README.md".to_owned());
    pages
}

/// What a reader finds on a page.
#[derive(Debug)]
enum Step {
    /// A file with this text.
    File(String, String),
    /// A command with what it is said to print.
    Command(String, String),
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut before, text) = (String::new(), read(page));
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                line.clone_into(&mut before);
            }
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|it| *it != "```").collect();
        let name = before
            .strip_prefix('`')
            .and_then(|it| it.strip_suffix("`:"));
        if language == "console" {
            for line in block {
                match (line.strip_prefix("$ "), steps.last_mut()) {
                    (Some(command), _) => {
                        let command = command.split(" # ").next().unwrap().trim_end();
                        steps.push(Step::Command(command.to_owned(), String::new()));
                    }
                    (None, Some(Step::Command(_, output))) => output.extend([line, "\n"]),
                    (None, _) => panic!("{page}: output without a command: {line}"),
                }
            }
        } else if let Some(name) = name {
            steps.push(Step::File(name.to_owned(), block.join("\n") + "\n"));
        }
        before.clear();
    }
    steps
}

/// Whether tests without libtorch leave a command to those here; they have the same list.
fn needs_cargo(command: &str) -> bool {
    let first = command.split(' ').next().unwrap_or_default();
    ["cargo", "cd", "python3"].contains(&first) || command.contains(" -- cargo ")
}

/// One who has nothing but cargo, at first.
struct Reader {
    folder: tempfile::TempDir,
    at: PathBuf,
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join(".cargo");
        fs::create_dir(&config).unwrap();
        let workspace = workspace().to_str().unwrap();
        let text = CONFIG.replace("WORKSPACE", workspace);
        fs::write(config.join("config.toml"), text).unwrap();
        let at = folder.path().to_owned();
        let reader = Self { folder, at };
        reader.run("cargo install narchi-codegen");
        reader
    }

    /// What a command prints on its standard output.
    fn run(&self, command: &str) -> String {
        let mut words: Vec<OsString> = command.split(' ').map(OsString::from).collect();
        let path = |name: &str| workspace().join(name).into_os_string();
        match command.split(' ').collect::<Vec<_>>().as_slice() {
            // These look into the registry alone, where others are.
            ["cargo", "install", name] => {
                words.truncate(2);
                words.extend(["--path".into(), path(name)]);
                // As it was built for the other tests.
                words.extend(["--debug", "--locked", "--quiet", "--root"].map(OsString::from));
                words.push(self.folder.path().into());
            }
            ["cargo", "add", name] => words.extend(["--path".into(), path(name)]),
            _ => {
                // Another profile would build libtorch's bindings a second time.
                words.retain(|it| it != "--release");
            }
        }
        let programs = [self.folder.path().join("bin")];
        let others = env::var_os("PATH").unwrap();
        let programs = programs.into_iter().chain(env::split_paths(&others));
        let programs = env::join_paths(programs).unwrap();
        let found = env::split_paths(&programs).map(|it| it.join(&words[0]));
        let program = found.into_iter().find(|it| it.is_file());
        let output = Command::new(program.unwrap_or_else(|| words[0].clone().into()))
            .args(&words[1..])
            .current_dir(&self.at)
            .env("PATH", &programs)
            .env("CARGO_TARGET_DIR", target())
            .output();
        let output = output.unwrap_or_else(|error| panic!("`{command}`: {error}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{command}`:\n{error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// As `run`; in the folder where `cd` leads, and with the versions that are built.
    fn follow(&mut self, command: &str) -> String {
        if let Some(folder) = command.strip_prefix("cd ") {
            self.at = self.at.join(folder);
            fs::copy(workspace().join("Cargo.lock"), self.at.join("Cargo.lock")).unwrap();
            return String::new();
        }
        self.run(command)
    }
}

/// Where this test was built.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[test]
fn the_tutorial_works_as_it_is_written() {
    let mut reader = Reader::new();
    for page in TUTORIAL {
        for step in steps(page) {
            match step {
                Step::File(name, text) => {
                    let path = reader.at.join(name);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, text).unwrap();
                }
                Step::Command(command, shown) if needs_cargo(&command) => {
                    let printed = reader.follow(&command);
                    if !shown.is_empty() {
                        assert_eq!(printed, shown, "{page}: `{command}`");
                    }
                }
                Step::Command(..) => {}
            }
        }
    }
    assert!(reader.at.ends_with("classes"));
    assert!(reader.at.join("mlp.safetensors").exists());
}

#[test]
fn what_new_says_to_try_works() {
    let mut reader = Reader::new();
    let output = reader.run("narchi-codegen new my-net");
    // It says it on standard error, so the page has the lines.
    assert_eq!(output, "");
    let page = steps(TUTORIAL[0]);
    let said = page.iter().find_map(|it| match it {
        Step::Command(command, said) => (command == "narchi-codegen new my-net").then_some(said),
        Step::File(..) => None,
    });
    let mut printed = String::new();
    for command in said.unwrap().lines().filter_map(|it| it.strip_prefix("  ")) {
        printed = reader.follow(command);
    }
    assert!(printed.contains("step 20: loss"), "{printed}");
    assert!(printed.ends_with("scores: [16, 10]\n"), "{printed}");
}

#[test]
fn the_demo_runs() {
    let output = Command::new("cargo")
        .arg("demo")
        .current_dir(workspace())
        .env("CARGO_TARGET_DIR", target())
        .output();
    let output = output.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("% of 359 held-out digits"), "{printed}");
}

#[test]
fn every_other_command_is_run_by_ci() {
    let ci = fs::read_to_string(workspace().join(".ci/run")).unwrap();
    let mut missing = Vec::new();
    for page in pages() {
        if TUTORIAL.contains(&page.as_str()) {
            continue;
        }
        for step in steps(&page) {
            let Step::Command(command, _) = step else {
                continue;
            };
            if !needs_cargo(&command) || command == "cargo demo" {
                continue;
            }
            // With fewer rounds, and not all models.
            let words: Vec<&str> = command.split(' ').collect();
            let what = words
                .iter()
                .position(|it| it.starts_with("tests/") || *it == "--bench");
            let what = what.map_or(words.len(), |it| {
                it + 1 + usize::from(words[it] == "--bench")
            });
            let start = words[..what].join(" ");
            if !ci.lines().any(|it| it.trim().starts_with(&start)) {
                missing.push(format!("{page}: {start}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
