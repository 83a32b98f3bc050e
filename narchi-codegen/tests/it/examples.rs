//! The models of `examples/`, and what holds of code that is generated from them.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use narchi_codegen::{Argument, Header, Input, Model, compile, compile_with_places};
use syn::visit::{self, Visit};

/// The folders with committed code, and the external variables it was made with.
const COMMITTED: [(&str, &[(&str, &str)]); 2] = [("digits", &[]), ("resnet", &[("depth", "18")])];

/// The variants of ResNet.
const DEPTHS: [u32; 5] = [18, 34, 50, 101, 152];

fn input(name: &str, ext_vars: &[(&str, &str)]) -> Input {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let code =
        |(name, value): &(&str, &str)| ((*name).to_owned(), Argument::Code((*value).to_owned()));
    Input {
        path: examples.join(name).join(format!("{name}.jsonnet")),
        ext_vars: ext_vars.iter().map(code).collect(),
        ..Input::default()
    }
}

fn compiled(input: &Input) -> Model {
    let compilation = compile(input);
    let report = compilation.report();
    assert_eq!(report, "", "an example needs no warnings");
    compilation.model.unwrap()
}

/// The ResNet of a depth.
fn resnet(depth: u32) -> Model {
    compiled(&input("resnet", &[("depth", &depth.to_string())]))
}

fn resnet_source(depth: u32) -> String {
    let input = input("resnet", &[("depth", &depth.to_string())]);
    compiled(&input).source(None, &header(&input))
}

fn header(input: &Input) -> Header {
    let output = input.path.with_file_name("generated.rs");
    Header::new(input, None, Some(&output))
}

/// Both forms of the ResNet of a depth.
fn resnet_forms(depth: u32) -> String {
    let input = input("resnet", &[("depth", &depth.to_string())]);
    compiled(&input).source(None, &header(&input).with_frozen())
}

#[test]
fn committed_code_is_fresh() {
    let mut stale: Vec<PathBuf> = Vec::new();
    for (name, ext_vars) in COMMITTED {
        let input = input(name, ext_vars);
        let output = input.path.with_file_name("generated.rs");
        let source = compiled(&input).source(None, &header(&input).with_frozen());
        let found = fs::read_to_string(&output).unwrap_or_default();
        if found.replace("\r\n", "\n") != source {
            fs::write(&output, source).unwrap();
            stale.push(output);
        }
    }
    assert!(
        stale.is_empty(),
        "stale, and now written anew; look at the difference and run again: {stale:?}"
    );
}

#[test]
fn a_deep_resnet_is_hardly_longer() {
    let lines = |depth| resnet_source(depth).lines().count();
    let (shallow, deep) = (lines(18), lines(152));
    assert!(
        deep <= shallow + 15,
        "ResNet-152 has {deep} lines, ResNet-18 has {shallow}"
    );
    assert!(lines(34) <= shallow + 15);
    assert!(lines(101) == deep && lines(50) == deep);
}

#[test]
fn locals_are_x_or_the_id_of_a_block() {
    for depth in DEPTHS {
        let listing = resnet(depth).listing();
        let ids = listing
            .lines()
            .filter_map(|it| it.trim_start().split(['(', ':']).next());
        let known: BTreeSet<&str> = ids.chain(["x"]).collect();
        assert!(
            known.contains("maxpool") && known.contains("downsample"),
            "{listing}"
        );

        let mut locals = Locals::default();
        locals.visit_file(&syn::parse_file(&resnet_source(depth)).unwrap());
        assert!(locals.names.contains("x") && locals.names.contains("downsample"));
        for name in &locals.names {
            assert!(
                known.contains(name.as_str()),
                "ResNet-{depth} has a local `{name}`"
            );
        }
    }
}

/// What is bound by `let` in the methods that compute.
#[derive(Default)]
struct Locals {
    names: BTreeSet<String>,
    is_forward: bool,
}

impl<'ast> Visit<'ast> for Locals {
    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.is_forward = method.sig.ident.to_string().starts_with("forward");
        visit::visit_impl_item_fn(self, method);
        self.is_forward = false;
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if self.is_forward {
            Names(&mut self.names).visit_pat(&local.pat);
        }
        visit::visit_local(self, local);
    }
}

struct Names<'a>(&'a mut BTreeSet<String>);

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.0.insert(pattern.ident.to_string());
    }
}

#[test]
fn generated_code_is_formatted() {
    for depth in DEPTHS {
        let input = input("resnet", &[("depth", &depth.to_string())]);
        let with_places = compile_with_places(&input);
        let with_places = with_places.source_with_places(None, &header(&input).with_frozen(), None);
        for source in [resnet_forms(depth), with_places.unwrap()] {
            assert_eq!(formatted(&source), source, "ResNet-{depth}");
        }
    }
}

#[test]
fn the_frozen_form_of_a_deep_resnet_is_hardly_longer() {
    let lines = |depth| resnet_forms(depth).lines().count() - resnet_source(depth).lines().count();
    let (shallow, deep) = (lines(18), lines(152));
    assert!(
        deep <= shallow + 20,
        "that of ResNet-152 has {deep} lines, that of ResNet-18 {shallow}"
    );
}

/// What rustfmt makes of a text.
fn formatted(source: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    rustfmt
        .stdin
        .take()
        .unwrap()
        .write_all(source.as_bytes())
        .unwrap();
    let output = rustfmt.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_depth_that_is_none_is_refused_by_name() {
    let compilation = compile(&input("resnet", &[("depth", "20")]));
    let report = compilation.report();
    assert!(compilation.model.is_none());
    assert!(
        report.contains("there is no ResNet-20: depth is 18, 34, 50, 101 or 152"),
        "{report}"
    );
}
