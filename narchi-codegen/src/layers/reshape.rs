//! Layers that rearrange dimensions and leave the elements as they are.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::{
    dim::{self, Bindings, Dim},
    document::{Node, Value},
    layer::{
        Argument, Blame, Channels, Layer, LayerDef, Memory, Needs, Number, Param, Problem, Role, Site,
        Unfit, exactly, layer,
    },
    shape::{Dtype, Type},
};

pub(super) const LAYERS: &[LayerDef] = &[Reshape::DEF];

layer! {
    /// Moves, merges, splits and inserts dimensions, such as `[N, a, b, c] → [N, c, a·b]` for `[2, [0, 1]]`.
    ///
    /// As `permute` followed by `reshape` in PyTorch. The batch stays where it is.
    pub(crate) struct Reshape {
        /// `"flatten"` for all in one, or a list with an entry for each dimension of the output. Dimensions of the
        /// input are counted from 0, the batch not included, and each occurs once:
        ///
        /// * `2` is that dimension,
        /// * `[0, 1]` is several merged into one,
        /// * `{"2": [4, "<<variable:K>>", "<<auto>>"]}` is one split into several, of which one may follow from the
        ///   others,
        /// * `null` is a new one of size 1.
        reshape_spec: Spec,
    }
}

/// How to rearrange the dimensions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spec {
    Flatten,
    // Invariant: every number below the count of dimensions is mentioned once.
    Entries(Vec<Entry>),
}

/// Where dimensions of the output come from. Dimensions of the input are counted without the batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    Keep(usize),
    Merge(Vec<usize>),
    Split(usize, Vec<Size>),
    Insert,
}

/// A part of a dimension that is split.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Size {
    Known(Dim),
    /// What the others leave.
    Auto,
}

impl Param for Spec {
    const ACCEPTS: &'static str =
        "\"flatten\", or a list of dimensions, lists to merge, objects to split, and `null`";
    const CODE: &'static str = "wrong-reshape";
    const SAMPLES: &'static [&'static str] = &[
        "\"flatten\"",
        "[0]",
        "[1, 0]",
        "[[0, 1]]",
        "[2, [0, 1]]",
        "[null, 0]",
        "[{\"0\": [2, \"<<auto>>\"]}]",
        "[{\"1\": [\"<<auto>>\", 3]}, 0]",
        "[{\"0\": [2, 3]}, 1]",
        "[1, [2, 0], null]",
        "[2, {\"0\": [\"<<auto>>\", 2]}, 1]",
        "[0, 0]",
        "[1]",
        "[[0]]",
        "[-1]",
        "[{\"0\": [\"<<auto>>\", \"<<auto>>\"]}]",
        "\"flat\"",
    ];

    fn schema() -> String {
        let merge = r#"{"type": "array", "items": {"type": "integer"}, "minItems": 1}"#;
        let split = r#"{"type": "object", "additionalProperties": {"type": "array"}, "minProperties": 1, "maxProperties": 1}"#;
        let item = format!(
            r#"{{"anyOf": [{{"type": "integer", "minimum": 0}}, {{"type": "null"}}, {merge}, {split}]}}"#
        );
        format!(r#"{{"anyOf": [{{"enum": ["flatten"]}}, {{"type": "array", "items": {item}, "minItems": 1}}]}}"#)
    }

    fn read(node: &Node) -> Result<Self, Unfit> {
        let items = match &node.value {
            Value::String(text) if text == "flatten" => return Ok(Self::Flatten),
            Value::Array(items) if !items.is_empty() => items,
            _ => return Err(Unfit::default()),
        };
        let entries: Vec<Entry> = items.iter().map(entry).collect::<Result<_, _>>()?;
        let mut mentioned: Vec<(usize, &Node)> = Vec::new();
        for (item, entry) in items.iter().zip(&entries) {
            let parts = match entry {
                Entry::Merge(_) => item.items(),
                Entry::Keep(_) | Entry::Split(..) | Entry::Insert => std::slice::from_ref(item),
            };
            mentioned.extend(entry.mentions().iter().copied().zip(parts));
        }
        // In the order of the text where they are equal.
        mentioned.sort_by_key(|it| it.0);
        for (expected, (found, part)) in mentioned.iter().enumerate() {
            if *found > expected {
                let why = format!("dimension {expected} is missing: each is mentioned once, from 0 on");
                return Err(Unfit::because(why));
            }
            if *found < expected {
                return Err(Unfit::because(format!("dimension {found} is mentioned twice")).at(part));
            }
        }
        Ok(Self::Entries(entries))
    }

    fn bind(self, bindings: &Bindings) -> Self {
        let size = |it: Size| match it {
            Size::Known(dim) => Size::Known(bindings.apply(&dim)),
            Size::Auto => Size::Auto,
        };
        let entry = |it: Entry| match it {
            Entry::Split(dim, sizes) => Entry::Split(dim, sizes.into_iter().map(size).collect()),
            other => other,
        };
        match self {
            Self::Flatten => Self::Flatten,
            Self::Entries(entries) => Self::Entries(entries.into_iter().map(entry).collect()),
        }
    }

    fn spell(&self) -> String {
        match self {
            Self::Flatten => "\"flatten\"".to_owned(),
            Self::Entries(entries) => {
                let entries: Vec<String> = entries.iter().map(Entry::spell).collect();
                format!("[{}]", entries.join(", "))
            }
        }
    }
}

