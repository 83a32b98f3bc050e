//! Text for people: `⌈H/2⌉`, `⌊(H-1)/3⌋+1`, `512*⌊H/32⌋*⌊W/32⌋`.
//!
//! The normal form keeps constants out of floors; people prefer the shorter of
//! several spellings. All of them read back as the same dim. `{:#}` gives ASCII.

use std::{collections::BTreeMap, fmt};

use super::{
    Dim, Ratio, Result,
    monomial::{Atom, Floor, Monomial, Quotient},
};

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ascii = f.alternate();
        let floors = texts_of(self, ascii);
        let mut best = sum_text(self, &floors);
        for what in [Absorb::Everything, Absorb::Constant] {
            let Ok(Some(text)) = absorbed(self, what, &floors, ascii) else {
                continue;
            };
            let (new, old) = (text.chars().count(), best.chars().count());
            if new < old || (new == old && matches!(what, Absorb::Everything)) {
                best = text;
            }
        }
        f.pad(&best)
    }
}

/// What a floor may take in from its surroundings.
#[derive(Clone, Copy)]
enum Absorb {
    /// `⌊(H+1)/4⌋-1` is `⌊(H-3)/4⌋`.
    Constant,
    /// Also the terms that occur inside: `H+⌊H/2⌋` is `⌊3*H/2⌋`.
    Everything,
}

type Texts<'a> = BTreeMap<&'a Atom, String>;

/// The texts of the floors and quotients in a dim, each made once: making them per spelling
/// would double the work with every level of nesting.
fn texts_of(dim: &Dim, ascii: bool) -> Texts<'_> {
    let mut texts = Texts::new();
    for (atom, _) in dim
        .terms()
        .iter()
        .flat_map(|(monomial, _)| monomial.powers())
    {
        if texts.contains_key(atom) {
            continue;
        }
        let text = match atom {
            Atom::Symbol(_) => continue,
            Atom::Floor(floor) => floor_text(floor, &Dim::default(), ascii).unwrap_or_default(),
            Atom::Quotient(quotient) => quotient_text(quotient, ascii),
        };
        texts.insert(atom, text);
    }
    texts
}

/// The dim, with its first floor that stands alone taking in other terms.
fn absorbed(dim: &Dim, what: Absorb, floors: &Texts, ascii: bool) -> Result<Option<String>> {
    // If the floor occurs in a product too, two spellings of it would be in the way.
    let occurs_once = |atom: &Atom| {
        let all = dim
            .terms()
            .iter()
            .flat_map(|(monomial, _)| monomial.powers());
        all.filter(|(it, _)| it == atom).count() == 1
    };
    let lone = dim
        .terms()
        .iter()
        .find_map(|(monomial, it)| match monomial.as_atom()? {
            atom @ Atom::Floor(floor) if it.is_integer() && it.numer().abs() == 1 => {
                occurs_once(atom).then_some((atom, *it, floor))
            }
            _ => None,
        });
    let Some((atom, sign, floor)) = lone else {
        return Ok(None);
    };
    if sign < Ratio::ZERO && matches!(what, Absorb::Everything) {
        return Ok(None); // `H-⌊H/2⌋` is better than `-⌊-H/2⌋`.
    }
    let takes = |it: &Monomial| match what {
        Absorb::Constant => it.is_one(),
        Absorb::Everything => it.is_one() || !floor.inside.coefficient(it).is_zero(),
    };
    let (inner, outer): (Vec<_>, Vec<_>) = dim
        .terms()
        .iter()
        .cloned()
        .partition(|(it, c)| takes(it) && c.is_integer());
    let inner = Dim::collect(inner)?.scale(sign)?;
    if inner.terms().is_empty() {
        return Ok(None);
    }
    let mut floors = floors.clone();
    floors.insert(atom, floor_text(floor, &inner, ascii)?);
    Ok(Some(sum_text(&Dim::collect(outer)?, &floors)))
}

