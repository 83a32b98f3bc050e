//! What is wrong with a text is said at its place.

use super::*;
use crate::{
    diagnostic::Diagnostic,
    document::{Node, Value},
};

/// The error that a set of files gives, the first of which is compiled: `code at file:line:column [text]: message`,
/// then notes and help.
fn error(files: &[(&str, &str)], change: impl FnOnce(&mut Input)) -> String {
    let folder = Folder::new(files);
    let mut input = folder.input(files.first().map_or("net.jsonnet", |it| it.0));
    change(&mut input);
    let mut sources = Sources::default();
    let found: Result<Node, Diagnostic> = evaluate(&input, &mut sources).document;
    let it = found.expect_err("this is wrong");
    let (line, column) = sources.line_and_column(it.place);
    let name = &sources.file(it.place.file).name;
    let text = sources.text(it.place);
    let mut shown = vec![format!(
        "{} at {name}:{line}:{column} [{text}]: {}",
        it.code, it.message
    )];
    let label = |it: &(Span, String)| format!("label [{}]: {}", sources.text(it.0), it.1);
    shown.extend(it.labels.iter().map(label));
    shown.extend(it.notes.iter().map(|it| format!("note: {it}")));
    shown.extend(it.help.iter().map(|it| format!("help: {it}")));
    folder.relative(&shown.join("\n"))
}

fn check(text: &str, expected: &str) {
    assert_eq!(error(&[("net.jsonnet", text)], |_| {}), expected, "{text}");
}

fn check_files(files: &[(&str, &str)], expected: &str) {
    assert_eq!(error(files, |_| {}), expected);
}

#[test]
fn files_that_cannot_be_read() {
    let missing = error(&[("net.jsonnet", "1")], |it| {
        it.path.set_file_name("nat.jsonnet");
    });
    assert_eq!(
        missing,
        "missing-file at nat.jsonnet:1:1 []: there is no file `nat.jsonnet`\n\
         help: did you mean `net.jsonnet`?"
    );
    let missing = error(&[("net.jsonnet", "1")], |it| it.path.push("x/y.jsonnet"));
    assert_eq!(
        missing,
        "missing-file at net.jsonnet/x/y.jsonnet:1:1 []: there is no file `net.jsonnet/x/y.jsonnet`\n\
         note: there is no folder `net.jsonnet/x`"
    );
    let folder = error(&[("net/net.jsonnet", "1")], |it| {
        it.path.pop();
    });
    assert_eq!(
        folder,
        "unreadable-file at net:1:1 []: cannot read `net`: it is a folder\n\
             help: name a file of text in UTF-8, which is no longer than 8 MiB"
    );
    let bytes = error(&[("net.jsonnet", "1")], |it| {
        fs::write(&it.path, b"'\xff'").unwrap();
    });
    assert_eq!(
        bytes,
        "unreadable-file at net.jsonnet:1:1 []: cannot read `net.jsonnet`: it is not UTF-8 text (at byte 1)\n\
             help: name a file of text in UTF-8, which is no longer than 8 MiB"
    );
}

#[test]
fn imports_that_cannot_be_read() {
    check_files(
        &[
            ("net.jsonnet", "{ a: import 'lib/blocks.libsonnet' }"),
            ("lib/block.libsonnet", "1"),
        ],
        "import-not-found at net.jsonnet:1:6 [import 'lib/blocks.libsonnet']: cannot find `lib/blocks.libsonnet`\n\
         note: looked for `lib/blocks.libsonnet`\n\
         help: did you mean `lib/block.libsonnet`?",
    );
    let files = [("net.jsonnet", "importstr 'x'"), ("y/z", "")];
    let found = error(&files, |it| {
        it.jpath = vec!["nowhere".into(), "vendor".into()];
    });
    assert_eq!(
        found,
        "import-not-found at net.jsonnet:1:1 [importstr 'x']: cannot find `x`\n\
         note: looked for `x` and `vendor/x` and `nowhere/x`\n\
         help: write its path from the folder of this file, or give a folder with --jpath"
    );
    check_files(
        &[
            ("net.jsonnet", "import 'lib'"),
            ("lib/block.libsonnet", "1"),
        ],
        "unreadable-file at net.jsonnet:1:1 [import 'lib']: cannot read `lib`: it is a folder\n\
             help: name a file of text in UTF-8, which is no longer than 8 MiB",
    );
    check_files(
        &[
            ("net.jsonnet", "1 +\n(import 'lib').x"),
            ("lib", "{ x: 1 "),
            ("z", ""),
        ],
        "syntax-error at lib:1:8 []: expected `,` or `}`, found the end of the file\n\
         note: imported at net.jsonnet:2:2\n\
             help: add what is expected, or remove what is there",
    );
}