fn entry(node: &Node) -> Result<Entry, Unfit> {
    let wrong = |why: &str, part: &Node| Err(Unfit::because(why).at(part));
    match &node.value {
        Value::Null => Ok(Entry::Insert),
        Value::Array(items) if items.len() < 2 => wrong(
            "a list merges two or more dimensions; one that is kept needs no list",
            node,
        ),
        Value::Array(items) => items
            .iter()
            .map(index)
            .collect::<Result<_, _>>()
            .map(Entry::Merge),
        Value::Object(entries) => match entries.as_slice() {
            [split] => {
                let not_an_index = |_| not_an_index(&format!("{:?}", split.key), node);
                let dim = split.key.parse().map_err(not_an_index)?;
                sizes(&split.value).map(|sizes| Entry::Split(dim, sizes))
            }
            [] => wrong("an object splits one dimension: `{\"0\": [2, 3]}`", node),
            [_, second, ..] => wrong(
                "an object splits one dimension, `{\"0\": [2, 3]}`; another needs one of its own",
                &second.value,
            ),
        },
        _ => index(node).map(Entry::Keep),
    }
}

fn index(node: &Node) -> Result<usize, Unfit> {
    let index = node.as_int().and_then(|it| usize::try_from(it).ok());
    index.ok_or_else(|| not_an_index(&node.brief(), node))
}

fn not_an_index(text: &str, part: &Node) -> Unfit {
    let why = format!(
        "{text} is no dimension of the input: they are counted 0, 1, 2, … without the batch"
    );
    Unfit::because(why).at(part)
}

fn sizes(node: &Node) -> Result<Vec<Size>, Unfit> {
    let size = |it: &Node| match it.as_str() {
        Some("<<auto>>") => Ok(Size::Auto),
        _ => Dim::read(it).map(Size::Known).map_err(|why| {
            let size = || {
                Unfit::because(format!(
                    "{} is no size to split into: that is {}, or `\"<<auto>>\"`",
                    it.brief(),
                    Dim::ACCEPTS
                ))
            };
            why.or_else(size).at(it)
        }),
    };
    let items = node.items();
    let sizes: Vec<Size> = items.iter().map(size).collect::<Result<_, _>>()?;
    if sizes.len() < 2 {
        return Err(Unfit::because("a split needs a list of two or more sizes").at(node));
    }
    let mut autos = items.iter().zip(&sizes).filter(|it| *it.1 == Size::Auto);
    if let Some((second, _)) = autos.nth(1) {
        return Err(Unfit::because("one size of a split at most can be `<<auto>>`").at(second));
    }
    Ok(sizes)
}

impl Entry {
    /// The dimensions of the input that it uses.
    fn mentions(&self) -> &[usize] {
        match self {
            Self::Keep(dim) | Self::Split(dim, _) => std::slice::from_ref(dim),
            Self::Merge(dims) => dims,
            Self::Insert => &[],
        }
    }

    fn spell(&self) -> String {
        match self {
            Self::Keep(dim) => dim.to_string(),
            Self::Merge(dims) => format!("{dims:?}"),
            Self::Split(dim, sizes) => format!("{{\"{dim}\": {}}}", spell_sizes(sizes)),
            Self::Insert => "null".to_owned(),
        }
    }
}

