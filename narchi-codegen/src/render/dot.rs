//! A diagram for graphviz.

use std::fmt::Write;

use super::{Diagram, Graph, Look, Node, text::xml};

impl Diagram {
    /// The diagram as the text of a file for graphviz. Open scopes are clusters; wires go to the points where they enter
    /// and leave them.
    pub fn dot(&self) -> String {
        let title = format!(
            "<b>{}</b><br align=\"left\"/>{}<font point-size=\"9\">{}</font><br align=\"left\"/>",
            xml(&self.name),
            self.description
                .as_ref()
                .map_or_else(String::new, |it| format!("{}<br align=\"left\"/>", xml(it))),
            xml(&self.caption)
        );
        let mut text = format!(
            "digraph {} {{\n  graph [rankdir=TB, labelloc=t, labeljust=l, fontname=\"Helvetica\", fontsize=12,\n    \
             nodesep=0.3, ranksep=0.35, label=<{title}>];\n  \
             node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, margin=\"0.12,0.05\",\n    \
             color=\"#aeb6c0\", fillcolor=\"#f6f7f9\", height=0.3];\n  \
             edge [fontname=\"Helvetica\", fontsize=8, fontcolor=\"#7b8590\", color=\"#57606a\", arrowsize=0.6];\n",
            quoted(&self.name)
        );
        graph(&mut text, &self.graph, true, 1);
        text.push_str("}\n");
        text
    }
}

fn graph(text: &mut String, all: &Graph, is_root: bool, depth: usize) {
    let space = "  ".repeat(depth);
    for node in &all.nodes {
        // Writing to a string does not fail.
        _ = match &node.inside {
            Some(inside) => {
                let cluster = quoted(&format!("cluster {}", node.path));
                let colours = node.fill.map_or_else(
                    || "color=\"#c3cad2\"".to_owned(),
                    |it| format!("color=\"{}\", bgcolor=\"{}\"", it.edge(), it.tint()),
                );
                _ = writeln!(
                    text,
                    "{space}subgraph {cluster} {{\n{space}  graph [label=<{}>, style=rounded, {colours}, \
                     fontsize=11, tooltip={}];",
                    label(node),
                    quoted(&node.path)
                );
                graph(text, inside, false, depth + 1);
                writeln!(text, "{space}}}")
            }
            None => writeln!(
                text,
                "{space}{} [{}, tooltip={}];",
                quoted(&node.path),
                look(node, is_root),
                quoted(&node.path)
            ),
        };
    }
    for edge in &all.edges {
        let end = |node: &Node, side: &str, port: usize| match node.inside {
            Some(_) => quoted(&format!("{}#{side}{port}", node.path)),
            None => quoted(&node.path),
        };
        let from = end(&all.nodes[edge.from.node], "out", edge.from.port);
        let to = end(&all.nodes[edge.to.node], "in", edge.to.port);
        // What leaves or enters a scope has its shape outside.
        let is_end = |node: usize, look| !is_root && all.nodes[node].look == look;
        let label = if is_end(edge.from.node, Look::Input) || is_end(edge.to.node, Look::Output) {
            String::new()
        } else {
            format!(" [label={}]", quoted(&format!(" {}", edge.shape)))
        };
        _ = writeln!(text, "{space}{from} -> {to}{label};");
    }
}

fn look(node: &Node, is_root: bool) -> String {
    let colours = match node.look {
        Look::Input | Look::Output if !is_root => {
            return "shape=point, width=0.05, label=\"\"".to_owned();
        }
        Look::Input => "fillcolor=\"#ffffff\", color=\"#3b434c\", penwidth=1.5",
        Look::Output => "fillcolor=\"#ffffff\", color=\"#3b434c\", peripheries=2",
        Look::Matrix => "fillcolor=\"#e8f0fb\", color=\"#7ba2d6\"",
        Look::Weights => "fillcolor=\"#e6f4ef\", color=\"#7fb8a2\"",
        Look::Merge => "fillcolor=\"#fdf3df\", color=\"#d9b166\"",
        Look::View => "fillcolor=\"#ffffff\", style=\"rounded,filled,dashed\"",
        Look::Function => "fillcolor=\"#f3effa\", color=\"#b0a0d2\"",
        Look::Scope => "fillcolor=\"#eef0f3\", color=\"#8b95a1\", peripheries=2",
    };
    // Of two values of an attribute, graphviz takes the last.
    let fill = node.fill.map_or_else(String::new, |it| {
        format!(
            ", fillcolor=\"{it}\", color=\"{}\", fontcolor=\"{}\"",
            it.edge(),
            it.ink()
        )
    });
    format!("{colours}{fill}, label=<{}>", label(node))
}

/// In the language that graphviz has for labels.
fn label(node: &Node) -> String {
    let ink = node
        .fill
        .filter(|_| node.inside.is_none())
        .map(|it| it.ink().to_string());
    let small = |text: &str, colour: &str| {
        let (text, colour) = (xml(text), ink.as_deref().unwrap_or(colour));
        format!("<br/><font point-size=\"8\" color=\"{colour}\">{text}</font>")
    };
    let mut label = format!("<b>{}</b>", xml(&node.name));
    if node.name.is_empty() {
        label.clear();
    } else if !node.class.is_empty() {
        label.push_str("  ");
    }
    label.push_str(&xml(&node.class));
    for (name, value) in &node.params {
        label.push_str(&small(&format!("{name} {value}"), "#57606a"));
    }
    if let (Look::Input | Look::Output, Some(description)) = (node.look, &node.description) {
        label.push_str(&small(description, "#7b8590"));
    }
    if let Some(shares) = node.shares() {
        label.push_str(&small(&format!("weights of {shares}"), "#7b8590"));
    }
    if label.is_empty() {
        label.push(' ');
    }
    label
}

/// An id of graphviz.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