#[test]
fn texts_that_are_not_jsonnet() {
    check(
        "{ a: 1 b: 2 }",
        "syntax-error at net.jsonnet:1:8 [b]: expected `,` or `}`, found `b`\n\
             help: add what is expected, or remove what is there",
    );
    check(
        "[1, 2",
        "syntax-error at net.jsonnet:1:6 []: expected `,` or `]`, found the end of the file\n\
             help: add what is expected, or remove what is there",
    );
    check(
        "",
        "syntax-error at net.jsonnet:1:1 []: expected a value, found the end of the file\n\
             help: add what is expected, or remove what is there",
    );
    check(
        "{ a: }",
        "syntax-error at net.jsonnet:1:6 [}]: expected a value, found `}`\n\
             help: add what is expected, or remove what is there",
    );
    check(
        "local a = 1\n{}",
        "syntax-error at net.jsonnet:2:3 []: expected `,` or `;`, found the end of the file\n\
             help: add what is expected, or remove what is there",
    );
    check(
        "1 2",
        "syntax-error at net.jsonnet:1:3 [2]: expected the end of the file, found a number\n\
             help: add what is expected, or remove what is there",
    );
    check(
        "{ a: 'x }",
        "syntax-error at net.jsonnet:1:6 ['x }]: the string is not closed\n\
         help: close it with a quote",
    );
    check(
        "{ a: 'x' } é",
        "syntax-error at net.jsonnet:1:12 [é]: unexpected character `é`\n\
             help: correct or remove it",
    );
    check(
        "{ a: 01 }",
        "syntax-error at net.jsonnet:1:6 [0]: a number does not begin with `0`\n\
             help: correct or remove it",
    );
    check(
        "{ a: self }.a + x",
        "unknown-variable at net.jsonnet:1:17 [x]: there is no variable `x`\n\
         help: correct the name, or define it before: `local x = …;`",
    );
    check(
        "self.a",
        "syntax-error at net.jsonnet:1:1 [self]: `self` means nothing outside of objects\n\
             help: correct or remove it",
    );
    check(
        "{ a: 1, a: 2 }",
        "syntax-error at net.jsonnet:1:9 [a]: the field `a` is defined twice\n\
         label [a]: first here\n\
             help: correct or remove it",
    );
    check(
        "local a = 1, a = 2; a",
        "syntax-error at net.jsonnet:1:14 [a]: the variable `a` is defined twice\n\
         label [a]: first here\n\
             help: correct or remove it",
    );
    check(
        "import 'a' + 'b'",
        "syntax-error at net.jsonnet:1:8 ['a' + 'b']: the path of an import must be a string literal\n\
             help: correct or remove it",
    );
    check(
        "|||\nx\n|||",
        "syntax-error at net.jsonnet:2:1 []: the first line of a text block must be indented\n\
             help: correct or remove it",
    );
}

#[test]
fn variables_from_outside() {
    check(
        "{ a: std.extVar('depth') }",
        "missing-ext-var at net.jsonnet:1:6 [std.extVar('depth')]: no value is given for `depth`\n\
         help: give it with --ext-code depth=… or --ext-str depth=…",
    );
    let files = [("net.jsonnet", "[std.extVar('depth')]")];
    let found = error(&files, |it| {
        it.ext_vars = vec![code("dept", "1"), code("k", "2")];
    });
    assert_eq!(
        found,
        "missing-ext-var at net.jsonnet:1:2 [std.extVar('depth')]: no value is given for `depth`\n\
         note: given: dept, k\n\
         help: did you mean `dept`?"
    );
    let found = error(&files, |it| it.ext_vars = vec![code("depth", "[1,")]);
    assert_eq!(
        found,
        "syntax-error at --ext-code depth:1:4 []: expected `for`, `]` or a value, found the end of the file\n\
             help: add what is expected, or remove what is there"
    );
}

#[test]
fn arguments_of_a_file() {
    check(
        "local d = 1;\nfunction(a, b=2) a",
        "missing-top-level-argument at net.jsonnet:2:10 [a]: the file is a function, and its parameter `a` is not given\n\
         help: give it with --tla-code a=… or --tla-str a=…",
    );
    let files = [("net.jsonnet", "function(a, b=2) [a, b]")];
    let found = error(&files, |it| it.tla = vec![code("a", "1"), code("c", "2")]);
    assert_eq!(
        found,
        "unknown-top-level-argument at net.jsonnet:1:1 []: the file is a function without a parameter `c`\n\
         note: its parameters: a, b"
    );
}

