//! What each pass makes of small networks.

use super::super::{Forms, tests::code_of};

/// The lines of `new` and `forward` of the frozen form of a network from `x` to `y`.
fn frozen(x: &str, blocks: &str, wires: &str) -> String {
    let code = both(x, blocks, wires);
    let begin = code.find("impl FrozenNet {").unwrap();
    let end = code[begin..].find("\n}\n").unwrap();
    code[begin..begin + end].to_owned()
}

/// The code of both forms.
fn both(x: &str, blocks: &str, wires: &str) -> String {
    let sizes = vec![r#""<<auto>>""#; x.split(',').count()].join(", ");
    let text = format!(
        r#"{{ "_id": "net", "blocks": [{blocks}], "graph": [{wires}],
              "inputs": [{{ "_id": "x", "_shape": {x} }}],
              "outputs": [{{ "_id": "y", "_shape": [{sizes}] }}] }}"#
    );
    let code = code_of(&serde_json::from_str(&text).unwrap(), Forms::Both);
    code.source("", None)
}

/// Checks that the frozen form has these lines in this order, one directly after the other.
#[track_caller]
fn check(code: &str, lines: &[&str]) {
    let all: Vec<&str> = code.lines().map(str::trim).collect();
    assert!(all.windows(lines.len()).any(|it| it == lines), "{code}");
}

const IMAGE: &str = "[3, 8, 8]";
const CONV: &str = r#""_class": "Conv2d", "output_feats": 3, "kernel_size": 1"#;
const NORM: &str = r#""_class": "BatchNorm2d""#;

