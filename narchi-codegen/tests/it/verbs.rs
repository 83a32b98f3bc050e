//! Every verb on files that are wrong or missing, and on outputs that cannot be written: what is said, and that nothing is
//! left half done.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio};

use crate::command;

const SOUND: &str = "{
    inputs: [{ _id: 'x', _shape: [3] }],
    outputs: [{ _id: 'y', _shape: [2] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 2 }],
    graph: ['x -> fc -> y'],
}
";

/// The verbs that read architectures. `ARCH` stands for one, `OUT` for what is written.
const READERS: [&[&str]; 13] = [
    &["check", "ARCH"],
    &["emit", "ARCH"],
    &["emit", "ARCH", "-o", "OUT"],
    &["emit", "ARCH", "--places", "-o", "OUT"],
    &["summary", "ARCH"],
    &["render", "ARCH"],
    &["render", "ARCH", "--format", "html", "-o", "OUT"],
    &["diff", "ARCH"],
    &["diff", "net.jsonnet", "ARCH"],
    &["sweep", "ARCH", "-o", "OUT"],
    &["weights", "check", "ARCH", "net.pth"],
    &["weights", "map", "ARCH", "net.pth"],
    &["weights", "map", "ARCH", "net.pth", "-o", "OUT"],
];

/// Those that read checkpoints, for which `FILE` stands.
const CHECKPOINTS: [&[&str]; 6] = [
    &["weights", "list", "FILE"],
    &["weights", "check", "net.jsonnet", "FILE"],
    &["weights", "map", "net.jsonnet", "FILE"],
    &["weights", "map", "net.jsonnet", "FILE", "-o", "OUT"],
    &["weights", "rename", "FILE", "rules.txt", "-o", "OUT"],
    &[
        "weights",
        "check",
        "net.jsonnet",
        "FILE",
        "--renames",
        "rules.txt",
    ],
];

/// Those that write to `OUT`.
const WRITERS: [&[&str]; 7] = [
    &["emit", "net.jsonnet", "-o", "OUT"],
    &["emit", "net.jsonnet", "-o", "net.rs", "--dep-file", "OUT"],
    &["render", "net.jsonnet", "--format", "svg", "-o", "OUT"],
    &["render", "net.jsonnet", "--format", "html", "-o", "OUT"],
    &["sweep", "net.jsonnet", "-o", "OUT"],
    &["weights", "map", "net.jsonnet", "net.pth", "-o", "OUT"],
    &["weights", "rename", "net.pth", "rules.txt", "-o", "OUT"],
];

/// Those that print what they make.
const PRINTERS: [&[&str]; 14] = [
    &["emit", "net.jsonnet"],
    &["summary", "net.jsonnet"],
    &["summary", "net.jsonnet", "--format", "json"],
    &["render", "net.jsonnet"],
    &["render", "net.jsonnet", "--format", "mermaid"],
    &["diff", "net.jsonnet"],
    &["sweep", "net.jsonnet"],
    &["weights", "list", "net.pth"],
    &["weights", "map", "net.jsonnet", "net.pth"],
    &["explain"],
    &["explain", "unknown-class"],
    &["schema"],
    &["man"],
    &["completions", "bash"],
];

/// `new` has tests of its own, and so has what finds and installs libtorch; `help` is clap's.
const ELSEWHERE: [&str; 3] = ["new", "libtorch", "help"];

/// A folder with a sound architecture, a checkpoint of it with other names, and files that are wrong in each way.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("a file");
    };
    write("net.jsonnet", SOUND.as_bytes());
    write("class.jsonnet", SOUND.replace("Linear", "Linar").as_bytes());
    write("shape.jsonnet", SOUND.replace("[2]", "[4]").as_bytes());
    write(
        "syntax.jsonnet",
        SOUND.replace("graph:", "graph").as_bytes(),
    );
    write("bytes.jsonnet", b"{ \xff\xfe }");
    write("empty.jsonnet", b"");
    write("rules.txt", b"");
    write("text.pth", b"no checkpoint");
    write("empty.pth", b"");
    write("cut.safetensors", &[40, 0, 0, 0, 0, 0, 0, 0, b'{']);
    narchi_weights::write_safetensors(
        folder.path().join("net.pth"),
        [("linear.weight", &[2, 3][..]), ("linear.bias", &[2])].map(|(name, shape)| {
            narchi_weights::Tensor {
                name,
                dtype: narchi_weights::Dtype::F32,
                shape,
                data: &[0; 24][..4 * usize::try_from(shape.iter().product::<i64>()).expect("few")],
            }
        }),
    )
    .expect("a checkpoint");
    folder
}

/// The names and bytes of all files.
fn contents(folder: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let entries = entries.map(|it| it.expect("an entry"));
    let content = |it: fs::DirEntry| {
        let name = it.file_name().to_string_lossy().into_owned();
        (name, fs::read(it.path()).unwrap_or_default())
    };
    entries.map(content).collect()
}

