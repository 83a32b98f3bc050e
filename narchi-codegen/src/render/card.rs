//! What is written in the box of a node, and how large that makes it.

use super::{
    Graph, Look, Node,
    layout::{self, Laid},
    text::{shortened, text_width, wrapped},
};

/// The sizes of fonts.
pub(super) const TITLE: f64 = 15.0;
pub(super) const NAME: f64 = 11.0;
pub(super) const SMALL: f64 = 8.5;

/// The height of the strip of an open scope that has its name.
const HEADER: f64 = 21.0;
/// What is left free at the sides of a box.
const PAD: f64 = 11.0;
/// How wide small texts become before they are broken.
const WIDE: f64 = 158.0;
/// The most lines of parameters that are shown.
const MOST_LINES: usize = 6;
/// How far wires into a block are apart.
pub(super) const APART: f64 = 12.0;

/// A box without its place.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) lines: Vec<Line>,
    /// Where wires leave, from the left side.
    pub(super) outs: Vec<f64>,
    /// Where wires arrive, if that is not anywhere.
    pub(super) ins: Option<Vec<f64>>,
    /// What is in an open scope, and where it is.
    pub(super) inside: Option<(Laid, f64, f64)>,
}

/// A line of text in a box.
#[derive(Debug)]
pub(super) struct Line {
    /// The middle, or where it starts.
    pub(super) x: f64,
    /// What the letters stand on.
    pub(super) y: f64,
    pub(super) is_centred: bool,
    pub(super) style: Style,
    /// In bold, before the rest.
    pub(super) bold: String,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Name and class.
    Name,
    /// Parameters.
    Param,
    /// What else there is to say.
    Note,
}

impl Card {
    /// The box of a node that takes `ins` values, and whose outputs that are used have these shapes beside them.
    pub(super) fn new(node: &Node, is_root: bool, ins: usize, labels: &[f64], ends: usize) -> Self {
        match (&node.inside, node.look) {
            (Some(inside), _) => Self::open(node, inside),
            (None, Look::Input | Look::Output) if !is_root => Self::end(node, ends > 1),
            _ => Self::closed(node, ins, labels),
        }
    }

    fn closed(node: &Node, ins: usize, labels: &[f64]) -> Self {
        let mut lines = vec![(Style::Name, node.name.clone(), node.class.clone())];
        let params = params(&node.params).into_iter();
        lines.extend(params.map(|it| (Style::Param, String::new(), it)));
        let mut add = |text: &str| {
            let text = shortened(text, SMALL, false, WIDE);
            lines.push((Style::Note, String::new(), text));
        };
        if matches!(node.look, Look::Input | Look::Output) {
            let description = node.description.as_deref().unwrap_or_default();
            let all = wrapped(description, SMALL, false, WIDE);
            all.iter().take(MOST_LINES).for_each(|it| add(it));
        }
        if let Some(shares) = node.shares() {
            add(&format!("weights of {shares}"));
        } else if matches!(node.look, Look::Matrix | Look::Weights) && node.path != node.name {
            add(&node.path);
        }
        let widths = lines
            .iter()
            .map(|(style, bold, text)| width_of(*style, bold, text));
        let wide = widths.fold(0.0, f64::max) + 2.0 * PAD;
        #[expect(clippy::cast_precision_loss, reason = "no block has so many inputs")]
        let for_ins = 2.0 * APART * (ins.min(40) as f64) + 2.0 * PAD;
        // A shape is written to the right of its wire.
        let (step, mut outs) = (labels.iter().fold(0.0, |a: f64, b| a.max(*b)) + 16.0, 0.0);
        let outs: Vec<f64> = labels
            .iter()
            .map(|_| {
                outs += step;
                outs - step
            })
            .collect();
        let for_outs = outs.last().unwrap_or(&0.0);
        let width = wide.max(for_ins).max(for_outs + 2.0 * PAD).max(60.0).ceil();
        let left = (width - for_outs) / 2.0;
        let outs = outs.iter().map(|it| it + left).collect();

        let mut y = 5.0;
        let lines = lines.into_iter().map(|(style, bold, text)| {
            y += step_of(style);
            Line {
                x: width / 2.0,
                y: y - 3.0,
                is_centred: true,
                style,
                bold,
                text,
            }
        });
        let lines = lines.collect();
        Self {
            width,
            height: y + 5.0,
            lines,
            outs,
            ins: None,
            inside: None,
        }
    }

    fn open(node: &Node, inside: &Graph) -> Self {
        let inside = layout::laid(inside, false);
        let class = match node.shares() {
            Some(shares) => format!("{} · weights of {shares}", node.class),
            None => node.class.clone(),
        };
        let class = shortened(&class, NAME, false, 2.0 * WIDE);
        let bold = shortened(&node.name, NAME, true, 2.0 * WIDE);
        let title = width_of(Style::Name, &bold, &class);
        let width = (inside.width + 20.0).max(title + 2.0 * PAD + 14.0).ceil();
        let x = ((width - inside.width) / 2.0).round();
        let shifted = |all: &[f64]| all.iter().map(|it| it + x).collect();
        Self {
            width,
            height: HEADER + inside.height,
            lines: vec![Line {
                x: 9.0,
                y: 14.5,
                is_centred: false,
                style: Style::Name,
                bold,
                text: class,
            }],
            outs: shifted(&inside.outs),
            ins: Some(shifted(&inside.ins)),
            inside: Some((inside, x, HEADER)),
        }
    }

    /// Where a wire crosses the border of a scope: nothing, or a name where there are others.
    fn end(node: &Node, is_named: bool) -> Self {
        let text = if is_named { node.name.as_str() } else { "" };
        let text = shortened(text, SMALL, false, WIDE);
        let (width, height, lines) = if text.is_empty() {
            (1.0, 0.0, Vec::new())
        } else {
            let width = (text_width(&text, SMALL, false) + 12.0).ceil();
            let line = Line {
                x: width / 2.0,
                y: 10.5,
                is_centred: true,
                style: Style::Note,
                bold: String::new(),
                text,
            };
            (width, 15.0, vec![line])
        };
        Self {
            width,
            height,
            lines,
            outs: vec![width / 2.0],
            ins: Some(vec![width / 2.0]),
            inside: None,
        }
    }

    /// The height of the strip that has the name, if something is in it.
    pub(super) fn header() -> f64 {
        HEADER
    }
}

impl Style {
    pub(super) fn size(self) -> f64 {
        match self {
            Self::Name => NAME,
            Self::Param | Self::Note => SMALL,
        }
    }
}

impl Line {
    /// What separates the part in bold from the rest.
    pub(super) fn space(&self) -> &'static str {
        space(&self.bold, &self.text)
    }
}

fn space(bold: &str, text: &str) -> &'static str {
    if bold.is_empty() || text.is_empty() {
        ""
    } else {
        "  "
    }
}

fn width_of(style: Style, bold: &str, text: &str) -> f64 {
    let size = style.size();
    let rest = format!("{}{text}", space(bold, text));
    text_width(bold, size, true) + text_width(&rest, size, false)
}

fn step_of(style: Style) -> f64 {
    match style {
        Style::Name => 14.0,
        Style::Param | Style::Note => 11.0,
    }
}

/// `kernel_size 3 · stride 2`, broken between parameters.
fn params(params: &[(String, String)]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in params {
        let param = shortened(&format!("{name} {value}"), SMALL, false, WIDE);
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} · {param}"), SMALL, false) <= WIDE => {
                line.push_str(" · ");
                line.push_str(&param);
            }
            _ => lines.push(param),
        }
    }
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES - 1);
        lines.push("…".to_owned());
    }
    lines
}
