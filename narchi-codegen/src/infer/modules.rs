//! Included files: what their symbols mean for the sizes that are fed into them.

use super::{
    Inference,
    report::{as_written, label},
};
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
    is_input: bool,
}

impl End {
    /// A report on it that shows it from both sides.
    fn report(&self, place: &Place, message: String, help: String) -> Diagnostic<Place> {
        let (outside, text) = self.outside.clone();
        Diagnostic::error("module-differs", place.clone(), message)
            .label(outside, text)
            .help(Some(help))
    }

    /// What to do about a declared size that is another one.
    fn help(&self, declared: &Dim, found: &Dim) -> String {
        // The symbols around a file mean nothing in it.
        let fixed = found.as_fixed().map(|_| as_written(found));
        match (self.is_input, fixed) {
            (true, Some(found)) => format!("feed it {declared}, or declare {found} or a symbol"),
            (true, None) => format!("feed it {declared}, or declare a symbol"),
            (false, Some(found)) => format!("declare {found}, or `'<<auto>>'`"),
            (false, None) => "declare `'<<auto>>'`".to_owned(),
        }
    }
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
                    is_input: true,
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
            is_input: false,
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
            let help = if end.is_input {
                "feed it as many sizes as the file declares"
            } else {
                "declare as many sizes as there are, the batch left out"
            };
            self.sink.push(end.report(whole, message, help.to_owned()));
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
                end,
                place,
                ..
            } = pair;
            let message = format!("{} is declared with {declared}, but has {found}", end.of);
            let report = end.report(place, message, end.help(declared, found));
            self.sink.push(report.note(why.0));
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