/// `⌊inside⌋ + extra`, with the extra inside, as a floor or as a ceiling.
fn floor_text(floor: &Floor, extra: &Dim, ascii: bool) -> Result<String> {
    let inside = floor.inside.plus(extra)?;
    let steps = floor.inside.denominator()?;
    let floors = texts_of(&floor.inside, ascii);
    let (mut down, mut up) = (fraction_text(&inside, &floors)?, String::new());
    // ⌊p/n⌋ = ⌈(p - (n-1))/n⌉ for whole p; reads back only if n is still the common denominator.
    let lowered = inside.plus(Dim::number(Ratio::new(1 - steps, steps)?))?;
    if lowered.denominator()? == steps {
        up = fraction_text(&lowered, &floors)?;
    }
    let is_up = !up.is_empty() && up.chars().count() < down.chars().count();
    if is_up {
        down = up;
    }
    Ok(match (is_up, ascii) {
        (false, false) => format!("⌊{down}⌋"),
        (true, false) => format!("⌈{down}⌉"),
        (false, true) => format!("floor({down})"),
        (true, true) => format!("ceil({down})"),
    })
}

/// `H/2` or `(H-1)/2`.
fn fraction_text(dim: &Dim, floors: &Texts) -> Result<String> {
    if dim.terms().len() == 1 {
        return Ok(sum_text(dim, floors));
    }
    let steps = dim.denominator()?;
    Ok(format!(
        "({})/{steps}",
        sum_text(&dim.scale(steps.into())?, floors)
    ))
}

fn sum_text(dim: &Dim, floors: &Texts) -> String {
    let mut terms: Vec<_> = dim.terms().iter().collect();
    // sympy, and so narchi, writes `3-8*a` but `-a-b+3`.
    if let [(first, a), (last, b)] = terms.as_slice()
        && (*a < Ratio::ZERO && first.powers().len() == 1)
        && (*b > Ratio::ZERO && last.is_one())
    {
        terms.reverse();
    }
    let mut text = String::new();
    for (monomial, coefficient) in &terms {
        if *coefficient < Ratio::ZERO {
            text.push('-');
        } else if !text.is_empty() {
            text.push('+');
        }
        push_term(&mut text, monomial, *coefficient, floors);
    }
    if text.is_empty() {
        "0".to_owned()
    } else {
        text
    }
}

/// `W/K` or `(H+W)/(2*K)`.
fn quotient_text(quotient: &Quotient, ascii: bool) -> String {
    let part = |dim: &Dim, is_simple: bool| {
        let text = sum_text(dim, &texts_of(dim, ascii));
        if is_simple { text } else { format!("({text})") }
    };
    let (dividend, divisor) = (&quotient.dividend, &quotient.divisor);
    let is_atom = match divisor.terms() {
        [(monomial, Ratio::ONE)] => monomial.powers().len() == 1 && !monomial.has_quotients(),
        _ => false,
    };
    format!(
        "{}/{}",
        part(dividend, dividend.terms().len() == 1),
        part(divisor, is_atom)
    )
}

/// One term without its sign: `3*A/2`.
fn push_term(text: &mut String, monomial: &Monomial, coefficient: Ratio, texts: &Texts) {
    let numer = coefficient.numer().unsigned_abs();
    let is_alone = numer == 1 && coefficient.is_integer() && monomial.as_atom().is_some();
    let mut separator = "";
    if numer != 1 || monomial.is_one() {
        *text += &numer.to_string();
        separator = "*";
    }
    for (atom, power) in monomial.powers() {
        *text += separator;
        separator = "*";
        let name = match atom {
            Atom::Symbol(symbol) => symbol.name(),
            Atom::Floor(_) | Atom::Quotient(_) => texts.get(atom).map_or("", String::as_str),
        };
        let is_plain = match atom {
            // The symbol of an input's dim may be named like the expression written there.
            Atom::Symbol(_) => is_name(name) || (is_alone && coefficient > Ratio::ZERO),
            Atom::Floor(_) => true,
            Atom::Quotient(_) => is_alone,
        };
        let parts = if is_plain {
            ["", name, ""]
        } else {
            ["(", name, ")"]
        };
        text.extend(parts);
        if *power > 1 {
            text.extend(["**", &power.to_string()]);
        }
    }
    if !coefficient.is_integer() {
        text.extend(["/", &coefficient.denom().to_string()]);
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|it| it.is_alphanumeric() || it == '_')
}
