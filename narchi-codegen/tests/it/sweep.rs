//! `narchi-codegen sweep`: what it prints.

use std::{fs, path::Path};

use crate::command;

const NET: &str = "
local width = std.extVar('width');
{
    inputs: [{ _id: 'x', _shape: [3, 16, 16] }],
    outputs: [{ _id: 'y', _shape: [10] }],
    blocks: [
        { _id: 'conv', _class: 'Conv2d', output_feats: width, kernel_size: std.extVar('kernel') },
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: 1 },
        { _id: 'flatten', _class: 'Reshape', reshape_spec: 'flatten' },
        { _id: 'fc', _class: 'Linear', output_feats: 10 },
    ],
    graph: ['x -> conv -> pool -> flatten -> fc -> y'],
}
";

/// What there is of the combinations of [`AXES`].
const TABLE: &str = "width,kernel,parameters,multiply_adds,peak_bytes,problem
8,3,314,42416,9376,
8,17,,,,kernel-too-large
32,3,1226,169664,28288,
32,17,,,,kernel-too-large
";

/// What is said of them.
const TOLD: &str = "4 variants, 2 of which have problems\n";

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    fs::write(folder.join("net.jsonnet"), NET).unwrap();
    command::run(folder, &[&["sweep"], arguments].concat())
}

const AXES: [&str; 5] = [
    "net.jsonnet",
    "--ext-code",
    "width=[8, 32]",
    "--ext-code",
    "kernel=[3, 17]",
];

#[test]
fn every_combination_is_a_line_also_those_with_problems() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(folder.path(), &AXES);
    assert_eq!(code, 0, "{err}");
    assert_eq!((out.as_str(), err.as_str()), (TABLE, TOLD));
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_has_a_bar_for_as_long_as_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.jsonnet"), NET).unwrap();
    let shown = |streams: &str| {
        let words: Vec<String> = AXES.iter().map(|it| format!("'{it}'")).collect();
        let rest = format!("sweep {} {streams}", words.join(" "));
        // What ends lines on a terminal is longer.
        command::on_terminal(folder.path(), &rest, &[]).replace("\r\n", "\n")
    };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();

    let text = shown("> table.csv");
    assert_eq!(read("table.csv"), TABLE);
    // Each state of the bar is erased before the next.
    let states: Vec<&str> = text.split("\r\u{1b}[2K").collect();
    let (after, bars) = states.split_last().unwrap();
    assert!(bars.iter().all(|it| it.contains('█')), "{text:?}");
    assert!(
        bars.last().is_some_and(|it| it.contains(" 4/4 ")),
        "{text:?}"
    );
    assert_eq!(*after, TOLD, "{text:?}");

    // The bar is for who is told, not for who reads the table.
    assert_eq!(shown("2> told"), TABLE);
    assert_eq!(read("told"), TOLD);
}

#[test]
fn formats_agree_and_threads_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |more: &[&str]| run(folder.path(), &[&AXES[..], more].concat()).1;
    assert_eq!(printed(&["--jobs", "1"]), printed(&["--jobs", "4"]));
    let list: serde_json::Value = serde_json::from_str(&printed(&["--format", "json"])).unwrap();
    assert_eq!(list[2]["values"]["width"], 32);
    assert_eq!(list[2]["parameters"], 1226);
    assert_eq!(list[3]["problem"], "kernel-too-large");
    let plot = printed(&["--format", "svg"]);
    assert_eq!(plot.matches("<circle").count(), 2);
    assert!(plot.contains("width = 32, kernel = 3"), "{plot}");
}

#[test]
fn where_no_variant_is_sound_the_first_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], expected: &str| {
        let (code, out, err) = run(folder.path(), arguments);
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        assert!(err.contains(expected), "{err}");
        assert!(
            err.ends_with("2 variants, 2 of which have problems\n"),
            "{err}"
        );
    };
    let wide = ["--ext-code", "width=[8, 16]", "--ext-code", "kernel=17"];
    check(
        &[&["net.jsonnet"], &wide[..]].concat(),
        "error[kernel-too-large]",
    );
    let sizes = ["--ext-code", "width=[8, 16]", "--ext-code", "kernel=3"];
    check(
        &[&["net.jsonnet"], &sizes[..], &["--at", "Q=3"]].concat(),
        "error: the model has no size `Q`",
    );
}

#[test]
fn wrong_usage_is_said_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let (found, out, err) = run(folder.path(), arguments);
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        assert!(err.contains(expected), "{err}");
    };
    check(&["net.jsonnet", "--ext-code", "width"], 2, "has no values");
    check(
        &["net.jsonnet", "--ext-code", "width=[8, "],
        2,
        "is no list of JSON",
    );
    let (code, _, err) = run(folder.path(), &[&AXES[..], &["-o", "none/a.csv"]].concat());
    assert!(
        code == 1 && err.contains("cannot write none/a.csv"),
        "{err}"
    );
}
