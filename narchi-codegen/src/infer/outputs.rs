//! What the file declares of its outputs, and what comes out.

use std::collections::BTreeMap;

use super::{
    Inference,
    report::{as_written, source_label},
};
use crate::{
    diagnostic::Diagnostic,
    dim::{Dim, Symbol},
    document::Place,
    layer::{Need, Needs},
    model::ScopeId,
    shape::Type,
    wiring::{Declared, DeclaredDim, Size, Source, WiredScope},
};

impl Inference<'_> {
    /// Compares what the file declares of its outputs with what comes out.
    pub(super) fn outputs(&mut self, wired: &WiredScope<'_>, id: ScopeId) {
        // Outputs that are unknown have been left out of the scope.
        let scope = &self.scopes[id.0];
        let found: BTreeMap<&str, &Type> = scope
            .outputs
            .iter()
            .filter_map(|it| Some((it.name.as_deref()?, scope.ty(it.value))))
            .collect();
        let found: Vec<Option<Type>> = wired
            .outputs
            .iter()
            .map(|(it, _)| Some((*found.get(it.name.as_deref()?)?).clone()))
            .collect();
        for ((declared, source), found) in wired.outputs.iter().zip(found) {
            if let (Some(found), Some(shape)) = (found, &declared.shape) {
                self.output(declared, shape, source, wired, &found);
            }
        }
    }

    fn output(
        &mut self,
        declared: &Declared,
        shape: &[DeclaredDim],
        source: &Source,
        wired: &WiredScope<'_>,
        found_type: &Type,
    ) {
        let found = found_type;
        let name = declared.name.as_deref().unwrap_or_default();
        let gives = format!("{} gives {found}", source_label(source, wired));
        let whole = shape.first().map_or(&declared.place, |it| &it.place);
        if shape.len() != found.rank() {
            let message = format!(
                "the output `{name}` is declared with {} sizes, but has {}",
                shape.len() - 1,
                found.rank() - 1
            );
            let report = Diagnostic::error("output-differs", whole.clone(), message);
            self.sink.push(
                report
                    .label(source.place.clone(), gives)
                    .note("sizes are declared without the batch"),
            );
            return;
        }
        // Sizes that differ for one reason are one report.
        let mut differs: Option<Diagnostic<Place>> = None;
        for (position, (dim, found)) in shape.iter().zip(found.dims()).enumerate() {
            let Size::Known(declared_dim) = &dim.size else {
                continue;
            };
            if self.reports_unbound(name, declared_dim, found, &dim.place) {
                continue;
            }
            let declared_dim = &self.facts.transparent(declared_dim);
            let mut needs = Needs::new(&self.facts.facts, &self.facts.bound);
            let result = needs.equal(found, declared_dim);
            let needs = needs.into_found();
            if let Err(why) = result {
                let note = format!("dim {position}, the batch being 0: {}", why.0);
                let report = match differs.take() {
                    Some(report) => {
                        let text = format!("{declared_dim}, but there it has {found}");
                        let all: Vec<String> =
                            found_type.dims()[1..].iter().map(as_written).collect();
                        let help = format!("declare {}, or `'<<auto>>'` for each", all.join(", "));
                        report.label(dim.place.clone(), text).help(Some(help))
                    }
                    None => {
                        let message = format!(
                            "the output `{name}` is declared with {declared_dim}, but has {found}"
                        );
                        let help = format!("declare {}, or `'<<auto>>'`", as_written(found));
                        Diagnostic::error("output-differs", dim.place.clone(), message)
                            .label(source.place.clone(), gives.clone())
                            .help(Some(help))
                    }
                };
                differs = Some(report.note(note));
            }
            for Need { fact, why } in needs {
                let message = format!("the output `{name}` requires {fact} of the inputs");
                let warning = Diagnostic::warning("fact-assumed", dim.place.clone(), message);
                let help = format!("declare {} to do without", as_written(found));
                self.sink.push(warning.note(why).help(Some(help)));
                self.facts
                    .require(self.sink, fact, name.to_owned(), &dim.place);
            }
        }
        if let Some(report) = differs {
            self.sink.push(report);
        }
    }

    /// Reports a symbol that nothing else mentions: no value could be found for it.
    fn reports_unbound(&mut self, name: &str, declared: &Dim, found: &Dim, place: &Place) -> bool {
        let is_known = |it: &Symbol| {
            let occurs = |(dim, ..): &(Dim, String, Place)| dim.symbols().contains(it);
            self.facts.bound.contains(it) || self.sizes.all.iter().any(occurs)
        };
        let Some(symbol) = declared.symbols().into_iter().find(|it| !is_known(it)) else {
            return false;
        };
        if self.facts.opaque.contains_key(declared) {
            return false;
        }
        let message =
            format!("the output `{name}` is declared with `{symbol}`, which nothing decides");
        let report = Diagnostic::error("unbound-symbol", place.clone(), message);
        let note = "a symbol is known from the shape of an input, or as a parameter of a block";
        let help = format!("declare {}, or `'<<auto>>'`", as_written(found));
        self.sink.push(report.note(note).help(Some(help)));
        true
    }
}