/// Runs a verb that has to fail, and to leave everything as it was; `expected` is in what it says.
fn fails(folder: &Path, arguments: &[&str], expected: &str) {
    let before = contents(folder);
    let (code, out, err) = command::run(folder, arguments);
    assert_eq!((code, out.as_str()), (1, ""), "{arguments:?}: {err}");
    assert!(err.contains(expected), "{arguments:?}: {expected}: {err}");
    assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    let kept = contents(folder) == before;
    assert!(kept, "{arguments:?} left something");
}

fn with<'a>(verb: &[&'a str], what: &str, file: &'a str) -> Vec<&'a str> {
    let put = |it: &&'a str| if *it == what { file } else { *it };
    verb.iter().map(put).collect()
}

#[test]
fn wrong_architectures_are_reported_and_nothing_is_written() {
    let folder = folder();
    let wrong = [
        ("class.jsonnet", "error[unknown-class]"),
        ("shape.jsonnet", "error[output-differs]"),
        ("syntax.jsonnet", "error[syntax-error]"),
        ("bytes.jsonnet", "error[unreadable-file]"),
        ("empty.jsonnet", "error[syntax-error]"),
        ("none.jsonnet", "error[missing-file]"),
        (".", "error[unreadable-file]"),
    ];
    // An old result stays as it is, and where there is none there is none afterwards.
    fs::write(folder.path().join("old"), "as it was").expect("a file");
    for verb in READERS {
        for (file, expected) in wrong {
            for out in ["old", "new"] {
                let verb = with(verb, "ARCH", file);
                fails(folder.path(), &with(&verb, "OUT", out), expected);
            }
        }
    }
}

#[test]
fn wrong_checkpoints_are_reported_and_nothing_is_written() {
    let folder = folder();
    for verb in CHECKPOINTS {
        for file in ["text.pth", "empty.pth", "cut.safetensors", "none.pth", "."] {
            let expected = format!("error: `{file}`");
            let verb = with(verb, "FILE", file);
            fails(folder.path(), &with(&verb, "OUT", "new"), &expected);
        }
    }
    let rename = ["weights", "rename", "net.pth", "none.txt", "-o", "new"];
    fails(folder.path(), &rename, "error: cannot read `none.txt`");
    fs::write(folder.path().join("rules.txt"), "fc ->").expect("a file");
    let rename = ["weights", "rename", "net.pth", "rules.txt", "-o", "new"];
    fails(folder.path(), &rename, "error: `rules.txt`");
}

#[test]
fn outputs_that_cannot_be_written_are_reported() {
    let folder = folder();
    fs::create_dir(folder.path().join("taken")).expect("a folder");
    // What comes before a rule for make is written by then.
    command::run(folder.path(), &["emit", "net.jsonnet", "-o", "net.rs"]);
    for verb in WRITERS {
        for out in ["none/out", "taken", "rules.txt/out"] {
            fails(folder.path(), &with(verb, "OUT", out), out);
        }
    }
    fails(folder.path(), &["new", "rules.txt/net"], "cannot make");
    fails(folder.path(), &["new", "taken"], "is there already");
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_printed_is_reported() {
    let folder = folder();
    for verb in PRINTERS {
        let full = fs::File::options().write(true).open("/dev/full");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_narchi-codegen"))
            .args(verb)
            .current_dir(folder.path())
            .stdout(Stdio::from(full.expect("a device")))
            .output();
        let output = output.expect("the command runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{verb:?}: {err}");
        let said = "error: cannot write to standard output";
        assert!(err.contains(said), "{verb:?}: {err}");
    }
}

#[test]
fn every_verb_is_in_a_table() {
    let folder = folder();
    let all = [&READERS[..], &CHECKPOINTS, &WRITERS, &PRINTERS].concat();
    let verbs = |of: &[&str]| {
        let (_, help, _) = command::run(folder.path(), &[of, &["--help"]].concat());
        let lines = help.lines().skip_while(|it| *it != "Commands:").skip(1);
        let lines = lines.take_while(|it| !it.is_empty());
        // What is described in several lines goes on further right.
        let verbs = lines.filter_map(|it| it.strip_prefix("  ").filter(|it| !it.starts_with(' ')));
        let verbs = verbs.filter_map(|it| it.split(' ').next().map(str::to_owned));
        verbs.collect::<Vec<String>>()
    };
    let mut count = 0;
    for verb in verbs(&[]) {
        let inner = if verb == "weights" {
            verbs(&["weights"])
        } else {
            Vec::new()
        };
        for inner in inner.iter().filter(|it| *it != "help") {
            let is_there = all.iter().any(|it| it[..2] == ["weights", inner.as_str()]);
            assert!(is_there, "weights {inner}");
        }
        let is_there = all.iter().any(|it| it[0] == verb);
        assert!(is_there || ELSEWHERE.contains(&verb.as_str()), "{verb}");
        count += 1;
    }
    assert!(count > 10, "{count}");
}
