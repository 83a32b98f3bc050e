//! What Python narchi accepts is accepted with the same shapes, and what is wrong is refused for the right reason.
//!
//! `reference/narchi/README.md` says what was recorded, and where it comes from.

use std::{collections::BTreeMap, fs, path::Path};

use narchi_codegen::{
    Argument, Compilation, Input, compile,
    probe::{self, Shapes},
};
use serde_json::Value;

mod places;
mod refusals;

/// Cases that narchi accepts, by mistake or for lack of checks, with other shapes or none here: why.
const OTHER_SHAPES: &[(&str, &str)] = &[(
    "graph_output_textual_match",
    "a kernel of 5 with stride 2 leaves H/2-2 of an even H, but narchi rounds towards zero and declares H/2-1",
)];

/// Cases that narchi refuses although they are sensible, and that are refused here as well: why.
const STILL_REFUSED: &[(&str, &str)] = &[
    (
        "graph_output_textual_mismatch",
        "narchi's own size H/2-1 in other words, but a kernel of 5 with stride 2 leaves H/2-2 of an even H",
    ),
    (
        "schema_key_with_space",
        "a parameter that the layer does not have is taken for a mistake, whatever its name",
    ),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/reference/narchi"))
}

fn records(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    text.lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
}

fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

fn compiled(record: &Value) -> Compilation {
    let ext_vars = record["ext_vars"].as_object().into_iter().flatten();
    let ext_vars = ext_vars.map(|(name, value)| {
        let value = match value {
            Value::String(text) => Argument::Text(text.clone()),
            other => Argument::Code(other.to_string()),
        };
        (name.clone(), value)
    });
    compile(&Input {
        path: folder().join("arch").join(text(record, "file")),
        ext_vars: ext_vars.collect(),
        ..Input::default()
    })
}

/// What is wrong with it, each problem in a line.
fn errors(compilation: &Compilation) -> String {
    let errors = compilation.diagnostics.errors();
    let lines = errors
        .iter()
        .map(|it| format!("{}: {}", it.code, it.message));
    lines.collect::<Vec<_>>().join("; ")
}

/// A number for a symbol: divisible by 192, and another one for each. What is not the size of an input, such as the
/// parts that a size is split into, divides them.
fn number(symbol: &str) -> i64 {
    // Symbols of a nested file that nothing is fed into are called after it: `m.K`.
    match symbol.rsplit('.').next().unwrap() {
        "K" => 6,
        "H" => 192 * 2,
        "W" => 192 * 3,
        other => 192 * i64::from(5 + other.bytes().fold(0, |sum, it| (sum * 7 + it) % 23)),
    }
}

/// Sizes as narchi writes them, `H/2` or 3, as numbers.
fn numbers(sizes: &Value) -> Vec<i64> {
    let sizes = sizes.as_array().unwrap().iter();
    let number = |it: &Value| match it.as_str() {
        Some(text) => probe::value(text, &number).unwrap(),
        None => it.as_i64().unwrap(),
    };
    sizes.map(number).collect()
}

fn listed<'a>(list: &'a [(&str, &str)], record: &Value) -> Option<&'a str> {
    let found = list.iter().find(|it| it.0 == text(record, "case"));
    found.map(|it| it.1)
}

/// Why the shapes are not those that narchi has.
fn difference(record: &Value) -> Option<String> {
    let compilation = compiled(record);
    let Some(model) = &compilation.model else {
        return Some(errors(&compilation));
    };
    let Shapes { blocks, outputs } = match probe::shapes_of(model, &number) {
        Ok(shapes) => shapes,
        Err(problem) => return Some(problem),
    };
    let blocks: BTreeMap<_, _> = blocks.into_iter().collect();
    let outputs: BTreeMap<_, _> = outputs.into_iter().map(|it| (it.0, vec![it.1])).collect();
    for (ours, theirs) in [(blocks, "blocks"), (outputs, "outputs")] {
        let theirs = record[theirs].as_object().unwrap();
        let same_names = ours
            .keys()
            .eq(theirs.keys().collect::<std::collections::BTreeSet<_>>());
        if !same_names {
            return Some(format!("{:?}, not {:?}", ours.keys(), theirs.keys()));
        }
        for (name, sizes) in theirs {
            // Without the batch.
            let (ours, theirs) = (&ours[name][0][1..], numbers(sizes));
            if ours != theirs {
                return Some(format!("{name} is {ours:?}, not {theirs:?}"));
            }
        }
    }
    None
}

