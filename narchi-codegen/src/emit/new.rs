//! The constructor: one field per block, in the order of the file.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    classes::Class,
    context::Context,
    generalize::Expr,
    number,
    plan::{Block, Element, Form, Key, Leaf, ScopeId, What},
    root::Root,
    structs,
    wrappers::too_many,
};
use crate::{layer::Argument, names::ident};

pub(super) fn emit_new(context: &Context<'_>) -> TokenStream {
    // A frozen network is made of a trained one, or loaded.
    let root = context.root.filter(|_| context.form() == Form::Trained);
    let public = root.map(|_| quote!(pub));
    let docs = root.map(Root::docs_of_new).unwrap_or_default();
    let parameters = context.value_parameters();
    let arguments = parameters.iter().map(|it| {
        let name = ident(&context.class.arguments[*it]);
        let ty = number::ty(&context.class.general.parameters[*it].values[0]);
        quote!(#name: #ty)
    });
    let sizes = context
        .root
        .into_iter()
        .flat_map(Root::sizes)
        .map(|it| quote!(#it: i64));
    let arguments: Vec<TokenStream> = arguments.chain(sizes).collect();
    let paths = Paths::new(context);
    let fields = context
        .class
        .fields
        .iter()
        .enumerate()
        .filter_map(|(block, field)| {
            let (field, value) = (ident(field.as_ref()?), emit_field(&paths, block));
            Some(quote!(#field: #value))
        });
    let has_weights = context.class.fields.iter().any(Option::is_some);
    let stored = parameters.iter().filter(|it| context.class.stored[**it]);
    let stored = stored.map(|it| ident(&context.class.arguments[*it]));
    let stored = stored
        .chain(
            context
                .root
                .into_iter()
                .flat_map(Root::stored_sizes)
                .cloned(),
        )
        .map(|it| quote!(#it));
    let fields: Vec<TokenStream> = fields.chain(stored).collect();
    let derived = context
        .class
        .general
        .derived
        .iter()
        .zip(&context.class.derived)
        .map(|(derived, name)| {
            let (name, value) = (ident(name), context.argument(&derived.expr, &quote!()));
            quote!(let #name = #value;)
        });
    let vs = if has_weights { quote!(vs) } else { quote!(_vs) };
    let many = too_many(arguments.len() + 1);
    let cast = (0..context.class.fields.len())
        .any(|it| counts(&paths, it))
        .then(|| quote!(#[allow(clippy::cast_possible_wrap, reason = "a short run")]));
    quote! {
        #(#[doc = #docs])*
        #many
        #cast
        #public fn new(#vs: &nn::Path, #(#arguments),*) -> Self {
            #(#derived)*
            Self { #(#fields,)* }
        }
    }
}

/// Whether the value of a block is an array with a number that grows.
fn counts(paths: &Paths<'_>, block: usize) -> bool {
    let is_varied = |it: &Block| matches!(it.what, What::Run { uniform: false, .. });
    is_varied(&paths.context.example.blocks[block])
        && emit_field(paths, block).to_string().contains("i as i64")
}

fn emit_field(paths: &Paths<'_>, index: usize) -> TokenStream {
    let context = paths.context;
    let block = &context.example.blocks[index];
    let exprs = context.class.exprs(index);
    match &block.what {
        What::Layer(leaf) => {
            let numbers: Vec<_> = exprs.iter().map(|it| context.argument_of_new(it)).collect();
            let (own, fused) = numbers.split_at(leaf.numbers.len());
            let path = paths.to(&block.path, block.start.as_ref(), None);
            let made = context.wrappers.emit_call(leaf, &path, own);
            match context.form() {
                Form::Trained => made,
                Form::Frozen => emit_frozen(paths, block, leaf, &made, fused),
            }
        }
        What::Run { scopes, uniform } => emit_run(paths, block, scopes, *uniform, exprs),
    }
}

/// The frozen module that is made of a trained one: `frozen::Conv2d::new(…).batch_norm(…).relu().pack()`.
fn emit_frozen(
    paths: &Paths<'_>,
    block: &Block,
    leaf: &Leaf,
    made: &TokenStream,
    mut numbers: &[Argument],
) -> TokenStream {
    let Some(ty) = leaf.module.as_ref().and_then(|it| it.frozen.as_ref()) else {
        return quote!(frozen::Module::new(#made));
    };
    let mut call = quote!(#ty::new(#made));
    for norm in &block.fused.norms {
        let own;
        (own, numbers) = numbers.split_at(norm.leaf.numbers.len());
        let path = paths.to(&norm.path, norm.start.as_ref(), None);
        let norm_made = paths.context.wrappers.emit_call(&norm.leaf, &path, own);
        let method = if norm.is_before {
            quote!(input_norm)
        } else {
            quote!(batch_norm)
        };
        call.extend(quote!(.#method(&#norm_made)));
    }
    if let Some(epilogue) = &block.fused.epilogue {
        call.extend(quote!(.#epilogue));
    }
    call.extend(quote!(.pack()));
    call
}

fn emit_run(
    paths: &Paths<'_>,
    block: &Block,
    scopes: &[ScopeId],
    uniform: bool,
    exprs: &[Expr],
) -> TokenStream {
    let context = paths.context;
    let child = context.classes.class_of(scopes[0]);
    let name = ident(&context.classes.names[child]);
    let class = context.classes.get(child);
    let call = |element: Option<Step>, exprs: &[Expr]| {
        let path = paths.to(&block.path, block.start.as_ref(), element);
        let arguments = exprs.iter().enumerate().filter(|it| !class.is_const(it.0));
        let arguments = arguments.map(|(_, it)| context.argument_of_new(it));
        quote!(#name::new(&(#path), #(#arguments),*))
    };
    let width = class.arguments.len();
    match structs::length(&exprs[0]) {
        Some(1) => call(None, &exprs[1..]),
        Some(_) if !uniform => {
            if let Some(arguments) = progression(context, class, &exprs[1..], scopes.len()) {
                let path = paths.to(&block.path, block.start.as_ref(), Some(Step::I));
                return quote!(array::from_fn(|i| #name::new(&(#path), #(#arguments),*)));
            }
            let elements = (0..scopes.len()).map(|it| {
                let begin = 1 + it * width;
                call(Some(Step::Number(it)), &exprs[begin..begin + width])
            });
            quote!([#(#elements),*])
        }
        _ => {
            let element = call(Some(Step::I), &exprs[1..]);
            quote!(array::from_fn(|i| #element))
        }
    }
}

/// The arguments of the i-th element, where each is the same for all or grows by the same step, as the
/// inputs in a `DenseNet`.
fn progression(
    context: &Context<'_>,
    class: &Class,
    exprs: &[Expr],
    count: usize,
) -> Option<Vec<TokenStream>> {
    // Two of anything are a progression.
    if count < 3 {
        return None;
    }
    let width = class.arguments.len();
    let arguments = (0..width)
        .filter(|it| !class.is_const(*it))
        .map(|parameter| {
            let column: Vec<&Expr> = (0..count)
                .map(|it| &exprs[it * width + parameter])
                .collect();
            let first = context.argument_of_new(column[0]);
            if column.iter().all(|it| *it == column[0]) {
                return Some(first.tokens);
            }
            let step = column[0].step_to(column[1]).filter(|it| *it > 0)?;
            column
                .windows(2)
                .all(|it| it[0].step_to(it[1]) == Some(step))
                .then_some(())?;
            let times = if step == 1 {
                quote!()
            } else {
                number::int(step)
            };
            let times = if step == 1 { times } else { quote!(#times *) };
            Some(quote!(#first + #times i as i64))
        });
    arguments.collect()
}

/// Which element of a run.
#[derive(Clone, Copy)]
enum Step {
    Number(usize),
    /// The argument of a closure.
    I,
}

/// The paths of the weights of a class.
struct Paths<'a> {
    context: &'a Context<'a>,
    /// How many numbers the elements before each element take, as far as that is known.
    known: Vec<usize>,
    /// Elements whose number of numbers differs between instances, and how it is written.
    lengths: Vec<(usize, TokenStream)>,
}

impl<'a> Paths<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        let mut paths = Self {
            context,
            known: Vec::new(),
            lengths: Vec::new(),
        };
        let mut known = 0;
        for (number, element) in context.example.elements.iter().enumerate() {
            paths.known.push(known);
            let Element::Run(block) = element else {
                known += 1;
                continue;
            };
            let expr = &context.class.exprs(*block)[0];
            match structs::length(expr) {
                Some(length) => known += length,
                None => {
                    let length = context.argument(expr, &quote!()).tokens;
                    paths.lengths.push((number, length));
                }
            }
        }
        paths
    }

    /// `vs / "layer1" / 0`; `element` counts on from where a run starts.
    fn to(&self, steps: &[Key], start: Option<&Key>, element: Option<Step>) -> TokenStream {
        let mut path = quote!(vs);
        for key in steps {
            let key = self.step(key, None);
            path.extend(quote!(/ #key));
        }
        if let Some(start) = start {
            let step = self.step(start, element);
            path.extend(quote!(/ #step));
        }
        path
    }

    /// A step of a path. The lengths of runs that differ between instances are added to the known part.
    fn step(&self, key: &Key, element: Option<Step>) -> TokenStream {
        let (mut known, mut terms) = match key {
            Key::Name(name) => return quote!(#name),
            Key::Index(number) => (*number, Vec::new()),
            Key::Nth(number) => {
                let before = self.lengths.iter().take_while(|it| it.0 < *number);
                (self.known[*number], before.map(|it| it.1.clone()).collect())
            }
        };
        match element {
            Some(Step::Number(number)) => known += number,
            Some(Step::I) => terms.push(quote!(i)),
            None => {}
        }
        if known > 0 || terms.is_empty() {
            terms.push(number::index(known));
        }
        match terms.as_slice() {
            [only] => only.clone(),
            terms => quote!((#(#terms)+*)),
        }
    }
}
