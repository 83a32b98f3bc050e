//! Values are found where they were written.

use super::*;
use crate::document::{Node, Value};

/// Calls `see` with every value and its path.
fn walk(node: &Node, path: &str, see: &mut impl FnMut(&str, &Node)) {
    see(path, node);
    for (i, item) in node.items().iter().enumerate() {
        walk(item, &format!("{path}[{i}]"), see);
    }
    for entry in node.entries() {
        walk(&entry.value, &format!("{path}.{}", entry.key), see);
    }
}

/// A document, with the text of its places.
struct Written {
    folder: Folder,
    sources: Sources,
    document: Node,
    places: Places,
}

impl Written {
    fn new(files: &[(&str, &str)], input: Input) -> Self {
        let folder = Folder::new(files);
        let input = Input {
            path: folder.0.join("net.jsonnet"),
            ..input
        };
        let mut sources = Sources::default();
        let document = evaluate(&input, &mut sources).document.unwrap();
        let places = places(&input, &mut sources, &document);
        Self {
            folder,
            sources,
            document,
            places,
        }
    }

    /// What is written at a place; if it is not in the first file, after the name of the file.
    fn text(&self, place: &Place) -> String {
        let span = self.places.span(place);
        let (name, text) = (&self.sources.file(span.file).name, self.sources.text(span));
        match self.folder.relative(name).as_str() {
            "net.jsonnet" => text.to_owned(),
            name => format!("{name}: {text}"),
        }
    }

    /// Expects texts of places. A path is that of a value, of its `key`, or after a comma of a part of a string.
    fn check(&self, expected: &[(&str, &str)]) {
        for (what, text) in expected {
            let (path, slice) = what
                .split_once(", ")
                .map_or((*what, None), |it| (it.0, Some(it.1)));
            let key = path.strip_prefix("key ");
            let mut found = None;
            walk(&self.document, "", &mut |at, node| {
                if at != key.unwrap_or(path) {
                    return;
                }
                let place = match (key, slice) {
                    (Some(_), _) => node.key_place(),
                    (None, Some(slice)) => {
                        let start = node.as_str().unwrap().find(slice).unwrap();
                        node.slice_place(start..start + slice.len())
                    }
                    (None, None) => node.place(),
                };
                found = Some(self.text(&place));
            });
            assert_eq!(found.as_deref(), Some(*text), "{what}");
        }
    }
}

fn check(text: &str, expected: &[(&str, &str)]) {
    Written::new(&[("net.jsonnet", text)], Input::default()).check(expected);
}