#[test]
fn shapes_are_those_of_narchi() {
    let mut problems = Vec::new();
    let records = records("shapes.jsonl");
    assert_eq!(records.len(), 96);
    for record in &records {
        let difference = difference(record);
        let reason = listed(OTHER_SHAPES, record);
        let problem = match (&difference, reason) {
            (None, Some(_)) => "is listed as an exception, and is none",
            (Some(difference), None) if record["quirk"].is_null() => difference,
            _ => continue,
        };
        problems.push(format!("{}: {problem}", text(record, "case")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn sensible_files_that_narchi_refuses_are_accepted() {
    let mut problems = Vec::new();
    let limits: Vec<Value> = records("errors.jsonl");
    let limits = limits.iter().filter(|it| it["verdict"] == "narchi_limit");
    let mut count = 0;
    for record in limits {
        count += 1;
        let compilation = compiled(record);
        let reason = listed(STILL_REFUSED, record);
        let problem = match (&compilation.model, reason) {
            (Some(_), Some(_)) => "is listed as refused, and is accepted".to_owned(),
            (None, None) => errors(&compilation),
            _ => continue,
        };
        problems.push(format!("{}: {problem}", text(record, "case")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 20, "{count} cases");
}

#[test]
fn what_is_wrong_is_refused_for_the_right_reason() {
    let mut problems = Vec::new();
    let records = records("errors.jsonl");
    let invalid = records.iter().filter(|it| it["verdict"] == "invalid");
    let mut reviewed: BTreeMap<&str, (&str, &str)> = refusals::REVIEWED
        .iter()
        .map(|(case, code, at)| (*case, (*code, *at)))
        .collect();
    assert_eq!(reviewed.len(), refusals::REVIEWED.len(), "each case once");
    for record in invalid {
        let case = text(record, "case");
        let compilation = compiled(record);
        let errors = compilation.diagnostics.errors();
        let Some(first) = errors.iter().next() else {
            problems.push(format!("{case}: is accepted"));
            continue;
        };
        let (line, _) = compilation.sources.line_and_column(first.place);
        let words = compilation.sources.text(first.place).split_whitespace();
        let at = format!("{line}: {}", words.collect::<Vec<_>>().join(" "));
        let ours = (first.code, at.as_str());
        match reviewed.remove(case) {
            Some(theirs) if theirs == ours => {}
            theirs => problems.push(format!(
                "{case}: is {ours:?}, not {theirs:?}: {}",
                first.message
            )),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(reviewed.is_empty(), "no such cases: {reviewed:?}");
}

#[test]
fn reports_point_where_people_look() {
    let (mut distances, mut problems) = (Vec::new(), Vec::new());
    let records = records("errors.jsonl");
    for (case, file, wanted) in places::LOOKED_AT {
        let record = records.iter().find(|it| text(it, "case") == *case).unwrap();
        let compilation = compiled(record);
        let place = compilation.diagnostics.iter().next().unwrap().place;
        let (line, _) = compilation.sources.line_and_column(place);
        let is_same_file = compilation.sources.file(place.file).path.ends_with(file);
        let distance = if is_same_file {
            line.abs_diff(*wanted)
        } else {
            usize::MAX
        };
        if (distance > 3) != places::IN_ANOTHER_FILE.contains(case) {
            problems.push(format!("{case}: line {line}, not {wanted}"));
        }
        distances.push(distance);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(distances.len(), refusals::REVIEWED.len(), "each case once");
    distances.sort_unstable();
    assert_eq!(distances[distances.len() / 2], 0, "{distances:?}");
}

#[test]
fn few_refusals_share_a_generic_code() {
    let generic = refusals::REVIEWED
        .iter()
        .filter(|it| refusals::GENERIC.contains(&it.1));
    let generic = generic.count();
    assert!(generic * 10 <= refusals::REVIEWED.len(), "{generic} do");
}
