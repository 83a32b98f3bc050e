//! Boxes in colours that users choose for classes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Colour, Diagram, Graph, Node};
use crate::{
    model::{Kind, Model},
    similar::similar,
};

/// The colours of classes of a model, as [`Model::fills`] makes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fills(BTreeMap<String, Colour>);

/// How the box of a node is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Paint {
    pub(super) colour: Colour,
    /// What is in an open scope has colours of its own, so that there is little of this one behind it.
    pub(super) is_open: bool,
}

impl Model {
    /// Colours for blocks of these classes; of two for the same class, the last one holds.
    ///
    /// # Errors
    ///
    /// A line for people, where no block of the model has a class.
    pub fn fills(&self, wanted: &[(String, Colour)]) -> Result<Fills, String> {
        let classes = self.classes();
        let Some((unknown, _)) = wanted.iter().find(|it| !classes.contains(&it.0)) else {
            return Ok(Fills(wanted.iter().cloned().collect()));
        };
        let names: Vec<&str> = classes.iter().map(String::as_str).collect();
        let near = similar(unknown, names.iter().copied()).map_or_else(
            || format!("its classes are {}", names.join(", ")),
            |it| format!("did you mean `{it}`?"),
        );
        Err(format!(
            "the model has no block of class `{unknown}`: {near}"
        ))
    }

    /// The classes of all blocks, as a [`Node`] has them.
    fn classes(&self) -> BTreeSet<String> {
        let blocks = self
            .scopes
            .iter()
            .flat_map(|scope| scope.written.iter().map(|it| &scope.block(*it).kind));
        let class = |kind: &Kind| match kind {
            Kind::Input => None,
            Kind::Layer(layer) => Some(layer.class().to_owned()),
            Kind::Scope(inner) => Some(self.class_of(*inner)),
        };
        blocks.filter_map(class).collect()
    }
}

impl Diagram {
    /// Fills the boxes of blocks, those in open scopes too. Boxes of other classes keep what they have.
    pub fn fill(&mut self, fills: &Fills) {
        self.graph.fill(fills);
    }
}

impl Graph {
    fn fill(&mut self, fills: &Fills) {
        for node in &mut self.nodes {
            node.fill = fills.0.get(&node.class).copied().or(node.fill);
            if let Some(inside) = &mut node.inside {
                inside.fill(fills);
            }
        }
    }

    /// What there is of filled boxes, each once.
    pub(super) fn paints(&self) -> BTreeSet<Paint> {
        let mut paints = BTreeSet::new();
        for node in &self.nodes {
            paints.extend(node.paint());
            paints.extend(node.inside.iter().flat_map(Self::paints));
        }
        paints
    }
}

impl Node {
    pub(super) fn paint(&self) -> Option<Paint> {
        Some(Paint {
            colour: self.fill?,
            is_open: self.inside.is_some(),
        })
    }
}

impl Paint {
    /// The class that elements of the picture have: `fill_ffd8a8`, or `tint_ffd8a8` for open scopes.
    pub(super) fn class(self) -> String {
        let kind = if self.is_open { "tint" } else { "fill" };
        self.colour.to_string().replace('#', &format!("{kind}_"))
    }

    /// The rules for a picture. They are more specific than those of looks, so that they hold in dark pages, too; and pages
    /// fold open scopes, which then are filled.
    pub(super) fn css(self) -> String {
        let Self { colour, is_open } = self;
        let (class, edge, ink) = (self.class(), colour.edge(), colour.ink());
        let box_and_frame = format!(
            ".narchi .node.{class} > .box {{ fill: {colour}; stroke: {edge}; }}\n\
             .narchi .node.{class} > .second {{ stroke: {edge}; }}\n"
        );
        let rest = if is_open {
            let share = colour.share_on_light();
            format!(
                ".narchi .open.{class} > .box {{ fill-opacity: {share:.2}; }}\n\
                 .narchi .closed.{class} > .name {{ fill: {ink}; }}\n"
            )
        } else {
            format!(".narchi .node.{class} > text {{ fill: {ink}; }}\n")
        };
        box_and_frame + &rest
    }

    /// The rule that a dark page has beside.
    pub(super) fn dark_css(self) -> String {
        if !self.is_open {
            return String::new();
        }
        let (class, share) = (self.class(), self.colour.share_on_dark());
        format!(
            "@media (prefers-color-scheme: dark) {{ .narchi .open.{class} > .box {{ fill-opacity: {share:.2}; }} }}\n"
        )
    }
}
