//! What only the whole network has: its interface and its docs.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    classes::{Class, Classes},
    docs::described,
    frozen_name,
    guard::{sizes, symbols_of},
    number,
    plan::{Form, Port, Scope, What},
};
use crate::{
    dim::Symbol,
    layer::Value,
    model::Model,
    names::{self, Taken, ident, snake},
    shape::{Dtype, Type},
};

pub(super) struct Root<'a> {
    pub(super) architecture: &'a Model,
    pub(super) scope: &'a Scope,
    form: Form,
    pub(super) name: Ident,
    /// The name of the trained form, to which belongs what both have in common.
    pub(super) trained: Ident,
    needs_train: bool,
    /// Sizes that are known when the model is made.
    pub(super) free: Vec<Free>,
    /// The symbols that inputs bind, in order of appearance.
    pub(super) bound: Vec<Symbol>,
}

/// A symbol that no input binds.
pub(super) struct Free {
    pub(super) symbol: Symbol,
    pub(super) argument: Ident,
    /// Whether the check of the inputs mentions it.
    pub(super) in_facts: bool,
    in_forward: bool,
}

impl<'a> Root<'a> {
    pub(super) fn new(architecture: &'a Model, classes: &'a Classes<'a>, trained: &Ident) -> Self {
        let plan = &classes.classified.plan;
        let Class {
            fields,
            needs_train,
            ..
        } = classes.get(classes.root());
        let scope = classes.example(classes.root());
        let name = match plan.form {
            Form::Trained => trained.clone(),
            Form::Frozen => frozen_name(trained),
        };
        let mut taken = Taken::new(["vs", "_vs", "i"]);
        fields
            .iter()
            .flatten()
            .for_each(|it| drop(taken.unique(it)));
        let mentions = |symbol: &Symbol, of: &Scope, in_forward: bool| {
            of.blocks.iter().any(|block| match &block.what {
                What::Run { .. } => false,
                What::Layer(_) => block.leaves().flat_map(|it| &it.numbers).any(|it| {
                    let mentions =
                        matches!(&it.value, Value::Dim(dim) if dim.symbols().contains(symbol));
                    mentions && (it.in_forward || !in_forward)
                }),
            })
        };
        let free = architecture.free.iter().map(|symbol| {
            let in_facts = architecture
                .facts
                .iter()
                .any(|it| symbols_of(&it.fact).contains(symbol));
            // Inputs have to agree with it, too.
            let in_inputs = scope
                .inputs
                .iter()
                .flat_map(|it| sizes(&it.ty))
                .any(|it| it.as_ref() == Err(symbol));
            let in_facts = in_facts || in_inputs;
            let is_used = in_facts || plan.scopes.iter().any(|it| mentions(symbol, it, false));
            let name = snake(symbol.name());
            let name = if is_used {
                name
            } else {
                format!("_{}", name.trim_start_matches('_'))
            };
            let argument = ident(&taken.unique(&name));
            Free {
                symbol: symbol.clone(),
                argument,
                in_facts,
                in_forward: mentions(symbol, scope, true),
            }
        });
        let free = free.collect();
        let mut bound: Vec<Symbol> = Vec::new();
        for size in scope.inputs.iter().flat_map(|it| sizes(&it.ty)) {
            if let Err(symbol) = size
                && !bound.contains(&symbol)
                && !architecture.free.contains(&symbol)
            {
                bound.push(symbol);
            }
        }
        Self {
            architecture,
            scope,
            form: plan.form,
            name,
            trained: trained.clone(),
            needs_train: *needs_train,
            free,
            bound,
        }
    }

