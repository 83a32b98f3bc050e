//! What is known of the symbols while blocks are wired, and what follows for the inputs.

use std::collections::{BTreeMap, BTreeSet};

use super::Inference;
use crate::{
    diagnostic::{Diagnostic, Sink},
    dim::{self, Dim, Fact, Facts, Symbol, lower_bounds},
    document::Place,
    model::Required,
};

/// What is known of the symbols.
#[derive(Default)]
pub(super) struct Known {
    pub(super) required: Vec<Required>,
    /// Where facts came from: what needs them, and where that is.
    origins: Vec<(String, Place)>,
    pub(super) facts: Facts,
    /// Symbols that inputs decide.
    pub(super) bound: BTreeSet<Symbol>,
    /// Those of them that are computed, from the symbols of positions such as `2*H`.
    pub(super) derived: BTreeMap<Symbol, Dim>,
    /// Declared sizes that are one symbol as a whole.
    pub(super) opaque: BTreeMap<Dim, Symbol>,
}

/// Every size that occurs, and where first.
#[derive(Default)]
pub(super) struct Sizes {
    pub(super) seen: BTreeSet<Dim>,
    pub(super) all: Vec<(Dim, String, Place)>,
}

impl Inference<'_> {
    /// Finds how large the symbols must be for no size to vanish.
    pub(super) fn lower_bounds(&mut self) {
        // Sizes are whole, or facts see to it: `H*W/12` is at least one where `H*W` is.
        let whole = |dim: &Dim| dim.scale(dim.denominator()?.into());
        let dims = self.sizes.all.iter();
        let dims: Vec<Dim> = dims
            .map(|it| whole(&it.0).unwrap_or_else(|_| it.0.clone()))
            .collect();
        let bounds = match lower_bounds(&dims, &self.facts.facts) {
            Ok(bounds) => bounds,
            Err(error) => {
                self.facts.report_contradiction(self.sink, &error);
                return;
            }
        };
        for (symbol, least) in bounds.least {
            if let Some((index, _)) = least.breaks.filter(|_| least.value > 1) {
                let block = self.sizes.all[index].1.clone();
                let fact = Fact::AtLeast(symbol, least.value);
                if !self.facts.facts.implies(&fact) {
                    self.facts.required.push(Required::new(fact, block));
                }
            }
        }
        for index in bounds.unmet {
            let (dim, path, place) = &self.sizes.all[index];
            let message =
                format!("`{path}` makes a size of {dim}, and nothing shows that it is positive");
            let report = Diagnostic::error("size-not-positive", place.clone(), message);
            let help = "declare sizes that are positive for all values of their symbols";
            self.sink.push(report.help(Some(help)));
        }
    }

    /// Symbols that occur, but that no input binds.
    pub(super) fn free_symbols(&self) -> Vec<Symbol> {
        let mut free = BTreeSet::new();
        for (dim, ..) in &self.sizes.all {
            free.extend(
                dim.symbols()
                    .into_iter()
                    .filter(|it| !self.facts.bound.contains(it)),
            );
        }
        free.into_iter().collect()
    }
}

impl Known {
    /// Notes that the inputs have to meet a fact, if that does not follow from others.
    pub(super) fn require(&mut self, sink: &mut Sink, fact: Fact, block: String, place: &Place) {
        let added = self.facts.add(fact.clone());
        // What is known already need not be checked again.
        if added != Ok(false) {
            let origin = format!("`{block}` requires {fact}");
            self.origins.push((origin, place.clone()));
        }
        match added {
            Ok(false) => {}
            Ok(true) => self.required.push(Required::new(fact, block)),
            Err(error) => self.report_contradiction(sink, &error),
        }
    }

    fn report_contradiction(&self, sink: &mut Sink, error: &dim::Error) {
        let Some(((last, place), others)) = self.origins.split_last() else {
            return;
        };
        let message = format!("no input meets what is required of it: {error}");
        let mut report = Diagnostic::error("facts-contradict", place.clone(), message).here(last);
        for (origin, place) in others {
            report = report.label(place.clone(), origin);
        }
        sink.push(report.help(Some("change one of these blocks, or the sizes it gets")));
    }
}
