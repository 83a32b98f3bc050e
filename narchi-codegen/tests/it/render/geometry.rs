//! Reads pictures, and finds what is over something else.

use narchi_codegen::text_width;
use roxmltree::{Document, Node};

/// Everything that was drawn, as boxes.
pub(crate) struct Picture {
    texts: Vec<Text>,
    nodes: Vec<Drawn>,
    wires: Vec<Wire>,
}

struct Text {
    said: String,
    area: Area,
    /// The node that it is in, if it is in its box.
    node: Option<usize>,
}

struct Drawn {
    path: String,
    area: Area,
    /// The node around it.
    parent: Option<usize>,
}

struct Wire {
    ends: (String, String),
    points: Vec<(f64, f64)>,
    parent: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn is_over(&self, other: &Self) -> bool {
        let apart = |a: f64, width: f64, b: f64| a + width <= b + 0.11;
        !(apart(self.x, self.width, other.x)
            || apart(other.x, other.width, self.x)
            || apart(self.y, self.height, other.y)
            || apart(other.y, other.height, self.y))
    }

    fn contains(&self, other: &Self) -> bool {
        let within =
            |a: f64, wide: f64, b: f64, narrow: f64| a <= b + 0.11 && b + narrow <= a + wide + 0.11;
        within(self.x, self.width, other.x, other.width)
            && within(self.y, self.height, other.y, other.height)
    }
}

impl Picture {
    pub(crate) fn read(svg: &str) -> Self {
        let document = Document::parse(svg).expect("XML");
        let mut picture = Self {
            texts: Vec::new(),
            nodes: Vec::new(),
            wires: Vec::new(),
        };
        picture.element(document.root_element(), None);
        picture
    }

    /// Where wires are from and where they go, sorted.
    pub(crate) fn edges(&self) -> Vec<(String, String)> {
        let mut edges: Vec<_> = self.wires.iter().map(|it| it.ends.clone()).collect();
        edges.sort();
        edges
    }

    fn element(&mut self, element: Node<'_, '_>, parent: Option<usize>) {
        for child in element.children().filter(Node::is_element) {
            let class = child.attribute("class").unwrap_or_default();
            match child.tag_name().name() {
                "g" => {
                    let is_box = |it: &Node<'_, '_>| it.attribute("class") == Some("box");
                    let shape = child.children().find(is_box).expect("a box");
                    self.nodes.push(Drawn {
                        path: child.attribute("data-path").expect("a path").to_owned(),
                        area: area(shape),
                        parent,
                    });
                    self.element(child, Some(self.nodes.len() - 1));
                }
                "text" => self.texts.push(Text {
                    said: child
                        .descendants()
                        .filter_map(|it| it.text().filter(|_| it.is_text()))
                        .collect(),
                    area: text_area(child),
                    node: parent.filter(|_| matches!(class, "name" | "param" | "note")),
                }),
                "path" if class == "wire" => {
                    let end = |name| child.attribute(name).expect("an end").to_owned();
                    self.wires.push(Wire {
                        ends: (end("data-from"), end("data-to")),
                        points: points(child.attribute("d").expect("a path")),
                        parent,
                    });
                }
                _ => {}
            }
        }
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (place, text) in self.texts.iter().enumerate() {
            for other in &self.texts[..place] {
                if text.area.is_over(&other.area) {
                    problems.push(format!("`{}` is over `{}`", text.said, other.said));
                }
            }
            if let Some(node) = text.node
                && !self.nodes[node].area.contains(&text.area)
            {
                problems.push(format!("`{}` is not in its box", text.said));
            }
        }
        for (place, node) in self.nodes.iter().enumerate() {
            if node
                .parent
                .is_some_and(|it| !self.nodes[it].area.contains(&node.area))
            {
                problems.push(format!("{} is not in its scope", node.path));
            }
            let siblings = self.nodes[..place]
                .iter()
                .filter(|it| it.parent == node.parent);
            for other in siblings.filter(|it| it.area.is_over(&node.area)) {
                problems.push(format!("{} is over {}", node.path, other.path));
            }
            let labels = self.texts.iter().filter(|it| it.node.is_none());
            for label in labels {
                let is_beside = label.area.is_over(&node.area);
                if is_beside && !node.area.contains(&label.area) {
                    problems.push(format!("`{}` is over {}", label.said, node.path));
                }
            }
        }
        for wire in &self.wires {
            let (path, _) = wire.ends.1.rsplit_once(':').expect("a port");
            let end = self
                .nodes
                .iter()
                .find(|it| it.path == path)
                .expect("a node");
            let (x, y) = *wire.points.last().expect("an end");
            let is_at_top = (y - end.area.y).abs() < 0.2;
            if !is_at_top || x < end.area.x - 0.1 || x > end.area.x + end.area.width + 0.1 {
                problems.push(format!("{:?} does not end at its block", wire.ends));
            }
            for pair in wire.points.windows(2) {
                let line = line(pair[0], pair[1]);
                let siblings = self.nodes.iter().filter(|it| it.parent == wire.parent);
                for node in siblings.filter(|it| it.area.is_over(&line)) {
                    problems.push(format!("{:?} goes through {}", wire.ends, node.path));
                }
                for text in self.texts.iter().filter(|it| it.area.is_over(&line)) {
                    problems.push(format!("{:?} goes through `{}`", wire.ends, text.said));
                }
            }
        }
        for (place, wire) in self.wires.iter().enumerate() {
            let others = self.wires[..place].iter();
            for other in others.filter(|it| it.ends.0 != wire.ends.0 && it.lies_on(wire)) {
                problems.push(format!("{:?} lies on {:?}", wire.ends, other.ends));
            }
        }
        problems
    }
}