const RESNET: &str = "
local lib = import 'lib/blocks.libsonnet';
local num_blocks = std.extVar('num_blocks');
local Conv3x3(_id, output_feats, stride=1) = lib.Conv(_id, output_feats, 3) {
  stride: stride,
  padding: 1,
};
local ResBlock(output_feats, downsample=false) = {
  local stride = if downsample then 2 else 1,
  _class: 'Group',
  blocks: [
    Conv3x3('conv1', output_feats, stride),
    lib.BatchNorm('bn1'),
    { _class: 'Add', _id: 'add' },
  ] + (if downsample then [lib.Conv('down', output_feats, 1) { stride: stride }] else []),
  graph: ['ident -> conv1 -> bn1 -> add'] + [
    if downsample then 'ident -> down -> add' else 'ident -> add',
  ],
  input: 'ident',
};
local Layer(i, num) = {
  ['_' + 'class']: 'Sequential',
  [if i > 0 then '_id']: 'layer%d' % i,
  blocks: [ResBlock(64 * i, n == 0 && i > 1) for n in std.range(0, num - 1)],
};
std.prune({
  blocks: [
    Conv3x3('conv1', 64, 2),
    lib.pool { kernel_size: 3 },
  ] + [
    Layer(i, num_blocks[i])
    for i in std.range(0, std.length(num_blocks) - 1)
  ] + [
    lib.pool { kernel_size+: 1, nothing: null },
  ],
  graph: [
    'image -> conv1 -> pool',
    'pool -> ' + std.join(' -> ', ['layer%d' % i for i in [1, 2]]),
  ],
  inputs: [{ _id: 'image', shape: [3, 'H', \"W\"] }],
  outputs: [{ _id: 'logits', shape: [num_classes] }] + $.no_more,
  local num_classes = 1000,
  no_more:: [],
  notes: { _id: 'a' } + { _id: 'b' },
})
";

const BLOCKS: &str = "{
  Conv(_id, output_feats, kernel_size=1):: {
    _class: 'Conv2d',
    _id: _id,
    output_feats: output_feats,
    kernel_size: kernel_size,
  },
  BatchNorm(_id):: { _class: 'BatchNorm2d', _id: _id },
  pool: { _class: 'MaxPool2d', kernel_size: 2 },
}
";

fn resnet() -> Written {
    let files = [("net.jsonnet", RESNET), ("lib/blocks.libsonnet", BLOCKS)];
    let ext_vars = vec![code("num_blocks", "[2, 2, 1]")];
    Written::new(
        &files,
        Input {
            ext_vars,
            ..Input::default()
        },
    )
}

#[test]
fn every_key_of_a_network_is_found() {
    let (mut keys, mut values) = (0, 0);
    let written = resnet();
    walk(&written.document, "", &mut |path, node| {
        for entry in node.entries() {
            keys += 1;
            let text = written.text(&entry.value.key_place());
            let text = text.trim_start_matches("lib/blocks.libsonnet: ");
            assert!(
                text == entry.key || text.starts_with('['),
                "{path}.{}: {text}",
                entry.key
            );
        }
        // What is written as it is, is found exactly.
        if let Value::String(string) = &node.value {
            values += 1;
            let text = written.text(&node.slice_place(0..string.len()));
            let text = text.trim_start_matches("lib/blocks.libsonnet: ");
            let names = ["_id", "'layer%d' % i"];
            let computed = names.contains(&text) || text.starts_with("'pool -> ' + ");
            assert!(text == string || computed, "{path}: {text}");
        }
    });
    assert_eq!((keys, values), (103, 68));
}

#[test]
fn values_of_a_network_are_found() {
    resnet().check(&[
        ("", "{"),
        ("key .blocks", "blocks"),
        (".blocks", "["),
        (".blocks[0]", "Conv3x3('conv1', 64, 2)"),
        ("key .blocks[0].stride", "stride"),
        (".blocks[0].stride", "stride"),
        (".blocks[0].padding", "1"),
        (
            "key .blocks[0].kernel_size",
            "lib/blocks.libsonnet: kernel_size",
        ),
        (
            ".blocks[0].kernel_size",
            "lib/blocks.libsonnet: kernel_size",
        ),
        (".blocks[0]._class", "lib/blocks.libsonnet: 'Conv2d'"),
        (".blocks[0]._class, v2", "lib/blocks.libsonnet: v2"),
        (".blocks[1]", "lib.pool { kernel_size: 3 }"),
        (".blocks[1].kernel_size", "3"),
        (".blocks[1]._class", "lib/blocks.libsonnet: 'MaxPool2d'"),
        (".blocks[2]", "Layer(i, num_blocks[i])"),
        ("key .blocks[2]._class", "['_' + 'class']"),
        (".blocks[2].blocks[1]", "ResBlock(64 * i, n == 0 && i > 1)"),
        ("key .blocks[3]._id", "[if i > 0 then '_id']"),
        (".blocks[3]._id", "'layer%d' % i"),
        (
            ".blocks[3].blocks[0].blocks[0]",
            "Conv3x3('conv1', output_feats, stride)",
        ),
        (".blocks[3].blocks[0].blocks[1]", "lib.BatchNorm('bn1')"),
        (
            ".blocks[3].blocks[0].blocks[2]",
            "{ _class: 'Add', _id: 'add' }",
        ),
        (".blocks[3].blocks[0].blocks[2]._id", "'add'"),
        (
            ".blocks[4].blocks[0].blocks[3]",
            "lib.Conv('down', output_feats, 1) { stride: stride }",
        ),
        (
            ".blocks[4].blocks[0].blocks[3]._id",
            "lib/blocks.libsonnet: _id",
        ),
        (
            ".blocks[4].blocks[0].graph",
            "['ident -> conv1 -> bn1 -> add'] + [",
        ),
        (".blocks[4].blocks[0].graph[0], bn1", "bn1"),
        (".blocks[4].blocks[0].graph[1]", "'ident -> down -> add'"),
        (".blocks[3].blocks[0].graph[1]", "'ident -> add'"),
        (".blocks[5]", "lib.pool { kernel_size+: 1, nothing: null }"),
        ("key .blocks[5].kernel_size", "kernel_size"),
        (".blocks[5].kernel_size", "1"),
        (".graph[0], conv1", "conv1"),
        (
            ".graph[1], layer1",
            "'pool -> ' + std.join(' -> ', ['layer%d' % i for i in [1, 2]])",
        ),
        (".inputs[0].shape[1]", "'H'"),
        (".inputs[0].shape[2], W", "W"),
        (".outputs[0].shape[0]", "num_classes"),
        (".notes._id", "'b'"),
    ]);
}

#[test]
fn arrays_are_followed_through_what_makes_them() {
    check(
        "local more = ['m1', 'm2'];
        local f(x) = [x, x];
        {
          a: ['a1'] + more + (['a2'] + f('f')) + [x + x for x in ['c', 'd']],
          b: std.flattenArrays([['b%d' % i, 'b'] for i in [1, 2]]),
          c: local x = ['c1', 'c2'] + []; if true then x else ['c3'],
          d: if false then ['d1'] else ['d2', if true then 'd3'],
          e: assert true; std.flattenArrays([['e1'], more]),
          f: [['f1'], ['f2', more]],
          g: f('g'),
          h: 'h' + 'i',
          i: more[0],
          j: std.prune(['j1', null, 'j2']),
        }",
        &[
            (".a[0]", "'a1'"),
            (".a[2]", "more"),
            (".a[3], a2", "a2"),
            (".a[4]", "f('f')"),
            (".a[6]", "x + x"),
            (".b[2]", "'b%d' % i"),
            (".b[3], b", "b"),
            (".c", "x"),
            (".c[1]", "x"),
            (".d", "['d2', if true then 'd3']"),
            (".d[1]", "'d3'"),
            (".e[0]", "'e1'"),
            (".e[2]", "more"),
            (".f[1][1]", "more"),
            (".f[1][1][0]", "more"),
            (".f[0][0], f1", "f1"),
            (".g[1]", "f('g')"),
            (".h", "'h' + 'i'"),
            (".i", "more[0]"),
            (".j[1]", "std.prune(['j1', null, 'j2'])"),
        ],
    );
}

#[test]
fn objects_are_followed_through_what_makes_them() {
    check(
        "local base = { a: 1, list: ['l1'] };
        local make(n) = base { b: n, list+: ['l2'], inner+: { c: 1 } };
        local made = make(1);
        {
          x: make(2) { inner+: { d: self.c }, list+: ['l3'] },
          y: made,
          z: [made, base],
          w: std.mergePatch(base, { a: 2, e: { f: 3 } }),
          v: { [k]: [k, k] for k in ['p', 'q'] },
          u: std.map(function(i) make(i), [1, 2]),
          t: std.mapWithKey(function(k, v) [v], { s: 1 }),
          hidden:: make(5),
          shown: self.hidden,
          given: (function(block) [block])(make(6)),
          r: { 'quo ted': 1, \"double\": 2 },
        }",
        &[
            (".x", "make(2) { inner+: { d: self.c }, list+: ['l3'] }"),
            (".x.a", "1"),
            ("key .x.list", "list"),
            (".x.list[0]", "'l1'"),
            (".x.list[1]", "'l2'"),
            (".x.list[2], l3", "l3"),
            (".x.inner", "{ d: self.c }"),
            (".x.inner.c", "1"),
            (".x.inner.d", "self.c"),
            (".y", "make(1)"),
            (".z[0]", "make(1)"),
            (".z[1]", "{ a: 1, list: ['l1'] }"),
            (".w", "std.mergePatch(base, { a: 2, e: { f: 3 } })"),
            (".w.a", "2"),
            (".w.list[0]", "'l1'"),
            (".w.e.f", "3"),
            ("key .v.q", "k"),
            (".v.q", "[k, k]"),
            (".v.q[1]", "[k, k]"),
            (".u[1]", "make(i)"),
            (".u[1].b", "n"),
            (".t.s[0]", "std.mapWithKey(function(k, v) [v], { s: 1 })"),
            (".shown", "make(5)"),
            (".given[0]", "make(6)"),
            ("key .r.quo ted", "'quo ted'"),
            ("key .r.double", "\"double\""),
        ],
    );
}

#[test]
fn parts_of_strings_are_found_where_they_are_written_as_they_are() {
    check(
        "{ a: 'one two', b: \"one 'two'\", c: @'one ''two''', d: 'one\\ttwo', e: @'one\\two',
          f: |||\n  one two\n|||, g: 'eins zwei drei', h: 'ö two', i: ('one two') }",
        &[
            (".a, two", "two"),
            (".b, 'two'", "'two'"),
            (".c, two", "@'one ''two'''"),
            (".d, two", "'one\\ttwo'"),
            (".e, two", "two"),
            (".f, two", "|||"),
            (".h, two", "two"),
            (".i, two", "two"),
        ],
    );
}

#[test]
fn values_from_outside_are_found_outside() {
    let input = Input {
        ext_vars: vec![
            code("v", "{ a: [1, 'x'] }"),
            ("s".into(), Argument::Text("t".into())),
        ],
        tla: vec![code("w", "[{ b: 2 }]")],
        ..Input::default()
    };
    let text = "function(w, u=3) { v: std.extVar('v'), w: w, s: std.extVar('s'), u: u }";
    Written::new(&[("net.jsonnet", text)], input).check(&[
        ("", "{ v: std.extVar('v'), w: w, s: std.extVar('s'), u: u }"),
        (".v", "std.extVar('v')"),
        (".v.a[1], x", "--ext-code v: x"),
        (".w", "w"),
        (".w[0]", "--tla-code w: { b: 2 }"),
        (".w[0].b", "--tla-code w: 2"),
        (".s, t", "std.extVar('s')"),
        (".u", "u"),
    ]);
}

#[test]
fn places_that_are_not_known_are_those_around() {
    check(
        "{ a: std.parseJson('{\"b\": {\"c\": [1]}}'), d: local k = 'e'; { local k = 'f', [k]: 1 } }",
        &[
            ("key .a.b", "std.parseJson('{\"b\": {\"c\": [1]}}')"),
            (".a.b.c[0]", "std.parseJson('{\"b\": {\"c\": [1]}}')"),
            (".d", "{ local k = 'f', [k]: 1 }"),
            ("key .d.e", "{ local k = 'f', [k]: 1 }"),
        ],
    );
}

#[test]
fn json_is_found_too() {
    check(
        "{\n  \"a\": [\n    {\"b\": \"one two\"}\n  ]\n}\n",
        &[
            ("", "{"),
            ("key .a", "\"a\""),
            (".a[0]", "{\"b\": \"one two\"}"),
            (".a[0].b, two", "two"),
        ],
    );
}

#[test]
fn numbers_count_values_as_they_begin() {
    let written = resnet();
    let mut next = 0;
    walk(&written.document, "", &mut |path, node| {
        assert_eq!(node.id.0, next, "{path}");
        next += 1;
    });
}
