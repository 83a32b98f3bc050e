//! `narchi-codegen render`: what is drawn, and that it can be read.

mod fills;
mod geometry;
mod tangle;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use narchi_codegen::{Argument, Diagram, Fills, Graph, Input, Model, compile};

use self::geometry::Picture;

fn model(path: &Path, depth: Option<u32>) -> Model {
    let depth = depth.map(|it| ("depth".to_owned(), Argument::Code(it.to_string())));
    let compilation = compile(&Input {
        path: path.into(),
        ext_vars: depth.into_iter().collect(),
        ..Input::default()
    });
    let report = compilation.report();
    compilation.model.unwrap_or_else(|| panic!("{report}"))
}

fn small(name: &str) -> Diagram {
    let model = model(&Path::new("tests/models").join(name), None);
    model.diagram(&[], None).expect("a diagram")
}

#[test]
fn dot_and_mermaid_have_everything() {
    for name in ["mlp", "two_in_two_out", "nested", "modules", "shared"] {
        let diagram = small(&format!("{name}.jsonnet"));
        insta::assert_snapshot!(format!("{name}.dot"), diagram.dot());
        insta::assert_snapshot!(format!("{name}.mmd"), diagram.mermaid());
    }
}

/// All models at hand, with what they are called.
fn models() -> Vec<(String, Model)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["tests/models", "../examples/mlp", "../examples/digits"] {
        let entries = fs::read_dir(folder).expect("a folder");
        files.extend(entries.map(|it| it.expect("an entry").path()));
    }
    files.retain(|it| it.extension().is_some_and(|it| it == "jsonnet"));
    files.extend(
        ["squeezenet", "mobilenet", "bilstm"]
            .map(|it| format!("../tests/arch/{it}.jsonnet").into()),
    );
    files.push("tests/pictures/crowded.jsonnet".into());
    files.push("../docs/files/src/tickets.jsonnet".into());
    let named = |it: &PathBuf| (it.display().to_string(), model(it, None));
    let mut models: Vec<(String, Model)> = files.iter().map(named).collect();
    for depth in [18, 50] {
        let model = model(Path::new("../examples/resnet/resnet.jsonnet"), Some(depth));
        models.push((format!("resnet{depth}"), model));
    }
    models
}