impl Wire {
    /// Whether they go the same way for a while, and do not only cross.
    fn lies_on(&self, other: &Self) -> bool {
        let lines = |it: &Self| -> Vec<Area> {
            let pairs = it.points.windows(2);
            pairs.map(|it| line(it[0], it[1])).collect()
        };
        let overlap =
            |a: f64, wide: f64, b: f64, narrow: f64| (a + wide).min(b + narrow) - a.max(b);
        lines(self).iter().any(|a| {
            lines(other).iter().any(|b| {
                let across = overlap(a.x, a.width, b.x, b.width);
                let down = overlap(a.y, a.height, b.y, b.height);
                (across > 2.0 && down > -0.5) || (down > 2.0 && across > -0.5)
            })
        })
    }
}

fn number(element: Node<'_, '_>, name: &str) -> f64 {
    let text = element.attribute(name).expect("an attribute");
    text.parse().expect("a number")
}

fn area(shape: Node<'_, '_>) -> Area {
    match shape.tag_name().name() {
        "circle" => Area {
            x: number(shape, "cx"),
            y: number(shape, "cy"),
            width: 0.0,
            height: 0.0,
        },
        _ => Area {
            x: number(shape, "x"),
            y: number(shape, "y"),
            width: number(shape, "width"),
            height: number(shape, "height"),
        },
    }
}

fn text_area(element: Node<'_, '_>) -> Area {
    let size = number(element, "font-size");
    let is_bold = |it: Node<'_, '_>| it.attribute("font-weight") == Some("bold");
    let texts = element.descendants().filter(Node::is_text);
    let widths = texts.map(|it| {
        let is_bold = it.ancestors().any(is_bold);
        text_width(it.text().unwrap_or_default(), size, is_bold)
    });
    let (width, x) = (widths.sum::<f64>(), number(element, "x"));
    let is_centred = element.attribute("text-anchor") == Some("middle");
    Area {
        x: if is_centred { x - width / 2.0 } else { x },
        y: number(element, "y") - 0.8 * size,
        width,
        height: size,
    }
}

/// A piece of a wire, which is across or down.
fn line(from: (f64, f64), to: (f64, f64)) -> Area {
    Area {
        x: from.0.min(to.0),
        y: from.1.min(to.1),
        width: (from.0 - to.0).abs(),
        height: (from.1 - to.1).abs(),
    }
}

fn points(path: &str) -> Vec<(f64, f64)> {
    let spaced = path.replace(['M', 'L', 'Q'], " ");
    let numbers: Vec<f64> = spaced
        .split_whitespace()
        .map(|it| it.parse().expect("a number"))
        .collect();
    numbers.chunks(2).map(|it| (it[0], it[1])).collect()
}
