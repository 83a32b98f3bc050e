//! The declared inputs: what they are made of, and which symbols they bind.
//!
//! A size that is a symbol binds it. One that is an expression binds the one symbol in it that
//! nothing else binds, if that is possible: `2*H` binds `H`. Where all its symbols are bound, it has
//! to agree with them. What is left, `H+W` alone, is one opaque symbol.

use std::collections::BTreeMap;

use super::{
    Inference,
    dtypes::{Wish, wishes},
};
use crate::{
    diagnostic::Diagnostic,
    dim::{Dim, Fact, Result, Symbol},
    document::Place,
    model::Required,
    shape::{Dtype, Shape, Type},
    wiring::{Declared, Size, WiredScope},
};

/// A size that is an expression, where it stands.
struct Position<'a> {
    input: &'a str,
    axis: usize,
    size: &'a Dim,
    place: &'a Place,
}

impl Inference<'_> {
    /// The types of the declared inputs.
    pub(super) fn inputs(&mut self, root: &WiredScope<'_>) -> Vec<Option<Type>> {
        let declared = root.inputs.as_slice();
        // An expression may bind a symbol that makes another one clear.
        let mut open = self.bind_plain(declared);
        loop {
            let before = open.len();
            open.retain(|it| !self.bind(it));
            if open.len() == before {
                break;
            }
        }
        for it in open {
            if it.size.symbols().is_subset(&self.facts.bound) {
                let fact = Fact::Equal(Dim::symbol(it.symbol()), it.size.clone());
                self.check_at_entry(fact, &it, &format!("== {}", it.size));
                for fact in it.size.needs().unwrap_or_default() {
                    self.facts
                        .require(self.sink, fact, it.input.to_owned(), it.place);
                }
            } else {
                self.facts.bound.insert(it.symbol());
                self.facts.opaque.insert(it.size.clone(), it.symbol());
            }
        }
        let wishes = wishes(root);
        let inputs = declared.iter().zip(&wishes);
        inputs.map(|(it, wishes)| self.input(it, wishes)).collect()
    }

    /// Binds sizes that are symbols; gives those that are expressions.
    fn bind_plain<'a>(&mut self, declared: &'a [Declared]) -> Vec<Position<'a>> {
        let mut open = Vec::new();
        for input in declared {
            let name = input.name.as_deref().unwrap_or_default();
            for (axis, dim) in input.shape.iter().flatten().enumerate() {
                let Size::Known(size) = &dim.size else {
                    continue;
                };
                if let Some(symbol) = size.as_symbol() {
                    self.facts.bound.insert(symbol.clone());
                } else if size.as_fixed().is_none() {
                    let place = &dim.place;
                    open.push(Position {
                        input: name,
                        axis,
                        size,
                        place,
                    });
                }
            }
        }
        open
    }

    fn input(&mut self, declared: &Declared, wishes: &[Wish]) -> Option<Type> {
        let dtype = self.dtype(declared, wishes)?;
        let dims = declared.shape.as_ref()?.iter().map(|dim| match &dim.size {
            Size::Known(size) => Some(self.facts.transparent(size)),
            Size::Auto | Size::Broken => None,
        });
        let shape = Shape(dims.collect::<Option<_>>()?);
        Some(Type { shape, dtype })
    }

    /// What all layers that an input reaches can take. Floating point numbers, where none minds.
    fn dtype(&mut self, declared: &Declared, wishes: &[Wish]) -> Option<Dtype> {
        let (first, second) = match wishes {
            [] => return Some(Dtype::Float),
            [one] => return Some(one.dtype),
            [first, second, ..] => (first, second),
        };
        let name = declared.name.as_deref().unwrap_or_default();
        let (one, other) = (first.dtype, second.dtype);
        let message = format!("the input `{name}` cannot have both {one} and {other}");
        let mut report = Diagnostic::error("wrong-dtype", declared.place.clone(), message);
        for Wish {
            dtype,
            block,
            place,
        } in [first, second]
        {
            report = report.label(place.clone(), format!("`{block}` needs {dtype}"));
        }
        let help = "declare an input for each of them";
        self.sink.push(report.help(Some(help)));
        None
    }

    /// Binds the one unknown symbol of an expression, if there is one and it can be computed.
    fn bind(&mut self, at: &Position<'_>) -> bool {
        let symbols = at.size.symbols();
        let mut unknown = symbols.iter().filter(|it| !self.facts.bound.contains(it));
        let (Some(symbol), None) = (unknown.next(), unknown.next()) else {
            return false;
        };
        let Ok(Some(Solution {
            value,
            parts,
            least,
        })) = solve(at, symbol)
        else {
            return false;
        };
        if let Some((of, modulus)) = parts {
            let text = format!("% {modulus} == 0");
            self.check_at_entry(Fact::divisible(of, modulus), at, &text);
        }
        if let Some(least) = least {
            let fact = Fact::AtLeast(at.symbol(), least);
            self.check_at_entry(fact, at, &format!("≥ {least}"));
        }
        self.facts.bound.insert(symbol.clone());
        self.facts.derived.insert(symbol.clone(), value);
        true
    }

    /// Notes something that only the check at the entry needs to know.
    fn check_at_entry(&mut self, fact: Fact, at: &Position<'_>, what: &str) {
        let text = format!("{}[{}] {what}", at.input, at.axis);
        let block = at.input.to_owned();
        self.facts.required.push(Required { fact, text, block });
    }
}

impl Position<'_> {
    /// The symbol for the size here, whatever it is made of.
    fn symbol(&self) -> Symbol {
        Symbol::new(&self.size.to_string())
    }
}

/// What a symbol is, and what makes that whole and positive.
struct Solution {
    value: Dim,
    /// What must be a multiple of which number.
    parts: Option<(Dim, i64)>,
    least: Option<i64>,
}

/// Solves `S = a·symbol + b`, for the size `S` here and a number `a`.
fn solve(at: &Position<'_>, symbol: &Symbol) -> Result<Option<Solution>> {
    let with = |value: i64| {
        let values = BTreeMap::from([(symbol.clone(), Dim::from(value))]);
        at.size.substitute(&values)
    };
    let rest = with(0)?;
    let slope = with(1)?.minus(&rest)?;
    let line = slope.times(Dim::symbol(symbol.clone()))?.plus(&rest)?;
    let slope = slope
        .as_number()
        .filter(|it| *it > 0.into() && line == *at.size);
    // Parts of a size plus something would need words of their own.
    let Some(slope) = slope.filter(|it| it.numer() == 1 || rest == Dim::from(0)) else {
        return Ok(None);
    };
    let scaled = Dim::symbol(at.symbol())
        .minus(&rest)?
        .times(slope.denom())?;
    let parts = (slope.numer() > 1).then(|| (scaled.clone(), slope.numer()));
    let least = rest
        .as_fixed()
        .filter(|it| *it > 0)
        .map(|_| with(1))
        .transpose()?;
    let value = scaled.over(slope.numer())?;
    Ok(Some(Solution {
        value,
        parts,
        least: least.and_then(|it| it.as_fixed()),
    }))
}

impl super::Known {
    /// A declared size as the model has it: itself, or the symbol that stands for all of it.
    pub(super) fn transparent(&self, size: &Dim) -> Dim {
        self.opaque
            .get(size)
            .map_or_else(|| size.clone(), |it| Dim::symbol(it.clone()))
    }
}
