//! Functions for modules that several places make in the same unusual way.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::{
    classes::Classes,
    generalize::{Column, Expr, General, Rules, generalize},
    number,
    plan::{Block, Leaf},
};
use crate::{
    dim::Symbol,
    layer::{Argument, Module, Number},
    names::{Taken, ident, snake},
};

/// By kind of layer.
pub(super) struct Wrappers(BTreeMap<String, Wrapper>);

struct Wrapper {
    name: String,
    module: Module,
    numbers: Vec<Number>,
    general: General,
}

/// Where a kind of layer is made.
#[derive(Default)]
struct Made<'a> {
    places: usize,
    leaves: Vec<&'a Leaf>,
}

/// From so many places on, a wrapper pays even where there is nothing to configure.
const MANY: usize = 3;

impl Wrappers {
    /// A wrapper is the anti-unification of all layers of a kind that several places make.
    pub(super) fn new(classes: &Classes<'_>, free: &[Symbol]) -> Self {
        let mut kinds: BTreeMap<&str, Made<'_>> = BTreeMap::new();
        for (id, class) in classes.all.iter().enumerate() {
            let Some(class) = class else { continue };
            for (leaf, _) in modules(&classes.example(id).blocks) {
                kinds.entry(&leaf.kind).or_default().places += 1;
            }
            for instance in &class.instances {
                for (leaf, _) in modules(&classes.scope(*instance).blocks) {
                    kinds.entry(&leaf.kind).or_default().leaves.push(leaf);
                }
            }
        }
        // Of several kinds with one name, the one with the fewest switches has the bare name.
        let switches = |made: &Made<'_>| made.leaves[0].module.as_ref().map(|it| it.fixed.len());
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, made)| switches(made));
        // An argument of the same name would hide the function where it is called.
        let arguments = classes.all.iter().flatten();
        let arguments = arguments.flat_map(|it| it.arguments.iter().chain(&it.derived));
        let free: Vec<String> = free.iter().map(|it| snake(it.name())).collect();
        let hidden = arguments.chain(&free).map(String::as_str);
        let mut taken = Taken::new(hidden.chain(["drop"]));
        let mut wrappers = BTreeMap::new();
        for (kind, Made { places, leaves }) in kinds {
            let leaf = leaves[0];
            let Some(module) = &leaf.module else { continue };
            if places < MANY && (places < 2 || !leaves.iter().any(|it| is_configured(it, module))) {
                continue;
            }
            let columns: Vec<Column> = (0..leaf.numbers.len())
                .map(|it| column(&leaves, it))
                .collect();
            let general = generalize(
                &columns,
                Rules {
                    symbols_are_literals: false,
                    evidence: 2,
                },
            );
            let name = if taken.contains(module.wrapper) {
                switched_name(module)
            } else {
                module.wrapper.to_owned()
            };
            let name = taken.unique(&name);
            let (module, numbers) = (module.clone(), leaf.numbers.clone());
            wrappers.insert(
                kind.to_owned(),
                Wrapper {
                    name,
                    module,
                    numbers,
                    general,
                },
            );
        }
        Self(wrappers)
    }

    /// Makes the module of a layer.
    pub(super) fn emit_call(
        &self,
        leaf: &Leaf,
        path: &TokenStream,
        numbers: &[Argument],
    ) -> TokenStream {
        if let Some(wrapper) = self.0.get(&leaf.kind) {
            let name = ident(&wrapper.name);
            let arguments = wrapper
                .general
                .parameters
                .iter()
                .map(|it| &numbers[it.columns[0]]);
            return quote!(#name(#path, #(#arguments),*));
        }
        let Some(module) = &leaf.module else {
            return TokenStream::new();
        };
        let (function, positional) = (&module.function, positional(module, &leaf.numbers, numbers));
        let config = config(module, &leaf.numbers, numbers);
        quote!(#function(#path, #(#positional,)* #config))
    }

    pub(super) fn emit(&self) -> impl Iterator<Item = TokenStream> {
        self.0.values().map(Wrapper::emit)
    }
}

impl Wrapper {
    fn emit(&self) -> TokenStream {
        let (name, module, parameters) =
            (ident(&self.name), &self.module, &self.general.parameters);
        let name_of = |parameter: usize| {
            format_ident!("{}", self.numbers[parameters[parameter].columns[0]].name)
        };
        let arguments = (0..parameters.len()).map(|it| {
            let (name, ty) = (name_of(it), number::ty(&parameters[it].values[0]));
            quote!(#name: #ty)
        });
        let numbers: Vec<Argument> = self
            .general
            .exprs
            .iter()
            .map(|it| argument(it, &name_of))
            .collect();
        let (ty, function, positional) = (
            &module.ty,
            &module.function,
            positional(module, &self.numbers, &numbers),
        );
        let config = config(module, &self.numbers, &numbers);
        let is_default = config.is_default();
        let docs = format!(
            " `{}` as this model uses it.",
            function.to_string().replace(' ', "")
        );
        let many = too_many(parameters.len() + 1);
        let body = if is_default {
            quote!(#function(vs, #(#positional,)* #config))
        } else {
            quote! {
                let config = #config;
                #function(vs, #(#positional,)* config)
            }
        };
        quote! {
            #[doc = #docs]
            #many
            fn #name(vs: nn::Path, #(#arguments),*) -> #ty {
                #body
            }
        }
    }
}

/// Clippy counts to seven.
pub(super) fn too_many(arguments: usize) -> Option<TokenStream> {
    let reason = "one for each number that differs";
    (arguments > 7).then(|| quote!(#[allow(clippy::too_many_arguments, reason = #reason)]))
}

/// Where several wrappers make one module, their switches tell them apart: `conv2d_without_bias`.
fn switched_name(module: &Module) -> String {
    let switch = |field: &TokenStream| {
        let text = field.to_string();
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        match (name.trim(), value.trim()) {
            (name, "false") => format!("_without_{name}"),
            (name, "true") => format!("_with_{name}"),
            (_, value) if value.contains("::") => format!(
                "_{}",
                snake(value.rsplit("::").next().unwrap_or_default().trim())
            ),
            (name, value) => format!("_{name}_{value}"),
        }
    };
    let switches: String = module.fixed.iter().map(switch).collect();
    snake(&(module.wrapper.to_owned() + &switches))
}

fn modules(blocks: &[Block]) -> impl Iterator<Item = (&Leaf, &Module)> {
    let leaves = blocks.iter().flat_map(Block::leaves);
    leaves.filter_map(|it| Some((&**it, it.module.as_ref()?)))
}

fn is_configured(leaf: &Leaf, module: &Module) -> bool {
    let mut options = leaf.numbers[module.arguments..].iter();
    !module.fixed.is_empty() || options.any(|it| it.default.as_ref() != Some(&it.value))
}

fn column(leaves: &[&Leaf], index: usize) -> Column {
    let number = &leaves[0].numbers[index];
    Column {
        name: number.name.to_owned(),
        label: None,
        noun: "",
        role: number.role,
        is_input: false,
        is_output: false,
        in_forward: false,
        values: leaves
            .iter()
            .map(|it| it.numbers[index].value.clone())
            .collect(),
    }
}

fn argument(expr: &Expr, name_of: &dyn Fn(usize) -> Ident) -> Argument {
    let tokens = match *expr {
        Expr::Literal(ref value) => {
            return number::literal(value, &|it| it.name().parse().unwrap_or_default());
        }
        Expr::Linear {
            parameter,
            scale,
            offset,
        } => linear(&name_of(parameter).into_token_stream(), scale, offset),
        Expr::Half { parameter } => {
            let name = name_of(parameter);
            quote!(#name / 2)
        }
    };
    Argument {
        tokens,
        literal: None,
    }
}

/// `4 * feats + 32`
pub(super) fn linear(name: &TokenStream, scale: i64, offset: i64) -> TokenStream {
    let scaled = if scale == 1 {
        name.clone()
    } else {
        let scale = number::int(scale);
        quote!(#scale * #name)
    };
    if offset == 0 {
        return scaled;
    }
    let amount = number::int(offset.checked_abs().unwrap_or(offset));
    if offset < 0 {
        quote!(#scaled - #amount)
    } else {
        quote!(#scaled + #amount)
    }
}

fn positional(module: &Module, numbers: &[Number], values: &[Argument]) -> Vec<TokenStream> {
    let of = numbers.iter().zip(values).take(module.arguments);
    of.map(|(number, value)| value.per_axis(number.axes))
        .collect()
}

/// `Config { stride: [2, 2], ..Default::default() }` without the fields that have their default.
struct Config<'a> {
    ty: &'a TokenStream,
    fields: Vec<TokenStream>,
    /// Whether there are fields that are not set.
    has_more: bool,
}

impl Config<'_> {
    fn is_default(&self) -> bool {
        self.fields.is_empty()
    }
}

fn config<'a>(module: &'a Module, numbers: &[Number], values: &[Argument]) -> Config<'a> {
    let options = numbers.iter().zip(values).skip(module.arguments);
    let set = options
        .filter(|(number, value)| value.literal.is_none() || value.literal != number.default);
    let fields = set.map(|(number, value)| {
        let (name, value) = (
            format_ident!("{}", number.name),
            value.per_axis(number.axes),
        );
        if value.to_string() == number.name {
            quote!(#name)
        } else {
            quote!(#name: #value)
        }
    });
    let fields: Vec<TokenStream> = fields.chain(module.fixed.iter().cloned()).collect();
    let has_more = fields.len() < module.config_fields;
    Config {
        ty: &module.config,
        fields,
        has_more,
    }
}

impl ToTokens for Config<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            ty,
            fields,
            has_more,
        } = self;
        tokens.extend(match (fields.as_slice(), has_more) {
            _ if ty.is_empty() => return,
            ([], _) => quote!(#ty::default()),
            (fields, true) => quote!(#ty { #(#fields,)* ..Default::default() }),
            (fields, false) => quote!(#ty { #(#fields),* }),
        });
    }
}
