//! A diagram for Mermaid, which pages of repositories show.

use std::fmt::Write;

use super::{Colour, Diagram, Graph, Look, Node, fills::Paint};

/// What blocks look like, by their classes.
const STYLES: &str = "\
  classDef port fill:#fff,stroke:#3b434c,stroke-width:1.5px,color:#1f2328
  classDef matrix fill:#e8f0fb,stroke:#7ba2d6,color:#1f2328
  classDef weights fill:#e6f4ef,stroke:#7fb8a2,color:#1f2328
  classDef merge fill:#fdf3df,stroke:#d9b166,color:#1f2328
  classDef view fill:#fff,stroke:#b9c0c8,stroke-dasharray:3 2,color:#1f2328
  classDef function fill:#f3effa,stroke:#b0a0d2,color:#1f2328
  classDef open fill:#f8f9fa,stroke:#c3cad2,color:#1f2328
  classDef scope fill:#eef0f3,stroke:#8b95a1,color:#1f2328
";

impl Diagram {
    /// The diagram as a flowchart for Mermaid. Open scopes are subgraphs; wires go to the points where they enter and leave
    /// them.
    pub fn mermaid(&self) -> String {
        let title = escaped(&self.name);
        let mut writer = Writer {
            text: format!("---\ntitle: \"{title}\"\n---\nflowchart TD\n"),
            count: 0,
        };
        writer.graph(&self.graph, true, 1);
        writer.text.push_str(STYLES);
        let fills = self.graph.paints().into_iter().map(style);
        writer.text.extend(fills);
        writer.text
    }
}

/// The points where wires end, of inputs and of outputs.
struct Ends {
    ins: Vec<String>,
    outs: Vec<String>,
}

struct Writer {
    text: String,
    /// How many nodes there are: ids may be words of the language, so that nodes have numbers.
    count: usize,
}

impl Writer {
    fn id(&mut self) -> String {
        self.count += 1;
        format!("n{}", self.count)
    }

    fn graph(&mut self, graph: &Graph, is_root: bool, depth: usize) -> Ends {
        let space = "  ".repeat(depth);
        let mut ends: Vec<Ends> = Vec::new();
        let (mut ins, mut outs) = (Vec::new(), Vec::new());
        for node in &graph.nodes {
            let id = self.id();
            if let Some(inside) = &node.inside {
                // Writing to a string does not fail.
                _ = writeln!(self.text, "{space}subgraph {id}[\"{}\"]", label(node));
                ends.push(self.graph(inside, false, depth + 1));
                let class = node.paint().map_or_else(|| "open".to_owned(), Paint::class);
                _ = writeln!(self.text, "{space}end\n{space}class {id} {class}");
                continue;
            }
            _ = writeln!(self.text, "{space}{id}{}", shape(node, is_root));
            match node.look {
                Look::Input => ins.push(id.clone()),
                Look::Output => outs.push(id.clone()),
                _ => {}
            }
            ends.push(Ends {
                ins: vec![id.clone()],
                outs: vec![id],
            });
        }
        for edge in &graph.edges {
            let end = |all: &[String], port: usize| all.get(port).or(all.first()).cloned();
            let from = end(&ends[edge.from.node].outs, edge.from.port);
            let to = end(&ends[edge.to.node].ins, edge.to.port);
            // What leaves or enters a scope has its shape outside.
            let is_end = |node: usize, look| !is_root && graph.nodes[node].look == look;
            let is_end = is_end(edge.from.node, Look::Input) || is_end(edge.to.node, Look::Output);
            let label = if is_end {
                String::new()
            } else {
                format!("|\"{}\"|", escaped(&edge.shape))
            };
            if let (Some(from), Some(to)) = (from, to) {
                _ = writeln!(self.text, "{space}{from} -->{label} {to}");
            }
        }
        Ends { ins, outs }
    }
}

/// What filled blocks look like.
fn style(paint: Paint) -> String {
    let Paint { colour, is_open } = paint;
    let (fill, ink) = if is_open {
        (colour.tint(), Colour::DARK)
    } else {
        (colour, colour.ink())
    };
    let (class, edge) = (paint.class(), colour.edge());
    format!("  classDef {class} fill:{fill},stroke:{edge},color:{ink}\n")
}

fn shape(node: &Node, is_root: bool) -> String {
    let label = label(node);
    let class = match node.look {
        Look::Input | Look::Output if !is_root => return "((\" \")):::port".to_owned(),
        Look::Input | Look::Output => return format!("([\"{label}\"]):::port"),
        Look::Matrix => "matrix",
        Look::Weights => "weights",
        Look::Merge => "merge",
        Look::View => "view",
        Look::Function => "function",
        Look::Scope => "scope",
    };
    let class = node.paint().map_or_else(|| class.to_owned(), Paint::class);
    match node.look {
        Look::Scope => format!("[[\"{label}\"]]:::{class}"),
        _ => format!("(\"{label}\"):::{class}"),
    }
}

fn label(node: &Node) -> String {
    let mut label = match (node.name.as_str(), node.class.as_str()) {
        ("", class) => escaped(class),
        (name, "") => format!("<b>{}</b>", escaped(name)),
        (name, class) => format!("<b>{}</b> {}", escaped(name), escaped(class)),
    };
    let params = node.params.iter();
    let params: Vec<String> = params
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let shares = node.shares().map(|it| format!("weights of {it}"));
    let is_end = matches!(node.look, Look::Input | Look::Output);
    let description = node.description.clone().filter(|_| is_end);
    for text in params.into_iter().chain(shares).chain(description) {
        _ = write!(label, "<br/><small>{}</small>", escaped(&text));
    }
    label
}

/// A text in quotes, with the entities that Mermaid has.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for it in text.chars() {
        match it {
            '#' => escaped.push_str("#35;"),
            '"' => escaped.push_str("#quot;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            // What Markdown would make of it.
            '`' => escaped.push_str("#96;"),
            it if it.is_control() => escaped.push(' '),
            it => escaped.push(it),
        }
    }
    escaped
}
