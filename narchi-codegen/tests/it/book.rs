//! The book and the README: the commands that they show print what is shown, files are what they are said to be, links lead
//! somewhere. A page with stale output is rewritten, and the test fails once.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::command;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// The README and the pages of the book, as paths in the workspace.
fn pages() -> Vec<String> {
    let files = fs::read_dir(workspace().join("docs")).expect("a folder");
    let names = files.map(|it| {
        it.expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let is_page = |it: &String| Path::new(it).extension().is_some_and(|it| it == "md");
    let mut pages: Vec<String> = names
        .filter(is_page)
        .map(|it| format!("docs/{it}"))
        .collect();
    pages.push("README.md".to_owned());
    pages.sort();
    pages
}

fn read(page: &str) -> String {
    let text = fs::read_to_string(workspace().join(page)).expect("a page");
    text.replace("\r\n", "\n")
}

/// A page in pieces, which together are its text.
enum Piece {
    Text(String),
    /// A block of code: the language, the file that it is if the line before says so, and its lines.
    Block {
        language: String,
        file: Option<String>,
        text: String,
    },
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut lines, mut said) = (text.lines(), String::new());
    let mut before = String::new();
    while let Some(line) = lines.next() {
        said += line;
        said.push('\n');
        if let Some(language) = line.strip_prefix("```") {
            pieces.push(Piece::Text(std::mem::take(&mut said)));
            let block: Vec<&str> = lines.by_ref().take_while(|it| *it != "```").collect();
            pieces.push(Piece::Block {
                language: language.to_owned(),
                file: named(&before),
                text: block.iter().flat_map(|it| [*it, "\n"]).collect(),
            });
            "```\n".clone_into(&mut said);
            before.clear();
        } else if !line.is_empty() {
            line.clone_into(&mut before);
        }
    }
    pieces.push(Piece::Text(said));
    pieces
}

/// `src/mlp.jsonnet`, of a line that is this and a colon.
fn named(line: &str) -> Option<String> {
    let name = line.strip_prefix('`')?.strip_suffix("`:")?;
    (!name.contains('`')).then(|| name.to_owned())
}

/// A folder with what the pages are about: the examples, and the files beside the book.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for example in ["mlp/mlp", "digits/digits", "resnet/resnet"] {
        let path = workspace().join(format!("examples/{example}.jsonnet"));
        fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
    }
    copy(&workspace().join("docs/files"), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// Whether a command is left to the tests with libtorch, which have the same list.
fn needs_cargo(command: &str) -> bool {
    let first = command.split(' ').next().unwrap_or_default();
    ["cargo", "cd", "python3"].contains(&first) || command.contains(" -- cargo ")
}

/// What a command prints, on both streams as they come.
fn output(folder: &Path, command: &str) -> String {
    let words = words(command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cat", file] => fs::read_to_string(folder.join(file)).expect("a file"),
        ["narchi-codegen", arguments @ ..] => {
            let path = folder.join("output");
            let file = File::create(&path).expect("a file");
            Command::new(env!("CARGO_BIN_EXE_narchi-codegen"))
                .args(arguments)
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(file.try_clone().expect("the same file"))
                .stderr(file)
                .status()
                .expect("the command runs");
            fs::read_to_string(path).expect("UTF-8")
        }
        _ => panic!("the tests do not know how to run `{command}`"),
    }
}

/// Words as a shell tells them apart, where some are in single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for char in command.chars() {
        match char {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' if !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// The block with the true output of its commands.
fn run(folder: &Path, block: &str) -> String {
    let mut text = String::new();
    let mut keeps_output = true;
    for line in block.lines() {
        let Some(command) = line.strip_prefix("$ ") else {
            if keeps_output {
                text += line;
                text.push('\n');
            }
            continue;
        };
        text += line;
        text.push('\n');
        keeps_output = needs_cargo(command);
        if !keeps_output {
            text += &output(folder, command);
        }
    }
    text
}

#[test]
fn commands_print_what_is_shown() {
    let mut stale = Vec::new();
    for page in pages() {
        let folder = folder();
        let mut text = String::new();
        for piece in pieces(&read(&page)) {
            match piece {
                Piece::Text(piece) => text += &piece,
                Piece::Block {
                    language,
                    text: block,
                    ..
                } if language == "console" => {
                    text += &run(folder.path(), &block);
                }
                Piece::Block {
                    file, text: block, ..
                } => {
                    if let Some(file) = file {
                        let path = folder.path().join(file);
                        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                        fs::write(path, &block).expect("a file");
                    }
                    text += &block;
                }
            }
        }
        if text != read(&page) {
            fs::write(workspace().join(&page), text).expect("a page");
            stale.push(page);
        }
    }
    assert!(
        stale.is_empty(),
        "stale, and now current, commit them: {stale:?}"
    );
}

#[test]
fn code_that_is_compiled_elsewhere_is_what_is_shown() {
    let mut shown = BTreeSet::new();
    for page in pages() {
        for piece in pieces(&read(&page)) {
            let Piece::Block {
                file: Some(file),
                text,
                ..
            } = piece
            else {
                continue;
            };
            if let Ok(beside) = fs::read_to_string(workspace().join("docs/files").join(&file)) {
                assert_eq!(beside, text, "{page}: docs/files/{file}");
                shown.insert(file);
            }
        }
    }
    // Programs are there to be shown.
    let programs = fs::read_dir(workspace().join("docs/files/src/bin")).expect("a folder");
    for program in programs {
        let name = program
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            shown.contains(&format!("src/bin/{name}")),
            "{name} is in no page"
        );
    }
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = read("docs/SUMMARY.md");
    let listed: BTreeSet<String> = links(&summary)
        .into_iter()
        .map(|it| format!("docs/{it}"))
        .collect();
    let mut wanted: BTreeSet<String> = pages().into_iter().collect();
    wanted.remove("docs/SUMMARY.md");
    wanted.remove("README.md");
    assert_eq!(listed, wanted);
    let book = read("book.toml");
    assert!(book.contains("src = \"docs\""), "{book}");
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let path = workspace().join(&page);
        let folder = path.parent().expect("a folder");
        for link in links(&read(&page)) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target: PathBuf = if file.is_empty() {
                path.clone()
            } else {
                folder.join(file)
            };
            assert!(target.exists(), "{page}: there is no {link}");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).expect("a page");
                let anchors: Vec<String> = headings(&text).map(anchor_of).collect();
                assert!(
                    anchors.contains(&anchor.to_owned()),
                    "{page}: {link} is none of {anchors:?}"
                );
            }
        }
    }
}