#[test]
fn arguments_nobody_asks_for_are_let_be() {
    let folder = Folder::new(&[("net.jsonnet", "{ a: std.extVar('a') }")]);
    let input = Input {
        ext_vars: vec![code("a", "1"), code("a", "2"), code("unused", "x.y")],
        tla: vec![code("unused", "1")],
        ..folder.input("net.jsonnet")
    };
    let found = evaluate(&input, &mut Sources::default()).document;
    assert_eq!(
        found.map_err(|it| it.code),
        Err("unknown-variable"),
        "as jsonnet does, code is checked even if it is not used"
    );
    let input = Input {
        ext_vars: vec![code("a", "1"), code("a", "2"), code("unused", "error 'x'")],
        ..input
    };
    let found = evaluate(&input, &mut Sources::default()).document.unwrap();
    assert_eq!(found.get("a").and_then(Node::as_int), Some(2));
}

#[test]
fn evaluations_that_fail() {
    check(
        "local f(x) = x.b;\nlocal g(x) = f(x) + 1;\n{ c: [g({})] }",
        "evaluation-error at net.jsonnet:1:14 [x.b]: the object has no field `b`\n\
         note: in `f`, called at net.jsonnet:2:14\n\
         note: in `g`, called at net.jsonnet:3:7\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ a: 1 + {} }",
        "evaluation-error at net.jsonnet:1:6 [1 + {}]: `+` does not take a number and an object\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ a: std.range('x', 1) }",
        "evaluation-error at net.jsonnet:1:6 [std.range('x', 1)]: argument 1 of `std.range` must be a number, not a string\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "std.foldl(function(a) a, [1], 0)",
        "evaluation-error at net.jsonnet:1:1 [std.foldl(function(a) a, [1], 0)]: too many arguments: the function takes at most 1\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "[1, 2][5]",
        "evaluation-error at net.jsonnet:1:1 [[1, 2][5]]: there is no item 5 among 2, counted from 0\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "local f(a) = a; f()",
        "evaluation-error at net.jsonnet:1:17 [f()]: the parameter `a` is not given\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "local f(a) = a; f(1, 2)",
        "evaluation-error at net.jsonnet:1:17 [f(1, 2)]: too many arguments: the function takes at most 1\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "local f(a) = a; f(b=1)",
        "evaluation-error at net.jsonnet:1:19 [b]: the function has no parameter `b`\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ a: 1 / 0 }",
        "evaluation-error at net.jsonnet:1:6 [1 / 0]: division by zero\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ ['a']: 1, ['a']: 2 }",
        "evaluation-error at net.jsonnet:1:13 [['a']]: the field `a` is defined twice\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ a: std.parseInt('x') }",
        "evaluation-error at net.jsonnet:1:6 [std.parseInt('x')]: invalid base 10: 'x'\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ a: if 1 then 2 }",
        "evaluation-error at net.jsonnet:1:9 [1]: a condition must be true or false, not a number\n\
             help: change this expression, or what it is computed from",
    );
    check(
        "{ a: [1, function(x) x] }",
        "evaluation-error at net.jsonnet:1:10 [function(x) x]: a function is no value of an architecture\n\
         help: call it, or hide the field with `::`",
    );
    check(
        "std.native('x')(1)",
        "evaluation-error at net.jsonnet:1:1 [std.native('x')(1)]: null cannot be called\n\
             help: change this expression, or what it is computed from",
    );
    check_files(
        &[
            ("net.jsonnet", "local lib = import 'lib';\n{ a: lib.f(2) }"),
            ("lib", "{ f(n):: if n == 0 then self.g else self.f(n - 1) }"),
        ],
        "evaluation-error at lib:1:25 [self.g]: the object has no field `g`\n\
         note: in a function called at lib:1:37\n\
         note: in a function called at lib:1:37\n\
         note: in a function called at net.jsonnet:2:6\n\
             help: change this expression, or what it is computed from",
    );
}

#[test]
fn errors_of_the_user() {
    check(
        "local f(k) = if k % 2 == 0 then error 'kernel must be odd' else k;\n{ a: f(2) }",
        "assertion-failed at net.jsonnet:1:33 [error 'kernel must be odd']: kernel must be odd\n\
         note: in `f`, called at net.jsonnet:2:6\n\
             help: change the value that it speaks of, or what is given from outside",
    );
    check(
        "assert 1 == 2 : 'no\\nbecause'; {}",
        "assertion-failed at net.jsonnet:1:1 [assert 1 == 2 : 'no\\nbecause']: no\n\
         note: because\n\
             help: change the value that it speaks of, or what is given from outside",
    );
    check(
        "{ assert self.a > 1, a: 1 }",
        "assertion-failed at net.jsonnet:1:3 [assert self.a > 1]: an assertion does not hold\n\
             help: change the value that it speaks of, or what is given from outside",
    );
    check(
        "std.assertEqual(1, 2)",
        "assertion-failed at net.jsonnet:1:1 [std.assertEqual(1, 2)]: 1 is not equal to 2\n\
             help: change the value that it speaks of, or what is given from outside",
    );
    check(
        "{ a: error { b: 1 } }",
        "assertion-failed at net.jsonnet:1:6 [error { b: 1 }]: {\"b\": 1}\n\
             help: change the value that it speaks of, or what is given from outside",
    );
}

