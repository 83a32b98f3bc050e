//! What a report holds: every mistake once, none for another, and where each was written.

use std::fs;

use narchi_codegen::{Input, compile};

/// The report on a text, which is called `net.jsonnet`.
#[track_caller]
fn check(text: &str, expected: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("net.jsonnet");
    fs::write(&path, text).expect("the folder is writable");
    let input = Input {
        path,
        ..Input::default()
    };
    let folder = format!("{}/", folder.path().display());
    let report = compile(&input).report().replace(&folder, "");
    // What differs from the snippets is what matters here.
    let is_said = |it: &&str| {
        let it = it.trim_start();
        it.starts_with(['e', 'w', '=', '-', '…'])
    };
    let said: Vec<&str> = report.lines().filter(is_said).map(str::trim).collect();
    assert_eq!(said.join("\n"), expected.trim(), "{report}");
}

/// An architecture from 8 to 4 features.
fn architecture(blocks: &str, graph: &str) -> String {
    format!(
        "{{\n  inputs: [{{ _id: 'x', _shape: [8] }}],\n  outputs: [{{ _id: 'y', _shape: [4] }}],\n\
        \x20 blocks: [\n{blocks}\n  ],\n  graph: [\n{graph}\n  ],\n}}\n"
    )
}

#[test]
fn two_mistakes_are_two_reports() {
    let blocks = "    { _id: 'a', _class: 'Linear', output_feats: 0 },\n\
        \x20   { _id: 'b', _class: 'Softmx' },\n\
        \x20   { _id: 'c', _class: 'Linear', output_feats: 4 },";
    check(
        &architecture(blocks, "'x -> a -> b -> c -> y',"),
        "
error[wrong-size]: `a`: `output_feats` of `Linear` cannot be 0
--> net.jsonnet:5:49
= note: it is a whole number from 1 on, or a size such as `\"<<variable:K>>\"`
error[unknown-class]: `b`: there is no block class `Softmx`
--> net.jsonnet:6:25
= help: did you mean `Softmax`?",
    );
}

#[test]
fn a_wrong_wire_does_not_hide_a_wrong_shape() {
    let blocks = "    { _id: 'a', _class: 'Linear', output_feats: 4 },\n\
        \x20   { _id: 'b', _class: 'Linear', output_feats: 5 },\n\
        \x20   { _id: 'add', _class: 'Add' },\n\
        \x20   { _id: 'c', _class: 'ReLU' },";
    check(
        &architecture(blocks, "'x -> a -> add -> y', 'x -> b -> add', 'xx -> c'"),
        "
error[shapes-differ]: `add` adds tensors of different shape
--> net.jsonnet:7:12
= note: dim 1: 4 and 5 never agree
= note: `a` comes from x [N, 8] -> a [N, 4]
= note: `b` comes from x [N, 8] -> b [N, 5]
= help: change one of the blocks before it, so that both give one shape
error[unknown-block]: there is no block `xx`
--> net.jsonnet:11:41
= help: add a block with this `_id`, or leave out the name",
    );
}

#[test]
fn what_follows_from_a_mistake_is_silent() {
    let blocks = "    { _id: 'a', _class: 'Linear', output_feats: -1 },\n\
        \x20   { _id: 'b', _class: 'Linear', output_feats: 7 },\n\
        \x20   { _id: 'add', _class: 'Add' },";
    check(
        &architecture(blocks, "'x -> a -> add -> y', 'x -> b -> add',"),
        "
error[wrong-size]: `a`: `output_feats` of `Linear` cannot be -1
--> net.jsonnet:5:49
= note: it is a whole number from 1 on, or a size such as `\"<<variable:K>>\"`",
    );
}

