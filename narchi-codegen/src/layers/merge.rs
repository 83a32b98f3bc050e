//! Layers that make one tensor of several.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::{
    layer::{Channels, Layer, LayerDef, Moves, Needs, Operand, Problem, Site, layer},
    shape::{Dtype, Type},
};

pub(super) const LAYERS: &[LayerDef] = &[Add::DEF, Concatenate::DEF];

layer! {
    /// The sum of two or more tensors of the same shape: `[N, *], [N, *], … → [N, *]`.
    ///
    /// As `+` in PyTorch, but no dimension is stretched to fit.
    pub(crate) struct Add {}
}

impl Layer for Add {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let (first, others) = several(inputs)?;
        let problem = || Problem::new("shapes-differ", "adds tensors of different shape");
        let mut notes = Vec::new();
        for (index, other) in (2..).zip(others) {
            same_dtype("adds", first, other)?;
            notes.extend(differences(first, other, index, inputs.len(), None, needs));
        }
        if !notes.is_empty() {
            return Err(notes.into_iter().fold(problem(), Problem::note));
        }
        Ok(vec![first.clone()])
    }

    fn takes(&self) -> Option<Dtype> {
        None
    }

    fn noun(&self) -> &'static str {
        "add"
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let first = &site.inputs[0].name;
        let second = site.inputs[1].by_ref();
        let others = site.inputs[2..].iter().map(Operand::by_ref);
        // The first sum is nobody else's yet, so the others go into it.
        quote!(#first.f_add(#second)? #(.f_add_(#others)?)*)
    }

    fn is_sum(&self) -> bool {
        true
    }

    fn takes_many(&self) -> bool {
        true
    }
}

layer! {
    /// Two or more tensors, one after the other along a dimension:
    /// `[N, a, *], [N, b, *], … → [N, a + b + …, *]` for `dim: 0`.
    ///
    /// As `torch.cat`, but `dim` does not count the batch.
    pub(crate) struct Concatenate {
        /// The dimension. The first one beside the batch is 0, the last one -1.
        dim: i64,
    }
}

impl Concatenate {
    /// The dimension, counted from the batch.
    fn position(&self, input: &Type) -> Result<usize, Problem> {
        let count = i64::try_from(input.rank()).unwrap_or(i64::MAX) - 1;
        let position = if self.dim < 0 {
            self.dim.saturating_add(count)
        } else {
            self.dim
        };
        let position = usize::try_from(position)
            .ok()
            .filter(|it| it + 1 < input.rank());
        position.map(|it| it + 1).ok_or_else(|| {
            let message = format!("joins along dimension {}, but gets {input}", self.dim);
            let note = format!(
                "`dim` does not count the batch, so it is in {}..={}",
                -count,
                count - 1
            );
            let problem = Problem::param("dim", message);
            if count > 0 {
                problem.note(note)
            } else {
                problem
            }
        })
    }
}

