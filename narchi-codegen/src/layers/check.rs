//! What several families check of their inputs and parameters.

use crate::{
    dim::{Dim, Fact, Facts, Window, lower_bounds},
    layer::{Blame, Needs, Problem},
    shape::{Dtype, Type},
};

/// What people call the axes of an input with `D` of them.
pub(super) fn axis_names<const D: usize>() -> [&'static str; D] {
    const NAMES: [&str; 3] = ["depth", "height", "width"];
    match D {
        1 => ["length"; D],
        _ => std::array::from_fn(|axis| NAMES[(axis + 3).saturating_sub(D).min(2)]),
    }
}

/// The batch, the channels and the axes of an input that has `D` axes.
pub(super) fn image<const D: usize>(input: &Type) -> Result<(&Dim, &Dim, &[Dim; D]), Problem> {
    let parts = match input.dims() {
        [batch, channels, axes @ ..] => axes.try_into().ok().map(|axes| (batch, channels, axes)),
        _ => None,
    };
    parts.ok_or_else(|| {
        let axes = axis_names::<D>().join(", ");
        wrong_rank(&format!("[N, channels, {axes}]"), input)
    })
}

pub(super) fn wrong_rank(expected: &str, input: &Type) -> Problem {
    Problem::new(
        "wrong-rank",
        format!("expects {expected}, but gets {input}"),
    )
}

/// Whether the elements are floating point numbers.
pub(super) fn floats(input: &Type) -> Result<(), Problem> {
    match input.dtype {
        Dtype::Float => Ok(()),
        Dtype::Int64 => {
            let message = format!("needs floating point numbers, but gets {input}");
            Err(Problem::new("wrong-dtype", message))
        }
    }
}

/// Whether weights can be made for so many channels or features.
pub(super) fn settled(feats: &Dim, what: &str, needs: &mut Needs<'_>) -> Result<(), Problem> {
    if needs.settle(feats) {
        return Ok(());
    }
    let message = format!("needs a fixed number of {what}, but gets {feats}");
    let help = "declare a number or a single symbol in the shape of the input";
    let why = "the sizes of weights are the same for all inputs";
    Err(Problem::new("symbolic-features", message)
        .note(why)
        .help(help))
}

/// Whether the model can be made with so many features, where the file says how many.
pub(super) fn settled_param(
    param: &'static str,
    feats: &Dim,
    needs: &mut Needs<'_>,
) -> Result<(), Problem> {
    if needs.settle(feats) {
        for fact in feats.needs()? {
            needs.need(fact, || format!("`{param}` is {feats}"));
        }
        return Ok(());
    }
    let message = format!("needs a `{param}` that no input decides, but gets {feats}");
    Err(Problem::new("symbolic-features", message)
        .note("the sizes of weights are the same for all inputs")
        .help(
            "write a number, or a symbol that occurs in no input: it becomes an argument of `new`",
        )
        .blame(Blame::Param(param)))
}

/// The last dimension of the only input.
pub(super) fn last(inputs: &[Type]) -> &Dim {
    &inputs[0].dims()[inputs[0].rank() - 1]
}

/// Whether all numbers of a parameter are in reach: from `least` on, and not absurd.
pub(super) fn at_least(param: &'static str, values: &[i64], least: i64) -> Result<(), Problem> {
    let spelled = || match values {
        [first, rest @ ..] if rest.iter().all(|it| it == first) => first.to_string(),
        _ => format!("{values:?}"),
    };
    if values.iter().any(|it| *it < least) {
        let message = format!(
            "needs a `{param}` of at least {least}, but gets {}",
            spelled()
        );
        return Err(Problem::param(param, message));
    }
    if values.iter().any(|it| i32::try_from(*it).is_err()) {
        let message = format!("needs a `{param}` below 2³¹, but gets {}", spelled());
        return Err(Problem::param(param, message));
    }
    Ok(())
}

/// Whether a size can be `least` or more. Where that depends on symbols, it is needed of them.
pub(super) fn reaches(
    dim: &Dim,
    least: i64,
    needs: &mut Needs<'_>,
    why: impl Fn() -> String,
) -> Result<bool, Problem> {
    if let Some(size) = dim.as_fixed() {
        return Ok(size >= least);
    }
    let room = dim.minus(least - 1)?;
    let bounds = lower_bounds(&[room], &Facts::default())?;
    for (symbol, bound) in bounds.least {
        if bound.value > 1 {
            needs.need(Fact::AtLeast(symbol, bound.value), &why);
        }
    }
    Ok(bounds.unmet.is_empty())
}

/// The windows of all axes.
pub(super) fn windows<const D: usize>(
    kernel: [i64; D],
    stride: [i64; D],
    padding: [i64; D],
    dilation: [i64; D],
) -> [Window; D] {
    std::array::from_fn(|axis| Window {
        kernel: kernel[axis],
        stride: stride[axis],
        padding: padding[axis],
        dilation: dilation[axis],
    })
}

/// Whether the kernel fits into an input of a known size, given the size it leads to.
pub(super) fn fits<const D: usize>(
    axis: usize,
    input: &Dim,
    window: Window,
    output: &Dim,
) -> Result<(), Problem> {
    let (Some(size), Some(..1)) = (input.as_fixed(), output.as_fixed()) else {
        return Ok(());
    };
    let Window {
        kernel,
        padding,
        dilation,
        ..
    } = window;
    let extent = dilation.saturating_mul(kernel - 1).saturating_add(1);
    let padded = size.saturating_add(padding.saturating_mul(2));
    let name = axis_names::<D>()[axis];
    let input = if padding > 0 { "padded input" } else { "input" };
    let message = format!("has a kernel of {name} {extent}, but the {input} has {name} {padded}");
    let mut problem = Problem::new("kernel-too-large", message);
    if dilation > 1 {
        let note = format!("{kernel} elements with a dilation of {dilation} cover {extent}");
        problem = problem.note(note);
    }
    if padding > 0 {
        problem = problem.note(format!("{size} and {padding} at both ends make {padded}"));
    }
    Err(problem.help("use a smaller kernel or more padding, or reduce the size less before"))
}