#[test]
fn a_norm_behind_a_convolution_and_an_activation_are_part_of_it() {
    let blocks = format!(
        r#"{{ "_id": "a", {CONV} }}, {{ "_id": "bn", {NORM} }}, {{ "_id": "act", "_class": "ReLU" }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> bn -> act -> y""#);
    check(&code, &[".batch_norm(&nn::BatchNorm2d::new("]);
    check(&code, &["))", ".relu()", ".pack(),"]);
    check(
        &code,
        &[
            "let _no_grad = frozen::no_grad_guard();",
            "self.a.forward(x)",
        ],
    );
}

#[test]
fn a_norm_before_a_kernel_is_part_of_it_where_nothing_is_padded() {
    let of = |more: &str| {
        let blocks = format!(
            r#"{{ "_id": "bn", {NORM} }}, {{ "_id": "a", "_class": "Conv2d", "output_feats": 3, "kernel_size": 3 {more} }}"#
        );
        frozen(IMAGE, &blocks, r#""x -> bn -> a -> y""#)
    };
    assert!(of("").contains(".input_norm("), "{}", of(""));
    let padded = of(r#", "padding": 1"#);
    check(
        &padded,
        &["let y = self.bn.forward(x)?;", "self.a.forward(&y)"],
    );
}

#[test]
fn a_norm_of_other_channels_than_those_of_the_linear_stays() {
    let blocks = r#"{ "_id": "a", "_class": "Linear", "output_feats": 4 }, { "_id": "bn", "_class": "BatchNorm1d" }"#;
    let wires = r#""x -> a -> bn -> y""#;
    assert!(frozen("[5]", blocks, wires).contains(".batch_norm("));
    // Here the channels are the second dimension, and those of the linear the last.
    assert!(!frozen("[3, 5]", blocks, wires).contains(".batch_norm("));
}

#[test]
fn a_norm_by_the_batch_stays() {
    let blocks = format!(
        r#"{{ "_id": "a", {CONV} }}, {{ "_id": "bn", {NORM}, "track_running_stats": false }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> bn -> y""#);
    check(
        &code,
        &["let y = self.a.forward(x)?;", "self.bn.forward(&y)"],
    );
}

#[test]
fn what_another_block_reads_stays_what_it_is() {
    let blocks = format!(
        r#"{{ "_id": "a", {CONV} }}, {{ "_id": "act", "_class": "ReLU" }}, {{ "_id": "cat", "_class": "Concatenate", "dim": 0 }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> act -> cat -> y", "a -> cat""#);
    check(
        &code,
        &["let y = self.a.forward(x)?;", "let act = y.f_relu()?;"],
    );
}

#[test]
fn the_later_of_two_kernels_takes_the_sum_in_place() {
    let blocks = format!(
        r#"{{ "_id": "a", {CONV} }}, {{ "_id": "b", {CONV} }}, {{ "_id": "add", "_class": "Add" }},
           {{ "_id": "act", "_class": "ReLU" }}"#
    );
    let code = frozen(
        IMAGE,
        &blocks,
        r#""x -> a -> add -> act -> y", "x -> b -> add""#,
    );
    check(
        &code,
        &["let y = self.a.forward(x)?;", "self.b.forward_add_(x, &y)"],
    );
    assert_eq!(code.matches(".relu()").count(), 1, "{code}");
}

#[test]
fn the_input_of_a_model_is_not_overwritten() {
    let blocks = format!(r#"{{ "_id": "a", {CONV} }}, {{ "_id": "add", "_class": "Add" }}"#);
    let code = frozen(IMAGE, &blocks, r#""x -> a -> add -> y", "x -> add""#);
    check(&code, &["self.a.forward_add(x, x)"]);
}

#[test]
fn an_activation_before_the_sum_keeps_the_sum_out() {
    let blocks = format!(
        r#"{{ "_id": "a", {CONV} }}, {{ "_id": "act", "_class": "ReLU" }}, {{ "_id": "add", "_class": "Add" }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> act -> add -> y", "x -> add""#);
    check(
        &code,
        &["let mut y = self.a.forward(x)?;", "Ok(y.f_add_(x)?)"],
    );
    assert!(code.contains(".relu()"), "{code}");
}

#[test]
fn dropout_is_gone_and_what_ends_is_overwritten() {
    let blocks = r#"{ "_id": "drop", "_class": "Dropout" },
        { "_id": "pool", "_class": "AvgPool2d", "kernel_size": 2 }, { "_id": "act", "_class": "Sigmoid" }"#;
    let code = frozen(IMAGE, blocks, r#""x -> drop -> pool -> act -> y""#);
    check(
        &code,
        &[
            "let mut y = x.f_avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None)?; // [N, 3, 4, 4]",
            "Ok(y.f_sigmoid_()?)",
        ],
    );
}

#[test]
fn a_sequential_around_a_convolution_is_no_obstacle() {
    let blocks = format!(
        r#"{{ "_id": "seq", "_class": "Sequential", "blocks": [{{ {CONV} }}, {{ {NORM} }}, {{ "_class": "ReLU" }}] }},
           {{ "_id": "last", "_class": "Tanh" }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> seq -> last -> y""#);
    check(
        &code,
        &["let mut y = self.seq.forward(x)?;", "Ok(y.f_tanh_()?)"],
    );
    assert!(code.contains("vs / \"seq\" / 1"), "{code}");
}

#[test]
fn the_last_kernel_of_a_sequential_takes_the_sum_behind_it() {
    let blocks = format!(
        r#"{{ "_id": "seq", "_class": "Sequential", "blocks": [
               {{ {CONV} }}, {{ "_class": "ReLU" }}, {{ {CONV} }}, {{ "_class": "ReLU" }}, {{ {CONV} }}, {{ {NORM} }}] }},
           {{ "_id": "add", "_class": "Add" }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> seq -> add -> y", "x -> add""#);
    check(
        &code,
        &[
            "let mut y = self.seq_conv.forward(x)?;",
            "y = self.seq_conv2.forward(&y)?;",
            "self.seq_conv3.forward_add(&y, x)",
        ],
    );
}

const EXPAND: &str = r#""_class": "Conv2d", "output_feats": 6, "kernel_size": 1"#;
const EACH: &str =
    r#""_class": "Conv2d", "output_feats": 6, "kernel_size": 3, "padding": 1, "groups": 6"#;

#[test]
fn a_convolution_of_each_channel_is_called_with_those_around_it() {
    let blocks = format!(
        r#"{{ "_id": "a", {EXPAND} }}, {{ "_id": "b", {EACH} }}, {{ "_id": "act", "_class": "ReLU" }}, {{ "_id": "c", {CONV} }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> b -> act -> c -> y""#);
    check(&code, &["frozen::chain(&[&self.a, &self.b, &self.c], x)"]);
    let blocks = format!(
        r#"{{ "_id": "a", {EXPAND} }}, {{ "_id": "b", {EACH} }}, {{ "_id": "tanh", "_class": "Tanh" }}, {{ "_id": "c", {EACH} }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> b -> tanh -> c -> y""#);
    check(
        &code,
        &[
            "let y = frozen::chain(&[&self.a, &self.b], x)?; // [N, 6, 8, 8]",
            "self.c.forward(&y)",
        ],
    );
}

#[test]
fn what_is_between_two_kernels_is_there_for_others_who_read_it() {
    let blocks = format!(
        r#"{{ "_id": "a", {EXPAND} }}, {{ "_id": "b", {EACH} }}, {{ "_id": "cat", "_class": "Concatenate", "dim": 0 }}"#
    );
    let code = frozen(IMAGE, &blocks, r#""x -> a -> b -> cat -> y", "a -> cat""#);
    check(
        &code,
        &[
            "let y = self.a.forward(x)?; // [N, 6, 8, 8]",
            "let b = self.b.forward(&y)?;",
        ],
    );
}

#[test]
fn convolutions_that_reach_further_are_called_alone() {
    let of = |more: &str| {
        let blocks = format!(r#"{{ "_id": "a", {EXPAND} {more} }}, {{ "_id": "b", {EACH} }}"#);
        frozen(IMAGE, &blocks, r#""x -> a -> b -> y""#)
    };
    assert!(of("").contains("frozen::chain("), "{}", of(""));
    for more in [r#", "stride": 2"#, r#", "padding": 1"#, r#", "groups": 3"#] {
        assert!(!of(more).contains("frozen::chain("), "{}", of(more));
    }
}

#[test]
fn the_last_one_of_a_chain_takes_the_sum() {
    let blocks = format!(
        r#"{{ "_id": "first", {CONV} }}, {{ "_id": "a", {EXPAND} }}, {{ "_id": "b", {EACH} }}, {{ "_id": "c", {CONV} }},
           {{ "_id": "add", "_class": "Add" }}"#
    );
    let of = |wires| frozen(IMAGE, &blocks, wires);
    check(
        &of(r#""x -> first -> a -> b -> c -> add -> y", "first -> add""#),
        &["frozen::chain_add(&[&self.a, &self.b, &self.c], &y, &y)"],
    );
    check(
        &of(r#""x -> first -> add -> y", "x -> a -> b -> c -> add""#),
        &["frozen::chain_add_(&[&self.a, &self.b, &self.c], x, &y)"],
    );
}

#[test]
fn a_few_sequentials_with_one_kernel_each_are_fields_and_many_an_array() {
    let seq = format!(
        r#"{{ "_class": "Sequential", "blocks": [{{ {CONV} }}, {{ {NORM} }}, {{ "_class": "ReLU" }}] }}"#
    );
    let of = |count: usize| {
        let blocks = vec![seq.as_str(); count].join(", ");
        let all = format!(r#"{{ "_id": "all", "_class": "Sequential", "blocks": [{blocks}] }}"#);
        both(IMAGE, &all, r#""x -> all -> y""#)
    };
    check(
        &of(3),
        &[
            "conv0: frozen::Conv2d,",
            "conv1: frozen::Conv2d,",
            "conv2: frozen::Conv2d,",
            "}",
        ],
    );
    assert!(of(4).contains("; 4],"), "{}", of(4));
}

#[test]
fn a_sum_inside_a_chain_ends_it() {
    let blocks = format!(
        r#"{{ "_id": "a", {EXPAND} }}, {{ "_id": "add", "_class": "Add" }}, {{ "_id": "b", {EACH} }}, {{ "_id": "c", {CONV} }}"#
    );
    let first = frozen(
        "[6, 8, 8]",
        &blocks,
        r#""x -> a -> add -> b -> c -> y", "x -> add""#,
    );
    check(
        &first,
        &[
            "let y = self.a.forward_add(x, x)?;",
            "frozen::chain(&[&self.b, &self.c], &y) // [N, 3, 8, 8]",
        ],
    );
    let middle = frozen(
        "[6, 8, 8]",
        &blocks,
        r#""x -> a -> b -> add -> c -> y", "x -> add""#,
    );
    check(
        &middle,
        &[
            "let y = frozen::chain_add(&[&self.a, &self.b], x, x)?;",
            "self.c.forward(&y) // [N, 3, 8, 8]",
        ],
    );
}

const CAT: &str = r#"{ "_id": "cat", "_class": "Concatenate", "dim": 0 }"#;

#[test]
fn convolutions_write_where_their_concatenation_is() {
    let blocks = format!(
        r#"{{ "_id": "a", {CONV} }}, {{ "_id": "act", "_class": "ReLU" }}, {{ "_id": "b", {EXPAND} }}, {CAT}"#
    );
    let of = |more: &str, wires| frozen(IMAGE, &format!("{blocks}{more}"), wires);
    check(
        &of("", r#""x -> a -> act -> cat -> y", "x -> b -> cat""#),
        &["frozen::joined(&[(&self.a, x), (&self.b, x)]) // [N, 9, 8, 8]"],
    );
    // Of other inputs, the last of which ends there.
    let first = format!(r#", {{ "_id": "first", {CONV} }}"#);
    check(
        &of(
            &first,
            r#""x -> first -> a -> act -> cat -> y", "first -> b -> cat""#,
        ),
        &[
            "let y = self.first.forward(x)?;",
            "frozen::joined(&[(&self.a, &y), (&self.b, &y)]) // [N, 9, 8, 8]",
        ],
    );
}

#[test]
fn what_others_concatenate_or_read_is_copied() {
    let blocks = format!(r#"{{ "_id": "a", {CONV} }}, {{ "_id": "b", {EXPAND} }}, {CAT}"#);
    for (more, wires) in [
        // One is the input itself, or what no convolution gives.
        ("", r#""x -> a -> b -> cat -> y", "x -> cat""#),
        (
            r#", { "_id": "p", "_class": "Tanh" }"#,
            r#""x -> a -> cat -> y", "x -> p -> cat", "p -> b -> cat""#,
        ),
        // The same value twice.
        ("", r#""x -> a -> b -> cat -> y", "b -> cat""#),
        // One that something is added to.
        (
            r#", { "_id": "add", "_class": "Add" }"#,
            r#""x -> a -> add -> cat -> y", "x -> add", "x -> b -> cat""#,
        ),
    ] {
        let code = frozen(IMAGE, &format!("{blocks}{more}"), wires);
        assert!(code.contains("frozen::cat("), "{code}");
        assert!(!code.contains("joined"), "{code}");
    }
}
