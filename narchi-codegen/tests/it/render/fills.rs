//! `--fill`: boxes in colours that users choose.

use std::{fs, path::Path};

use narchi_codegen::{Colour, Diagram, Fills, Graph, Model};

use super::{FILE, model, run};

const NESTED: &str = "tests/models/nested.jsonnet";

fn nested() -> Model {
    model(Path::new(NESTED), None)
}

fn fills(model: &Model, wanted: &[(&str, &str)]) -> Fills {
    let colour = |text: &str| text.parse::<Colour>().expect("a colour");
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(class, text)| ((*class).to_owned(), colour(text)))
        .collect();
    model.fills(&wanted).expect("classes of the model")
}

/// Two levels of a model with convolutions in orange, and scopes, of which some are open, in blue.
fn filled() -> Diagram {
    let model = nested();
    let mut diagram = model.diagram(&[], Some(2)).expect("a diagram");
    let wanted = [("Conv1d", "#ffd8a8"), ("Sequential", "#1f3a5f")];
    diagram.fill(&fills(&model, &wanted));
    diagram
}

/// How many boxes there are of a class, and how many of them are open.
fn count(graph: &Graph, class: &str) -> (usize, usize) {
    let (mut all, mut open) = (0, 0);
    for node in &graph.nodes {
        all += usize::from(node.class == class);
        open += usize::from(node.class == class && node.inside.is_some());
        if let Some(inside) = &node.inside {
            let inside = count(inside, class);
            (all, open) = (all + inside.0, open + inside.1);
        }
    }
    (all, open)
}

#[test]
fn boxes_of_a_class_are_filled_in_every_format() {
    let diagram = filled();
    let (convs, _) = count(&diagram.graph, "Conv1d");
    let (scopes, open) = count(&diagram.graph, "Sequential");
    assert!(convs > 0 && open > 0 && scopes > open, "{scopes}, {open}");
    let closed = scopes - open;
    let check = |text: &str, expected: [(&str, usize); 3]| {
        for (part, count) in expected {
            assert_eq!(text.matches(part).count(), count, "{part}: {text}");
        }
    };
    let svg = diagram.svg();
    check(
        &svg,
        [
            ("<g class=\"node matrix fill_ffd8a8\"", convs),
            ("<g class=\"node closed fill_1f3a5f\"", closed),
            ("<g class=\"node open tint_1f3a5f\"", open),
        ],
    );
    // What is no block of these classes has nothing of it.
    assert_eq!(svg.matches("fill_ffd8a8\" data-path").count(), convs);
    check(
        &diagram.dot(),
        [
            ("fillcolor=\"#ffd8a8\"", convs),
            ("fillcolor=\"#1f3a5f\"", closed),
            ("bgcolor=", open),
        ],
    );
    check(
        &diagram.mermaid(),
        [
            (":::fill_ffd8a8\n", convs),
            (":::fill_1f3a5f\n", closed),
            (" tint_1f3a5f\n", open),
        ],
    );
}

#[test]
fn a_page_fills_boxes_of_every_level_and_of_scopes_that_it_folds() {
    let model = nested();
    let fills = fills(&model, &[("Sequential", "#eef")]);
    let page = model.page(&[], Some(1), &fills).expect("a page");
    let levels: Vec<&str> = page.split("<div class=\"level\"").skip(1).collect();
    for (depth, level) in levels.iter().enumerate() {
        let diagram = model.diagram(&[], Some(depth)).expect("a diagram");
        let (all, open) = count(&diagram.graph, "Sequential");
        let is = |kind: &str| level.matches(&format!("{kind}_eeeeff\" data-path")).count();
        assert_eq!((is("tint"), is("fill")), (open, all - open), "{depth}");
    }
    assert!(page.contains(".narchi .closed.tint_eeeeff > .name { fill: #1f2328; }"));
    let (_, dark) = page.split_once("</main>").expect("a main part");
    assert!(dark.contains(".narchi .open.tint_eeeeff > .box { fill-opacity: 0."));
}

#[test]
fn without_colours_nothing_is_different() {
    let model = nested();
    let diagram = model.diagram(&[], None).expect("a diagram");
    let mut same = diagram.clone();
    same.fill(&fills(&model, &[]));
    assert_eq!(same, diagram);
    let page = model.page(&[], None, &Fills::default()).expect("a page");
    for text in [diagram.svg(), diagram.dot(), diagram.mermaid(), page] {
        assert!(!text.contains("fill_") && !text.contains("tint_"), "{text}");
    }
}

#[test]
fn the_last_colour_of_a_class_holds() {
    let (code, out, err) = run(
        &[FILE, "--fill", "Linear=#f00", "--fill", "Linear=#00FF00"],
        |_| {},
    );
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("fill_00ff00") && !out.contains("ff0000"),
        "{out}"
    );
}

#[test]
fn a_class_or_colour_that_is_none_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.svg").display().to_string();
    let check = |fill: &str, expected: &str| {
        let (code, out, err) = run(&[NESTED, "-o", &path, "--fill", fill], |_| {});
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(expected), "{err}");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    };
    check(
        "conv1D=#fff",
        "error: the model has no block of class `conv1D`: did you mean `Conv1d`?\n",
    );
    check(
        "Embedding=#fff",
        "no block of class `Embedding`: its classes are BatchNorm1d, Conv1d, ",
    );
    check(
        "Conv1d",
        "`Conv1d` has no colour: write `CLASS=#rgb` or `CLASS=#rrggbb`",
    );
    for colour in ["red", "#ff", "ffd8a8", "#ffd8a8ff", "#ggg", ""] {
        let wrong = format!("`{colour}` is no colour: write `#rgb` or `#rrggbb`");
        check(&format!("Conv1d={colour}"), &wrong);
    }
    // Scopes that are not open hide blocks, and are none the less of the model.
    let (code, _, err) = run(&[NESTED, "--depth", "0", "--fill", "Conv1d=#fff"], |_| {});
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn texts_can_be_read_on_every_colour() {
    let model = model(Path::new(FILE), None);
    let diagram = model.diagram(&[], None).expect("a diagram");
    let steps = || (0..=255).step_by(51);
    let mut colours: Vec<[u8; 3]> = (0..=255).map(|it| [it; 3]).collect();
    colours
        .extend(steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| [r, g, b]))));
    for colour in colours.into_iter().map(Colour) {
        let text = colour.to_string();
        let mut diagram = diagram.clone();
        diagram.fill(&fills(&model, &[("Linear", &text)]));
        let class = text.replace('#', "fill_");
        let inks = [
            ink(&diagram.svg(), &format!("{class} > text"), "fill: "),
            ink(
                &diagram.dot(),
                &format!("fillcolor=\"{text}\""),
                "fontcolor=\"",
            ),
            ink(&diagram.mermaid(), &format!("classDef {class}"), ",color:"),
        ];
        for ink in inks {
            let found = contrast(colour, ink);
            assert!(found >= 4.5, "{ink} on {colour}: {found}");
        }
    }
}

/// The first colour with this key after the start of a rule.
fn ink(text: &str, rule: &str, key: &str) -> Colour {
    let (_, rest) = text.split_once(rule).expect("a rule");
    let (_, rest) = rest.split_once(key).expect("a colour of texts");
    rest[.."#rrggbb".len()].parse().expect("a colour")
}

/// As WCAG has it.
fn contrast(a: Colour, b: Colour) -> f64 {
    let luminance = |Colour(bytes): Colour| {
        let linear = bytes.map(|it| match f64::from(it) / 255.0 {
            it if it <= 0.04045 => it / 12.92,
            it => ((it + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
