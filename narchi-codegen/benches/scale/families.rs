//! Architectures of any size, for measuring how compilation grows.

use std::fmt::Write;

/// A shape of architecture that can be made in any size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// The smaller size that is measured; the larger one is ten times as large.
    pub(crate) size: usize,
    pub(crate) text: fn(usize) -> String,
    /// Whether what the generated code names is in the stand-in for the runtime.
    pub(crate) compiles_alone: bool,
}

pub(crate) const FAMILIES: [Family; 4] = [
    Family {
        name: "a chain",
        size: 1_000,
        text: |n| chain(n, |_| 8),
        compiles_alone: true,
    },
    Family {
        name: "all blocks distinct",
        size: 1_000,
        text: |n| chain(n, |i| i + 1),
        compiles_alone: true,
    },
    Family {
        name: "all scopes distinct",
        size: 100,
        text: scopes,
        compiles_alone: false,
    },
    Family {
        name: "200 nested Sequentials",
        size: 1_000,
        text: nested,
        compiles_alone: true,
    },
];

/// Linear blocks one after the other.
fn chain(n: usize, feats: fn(usize) -> usize) -> String {
    let (mut blocks, mut graph) = (String::new(), String::from("'x'"));
    let mut last = "x".to_owned();
    for i in 0..n {
        let feats = feats(i);
        _ = writeln!(
            blocks,
            "{{ _id: 'b{i}', _class: 'Linear', output_feats: {feats} }},"
        );
        if i % 10 == 0 {
            graph = if i == 0 {
                String::new()
            } else {
                graph + "',\n"
            };
            _ = write!(graph, "'{last}");
        }
        _ = write!(graph, " -> b{i}");
        last = format!("b{i}");
    }
    architecture(&blocks, &format!("{graph} -> y',"), feats(n - 1))
}

/// Sequentials of which no two are alike.
fn scopes(n: usize) -> String {
    let (mut blocks, mut graph) = (String::new(), String::from("'x"));
    for i in 0..n {
        let mut inner = String::new();
        for bit in 0..12 {
            let class = if i >> bit & 1 == 1 { "Dropout" } else { "ReLU" };
            _ = write!(inner, "{{ _class: '{class}' }}, ");
        }
        _ = writeln!(
            blocks,
            "{{ _id: 's{i}', _class: 'Sequential', blocks: [{inner}] }},"
        );
        _ = write!(graph, " -> s{i}");
    }
    architecture(&blocks, &format!("{graph} -> y',"), 8)
}

/// Blocks spread over 200 Sequentials, each inside the one before.
fn nested(n: usize) -> String {
    const LEVELS: usize = 200;
    let own = "{ _class: 'Linear', output_feats: 8 }, ".repeat(n / LEVELS);
    let level = format!("{{ _class: 'Sequential', blocks: [{own}");
    let before = level.repeat(LEVELS).replacen("{ ", "{ _id: 'deep', ", 1);
    let after = "]}".repeat(LEVELS);
    architecture(&format!("{before}{after}"), "'x -> deep -> y'", 8)
}

fn architecture(blocks: &str, graph: &str, feats: usize) -> String {
    format!(
        "{{\ninputs: [{{ _id: 'x', _shape: [8] }}],\noutputs: [{{ _id: 'y', _shape: [{feats}] }}],\n\
        blocks: [\n{blocks}],\ngraph: [\n{graph}\n],\n}}\n"
    )
}
