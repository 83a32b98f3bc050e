//! What the code looks like, on small networks.

use serde_json::{Value as Json, json};

use super::{Code, Forms, emit};
use crate::{
    diagnostic::Sink,
    dialect::{modules::Documents, narchi},
    frontend::{Input, Reads},
    infer::infer,
    probe::node,
    source::Sources,
};

/// The code of the trained form.
fn trained(document: &Json) -> Code {
    code_of(document, Forms::Trained)
}

pub(super) fn code_of(document: &Json, forms: Forms) -> Code {
    let document = node(document, &mut 0);
    let mut sink = Sink::default();
    let (mut sources, mut reads) = (Sources::default(), Reads::default());
    let input = Input::default();
    let documents = Documents::load(&mut sink, &mut sources, &mut reads, &input, document);
    let wiring = narchi::wire(&mut sink, &documents, "net");
    let model = infer(&mut sink, &wiring);
    assert!(!sink.has_errors(), "{sink:?}");
    emit(&model, None, forms)
}

/// The code of a network from `x` to `y`, given the shape of `x`, the blocks and the wires.
fn code(x: &str, blocks: &str, wires: &str) -> String {
    source(&format!(
        r#"{{ "_id": "net", "blocks": [{blocks}], "graph": [{wires}],
              "inputs": [{{ "_id": "x", "_shape": {x} }}],
              "outputs": [{{ "_id": "y", "_shape": ["<<auto>>"] }}] }}"#
    ))
}

fn source(text: &str) -> String {
    code_of(&serde_json::from_str(text).unwrap(), Forms::Trained).source("", None)
}

/// Checks that the code has these lines in this order, one directly after the other.
#[track_caller]
fn check(code: &str, lines: &[&str]) {
    let all: Vec<&str> = code.lines().map(str::trim).collect();
    assert!(all.windows(lines.len()).any(|it| it == lines), "{code}");
}

const LINEAR: &str = r#""_class": "Linear", "output_feats": 4"#;

#[test]
fn a_value_is_dropped_where_it_ends() {
    let blocks = format!(
        r#"{{ "_id": "a", {LINEAR} }}, {{ "_id": "b", {LINEAR} }}, {{ "_id": "c", {LINEAR} }},
           {{ "_id": "cat", "_class": "Concatenate", "dim": 0 }}, {{ "_id": "d", {LINEAR} }}"#
    );
    let code = code(
        "[4]",
        &blocks,
        r#""x -> a -> b -> cat", "a -> c -> cat -> d -> y""#,
    );
    check(
        &code,
        &[
            "let mut y = self.a.forward(x)?;",
            "let b = self.b.forward(&y)?;",
            "let c = self.c.forward(&y)?;",
            "drop(y);",
            "y = Tensor::f_cat(&[b, c], 1)?; // [N, 8]",
            "self.d.forward(&y) // [N, 4]",
        ],
    );
}