fn spell_sizes(sizes: &[Size]) -> String {
    let spelled: Vec<String> = sizes
        .iter()
        .map(|it| match it {
            Size::Known(dim) => dim.to_string(),
            Size::Auto => "<<auto>>".to_owned(),
        })
        .collect();
    format!("[{}]", spelled.join(", "))
}

impl Layer for Reshape {
    fn outputs(&self, inputs: &[Type], needs: &mut Needs<'_>) -> Result<Vec<Type>, Problem> {
        let [input] = exactly(inputs)?;
        let [batch, dims @ ..] = input.dims() else {
            return Err(too_few(input));
        };
        let mut output = vec![batch.clone()];
        let entries = match &self.reshape_spec {
            Spec::Flatten if dims.is_empty() => return Err(too_few(input)),
            Spec::Flatten => {
                output.push(product(dims.iter())?);
                return Ok(vec![input.with(output)]);
            }
            Spec::Entries(entries) => entries,
        };
        let mentioned = entries.iter().flat_map(Entry::mentions).count();
        if mentioned != dims.len() {
            let s = if mentioned == 1 { "" } else { "s" };
            let message =
                format!("rearranges {mentioned} dimension{s} beside the batch, but gets {input}");
            let help = "mention each dimension of the input once in `reshape_spec`";
            let blame = Blame::Param("reshape_spec");
            return Err(Problem::new("wrong-rank", message).help(help).blame(blame));
        }
        for (item, entry) in entries.iter().enumerate() {
            match entry {
                Entry::Keep(dim) => output.push(dims[*dim].clone()),
                Entry::Merge(merged) => output.push(product(merged.iter().map(|it| &dims[*it]))?),
                Entry::Split(dim, sizes) => {
                    let blame = Blame::Item("reshape_spec", item);
                    let sizes = split(*dim, &dims[*dim], sizes, needs);
                    output.extend(sizes.map_err(|it| it.blame(blame))?);
                }
                Entry::Insert => output.push(Dim::from(1)),
            }
        }
        Ok(vec![input.with(output)])
    }

    fn key(&self, _inputs: &[Type]) -> String {
        // The steps are all there is to the code.
        let steps: Vec<String> = self.steps(&[]).iter().map(TokenStream::to_string).collect();
        format!("Reshape {}", steps.join(" "))
    }

    fn takes(&self) -> Option<Dtype> {
        None
    }

