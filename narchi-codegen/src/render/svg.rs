//! A diagram as SVG, without other programs: what is written is the same everywhere, to the byte.

use std::fmt::Write;

use super::{
    Diagram, Edge, Graph, Look, Node,
    card::{Card, Line, NAME, SMALL, Style, TITLE},
    fills::Paint,
    layout::{self, Laid, Placed},
    text::{text_width, wrapped, xml},
    wires::Wire,
};

/// What is left free around everything.
const MARGIN: f64 = 18.0;
/// How round corners of wires are.
const ROUND: f64 = 6.0;

impl Diagram {
    /// The diagram as SVG, in pixels of 1/96 inch. It has no script, and refers to nothing outside; its fonts are those that
    /// every system has, Helvetica or like it. The same diagram gives the same bytes.
    pub fn svg(&self) -> String {
        let mut svg = Writer::default();
        let laid = layout::laid(&self.graph, true);
        let top = self.titles(&mut svg, laid.width);
        let widest = svg.widest;
        let width = (laid.width.max(widest) + 2.0 * MARGIN).ceil();
        let height = (top + laid.height + 2.0 * MARGIN).ceil();
        let x = ((width - laid.width) / 2.0).round();
        svg.graph(&self.graph, &laid, (x, MARGIN + top), 0);
        let label = xml(&self.name);
        let fills: String = self.graph.paints().into_iter().map(Paint::css).collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"narchi\" role=\"img\" aria-label=\"{label}\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n\
             <title>{label}</title>\n<desc>{}</desc>\n<style>\n{}{fills}</style>\n\
             <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
            xml(&self.caption),
            include_str!("look.css"),
            svg.text,
        )
    }

    /// The name and what there is to say of it; gives the height.
    fn titles(&self, svg: &mut Writer, width: f64) -> f64 {
        let most = width.max(420.0);
        let mut lines: Vec<(String, &str, f64)> = Vec::new();
        let mut add = |text: &str, class: &'static str, size: f64| {
            let wrapped = wrapped(text, size, size > NAME, most);
            lines.extend(wrapped.into_iter().map(|it| (it, class, size)));
        };
        add(&self.name, "title", TITLE);
        add(
            self.description.as_deref().unwrap_or_default(),
            "told",
            NAME,
        );
        add(&self.caption, "told", SMALL + 0.5);
        let mut y = 0.0;
        for (text, class, size) in lines {
            y += size + 4.0;
            let bold = if size > NAME {
                " font-weight=\"bold\""
            } else {
                ""
            };
            svg.widest = svg.widest.max(text_width(&text, size, size > NAME));
            svg.line(format_args!(
                "<text class=\"{class}\" x=\"{MARGIN}\" y=\"{}\" font-size=\"{size}\"{bold}>{}</text>",
                number(MARGIN + y - 4.0),
                xml(&text),
            ));
        }
        y + 14.0
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    widest: f64,
}

impl Writer {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    fn graph(&mut self, graph: &Graph, laid: &Laid, (x, y): (f64, f64), depth: usize) {
        let wires: Vec<(&Edge, &Wire)> = graph.edges.iter().zip(&laid.wires).collect();
        for (place, (edge, wire)) in wires.iter().enumerate() {
            let (from, to) = (&graph.nodes[edge.from.node], &graph.nodes[edge.to.node]);
            // What is drawn twice looks thicker.
            let others = wires[..place].iter().filter(|it| it.0.from == edge.from);
            let shared = others.map(|it| shared(&wire.points, &it.1.points));
            let shared = shared.fold(0.0, f64::max) - ROUND;
            self.line(format_args!(
                "<path class=\"wire\" data-from=\"{}:{}\" data-to=\"{}:{}\" d=\"{}\"/>",
                xml(&from.path),
                edge.from.port,
                xml(&to.path),
                edge.to.port,
                path(&without(&wire.points, shared), x, y),
            ));
        }
        for wire in laid.wires.iter().filter(|it| it.has_tip) {
            if let Some((end, top)) = wire.points.last() {
                self.line(format_args!(
                    "<path class=\"tip\" d=\"M{} {}l-3.2 -7h6.4z\"/>",
                    number(x + end),
                    number(y + top)
                ));
            }
        }
        for label in &laid.labels {
            self.line(format_args!(
                "<text class=\"shape\" x=\"{}\" y=\"{}\" font-size=\"{SMALL}\">{}</text>",
                number(x + label.x),
                number(y + label.y),
                xml(&label.text)
            ));
        }
        for (node, placed) in graph.nodes.iter().zip(&laid.nodes) {
            self.node(node, placed, (x + placed.x, y + placed.y), depth);
        }
    }

    fn node(&mut self, node: &Node, placed: &Placed, (x, y): (f64, f64), depth: usize) {
        let card = &placed.card;
        let is_end = card.ins.is_some() && card.inside.is_none();
        let class = match (node.look, &card.inside) {
            (Look::Input | Look::Output, _) if is_end => "end",
            (Look::Input, _) => "input",
            (Look::Output, _) => "output",
            (Look::Matrix, _) => "matrix",
            (Look::Weights, _) => "weights",
            (Look::Merge, _) => "merge",
            (Look::View, _) => "view",
            (Look::Function, _) => "function",
            (Look::Scope, Some(_)) => "open",
            (Look::Scope, None) => "closed",
        };
        let paint = node
            .paint()
            .map_or_else(String::new, |it| format!(" {}", it.class()));
        let weights = node
            .shares
            .as_ref()
            .map_or_else(String::new, |it| format!(" data-weights=\"{}\"", xml(it)));
        self.line(format_args!(
            "<g class=\"node {class}{paint}\" data-path=\"{}\"{weights} data-depth=\"{depth}\">\n<title>{}</title>",
            xml(&node.path),
            xml(&spoken(node)),
        ));
        self.boxes(node.look, card, (x, y), is_end);
        for line in &card.lines {
            self.card_line(line, x, y);
        }
        if let (Some((laid, inner_x, inner_y)), Some(inside)) = (&card.inside, &node.inside) {
            self.graph(inside, laid, (x + inner_x, y + inner_y), depth + 1);
        }
        self.line(format_args!("</g>"));
    }