#[test]
fn nothing_is_over_anything_else() {
    let mut wrong = Vec::new();
    for (name, model) in models() {
        for depth in [Some(0), Some(1), None] {
            let diagram = model.diagram(&[], depth).expect("a diagram");
            let svg = diagram.svg();
            assert_eq!(svg, diagram.svg());
            let picture = Picture::read(&svg);
            let mut edges = Vec::new();
            edges_of(&diagram.graph, &mut edges);
            assert_eq!(picture.edges(), edges, "{name}");
            let problems = picture.problems();
            wrong.extend(
                problems
                    .into_iter()
                    .map(|it| format!("{name}, {depth:?}: {it}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_over_anything_else_in_models_that_nobody_would_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    for seed in 0..60 {
        let path = folder.path().join(format!("model{seed}.json"));
        fs::write(&path, tangle::architecture(seed)).expect("a file");
        let svg = model(&path, None)
            .diagram(&[], None)
            .expect("a diagram")
            .svg();
        let problems = Picture::read(&svg).problems();
        wrong.extend(problems.into_iter().map(|it| format!("{seed}: {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All wires of a graph and of what is in it: from which output of what to which input of what.
fn edges_of(graph: &Graph, edges: &mut Vec<(String, String)>) {
    for edge in &graph.edges {
        let end = |it: narchi_codegen::End| format!("{}:{}", graph.nodes[it.node].path, it.port);
        edges.push((end(edge.from), end(edge.to)));
    }
    for inside in graph.nodes.iter().filter_map(|it| it.inside.as_ref()) {
        edges_of(inside, edges);
    }
    edges.sort();
}

#[test]
fn sizes_are_numbers_where_they_are_given() {
    let model = model(Path::new("tests/models/two_in_two_out.jsonnet"), None);
    let at = [("N", 2), ("H", 30), ("W", 20)].map(|(name, size)| (name.to_owned(), size));
    let diagram = model.diagram(&at, None).expect("a diagram");
    let shapes: Vec<&str> = diagram
        .graph
        .edges
        .iter()
        .map(|it| it.shape.as_str())
        .collect();
    assert!(shapes.contains(&"2 × 1 × 10 × 7"), "{shapes:?}");
    let refused = model
        .diagram(&[("Q".to_owned(), 1)], None)
        .expect_err("no such size");
    assert_eq!(refused, "the model has no size `Q`: its sizes are H, N, W");
}

#[test]
fn a_page_needs_nothing_else() {
    let model = model(Path::new("tests/models/nested.jsonnet"), None);
    let page = model.page(&[], Some(1), &Fills::default()).expect("a page");
    let others = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!others.contains(outside), "{outside}");
    }
    // Closed, and with one to three levels open; the second is shown.
    assert_eq!(page.matches("<div class=\"level\"").count(), 4);
    assert!(page.contains("<div class=\"level\" data-level=\"1\">"));
    let (_, rest) = page.split_once("id=\"blocks\">").expect("data");
    let (json, _) = rest.split_once("</script>").expect("an end");
    let blocks: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(blocks["features.0.0"]["parameters"], "56");
    assert_eq!(blocks["features.0.0"]["class"], "Conv1d");
}

#[test]
fn what_files_say_is_only_text() {
    let model = model(Path::new("tests/pictures/hostile.jsonnet"), None);
    let diagram = model.diagram(&[], None).expect("a diagram");
    assert!(Picture::read(&diagram.svg()).problems().is_empty());
    let page = model.page(&[], None, &Fills::default()).expect("a page");
    for text in [diagram.svg(), diagram.mermaid(), page] {
        assert!(!text.contains("<img"), "{text}");
    }
    insta::assert_snapshot!("hostile.dot", diagram.dot());
    insta::assert_snapshot!("hostile.mmd", diagram.mermaid());
}

/// Runs the command; gives the exit code, what was printed, and what was reported.
fn run(arguments: &[&str], change: impl Fn(&mut Command)) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_narchi-codegen"));
    command.arg("render").args(arguments);
    change(&mut command);
    let output = command.output().expect("the command runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

const FILE: &str = "tests/models/mlp.jsonnet";

#[test]
fn the_name_of_the_file_says_what_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let starts = [
        ("a.svg", "<svg"),
        ("a.html", "<!DOCTYPE html>"),
        ("a.dot", "digraph"),
        ("a.GV", "digraph"),
        ("a.mmd", "---"),
    ];
    for (name, start) in starts {
        let path = folder.path().join(name);
        let written = run(&[FILE, "-o", path.to_str().expect("UTF-8")], |_| {});
        assert_eq!(written, (0, String::new(), String::new()));
        let text = fs::read_to_string(&path).expect("a file");
        assert!(text.starts_with(start), "{text}");
    }
    let (code, out, _) = run(&[FILE], |_| {});
    assert!(code == 0 && out.starts_with("<svg"), "{out}");
    let (code, out, _) = run(&[FILE, "--format", "mermaid", "--at", "N=3"], |_| {});
    assert!(code == 0 && out.contains("|\"3 × 64\"|"), "{out}");
}

#[test]
fn wrong_usage_is_said_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let (found, out, err) = run(arguments, |_| {});
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        assert!(err.contains(expected), "{err}");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    };
    let ends = "does not say what to write: end it with .svg";
    check(&[FILE, "-o", &path("a.txt")], 2, ends);
    check(&[FILE, "-o", &path("picture")], 2, ends);
    let svg = path("a.svg");
    check(
        &[FILE, "-o", &svg, "--at", "H=8"],
        2,
        "error: the model has no size `H`",
    );
    check(
        &[FILE, "-o", &svg, "--at", "N"],
        2,
        "`N` is no size: write `H=224`",
    );
    check(
        &[FILE, "-o", &svg, "--format", "gif"],
        2,
        "invalid value 'gif'",
    );
    check(&["none.jsonnet", "-o", &svg], 1, "error[missing-file]");
    check(&[FILE, "-o", &path("no/a.svg")], 1, "error: cannot write");
}

#[test]
fn without_graphviz_there_is_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pdf");
    let (code, out, err) = run(&[FILE, "-o", path.to_str().expect("UTF-8")], |it| {
        it.env("PATH", folder.path());
    });
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("pdf is made by graphviz, and there is no `dot` here\n  install graphviz"),
        "{err}"
    );
    assert!(!path.exists());
}