    fn noun(&self) -> &'static str {
        "reshape"
    }

    fn numbers(&self, _inputs: &[Type]) -> Vec<Number> {
        let Spec::Entries(entries) = &self.reshape_spec else {
            return Vec::new();
        };
        let sizes = entries.iter().flat_map(|it| match it {
            Entry::Split(_, sizes) => open_sizes(sizes),
            Entry::Keep(_) | Entry::Merge(_) | Entry::Insert => Vec::new(),
        });
        sizes
            .map(|it| Number::int("size", Role::Feats, it.clone()).in_forward())
            .collect()
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (input, steps) = (&site.inputs[0].name, self.steps(site.numbers));
        if steps.is_empty() {
            quote!(#input.shallow_clone())
        } else {
            quote!(#input #(#steps)*)
        }
    }

    fn is_identity(&self) -> bool {
        self.steps(&[]).is_empty()
    }

    fn channels(&self) -> Channels {
        Channels::Mixes
    }

    fn memory(&self) -> Memory {
        Memory::View
    }
}

impl Reshape {
    /// Method calls. All but a merge of moved dimensions are views, so they may stand in one statement.
    fn steps(&self, numbers: &[Argument]) -> Vec<TokenStream> {
        let mut numbers = numbers.iter();
        let Spec::Entries(entries) = &self.reshape_spec else {
            return vec![quote!(.f_flatten(1, -1)?)];
        };
        let mut order = vec![0];
        let mut changes = Vec::new();
        for entry in entries {
            let begin = Literal::usize_unsuffixed(order.len());
            order.extend(entry.mentions().iter().map(|it| it + 1));
            let end = Literal::usize_unsuffixed(order.len() - 1);
            match entry {
                Entry::Keep(_) => {}
                Entry::Merge(_) => changes.push(quote!(.f_flatten(#begin, #end)?)),
                Entry::Split(_, sizes) => {
                    let is_open = !open_sizes(sizes).is_empty();
                    let sizes = sizes.iter().map(|size| match size {
                        Size::Known(dim) => match (dim.as_fixed(), is_open) {
                            (Some(number), _) => {
                                Literal::i64_unsuffixed(number).into_token_stream()
                            }
                            (None, true) => numbers.next().into_token_stream(),
                            (None, false) => quote!(-1),
                        },
                        Size::Auto => quote!(-1),
                    });
                    changes.push(quote!(.f_unflatten(#begin, [#(#sizes),*])?));
                }
                Entry::Insert => changes.push(quote!(.f_unsqueeze(#begin)?)),
            }
        }
        let is_moved = !order.is_sorted();
        let order = order.into_iter().map(Literal::usize_unsuffixed);
        let permute = is_moved.then(|| quote!(.f_permute([#(#order),*])?));
        // From the last to the first: what a change does not move before it stays where it is.
        permute
            .into_iter()
            .chain(changes.into_iter().rev())
            .collect()
    }
}

fn too_few(input: &Type) -> Problem {
    let message = format!("needs a dimension beside the batch, but gets {input}");
    Problem::new("wrong-rank", message)
}

fn product<'a>(dims: impl Iterator<Item = &'a Dim>) -> Result<Dim, Problem> {
    let mut product = Dim::from(1);
    for dim in dims {
        product = product.times(dim)?;
    }
    Ok(product)
}

/// Whether the size is a number in the code.
fn is_fixed(size: &Size) -> bool {
    matches!(size, Size::Known(dim) if dim.as_fixed().is_some())
}

/// The sizes of a split that the code must know, beside the numbers: none if only one is open,
/// for that one follows.
fn open_sizes(sizes: &[Size]) -> Vec<&Dim> {
    if sizes.iter().filter(|it| !is_fixed(it)).count() < 2 {
        return Vec::new();
    }
    known(sizes).filter(|it| it.as_fixed().is_none()).collect()
}

fn known(sizes: &[Size]) -> impl Iterator<Item = &Dim> {
    sizes.iter().filter_map(|it| match it {
        Size::Known(dim) => Some(dim),
        Size::Auto => None,
    })
}

/// The sizes that a dimension is split into.
fn split(
    index: usize,
    dim: &Dim,
    sizes: &[Size],
    needs: &mut Needs<'_>,
) -> Result<Vec<Dim>, Problem> {
    let into = spell_sizes(sizes);
    if let Some(size) = open_sizes(sizes)
        .into_iter()
        .find(|it| !needs.is_settled(it))
    {
        let message = format!(
            "splits dimension {index} into {into}, but what {size} is depends on the input"
        );
        let help = "write numbers for all sizes but one";
        return Err(Problem::new("size-unknown-here", message).help(help));
    }
    let product = product(known(sizes))?;
    if !sizes.contains(&Size::Auto) {
        needs.equal(dim, &product).map_err(|why| {
            let message = format!("splits dimension {index}, which is {dim}, into {into}");
            let help = "write `\"<<auto>>\"` for one of the sizes";
            Problem::new("inexact-split", message).note(why.0).help(help)
        })?;
        return Ok(known(sizes).cloned().collect());
    }
    let (auto, facts) = match dim.exact_div(&product) {
        Err(dim::Error::NotInteger | dim::Error::NotExact { .. }) => {
            let message = format!(
                "splits dimension {index} into {into}, but {dim} is not a multiple of {product}"
            );
            let help = format!("split into sizes whose product divides {dim}, or change {dim}");
            return Err(Problem::new("inexact-split", message).help(help));
        }
        result => result?,
    };
    for fact in facts {
        needs.need(fact, || format!("{dim} is split into {into}"));
    }
    let size = |it: &Size| match it {
        Size::Known(dim) => dim.clone(),
        Size::Auto => auto.clone(),
    };
    Ok(sizes.iter().map(size).collect())
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{check, check_forward, check_same_code, layer};

    fn block(spec: &str) -> String {
        format!(r#"{{"_class": "Reshape", "reshape_spec": {spec}}}"#)
    }

    #[track_caller]
    fn check_both(spec: &str, input: &str, shape: &str, code: &str) {
        check(&block(spec), &[input], shape);
        check_forward(&block(spec), &[input], code);
    }

    #[test]
    fn flatten_merges_all() {
        check_both(
            r#""flatten""#,
            "[N, 512, 7, 7]",
            "[N, 25088]",
            "a.f_flatten(1, -1)?",
        );
        check_both(
            r#""flatten""#,
            "[N, 512, ⌈H/32⌉, ⌈W/32⌉]",
            "[N, 512*⌈H/32⌉*⌈W/32⌉]",
            "a.f_flatten(1, -1)?",
        );
        check_both(r#""flatten""#, "[N, 10]", "[N, 10]", "a.f_flatten(1, -1)?");
        let expected = "wrong-rank: needs a dimension beside the batch, but gets [N]";
        check(&block(r#""flatten""#), &["[N]"], expected);
    }

    #[test]
    fn dimensions_move() {
        check_both(
            "[2, 0, 1]",
            "[N, 3, H, W]",
            "[N, W, 3, H]",
            "a.f_permute([0, 3, 1, 2])?",
        );
        check_both("[0, 1]", "[N, 3, H]", "[N, 3, H]", "a.shallow_clone()");
        assert!(layer(&block("[0, 1]")).is_identity());
        assert!(!layer(&block("[1, 0]")).is_identity());
        assert!(!layer(&block("[0, null]")).is_identity());
    }

    #[test]
    fn dimensions_merge() {
        check_both(
            "[2, [0, 1]]",
            "[N, 16, 8, W]",
            "[N, W, 128]",
            "a.f_permute([0, 3, 1, 2])?.f_flatten(2, 3)?",
        );
        check_both(
            "[[0, 1], 2]",
            "[N, 16, H, W]",
            "[N, 16*H, W]",
            "a.f_flatten(1, 2)?",
        );
    }

    #[test]
    fn dimensions_split() {
        check_both(
            r#"[{"0": [4, "<<auto>>"]}, 1]"#,
            "[N, 12, L]",
            "[N, 4, 3, L]",
            "a.f_unflatten(1, [4, -1])?",
        );
        check_both(
            r#"[1, {"0": ["<<auto>>", 2, 3]}]"#,
            "[N, 12, L]",
            "[N, L, 2, 2, 3]",
            "a.f_permute([0, 2, 1])?.f_unflatten(2, [-1, 2, 3])?",
        );
        check_both(
            r#"[{"0": [3, 4]}]"#,
            "[N, 12]",
            "[N, 3, 4]",
            "a.f_unflatten(1, [3, 4])?",
        );
        check_both(
            r#"[{"0": [3, "<<variable:W>>"]}]"#,
            "[N, 3*W]",
            "[N, 3, W]",
            "a.f_unflatten(1, [3, -1])?",
        );
        check_both(
            r#"[{"0": ["<<variable:K>>", "<<auto>>"]}]"#,
            "[N, 2*K]",
            "[N, K, 2]",
            "a.f_unflatten(1, [k, -1])?",
        );
    }

    #[test]
    fn splits_that_are_not_exact_are_facts_or_errors() {
        let auto = block(r#"[{"0": [2, "<<auto>>"]}]"#);
        check(&auto, &["[N, H]"], "[N, 2, H/2] where H % 2 == 0");
        check(&auto, &["[N, 6*H]"], "[N, 2, 3*H]");
        check(&auto, &["[N, H+1]"], "[N, 2, H/2+1/2] where H % 2 == 1");
        check(
            &auto,
            &["[N, 7]"],
            "inexact-split(reshape_spec): splits dimension 0 into [2, <<auto>>], but 7 is not a multiple of 2\n\
             help: split into sizes whose product divides 7, or change 7",
        );
        check(
            &auto,
            &["[N, 2*H+1]"],
            "inexact-split(reshape_spec): splits dimension 0 into [2, <<auto>>], but 2*H+1 is not a multiple of 2\n\
             help: split into sizes whose product divides 2*H+1, or change 2*H+1",
        );
        check(
            &block(r#"[1, {"0": [2, 3]}]"#),
            &["[N, 8, L]"],
            "inexact-split(reshape_spec): splits dimension 0, which is 8, into [2, 3]\n\
             note: 8 and 6 never agree\n\
             help: write `\"<<auto>>\"` for one of the sizes",
        );
        check(
            &block(r#"[{"0": ["<<variable:H>>", "<<auto>>"]}]"#),
            &["[N, H*W]"],
            "size-unknown-here(reshape_spec): splits dimension 0 into [H, <<auto>>], but what H is depends on the input\n\
             help: write numbers for all sizes but one",
        );
    }

    #[test]
    fn new_dimensions_have_size_one() {
        check_both("[null, 0]", "[N, 12]", "[N, 1, 12]", "a.f_unsqueeze(1)?");
        check_both(
            "[0, null, null]",
            "[N, 12]",
            "[N, 12, 1, 1]",
            "a.f_unsqueeze(2)?.f_unsqueeze(2)?",
        );
        check_both(
            r#"[null, [2, 0], {"1": [2, 4]}]"#,
            "[N, 12, 8, W]",
            "[N, 1, 12*W, 2, 4]",
            "a.f_permute([0, 3, 1, 2])?.f_unflatten(3, [2, 4])?.f_flatten(1, 2)?.f_unsqueeze(1)?",
        );
    }

    #[test]
    fn every_dimension_is_mentioned_once() {
        let wrong = |spec: &str, shown: &str, why: &str| {
            let expected = format!(
                "wrong-reshape: `block`: `reshape_spec` of `Reshape` cannot be {shown}\nnote: {why}"
            );
            check(&block(spec), &["[N, 3]"], &expected);
        };
        let accepts = "it is \"flatten\", or a list of dimensions, lists to merge, objects to split, and `null`";
        wrong("[0, 0]", "[0, 0]", "dimension 0 is mentioned twice");
        wrong(
            "[0, [1, 0]]",
            "[0, [1, 0]]",
            "dimension 0 is mentioned twice",
        );
        wrong(
            "[1]",
            "[1]",
            "dimension 0 is missing: each is mentioned once, from 0 on",
        );
        wrong(
            "[0, 2]",
            "[0, 2]",
            "dimension 1 is missing: each is mentioned once, from 0 on",
        );
        wrong("\"flat\"", "\"flat\"", accepts);
        wrong("[]", "[]", accepts);
        wrong("3", "3", accepts);
        let index = "is no dimension of the input: they are counted 0, 1, 2, … without the batch";
        wrong("[-1]", "[-1]", &format!("-1 {index}"));
        wrong("[0.5]", "[0.5]", &format!("0.5 {index}"));
        wrong("[[0, null]]", "[[0, null]]", &format!("null {index}"));
        wrong(
            r#"[{"a": [2, 3]}]"#,
            r#"[{"a": [2, 3]}]"#,
            &format!("\"a\" {index}"),
        );
        let merge = "a list merges two or more dimensions; one that is kept needs no list";
        wrong("[[0]]", "[[0]]", merge);
        wrong(
            "[{}]",
            "[{}]",
            "an object splits one dimension: `{\"0\": [2, 3]}`",
        );
        let two = "a split needs a list of two or more sizes";
        wrong(r#"[{"0": [2]}]"#, r#"[{"0": [2]}]"#, two);
        wrong(r#"[{"0": 2}]"#, r#"[{"0": 2}]"#, two);
        wrong(
            r#"[{"0": [2, 0]}]"#,
            r#"[{"0": [2, 0]}]"#,
            "0 is no size to split into: that is a whole number from 1 on, or a size such as \
             `\"<<variable:K>>\"`, or `\"<<auto>>\"`",
        );
        wrong(
            r#"[{"0": ["<<auto>>", "<<auto>>"]}]"#,
            r#"[{"0": ["<<auto>>", "<<auto>>"]}]"#,
            "one size of a split at most can be `<<auto>>`",
        );
        check(
            &block("[1, 0]"),
            &["[N, 3, H, W]"],
            "wrong-rank(reshape_spec): rearranges 2 dimensions beside the batch, but gets [N, 3, H, W]\n\
             help: mention each dimension of the input once in `reshape_spec`",
        );
    }

    #[test]
    fn elements_may_be_whole_numbers() {
        check(
            &block("[1, 0]"),
            &["#[N, 3, H]"],
            "[N, H, 3] of whole numbers",
        );
    }

    #[test]
    fn code_is_shared_where_it_is_the_same() {
        let same =
            |one, other, expected| check_same_code("[N, 12]", &block(one), &block(other), expected);
        same(
            r#"[{"0": [2, "<<auto>>"]}]"#,
            r#"[{"0": [2, "<<variable:H>>"]}]"#,
            true,
        );
        same(
            r#"[{"0": [2, "<<auto>>"]}]"#,
            r#"[{"0": [3, "<<auto>>"]}]"#,
            false,
        );
        same("[0]", "[0, null]", false);
    }
}