    fn boxes(&mut self, look: Look, card: &Card, (x, y): (f64, f64), is_end: bool) {
        let (width, height) = (card.width, card.height);
        if is_end && height <= 0.0 {
            let middle = number(x + width / 2.0);
            let y = number(y);
            self.line(format_args!(
                "<circle class=\"box\" cx=\"{middle}\" cy=\"{y}\" r=\"1.8\"/>"
            ));
            return;
        }
        let round = match look {
            Look::Input | Look::Output => height.min(26.0) / 2.0,
            _ => 5.0,
        };
        let mut rect = |class: &str, inset: f64| {
            self.line(format_args!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
                number(x + inset),
                number(y + inset),
                number(width - 2.0 * inset),
                number(height - 2.0 * inset),
                number(round - inset),
            ));
        };
        rect("box", 0.0);
        if look == Look::Output && !is_end || look == Look::Scope && card.inside.is_none() {
            rect("second", 2.5);
        }
        if card.inside.is_some() {
            let (x2, y) = (number(x + width), number(y + Card::header()));
            let x = number(x);
            self.line(format_args!("<path class=\"header\" d=\"M{x} {y}H{x2}\"/>"));
        }
    }

    fn card_line(&mut self, line: &Line, x: f64, y: f64) {
        let (class, size) = match line.style {
            Style::Name => ("name", NAME),
            Style::Param => ("param", SMALL),
            Style::Note => ("note", SMALL),
        };
        let anchor = if line.is_centred {
            " text-anchor=\"middle\""
        } else {
            ""
        };
        let bold = match line.bold.as_str() {
            "" => String::new(),
            bold => format!("<tspan font-weight=\"bold\">{}</tspan>", xml(bold)),
        };
        self.line(format_args!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" font-size=\"{size}\"{anchor} xml:space=\"preserve\">{bold}{}{}</text>",
            number(x + line.x),
            number(y + line.y),
            line.space(),
            xml(&line.text),
        ));
    }
}

/// Everything about a node, for those who point at it or cannot see it.
fn spoken(node: &Node) -> String {
    let mut text = node.path.clone();
    match (node.look, node.class.as_str()) {
        (Look::Input, _) => text.push_str(": input"),
        (Look::Output, _) => text.push_str(": output"),
        (_, class) => {
            text.push_str(": ");
            text.push_str(class);
        }
    }
    for (name, value) in &node.params {
        _ = write!(text, ", {name} {value}");
    }
    if let Some(description) = &node.description {
        _ = write!(text, " – {description}");
    }
    text
}

/// A wire with round corners.
fn path(points: &[(f64, f64)], x: f64, y: f64) -> String {
    let points: Vec<(f64, f64)> = points.iter().map(|it| (x + it.0, y + it.1)).collect();
    let mut path = String::new();
    for (place, point) in points.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|it| points.get(it));
        match (before, points.get(place + 1)) {
            (None, _) => _ = write!(path, "M{} {}", number(point.0), number(point.1)),
            (Some(_), None) => _ = write!(path, "L{} {}", number(point.0), number(point.1)),
            (Some(before), Some(after)) => {
                let round = ROUND
                    .min(distance(*before, *point) / 2.0)
                    .min(distance(*point, *after) / 2.0);
                let (a, b) = (
                    toward(*point, *before, round),
                    toward(*point, *after, round),
                );
                _ = write!(
                    path,
                    "L{} {}Q{} {} {} {}",
                    number(a.0),
                    number(a.1),
                    number(point.0),
                    number(point.1),
                    number(b.0),
                    number(b.1)
                );
            }
        }
    }
    path
}

/// How long two wires from the same place go together.
fn shared(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let mut length = 0.0;
    for (a, b) in a.windows(2).zip(b.windows(2)) {
        if toward(a[0], a[1], 1.0) == toward(b[0], b[1], 1.0) {
            length += distance(a[0], a[1]).min(distance(b[0], b[1]));
        }
        if a[1] != b[1] {
            break;
        }
    }
    length
}

/// The rest of a wire after this length.
fn without(points: &[(f64, f64)], mut length: f64) -> Vec<(f64, f64)> {
    let mut rest = points;
    while let [a, b, ..] = rest
        && length >= distance(*a, *b)
    {
        length -= distance(*a, *b);
        rest = &rest[1..];
    }
    let mut rest = rest.to_vec();
    if let [a, b, ..] = rest.as_mut_slice()
        && length > 0.0
    {
        *a = toward(*a, *b, length);
    }
    rest
}

/// Of points above or beside each other.
fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}

fn toward(from: (f64, f64), to: (f64, f64), by: f64) -> (f64, f64) {
    let step = |from: f64, to: f64| match to - from {
        it if it > 0.01 => from + by,
        it if it < -0.01 => from - by,
        _ => from,
    };
    (step(from.0, to.0), step(from.1, to.1))
}

/// With one digit behind the point, if it needs one.
fn number(number: f64) -> String {
    let rounded = (number * 10.0).round() / 10.0;
    // Zero has no sign.
    format!("{}", rounded + 0.0)
}