    /// A size that is known when the model is made.
    pub(super) fn size(&self, symbol: &Symbol, place: &TokenStream) -> TokenStream {
        let name = self
            .free
            .iter()
            .find(|it| it.symbol == *symbol)
            .map(|it| &it.argument);
        quote!(#place #name)
    }

    /// Arguments of `new` for sizes.
    pub(super) fn sizes(&self) -> impl Iterator<Item = &Ident> {
        self.free.iter().map(|it| &it.argument)
    }

    /// Those of them that are needed later.
    pub(super) fn stored_sizes(&self) -> impl Iterator<Item = &Ident> {
        self.free
            .iter()
            .filter(|it| it.in_facts || it.in_forward)
            .map(|it| &it.argument)
    }

    pub(super) fn public_names(&self) -> Vec<Ident> {
        let mut names = vec![self.name.clone()];
        names.extend(self.has_several_inputs().then(|| self.inputs_type()));
        names.extend(self.has_several_outputs().then(|| self.outputs_type()));
        names
    }

    fn has_several_inputs(&self) -> bool {
        self.scope.inputs.len() != 1
    }

    fn has_several_outputs(&self) -> bool {
        self.scope.outputs.len() != 1
    }

    fn inputs_type(&self) -> Ident {
        format_ident!("{}Inputs", self.trained)
    }

    fn outputs_type(&self) -> Ident {
        format_ident!("{}Outputs", self.trained)
    }

    /// The first statements of `forward`; `inputs` are the locals of the inputs.
    pub(super) fn check(&self, inputs: &[Ident]) -> TokenStream {
        let known: Vec<&Ident> = self
            .free
            .iter()
            .filter(|it| it.in_facts)
            .map(|it| &it.argument)
            .collect();
        let fields = self.has_several_inputs().then(|| {
            let ty = self.inputs_type();
            let fields = self.input_fields().into_iter().zip(inputs);
            let fields = fields.map(|(field, local)| {
                if field == *local {
                    quote!(#field)
                } else {
                    quote!(#field: #local)
                }
            });
            quote!(let #ty { #(#fields),* } = inputs;)
        });
        let (owner, no_grad) = match self.form {
            Form::Trained => (quote!(Self), None),
            Form::Frozen => {
                let trained = &self.trained;
                (
                    quote!(#trained),
                    Some(quote!(let _no_grad = frozen::no_grad_guard();)),
                )
            }
        };
        let check = match known.as_slice() {
            [] => quote!(#owner::INPUTS.check([#(#inputs),*])?;),
            known => quote!(#owner::INPUTS.check_with([#(#inputs),*], [#(self.#known),*])?;),
        };
        quote!(#fields #check #no_grad)
    }

    /// What `forward` takes beside `self` and `train`.
    pub(super) fn parameter(&self) -> TokenStream {
        if self.has_several_inputs() {
            let ty = self.inputs_type();
            return quote!(inputs: #ty<'_>);
        }
        let input = self.local();
        quote!(#input: &Tensor)
    }

    /// The inputs that an array holds, as `forward` takes them.
    pub(super) fn given(&self, array: &Ident) -> TokenStream {
        if !self.has_several_inputs() {
            return quote!(&#array[0]);
        }
        let ty = self.inputs_type();
        let fields = self.input_fields();
        let places = (0..fields.len()).map(number::index);
        quote!(#ty { #(#fields: &#array[#places]),* })
    }

    /// The parameter of a network with one input.
    fn local(&self) -> Ident {
        let name = self
            .scope
            .inputs
            .first()
            .and_then(|it| it.name.as_deref())
            .unwrap_or("input");
        super::locals::of_inputs([snake(name).as_str()].into_iter()).remove(0)
    }

    pub(super) fn result(&self) -> TokenStream {
        if self.has_several_outputs() {
            let ty = self.outputs_type();
            return quote!(#ty);
        }
        quote!(Tensor)
    }

    /// Several outputs as one value.
    pub(super) fn results(&self, values: &[TokenStream]) -> TokenStream {
        let ty = self.outputs_type();
        let fields = self
            .output_fields()
            .into_iter()
            .zip(values)
            .map(|(field, value)| {
                if field == value.to_string() {
                    quote!(#field)
                } else {
                    quote!(#field: #value)
                }
            });
        quote!(#ty { #(#fields),* })
    }

    /// `ModuleT` or `Module` of tch, for a network with one input and one output.
    pub(super) fn emit_trait(&self) -> Option<TokenStream> {
        if self.has_several_inputs() || self.has_several_outputs() {
            return None;
        }
        let (name, input) = (&self.name, self.local());
        Some(if self.needs_train {
            quote! {
                impl nn::ModuleT for #name {
                    fn forward_t(&self, #input: &Tensor, train: bool) -> Tensor {
                        nn::or_panic(self.forward_t(#input, train))
                    }
                }
            }
        } else {
            quote! {
                impl nn::Module for #name {
                    fn forward(&self, #input: &Tensor) -> Tensor {
                        nn::or_panic(self.forward(#input))
                    }
                }
            }
        })
    }

    /// The structs of several inputs and outputs.
    pub(super) fn emit_interface(&self) -> Vec<TokenStream> {
        // Both forms share them.
        if self.form == Form::Frozen {
            return Vec::new();
        }
        let docs = |port: &Port| format!(" {}{}", of_type(&port.ty), description(port));
        let inputs = self.has_several_inputs().then(|| {
            let (ty, fields) = (self.inputs_type(), self.input_fields());
            let title = format!(" The inputs of [`{}`].", self.name);
            let docs = self.scope.inputs.iter().map(docs);
            let life = (!fields.is_empty()).then(|| quote!(<'a>));
            quote! {
                #[doc = #title]
                #[derive(Clone, Copy, Debug)]
                pub struct #ty #life { #(#[doc = #docs] pub #fields: &'a Tensor,)* }
            }
        });
        let outputs = self.has_several_outputs().then(|| {
            let (ty, fields) = (self.outputs_type(), self.output_fields());
            let title = format!(" The outputs of [`{}`].", self.name);
            let docs = self.scope.outputs.iter().map(|it| docs(&it.port));
            quote! {
                #[doc = #title]
                #[derive(Debug)]
                pub struct #ty { #(#[doc = #docs] pub #fields: Tensor,)* }
            }
        });
        inputs.into_iter().chain(outputs).collect()
    }

    fn input_fields(&self) -> Vec<Ident> {
        fields(self.scope.inputs.iter())
    }

    fn output_fields(&self) -> Vec<Ident> {
        fields(self.scope.outputs.iter().map(|it| &it.port))
    }

    /// Docs of the struct.
    pub(super) fn docs(&self) -> Vec<String> {
        if self.form == Form::Frozen {
            return vec![
                format!(" The inference form of [`{}`].", self.trained),
                String::new(),
                " What is done in one step here may be several there; results differ by rounding."
                    .to_owned(),
            ];
        }
        let mut docs = match &self.architecture.description {
            Some(description) => described(description),
            None => vec![format!(" The `{}` architecture.", self.architecture.name)],
        };
        docs.push(String::new());
        let outputs = self.scope.outputs.iter().map(|it| ("output", &it.port));
        let ports = self
            .scope
            .inputs
            .iter()
            .map(|it| ("input", it))
            .chain(outputs);
        docs.extend(ports.map(|(kind, port)| {
            let name = port.name.as_deref().unwrap_or_default();
            let ty = of_type(&port.ty);
            format!(" * {kind} `{name}`: {ty}{}", description(port))
        }));
        let mut facts: Vec<String> = Vec::new();
        for text in self
            .architecture
            .facts
            .iter()
            .map(|it| format!("`{}`", it.text))
        {
            if !facts.contains(&text) {
                facts.push(text);
            }
        }
        if !facts.is_empty() {
            docs.extend([String::new(), format!(" Needs {}.", listed(&facts))]);
        }
        if let Some(parameters) = self.architecture.parameters() {
            let parameters = number::separated(&parameters.to_string(), ',');
            docs.extend([String::new(), format!(" {parameters} parameters.")]);
        }
        docs
    }

    pub(super) fn docs_of_new(&self) -> Vec<String> {
        let sizes: Vec<String> = self
            .free
            .iter()
            .map(|it| format!("`{}`", it.symbol))
            .collect();
        let given = match sizes.as_slice() {
            [] => String::new(),
            [size] => format!(", given the size {size}"),
            sizes => format!(", given the sizes {}", listed(sizes)),
        };
        vec![format!(" Creates the weights under `vs`{given}.")]
    }

    pub(super) fn docs_of_forward(&self) -> Vec<String> {
        let names = |ports: &mut dyn Iterator<Item = &Port>| {
            let names: Vec<String> = ports
                .filter_map(|it| Some(format!("`{}`", it.name.as_ref()?)))
                .collect();
            listed(&names)
        };
        let inputs = names(&mut self.scope.inputs.iter());
        let outputs = names(&mut self.scope.outputs.iter().map(|it| &it.port));
        let have = if self.has_several_inputs() {
            "have"
        } else {
            "has"
        };
        vec![
            format!(" Computes {outputs} from {inputs}."),
            String::new(),
            " # Errors".to_owned(),
            String::new(),
            format!(
                " If {inputs} {have} another shape or type than [`{}`] takes, or libtorch fails.",
                self.trained
            ),
        ]
    }
}

fn fields<'a>(ports: impl Iterator<Item = &'a Port>) -> Vec<Ident> {
    names::ports(ports.map(|it| it.name.as_deref().unwrap_or("value")))
}

/// `` `[N, L]` of whole numbers ``
fn of_type(ty: &Type) -> String {
    let shape = &ty.shape;
    match ty.dtype {
        Dtype::Float => format!("`{shape}`"),
        Dtype::Int64 => format!("`{shape}` of whole numbers"),
    }
}

fn description(port: &Port) -> String {
    let lines = port
        .description
        .as_deref()
        .map(described)
        .unwrap_or_default();
    let text = lines.join("").trim().to_owned();
    if text.is_empty() {
        text
    } else {
        format!(": {text}")
    }
}

/// `a, b and c`
pub(super) fn listed(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
