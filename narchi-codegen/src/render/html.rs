//! A diagram as a page that needs nothing else: a picture for each number of levels, of which the last also folds scope by
//! scope, and a panel about what one points at.

use std::{collections::BTreeSet, fmt::Write};

use super::{Diagram, Fills, fills::Paint, text::xml};
use crate::{
    listing::thousands,
    model::Model,
    summary::{Row, Summary},
};

/// With more levels than this, the page has these and the last.
const MOST: usize = 12;

impl Model {
    /// The model as a page of HTML, with these values of its sizes, at first with as many levels of scopes open as
    /// `depth` says, all if it is none, and with boxes in these colours.
    ///
    /// It needs no other file and no network. It zooms, folds scopes one by one or by levels, searches, and has a panel with
    /// the parameters and shapes of what is pointed at.
    ///
    /// # Errors
    ///
    /// As [`summarize`](Self::summarize).
    pub fn page(
        &self,
        at: &[(String, i64)],
        depth: Option<usize>,
        fills: &Fills,
    ) -> Result<String, String> {
        let diagram = |depth| {
            let mut diagram = self.diagram(at, depth)?;
            diagram.fill(fills);
            Ok::<_, String>(diagram)
        };
        let full = diagram(None)?;
        let deepest = full.depth();
        let mut levels: Vec<usize> = (0..deepest.min(MOST)).collect();
        levels.push(deepest);
        let shown = depth.unwrap_or(deepest).min(deepest);
        let mut pictures = String::new();
        for level in &levels {
            let hidden = if *level == shown { "" } else { " hidden" };
            let svg = diagram(Some(*level))?.svg();
            // Writing to a string does not fail.
            _ = writeln!(
                pictures,
                "<div class=\"level\" data-level=\"{level}\"{hidden}>\n{svg}</div>"
            );
        }
        let button = |level: &usize| {
            let pressed = *level == shown;
            format!(
                "<button type=\"button\" data-level=\"{level}\" aria-pressed=\"{pressed}\">{level}</button>"
            )
        };
        let buttons: Vec<String> = levels.iter().map(button).collect();
        let mut sizes = at.to_vec();
        if self.has_batch() && !sizes.iter().any(|it| it.0 == "N") {
            sizes.push(("N".to_owned(), 1));
        }
        let blocks = blocks(&self.summarize(&sizes)?);
        Ok(filled(&full, &buttons.join(""), &pictures, &blocks))
    }
}

fn filled(diagram: &Diagram, buttons: &str, pictures: &str, blocks: &str) -> String {
    let title = xml(&diagram.name);
    let (style, script) = (include_str!("page.css"), include_str!("page.js"));
    let folds = include_str!("folds.js");
    let dark = include_str!("dark.css");
    let paints = diagram.graph.paints().into_iter();
    let fills: String = paints.map(Paint::dark_css).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n<label>Levels <span id=\"levels\" role=\"group\">{buttons}</span></label>\n\
         <input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search for blocks\">\n\
         <output id=\"found\"></output>\n<button id=\"fit\" type=\"button\">Fit</button>\n</header>\n\
         <main>\n<div id=\"view\" tabindex=\"0\"><div id=\"canvas\">\n{pictures}</div></div>\n\
         <aside id=\"panel\" aria-live=\"polite\"><p>Point at a block to see what it is.</p></aside>\n</main>\n\
         <style>\n{dark}{fills}</style>\n\
         <script type=\"application/json\" id=\"blocks\">{blocks}</script>\n<script>\n{folds}{script}</script>\n</body>\n</html>\n"
    )
}

/// What there is to know of blocks, as a JSON object, by their paths.
fn blocks(summary: &Summary) -> String {
    let block = |row: &Row| {
        let count = |it: Option<i64>| it.map_or_else(|| "?".to_owned(), thousands);
        let fields = [
            ("class", row.class.clone()),
            ("layer", row.spelled.clone().unwrap_or_default()),
            ("outputs", row.outputs.join(", ")),
            ("parameters", count(row.costs.parameters)),
            ("multiply_adds", count(row.costs.multiply_adds)),
        ];
        let fields = fields.map(|(name, value)| format!("{}:{}", json(name), json(&value)));
        format!("{}:{{{}}}", json(&row.path), fields.join(","))
    };
    // Of blocks with the same weights, the first has the costs.
    let mut seen = BTreeSet::new();
    let rows = summary.rows.iter();
    let rows = rows.filter(|it| seen.insert(it.path.as_str()));
    let blocks: Vec<String> = rows.map(block).collect();
    format!("{{{}}}", blocks.join(",\n"))
}

/// A string of JSON that may stand in a page.
fn json(text: &str) -> String {
    let mut json = String::from("\"");
    for it in text.chars() {
        match it {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            // Nothing of it may end the element that it is in.
            '<' | '>' | '&' | '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                _ = write!(json, "\\u{:04x}", u32::from(it));
            }
            it => json.push(it),
        }
    }
    json.push('"');
    json
}
