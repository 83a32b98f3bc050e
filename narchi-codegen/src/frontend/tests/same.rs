//! Marks change nothing that the text can see.

use rsjsonnet_lang::arena::Arena;

use super::*;
use crate::frontend::{jsonnet::Session, marks::Marks};

fn check(text: &str) {
    let folder = Folder::new(&[
        ("net.jsonnet", text),
        (
            "lib.libsonnet",
            "{ Block(n=1):: { n: n, kind: self.of, of:: 'x' }, list: [1, 2] }",
        ),
        ("data.json", r#"{ "b": [1, { "c": null }] }"#),
    ]);
    let input = folder.input("net.jsonnet");
    let evaluate = |marked: bool| {
        let input = input.clone();
        let evaluate = move |files: &Files| {
            let arena = Arena::new();
            let marks = marked.then(Marks::default);
            Session::new(&arena, &input, files, marks)
                .read()
                .map(|it| it.document)
        };
        guarded(&mut Sources::default(), LIMIT, evaluate).0.unwrap()
    };
    let plain = evaluate(false).unwrap_or_else(|it| panic!("{text}\n{it:?}"));
    let marked = evaluate(true).unwrap_or_else(|it| panic!("{text}\n{it:?}"));
    assert_eq!(plain, marked, "{text}");
}

#[test]
fn fields_are_counted_and_listed_as_before() {
    check("std.objectFieldsAll({ a: 1, b:: 2 })");
    check("std.objectFields({ a: 1, b:: 2 })");
    check("std.objectValuesAll({ a: 1, b:: 2 })");
    check("std.objectKeysValuesAll({ a: 1, b:: 2 })");
    check("std.objectFieldsEx({ a: 1, b:: 2 }, true)");
    check("std.objectFieldsEx(inc_hidden=true, obj={ a:: 1 }) tailstrict");
    check("std.length({ a: 1, b:: 2 })");
    check("[std.objectHasAll({ a:: 1 }, k) for k in ['a', 'b']]");
    check("[k in { a:: 1 } for k in ['a', 'b']]");
    check("std.mapWithKey(function(k, v) [k, v], { a: { b: 1 }, c:: 2 })");
    check("std.objectRemoveKey({ a: 1, b: 2 }, 'a')");
    check("std.objectFieldsAll(std)");
    check("{ [k]: 1 for k in std.objectFieldsAll({ x: 1, y:: 2 }) }");
    check("local fields = std.objectFieldsAll; fields({ a: 1 } { b:: 1 })");
}

#[test]
fn objects_are_equal_and_written_as_before() {
    check("{ a: 1 } == { a: 1 }");
    check("local f(x) = { a: x }; [f(1) == f(1), f(1) == { a: 1 }, f(1) != f(2)]");
    check("local f(x) = { a: x }; std.member([f(1), f(2)], f(2))");
    check("local f(x) = { a: x }; [std.find(f(1), [f(2), f(1)]), std.count([f(1)], f(1))]");
    check("std.assertEqual({ a: { b: 1 } }, { a: { b: 1 } })");
    check("std.equals({ a: [{}] }, { a: [{}] })");
    check("std.toString({ a: { b: [{}] } })");
    check("'' + { a: 1 } + [{}]");
    check("'%(s)s %(a)s' % { a: { b: 1 }, s: 2 }");
    check("std.manifestJsonEx({ a: {}, b: [{ c: 1 }] }, '  ')");
    check("std.manifestYamlDoc({ a: {}, b: [{ c: 1 }] })");
    check("std.manifestPython({ a: { b: 1 } })");
    check("std.sort([{ k: 2 }, { k: 1 }], function(it) it.k)");
    check("std.set([{ k: 2 }, { k: 1 }, { k: 2 }], keyF=function(it) it.k)");
    check("std.uniq([{ a: 1 }, { a: 1 }])");
    check("[std.type({}), std.isObject({}), std.length([{}])]");
}

#[test]
fn what_takes_objects_apart_gives_the_same() {
    check("std.prune({ a: null, b: { c: null }, d: [null, {}, { e: 1 }, []], f:: 1, g: '' })");
    check("std.prune([[[]], { a: [null] }, 1, 'x', null, {}])");
    check("std.prune(a={ x: self.y, y:: 3 })");
    check("std.mergePatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: null, e: {} }, f: { g: null } })");
    check("std.mergePatch(1, { a: 1 })");
    check("std.mergePatch({ a: 1 }, 2)");
    check("std.mergePatch({ a: { b: 1 } }, { a: 2, h:: 3 })");
    check("std.foldl(function(all, it) all { [it]: super.n + 1, n: 0 }, ['a', 'b'], { n: 1 })");
    check("std.foldr(function(it, all) all + { ['x' + it]: it }, std.range(1, 30), {})");
    check("std.flattenArrays([[{ a: i }, { b: i }] for i in std.range(0, 2)])");
    check("std.flatMap(function(x) [{ a: x }], [1, 2])");
    check("std.filterMap(function(x) x.a > 1, function(x) x { b: 1 }, [{ a: 1 }, { a: 2 }])");
    check("std.get({ a:: 1 }, 'a') + std.get({}, 'b', 3)");
}

#[test]
fn scopes_stay_the_same() {
    check("{ a: 1, b: self.a, c: { d: $.a, e: self.d } }");
    check("{ a: [1] } { a+: [2], b: super.a } { a+: [3], c: if 'a' in super then 1 }");
    check("{ a: { b: 1 } } { a+: { c: super.b + self.b + $.d }, d: 2 }");
    check("{ local x = 1, a: if x == 1 then [x] + [self.b] else [], b:: 2 }");
    check("local x = 'a'; { local x = 'b', [x]: x }");
    check("{ a: { ['k' + $.n]: 1, [if $.n == 1 then 'l']: 2 }, n: 1 }");
    check("{ [if false then 'a']: 1, [if false then 'b']: 2, [null]: 3 }");
    check("{ ['a' + i]: { b: i, c: [x for x in [i, i + 1] if x != 2] } for i in [1, 2] }");
    check("{ local y = 2, [k]: { [k]: y, z: $[k].w, w:: 5 }, for k in ['p', 'q'] }");
    check("{ a: [if self.b then 1 else 2 for self_ in [1]], b:: true } + {}");
    check("{ a: [super.x for i in [1]] } + {} == 0 || true");
    check("{ x: [1] } { a: [super.x for i in [1]] + super.x, y: [$.x, super.x] }");
    check("local std = { x: { a: 1 } }; { b: std.x }");
    check("local f(std) = std { a: 1 }; f({ b: 2 })");
    check("{ assert self.a == 1 : 'no', a: 1 }");
    check("local o = { assert self.a == 2, a: 1 }; o { a: 2 }");
    check("{ a:: error 'abstract', b: [1] + self.c, c:: error 'x' } { b: 2 }");
    check("{ b: [1] + self.missing } { b: [3] }");
    check("{ f(x):: { y: x }, g:: function(x) self.f(x), a: self.f(1), b: self.g(2) }");
}

#[test]
fn every_kind_of_text_gives_the_same() {
    check("(import 'lib.libsonnet').Block(3)");
    check("local lib = import 'lib.libsonnet'; [lib.Block() { n+: 1 }, lib.list + lib.list]");
    check("import 'data.json'");
    check("std.parseJson(importstr 'data.json')");
    check("{ a: importbin 'data.json' }.a[0]");
    check("{ a: 'x', 'b': \"y\", \"c\": @'z''z', d: |||\n  one\n  two\n|||, }");
    check("{ a: [ // one\n 1, # two\n 2 /* three */ , ] + [ // four\n ], } // five");
    check("{ a: [x /* , */ , for x in [1, 2] // last\n ] }");
    check("local a = 1, b = [a, a]; local c = b; { d: local e = c; e + (local g = 1; [g]) }");
    check("local f = function(a, b=a { z: 1 }) [a, b]; f({ y: 1 })");
    check(
        "local f(n, all=[]) = if n == 0 then all else f(n - 1, all + [{ n: n }]) tailstrict; f(9)",
    );
    check("local f(n) = if n == 0 then {} else f(n - 1) { ['a' + n]: n }; f(3)");
    check("local f(n) = if n == 0 then [] else [{ n: n }] + f(n - 1); { a: f(2000) }");
    check("local f(n) = { n: n, next: if n > 0 then f(n - 1) }; f(150)");
    check("[{ a: 1 }.a, { a: [2] }.a[0], [3, 4][1:], -{ a: 5 }.a, !{ a: true }.a]");
    check("assert { a: 1 }.a == 1; { a: assert true; [1] + [2] }");
    check("function(a=1) { b: a }");
    check("[]");
    check("'only a string'");
}