#[test]
fn a_mistake_in_a_function_is_one_report_that_names_all_it_concerns() {
    let text = "local Block(id) = { _id: id, _class: 'Linear', output_feats: 4, bais: true };\n";
    let names: Vec<String> = (1..=8).map(|it| format!("b{it}")).collect();
    let blocks: Vec<String> = names.iter().map(|it| format!("Block('{it}')")).collect();
    let graph = format!("'x -> {} -> y'", names.join(" -> "));
    check(
        &(text.to_owned() + &architecture(&blocks.join(", "), &graph)),
        "
error[unknown-parameter]: `b1`: `Linear` has no parameter `bais`
--> net.jsonnet:1:65
= note: `Linear` accepts: output_feats, bias
= note: also: `b2`: `Linear` has no parameter `bais`
= note: also: `b3`: `Linear` has no parameter `bais`
= note: also: `b4`: `Linear` has no parameter `bais`
= note: also: `b5`: `Linear` has no parameter `bais`
= note: also: `b6`: `Linear` has no parameter `bais`
= note: also: `b7`: `Linear` has no parameter `bais`
= note: also: `b8`: `Linear` has no parameter `bais`
= help: did you mean `bias`?",
    );
}

#[test]
fn calls_say_who_wrote_it() {
    let functions = "local Dense(feats) = { _class: 'Linear', output_feats: feats };\n\
        local Stage(id, feats, act='ReLU') = {\n  _id: id, _class: 'Sequential',\n\
        \x20 blocks: [Dense(feats), { _class: act }],\n};\n";
    check(
        &(functions.to_owned()
            + &architecture(
                "    Stage('a', 16),\n    Stage('b', 4, act='Relu'),",
                "'x -> a -> b -> y'",
            )),
        "
error[unknown-class]: `b.1`: there is no block class `Relu`
--> net.jsonnet:4:36
= note: written by Stage('b', 4, act='Relu') at net.jsonnet:11:5
= help: did you mean `ReLU`?",
    );
    check(
        &(functions.to_owned()
            + &architecture(
                "    Stage('a', 4),\n    Stage('b', 0),",
                "'x -> a -> b -> y'",
            )),
        "
error[wrong-size]: `b.0`: `output_feats` of `Linear` cannot be 0
--> net.jsonnet:1:56
= note: it is a whole number from 1 on, or a size such as `\"<<variable:K>>\"`
= note: written by Dense(feats) at net.jsonnet:4:12
= note: written by Stage('b', 0) at net.jsonnet:11:5",
    );
}

#[test]
fn more_than_twenty_are_counted() {
    let blocks: Vec<String> = (0..25)
        .map(|it| format!("    {{ _id: 'b{it}', _class: 'Linear', output_feats: 0 }},"))
        .collect();
    let graph: Vec<String> = (0..25)
        .map(|it| format!("'x -> b{it} -> y{it}',"))
        .collect();
    let text = architecture(&blocks.join("\n"), &graph.join("\n"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("net.jsonnet");
    fs::write(&path, text).expect("the folder is writable");
    let compilation = compile(&Input {
        path,
        ..Input::default()
    });
    let count = compilation.diagnostics.iter().count();
    assert!(count > 25, "{count}");
    let report = compilation.report();
    assert_eq!(report.matches("error[").count(), 20);
    assert!(
        report.ends_with(&format!("… and {} more", count - 20)),
        "{report}"
    );
}

#[test]
fn products_of_positive_sizes_are_positive() {
    let text = "{ inputs: [{ _id: 'x', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],\n\
        outputs: [{ _id: 'y', _shape: ['<<auto>>'] }],\n\
        blocks: [{ _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: 3 },\n\
        { _id: 'pool', _class: 'MaxPool2d', kernel_size: 2 },\n\
        { _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' }],\n\
        graph: ['x -> conv -> pool -> flat -> y'] }";
    check(text, "");
    let text = "{ inputs: [{ _id: 'x', _shape: ['<<variable:H>>', '<<variable:W>>'] }],\n\
        outputs: [{ _id: 'y', _shape: ['<<auto>>', 12] }],\n\
        blocks: [{ _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' },\n\
        { _id: 'rows', _class: 'Reshape', reshape_spec: [{ '0': ['<<auto>>', 12] }] }],\n\
        graph: ['x -> flat -> rows -> y'] }";
    check(
        text,
        "
warning[fact-assumed]: `rows` requires H*W % 12 == 0 of the inputs
--> net.jsonnet:4:8
= note: H*W is split into [<<auto>>, 12]
= help: sizes for which it does not hold are refused when the model is called",
    );
}
