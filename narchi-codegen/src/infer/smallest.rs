//! How large inputs of fixed size would have to be.

use std::collections::BTreeMap;

use super::infer;
use crate::{
    diagnostic::Sink,
    dim::{Dim, Fact, Symbol},
    wiring::{Declared, Size, Wiring},
};

/// Says which sizes of the inputs would do where the given ones are too small for a kernel. Then the sizes are forgotten.
pub(crate) fn advise(sink: &mut Sink, wiring: &mut Wiring<'_>) {
    const CODE: &str = "kernel-too-large";
    if sink.has(CODE)
        && let Some(advice) = smallest_inputs(wiring)
    {
        sink.note(CODE, &advice);
    }
}

fn smallest_inputs(wiring: &mut Wiring<'_>) -> Option<String> {
    let mut given: BTreeMap<Symbol, i64> = BTreeMap::new();
    for (index, input) in wiring.root.inputs.iter_mut().enumerate() {
        forget_sizes(index, input, &mut given);
    }
    // The same network with symbols in the place of sizes says how large these must be.
    let model = infer(&mut Sink::default(), wiring);
    let mut least = given.clone();
    for required in &model.facts {
        if let Fact::AtLeast(symbol, value) = &required.fact
            && let Some(least) = least.get_mut(symbol)
        {
            *least = (*least).max(*value);
        }
    }
    if least == given {
        return None;
    }
    let inputs = wiring.root.inputs.iter().filter_map(|it| shown(it, &least));
    let inputs: Vec<String> = inputs.collect();
    Some(format!("the kernels fit from {} on", inputs.join(" and ")))
}

/// Puts symbols in the place of fixed sizes behind the channels.
fn forget_sizes(index: usize, input: &mut Declared, given: &mut BTreeMap<Symbol, i64>) {
    for (axis, dim) in input.shape.iter_mut().flatten().enumerate().skip(2) {
        let Size::Known(size) = &dim.size else {
            continue;
        };
        if let Some(fixed) = size.as_fixed() {
            let symbol = Symbol::new(&format!("?{index}.{axis}"));
            given.insert(symbol.clone(), fixed);
            dim.size = Size::Known(Dim::symbol(symbol));
        }
    }
}

/// An input with the sizes that are needed, if any of its sizes was given.
fn shown(input: &Declared, least: &BTreeMap<Symbol, i64>) -> Option<String> {
    let mut is_given = false;
    let sizes = input.shape.as_ref()?[1..].iter().map(|it| match &it.size {
        Size::Known(size) => match size.as_symbol().and_then(|it| least.get(it)) {
            Some(least) => {
                is_given = true;
                least.to_string()
            }
            None => size.to_string(),
        },
        Size::Auto | Size::Broken => "?".to_owned(),
    });
    let sizes: Vec<String> = sizes.collect();
    let name = input.name.as_deref().unwrap_or_default();
    is_given.then(|| format!("`{name}` of [{}]", sizes.join(", ")))
}