impl Layer for Concatenate {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let (first, others) = several(inputs)?;
        let position = self.position(first)?;
        let mut total = first.dims()[position].clone();
        let mut notes = Vec::new();
        for (index, other) in (2..).zip(others) {
            same_dtype("joins", first, other)?;
            notes.extend(differences(
                first,
                other,
                index,
                inputs.len(),
                Some(position),
                needs,
            ));
            if let Some(dim) = other.dims().get(position) {
                total = total.plus(dim)?;
            }
        }
        if !notes.is_empty() {
            let message = format!("joins tensors that differ in more than dim {position}");
            let problem = Problem::new("shapes-differ", message);
            return Err(notes.into_iter().fold(problem, Problem::note));
        }
        let mut dims = first.dims().to_vec();
        dims[position] = total;
        Ok(vec![first.with(dims)])
    }

    fn key(&self, _inputs: &[Type]) -> String {
        format!("Concatenate dim={}", self.dim)
    }

    fn takes_many(&self) -> bool {
        true
    }

    fn takes(&self) -> Option<Dtype> {
        None
    }

    fn noun(&self) -> &'static str {
        "concat"
    }

    fn joins_channels(&self) -> bool {
        self.dim == 0
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let owned = self.moves().moves(site.inputs);
        let inputs = site.inputs.iter().map(|it| {
            let name = &it.name;
            if owned { quote!(#name) } else { it.by_ref() }
        });
        let dim = Literal::i64_unsuffixed(if self.dim < 0 { self.dim } else { self.dim + 1 });
        if site.is_frozen && self.joins_channels() {
            // For images by all threads, which libtorch's own does not.
            return quote!(frozen::cat(&[#(#inputs),*], #dim)?);
        }
        quote!(Tensor::f_cat(&[#(#inputs),*], #dim)?)
    }

    fn channels(&self) -> Channels {
        if self.dim > 0 {
            Channels::Keeps
        } else {
            Channels::Mixes
        }
    }

    fn moves(&self) -> Moves {
        Moves::All
    }
}

/// The first input and the others, if there are at least two.
fn several(inputs: &[Type]) -> Result<(&Type, &[Type]), Problem> {
    match inputs {
        [first, others @ ..] if !others.is_empty() => Ok((first, others)),
        _ => {
            let message = format!("takes two or more inputs, but has {}", inputs.len());
            Err(Problem::new("wrong-inputs", message))
        }
    }
}

fn same_dtype(verb: &str, first: &Type, other: &Type) -> Result<(), Problem> {
    if first.dtype == other.dtype {
        return Ok(());
    }
    let message = format!("{verb} tensors of different types: {first} and {other}");
    Err(Problem::new("wrong-dtype", message))
}

/// Why two shapes do not agree, in a line for each dimension but one.
fn differences(
    first: &Type,
    other: &Type,
    index: usize,
    count: usize,
    but: Option<usize>,
    needs: &mut Needs<'_>,
) -> Vec<String> {
    // With two inputs it is clear which ones.
    let which = if count > 2 {
        format!("inputs 1 and {index}: ")
    } else {
        String::new()
    };
    if first.rank() != other.rank() {
        let (a, b) = (first.rank(), other.rank());
        return vec![format!(
            "{which}{first} has {a} dimensions, {other} has {b}"
        )];
    }
    let pairs = first.dims().iter().zip(other.dims()).enumerate();
    let mut notes = Vec::new();
    for (dim, (a, b)) in pairs.filter(|(dim, _)| Some(*dim) != but) {
        if let Err(why) = needs.equal(a, b) {
            notes.push(format!("{which}dim {dim}: {}", why.0));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_forward_owned, layer};

    const ADD: &str = r#"{"_class": "Add"}"#;

    fn concatenate(dim: i64) -> String {
        format!(r#"{{"_class": "Concatenate", "dim": {dim}}}"#)
    }

    #[test]
    fn summands_have_one_shape() {
        check(ADD, &["[N, 3, ⌈H/2⌉]", "[N, 3, ⌈H/2⌉]"], "[N, 3, ⌈H/2⌉]");
        check(ADD, &["[N, 3]", "[N, 3]", "[N, 3]"], "[N, 3]");
        check(
            ADD,
            &["[N, H/8]", "[N, ⌈H/8⌉]"],
            "[N, H/8] where H % 8 == 0",
        );
        check(ADD, &["#[N, 3]", "#[N, 3]"], "[N, 3] of whole numbers");
    }

    #[test]
    fn other_summands_are_refused() {
        check(
            ADD,
            &["[N, 128, 1, ⌈W/4⌉]", "[N, 64, 1, ⌈W/8⌉]"],
            "shapes-differ: adds tensors of different shape\n\
             note: dim 1: 128 and 64 never agree\n\
             note: dim 3: ⌈W/4⌉ and ⌈W/8⌉ agree only for W ≤ 4: for W = 5 they are 2 and 1",
        );
        check(
            ADD,
            &["[N, 3]", "[N, 3, 1]"],
            "shapes-differ: adds tensors of different shape\n\
             note: [N, 3] has 2 dimensions, [N, 3, 1] has 3",
        );
        check(
            ADD,
            &["[N, 3]", "[N, 3]", "[N, 1]"],
            "shapes-differ: adds tensors of different shape\n\
             note: inputs 1 and 3: dim 1: 3 and 1 never agree",
        );
        check(
            ADD,
            &["[N, 3]", "#[N, 3]"],
            "wrong-dtype: adds tensors of different types: [N, 3] and [N, 3] of whole numbers",
        );
        check(
            ADD,
            &["[N, 3]"],
            "wrong-inputs: takes two or more inputs, but has 1",
        );
        check(
            ADD,
            &[],
            "wrong-inputs: takes two or more inputs, but has 0",
        );
    }

    #[test]
    fn sums_allocate_once() {
        check_forward(ADD, &["[N]", "[N]"], "a.f_add(b)?");
        check_forward(ADD, &["[N]", "[N]", "[N]"], "a.f_add(b)?.f_add_(c)?");
        check_forward_owned(ADD, &["[N]", "[N]"], "a.f_add(&b)?");
        assert!(layer(ADD).is_sum());
    }

    #[test]
    fn sizes_add_up_along_dim() {
        check(&concatenate(0), &["[N, 3, H]", "[N, 5, H]"], "[N, 8, H]");
        check(
            &concatenate(-1),
            &["[N, 3, H]", "[N, 3, ⌈H/2⌉]"],
            "[N, 3, ⌈3*H/2⌉]",
        );
        check(
            &concatenate(-2),
            &["[N, 3, H]", "[N, 5, H]", "[N, C, H]"],
            "[N, C+8, H]",
        );
        check(
            &concatenate(1),
            &["[N, H, 1]", "[N, 2*⌊H/2⌋, 2]"],
            "[N, H, 3] where H % 2 == 0",
        );
    }

    #[test]
    fn what_cannot_be_joined_is_refused() {
        check(
            &concatenate(0),
            &["[N, 3, 8]", "[N, 5, 9]"],
            "shapes-differ: joins tensors that differ in more than dim 1\n\
             note: dim 2: 8 and 9 never agree",
        );
        check(
            &concatenate(0),
            &["[N, 3, 8]", "[N, 5]"],
            "shapes-differ: joins tensors that differ in more than dim 1\n\
             note: [N, 3, 8] has 3 dimensions, [N, 5] has 2",
        );
        for dim in [2, -3] {
            check(
                &concatenate(dim),
                &["[N, 3, 8]", "[N, 3, 8]"],
                &format!(
                    "wrong-parameter(dim): joins along dimension {dim}, but gets [N, 3, 8]\n\
                     note: `dim` does not count the batch, so it is in -2..=1"
                ),
            );
        }
        let expected = "wrong-parameter(dim): joins along dimension -1, but gets [N]";
        check(&concatenate(-1), &["[N]", "[N]"], expected);
        check(
            &concatenate(0),
            &["[N, 3]", "#[N, 3]"],
            "wrong-dtype: joins tensors of different types: [N, 3] and [N, 3] of whole numbers",
        );
        check(
            &concatenate(0),
            &["[N, 3]"],
            "wrong-inputs: takes two or more inputs, but has 1",
        );
    }

    #[test]
    fn what_is_joined_is_dropped_where_it_ends() {
        let inputs = ["[N, 1, 1]", "[N, 1, 1]"];
        check_forward(&concatenate(0), &inputs, "Tensor::f_cat(&[a, b], 1)?");
        check_forward_owned(&concatenate(-1), &inputs, "Tensor::f_cat(&[a, b], -1)?");
    }
}
