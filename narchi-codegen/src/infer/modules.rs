//! Included files: what their symbols mean for the sizes that are fed into them.

use super::{Inference, report::label};
use crate::{
    diagnostic::Diagnostic,
    dim::{Bindings, Dim, Unified, unify},
    document::Place,
    layer::{Need, Needs},
    model::{ScopeId, WeightPath},
    shape::Type,
    wiring::{Declared, Size, Wired, WiredScope},
};

/// A declared size, and the one that is there.
struct Pair {
    declared: Dim,
    found: Dim,
    end: End,
    place: Place,
}

/// An input or output of an included file.
#[derive(Clone)]
struct End {
    /// What people call it.
    of: String,
    /// Where it is in the file around it, and what to say there.
    outside: (Place, String),
}

impl Inference<'_> {
    /// Finds out what the symbols of a scope mean; for one that declares no shapes, as around it.
    pub(super) fn bindings(
        &mut self,
        inner: &WiredScope<'_>,
        block: &Wired<'_>,
        types: &[Option<Type>],
        path: &WeightPath,
    ) -> Option<Bindings> {
        if inner.inputs.iter().all(|it| it.shape.is_none()) {
            return Some(self.bindings.clone());
        }
        let mut pairs = Vec::new();
        for (index, (declared, ty)) in inner.inputs.iter().zip(types).enumerate() {
            if let Some(ty) = ty {
                let wire = block.inputs.get(index).map_or(&block.place, |it| &it.place);
                let end = End {
                    of: format!("what is fed into `{}`", label(block)),
                    outside: (wire.clone(), format!("this is {ty}")),
                };
                self.pair(&mut pairs, declared, ty, &end)?;
            }
        }
        let unified = unified(&pairs);
        for (index, declared, found) in &unified.compare {
            self.agree(&pairs[*index], declared, found, path)?;
        }
        for index in &unified.unsolved {
            let Pair {
                declared,
                end: End { of, .. },
                place,
                ..
            } = &pairs[*index];
            let message = format!("nothing says what the symbols of `{declared}` are in {of}");
            let report = Diagnostic::error("unbound-symbol", place.clone(), message);
            let help = "declare a symbol for the whole size";
            self.sink.push(report.help(Some(help)));
        }
        Some(Bindings::new(unified.values, path.to_string()))
    }

    /// Compares the declared outputs of an included file with what comes out.
    pub(super) fn check_outputs(
        &mut self,
        inner: &WiredScope<'_>,
        block: &Wired<'_>,
        id: ScopeId,
        types: &[Option<Type>],
        path: &WeightPath,
    ) {
        let end = |of: String| End {
            of,
            outside: (block.place.clone(), "included here".to_owned()),
        };
        let scope = &self.scopes[id.0];
        let is_module = inner.inputs.iter().any(|it| it.shape.is_some());
        if !is_module || scope.outputs.len() != inner.outputs.len() {
            return;
        }
        let found: Vec<Type> = scope
            .outputs
            .iter()
            .map(|it| scope.ty(it.value).clone())
            .collect();
        // Outputs may bind symbols, too: with those of the inputs, which agree already.
        let mut pairs = Vec::new();
        for (declared, ty) in inner.inputs.iter().zip(types.iter().flatten()) {
            _ = self.pair(&mut pairs, declared, ty, &end(String::new()));
        }
        let inputs = pairs.len();
        for ((declared, _), ty) in inner.outputs.iter().zip(&found) {
            let name = declared.name.as_deref().unwrap_or_default();
            let end = end(format!("the output `{name}`"));
            if self.pair(&mut pairs, declared, ty, &end).is_none() {
                return;
            }
        }
        let unified = unified(&pairs);
        for (index, declared, found) in unified.compare.iter().filter(|it| it.0 >= inputs) {
            if self.agree(&pairs[*index], declared, found, path).is_none() {
                return;
            }
        }
    }

    /// Pairs up the sizes of a declaration with those of a type.
    fn pair(
        &mut self,
        pairs: &mut Vec<Pair>,
        declared: &Declared,
        ty: &Type,
        end: &End,
    ) -> Option<()> {
        let Some(shape) = &declared.shape else {
            return Some(());
        };
        let whole = shape.first().map_or(&declared.place, |it| &it.place);
        if shape.len() != ty.rank() {
            let message = format!(
                "{} is declared with {} sizes, but has {}: {ty}",
                end.of,
                shape.len() - 1,
                ty.rank() - 1
            );
            let report = Diagnostic::error("module-differs", whole.clone(), message);
            let (place, text) = end.outside.clone();
            self.sink.push(report.label(place, text));
            return None;
        }
        for (dim, found) in shape.iter().zip(ty.dims()) {
            if let Size::Known(declared) = &dim.size {
                let (declared, found) = (declared.clone(), found.clone());
                let (end, place) = (end.clone(), dim.place.clone());
                pairs.push(Pair {
                    declared,
                    found,
                    end,
                    place,
                });
            }
        }
        Some(())
    }

    /// Makes sure that a declared size and the one that is there agree.
    fn agree(&mut self, pair: &Pair, declared: &Dim, found: &Dim, path: &WeightPath) -> Option<()> {
        let mut needs = Needs::new(&self.facts.facts, &self.facts.bound);
        if let Err(why) = needs.equal(found, declared) {
            let Pair {
                declared,
                end: End { of, outside },
                place,
                ..
            } = pair;
            let message = format!("{of} is declared with {declared}, but has {found}");
            let report = Diagnostic::error("module-differs", place.clone(), message).note(why.0);
            self.sink
                .push(report.label(outside.0.clone(), outside.1.clone()));
            return None;
        }
        for Need { fact, why } in needs.into_found() {
            let message = format!("`{path}` requires {fact} of the inputs");
            let warning = Diagnostic::warning("fact-assumed", pair.place.clone(), message);
            self.sink.push(warning.note(why));
            self.facts
                .require(self.sink, fact, path.to_string(), &pair.place);
        }
        Some(())
    }
}

fn unified(pairs: &[Pair]) -> Unified {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|it| (it.declared.clone(), it.found.clone()))
        .collect();
    // Sizes too large to compute with have been reported where they were made.
    unify(&pairs).unwrap_or_default()
}