#[test]
fn recursion_without_end() {
    check(
        "local f(x) = f(x + 1) + 1;\n{ a: f(0) }",
        "endless-recursion at net.jsonnet:1:14 [f(x + 1)]: the evaluation goes deeper than 20000 calls\n\
         note: in `f`, called at net.jsonnet:2:6\n\
         help: look for a function that calls itself without end",
    );
    check(
        "{ a: self.b, b: self.a }",
        "endless-recursion at net.jsonnet:1:17 [self.a]: this value is needed to compute itself\n\
             help: give it a value that does not mention it",
    );
    check(
        "local a = b, b = a; a",
        "endless-recursion at net.jsonnet:1:18 [a]: this value is needed to compute itself\n\
             help: give it a value that does not mention it",
    );
    check_files(
        &[
            ("net.jsonnet", "import 'lib'"),
            ("lib", "(import 'net.jsonnet')"),
        ],
        "endless-recursion at lib:1:2 [import 'net.jsonnet']: this value is needed to compute itself\n\
         note: imported at net.jsonnet:1:1\n\
             help: give it a value that does not mention it",
    );
}

#[test]
fn nesting_without_end() {
    check(
        "local f(x) = { a: f(x + 1) };\n{ b: f(0) }",
        "nested-too-deep at net.jsonnet:1:19 [f(x + 1)]: the value nests deeper than 1000 levels\n\
         help: look for a function that wraps its own result",
    );
    check(
        "local a = [a]; a",
        "nested-too-deep at net.jsonnet:1:1 []: the value nests deeper than 1000 levels\n\
         help: look for a function that wraps its own result",
    );
    let deep = "{ a: std.foldl(function(a, i) [a], std.range(1, 998), []) }";
    let folder = Folder::new(&[("net.jsonnet", deep)]);
    let document = evaluate(&folder.input("net.jsonnet"), &mut Sources::default()).document;
    assert_eq!(document.unwrap().entries().len(), 1);
    check(
        "{ a: std.foldl(function(a, i) [a], std.range(1, 999), []) }",
        "nested-too-deep at net.jsonnet:1:6 [std.foldl(function(a, i) [a], std.range(1, 999), [])]: the value nests deeper than 1000 levels\n\
         help: look for a function that wraps its own result",
    );
    let message = "the text nests deeper than 10000 levels";
    check(
        &"[".repeat(1_000_000),
        &format!("nested-too-deep at net.jsonnet:1:10001 [[]: {message}"),
    );
}

#[test]
fn deep_texts_fit_on_the_stack() {
    /// Evaluates plainly and with marks, which deepen the text.
    fn deep(before: &str, after: &str) -> Result<(Value, usize), &'static str> {
        let text = format!("{}1{}", before.repeat(3_300), after.repeat(3_300));
        let folder = Folder::new(&[("net.jsonnet", &text)]);
        let input = folder.input("net.jsonnet");
        let mut sources = Sources::default();
        let document = evaluate(&input, &mut sources)
            .document
            .map_err(|it| it.code)?;
        let place = places(&input, &mut sources, &document).span(&document.place());
        Ok((document.value, place.end))
    }
    let one = |end| Ok((Value::Number(1.0), end));
    assert_eq!(deep("[", "]"), Err("nested-too-deep"));
    assert_eq!(deep("{a:", "}"), Err("nested-too-deep"));
    assert_eq!(deep("{a:[", "]}.a[0]"), one(36_301));
    assert_eq!(deep("(", ")"), one(3_301));
    assert_eq!(deep("local a = 1;", ""), one(39_601));
    assert_eq!(deep("if false then 0 else ", ""), one(69_301));
    assert_eq!(deep("(function(x) x)(", ")"), one(56_101));
    assert_eq!(deep("{ a: [0] + if true then [", "] }.a[1]"), one(108_901));
}

#[test]
fn time_without_end() {
    let folder = Folder::new(&[("net.jsonnet", "local f(x) = f(x + 1) tailstrict; f(0)")]);
    let mut sources = Sources::default();
    let limit = Duration::from_millis(300);
    let found = evaluate_within(&folder.input("net.jsonnet"), &mut sources, limit);
    let found = found.document.expect_err("it never ends");
    assert_eq!(
        (found.code, found.message.as_str()),
        (
            "evaluation-too-long",
            "the evaluation takes longer than 0.3 seconds"
        )
    );
    assert_eq!(
        sources.file(found.place.file).text,
        "local f(x) = f(x + 1) tailstrict; f(0)"
    );
}
