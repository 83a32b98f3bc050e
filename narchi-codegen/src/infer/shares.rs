//! Blocks that share their weights: the later ones have the weight path of the first.

use std::collections::BTreeMap;

use super::{Inference, report::label};
use crate::{
    diagnostic::Diagnostic,
    document::Place,
    model::{BlockId, Kind, Scope, Segment, WeightPath},
    wiring::Wired,
};

/// What is known of shared weights.
#[derive(Default)]
pub(super) struct Shares {
    /// By the name in the file.
    first: BTreeMap<String, First>,
    /// Weight paths that stand for others: the other, and what it has the weights of.
    pub(super) names: Vec<(String, String)>,
}

/// The first block with some weights.
struct First {
    name: String,
    scope: WeightPath,
    segment: Segment,
    /// What its weights are; none until it was wired.
    weights: Option<Vec<String>>,
    place: Place,
}

impl Inference<'_> {
    /// The step in the weight path of a block: that of the first with the same weights.
    pub(super) fn shared_segment(&mut self, scope: &Scope, block: &Wired<'_>) -> Segment {
        let own = block.segment.clone();
        let Some((share, place)) = &block.share else {
            return own;
        };
        let Some(first) = self.shares.first.get(share) else {
            let first = First {
                name: label(block),
                scope: scope.path.clone(),
                segment: own.clone(),
                weights: None,
                place: place.clone(),
            };
            self.shares.first.insert(share.clone(), first);
            return own;
        };
        if first.scope != scope.path {
            let message = format!(
                "`{}` shares weights with `{}` of another container",
                scope.path.join(own.clone()),
                first.scope.join(first.segment.clone())
            );
            let report = Diagnostic::error("share-too-far", place.clone(), message);
            let help =
                "only blocks beside each other share weights: move the sharing to the containers";
            self.sink.push(
                report
                    .label(first.place.clone(), "the first")
                    .help(Some(help)),
            );
            return own;
        }
        let path = |segment: &Segment| scope.path.join(segment.clone()).to_string();
        self.shares.names.push((path(&own), path(&first.segment)));
        first.segment.clone()
    }

    /// Compares the weights of a block with those it shares.
    pub(super) fn check_share(&mut self, scope: &Scope, block: &Wired<'_>, id: BlockId) {
        let Some((share, place)) = &block.share else {
            return;
        };
        let weights = self.weights_of(scope, id);
        let Some(first) = self.shares.first.get_mut(share) else {
            return;
        };
        let known = first.weights.get_or_insert_with(|| weights.clone());
        if *known == weights {
            return;
        }
        let message = format!(
            "`{}` and `{}` cannot share weights, as theirs differ",
            label(block),
            first.name
        );
        let differ = known.iter().zip(&weights).find(|(a, b)| a != b);
        let note = match differ {
            Some((a, b)) => format!("one has {a}, the other {b}"),
            None => format!(
                "one has {} of them, the other {}",
                known.len(),
                weights.len()
            ),
        };
        let report = Diagnostic::error("shares-differ", place.clone(), message);
        let help = format!("give both the same parameters, or leave out `_id_share: '{share}'`");
        self.sink.push(
            report
                .label(first.place.clone(), "the first")
                .note(note)
                .help(Some(help)),
        );
    }

    /// Names and shapes of all weights in a block.
    fn weights_of(&self, scope: &Scope, id: BlockId) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![(scope, id, String::new())];
        while let Some((scope, id, path)) = left.pop() {
            match &scope.block(id).kind {
                Kind::Input => {}
                Kind::Layer(layer) => {
                    for weight in layer.weights(&scope.types_into(id)) {
                        let shape: Vec<String> =
                            weight.shape.iter().map(ToString::to_string).collect();
                        found.push(format!("`{path}{}` [{}]", weight.leaf, shape.join(", ")));
                    }
                }
                Kind::Scope(inner) => {
                    let inner = &self.scopes[inner.0];
                    for block in inner.written.iter().rev() {
                        let segment = WeightPath(vec![inner.block(*block).segment.clone()]);
                        left.push((inner, *block, format!("{path}{segment}.")));
                    }
                }
            }
        }
        found
    }
}