/// What the links and pictures of a page lead to.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for piece in pieces(text) {
        if let Piece::Text(text) = piece {
            let targets = text.split("](").skip(1).filter_map(|it| it.split_once(')'));
            links.extend(targets.map(|it| it.0.to_owned()));
        }
    }
    links
}

fn headings(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|it| Some(it.trim_start_matches('#').trim()).filter(|_| it.starts_with('#')))
}

/// What mdBook and GitHub call a heading.
fn anchor_of(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// What follows `narchi-codegen` where a text has it as code.
fn commands_in(text: &str) -> Vec<String> {
    // The borders of blocks are no code in a text.
    let lines = text.lines().filter(|it| !it.starts_with("```"));
    let text = lines.collect::<Vec<_>>().join(" ");
    let spans = text.split('`').skip(1).step_by(2);
    let commands = spans.filter_map(|it| it.strip_prefix("narchi-codegen "));
    commands.map(str::to_owned).collect()
}

/// Files that commands in the text are about, and what they are.
const NAMED: [(&str, &str); 3] = [
    ("net.jsonnet", "src/mlp.jsonnet"),
    ("a.jsonnet", "src/mlp.jsonnet"),
    ("b.jsonnet", "digits.jsonnet"),
];

#[test]
fn commands_in_the_text_run() {
    let folder = folder();
    for (name, file) in NAMED {
        fs::copy(folder.path().join(file), folder.path().join(name)).expect("a copy");
    }
    let mut count = 0;
    for page in pages() {
        for piece in pieces(&read(&page)) {
            let Piece::Text(text) = piece else { continue };
            for span in commands_in(&text) {
                let words = words(&span);
                // `CODE` stands for any; a verb alone is no command, and libtorch has tests of its own.
                let is_any = |it: &String| it.chars().all(|it| it.is_ascii_uppercase());
                if words.len() < 2 || words[0] == "libtorch" || words.iter().any(is_any) {
                    continue;
                }
                let is_verb = words[0] == "weights" && words.len() == 2;
                if is_verb {
                    continue;
                }
                let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
                let (code, _, err) = command::run(folder.path(), &arguments);
                // Two architectures differ.
                let expected = i32::from(words[0] == "diff");
                assert_eq!(code, expected, "{page}: `{span}`: {err}");
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count}");
}

#[test]
fn commands_in_the_text_are_there() {
    for page in pages() {
        for piece in pieces(&read(&page)) {
            let Piece::Text(text) = piece else { continue };
            for span in commands_in(&text) {
                let words = words(&span);
                // Verbs such as `weights map` are two words.
                let is_verb = |it: &&String| {
                    it.chars().all(|it| it.is_ascii_lowercase() || it == '-')
                        && !it.starts_with('-')
                };
                let most = if words[0] == "weights" || words[0] == "libtorch" {
                    2
                } else {
                    1
                };
                let verb: Vec<&str> = words
                    .iter()
                    .take_while(is_verb)
                    .take(most)
                    .map(String::as_str)
                    .collect();
                let (code, help, err) =
                    command::run(workspace(), &[&verb, &["--help"][..]].concat());
                assert_eq!(code, 0, "{page}: `{span}`: {err}");
                for option in words
                    .iter()
                    .filter(|it| it.starts_with("--") && it.len() > 2)
                {
                    assert!(
                        help.contains(option.as_str()),
                        "{page}: `{span}`: no {option}"
                    );
                }
            }
        }
    }
}