#[test]
fn a_sum_goes_into_an_operand_that_nobody_else_needs() {
    let sum = |inner: &str| {
        let blocks = format!(
            r#"{{ "_id": "a", {LINEAR} }}, {inner}, {{ "_id": "add", "_class": "Add" }}, {{ "_id": "c", {LINEAR} }}"#
        );
        code(
            "[4]",
            &blocks,
            r#""x -> a -> b -> add", "a -> add -> c -> y""#,
        )
    };
    let linear = sum(&format!(r#"{{ "_id": "b", {LINEAR} }}"#));
    check(&linear, &["b = b.f_add_(&y)?;", "self.c.forward(&b)"]);
    // Autograd keeps the result of ReLU.
    let relu = sum(r#"{ "_id": "b", "_class": "ReLU" }"#);
    check(
        &relu,
        &["b = b.f_add(&y)?;", "drop(y);", "self.c.forward(&b)"],
    );
}

#[test]
fn a_relu_overwrites_its_input_only_where_it_may() {
    let relu = r#"{ "_id": "r", "_class": "ReLU", "inplace": true }"#;
    let blocks = format!(r#"{{ "_id": "a", {LINEAR} }}, {relu}, {{ "_id": "b", {LINEAR} }}"#);
    let alone = code("[4]", &blocks, r#""x -> a -> r -> b -> y""#);
    check(
        &alone,
        &["let mut y = self.a.forward(x)?;", "y = y.f_relu_()?;"],
    );
    let input = code("[4]", &blocks, r#""x -> r -> a -> b -> y""#);
    check(&input, &["let mut y = x.f_relu()?;"]);
}

#[test]
fn equal_neighbours_are_a_loop() {
    let group = |feats: usize| {
        format!(
            r#"{{ "_class": "Group", "_name": "Pair", "input": "a", "output": "b", "graph": ["a -> b"],
                  "blocks": [{{ "_id": "a", "_class": "Linear", "output_feats": {feats} }}, {{ "_id": "b", {LINEAR} }}] }}"#
        )
    };
    let run = |all: &[usize]| {
        let groups: Vec<String> = all.iter().map(|it| group(*it)).collect();
        let blocks = format!(
            r#"{{ "_id": "run", "_class": "Sequential", "blocks": [{}] }}"#,
            groups.join(",")
        );
        code("[4]", &blocks, r#""x -> run -> y""#)
    };
    check(
        &run(&[8, 8, 8]),
        &["run: array::from_fn(|i| Pair::new(&(vs / \"run\" / i))),"],
    );
    check(
        &run(&[8, 9]),
        &[
            "run: [",
            "Pair::new(&(vs / \"run\" / 0), 8),",
            "Pair::new(&(vs / \"run\" / 1), 9),",
            "],",
        ],
    );
    check(
        &run(&[8, 10, 12]),
        &["run: array::from_fn(|i| Pair::new(&(vs / \"run\" / i), 8 + 2 * i as i64)),"],
    );
}

#[test]
fn a_size_without_a_number_is_an_argument() {
    let block = r#"{ "_id": "a", "_class": "Linear", "output_feats": "<<variable:K>>" }"#;
    let code = code("[4]", block, r#""x -> a -> y""#);
    check(
        &code,
        &["pub fn new(vs: &nn::Path, k: i64) -> Self {", "Self {"],
    );
    check(
        &code,
        &["a: nn::Linear::new(vs / \"a\", 4, k, nn::LinearConfig::default()),"],
    );
}

#[test]
fn several_inputs_and_outputs_have_their_names() {
    let code = source(
        r#"{ "_id": "net", "blocks": [{ "_id": "add", "_class": "Add" }],
             "graph": ["left -> add", "right -> add -> sum", "left -> same"],
             "inputs": [{ "_id": "left", "_shape": [4] }, { "_id": "right", "_shape": [4] }],
             "outputs": [{ "_id": "sum", "_shape": [4] }, { "_id": "same", "_shape": [4] }] }"#,
    );
    check(
        &code,
        &[
            "pub fn forward(&self, inputs: NetInputs<'_>) -> Result<NetOutputs> {",
            "let NetInputs { left, right } = inputs;",
            "Self::INPUTS.check([left, right])?;",
            "let sum = left.f_add(right)?;",
            "Ok(NetOutputs {",
            "sum,",
            "same: left.shallow_clone(),",
            "})",
        ],
    );
}

#[test]
fn a_block_that_no_output_needs_keeps_its_weights() {
    let blocks = format!(r#"{{ "_id": "a", {LINEAR} }}, {{ "_id": "b", {LINEAR} }}"#);
    let code = code("[4]", &blocks, r#""x -> a -> y", "x -> b""#);
    check(
        &code,
        &[
            "#[allow(dead_code, reason = \"no output needs it\")]",
            "b: nn::Linear,",
        ],
    );
}

#[test]
fn structs_do_not_nest_too_deep() {
    let nested = |levels: usize| {
        let mut inner = json!({ "_id": "inner", "_class": "Linear", "output_feats": 4 });
        for level in 0..levels {
            let id = if level + 1 == levels {
                "outer"
            } else {
                "inner"
            };
            inner = json!({
                "_id": id, "_class": "Group", "input": "a", "output": "b", "graph": ["a -> inner -> b"],
                "blocks": [
                    { "_id": "a", "_class": "Linear", "output_feats": 4 },
                    inner,
                    { "_id": "b", "_class": "Linear", "output_feats": 4 },
                ],
            });
        }
        let code = trained(&json!({
            "_id": "net", "blocks": [inner], "graph": ["x -> outer -> y"],
            "inputs": [{ "_id": "x", "_shape": [4] }], "outputs": [{ "_id": "y", "_shape": [4] }],
        }));
        code.source("", None).matches("\nstruct ").count()
    };
    assert_eq!(nested(60), 60);
    assert_eq!(nested(150), 50);
}

#[test]
fn tokens_for_the_macro_name_blocks_and_have_no_markers() {
    let code = trained(&json!({
        "_id": "net",
        "blocks": [{ "_id": "a", "_class": "Linear", "output_feats": 8 }, { "_id": "b", "_class": "ReLU" }],
        "graph": ["x -> a -> b -> y"],
        "inputs": [{ "_id": "x", "_shape": [4] }], "outputs": [{ "_id": "y", "_shape": [8] }],
    }));
    let file = code.source("", None);
    assert!(
        file.contains("// [N, 8]") && !file.contains("in_block"),
        "{file}"
    );
    let places = "b\tnet.jsonnet:3:9\n";
    let runtime = quote::quote!(::narchi_runtime);
    let tokens = code.tokens(&runtime, places).to_string();
    for text in [&file, &tokens] {
        let markers = ["__tail", "__after", "__block", "__root"];
        assert!(markers.iter().all(|it| !text.contains(it)), "{text}");
    }
    let expected = quote::quote! {
        let run = || -> Result<_> {
            let y = self.a.forward(x)?;
            y.f_relu().in_block("b")
        };
        nn::located(run(), #places)
    };
    assert!(tokens.contains(&expected.to_string()), "{tokens}");
    assert!(
        tokens.starts_with("use :: narchi_runtime :: prelude :: * ;"),
        "{tokens}"
    );
    assert_eq!(code.public_names(), ["Net"]);
}

#[test]
fn names_of_the_file_never_get_in_the_way() {
    let linear = |id: &str| json!({ "_id": id, "_class": "Linear", "output_feats": 4 });
    let ids = [
        "Tensor", "Self", "train", "nn", "drop", "type", "type_", "linear", "vs", "_1",
    ];
    let blocks: Vec<Json> = ids.iter().map(|it| linear(it)).collect();
    let code = trained(&json!({
        "_id": "Result", "blocks": blocks, "graph": [format!("x -> {} -> y", ids.join(" -> "))],
        "inputs": [{ "_id": "x", "_shape": [4] }], "outputs": [{ "_id": "y", "_shape": [4] }],
    }));
    assert_eq!(code.public_names(), ["ResultModel"]);
    let code = code.source("", None);
    check(
        &code,
        &[
            "tensor: nn::Linear,",
            "self_: nn::Linear,",
            "train: nn::Linear,",
            "nn: nn::Linear,",
        ],
    );
    check(
        &code,
        &[
            "type_: nn::Linear,",
            "type_2: nn::Linear,",
            "linear: nn::Linear,",
            "vs: nn::Linear,",
        ],
    );
}
