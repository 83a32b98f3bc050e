//! The `forward` of a class.
//!
//! One statement computes one value, and a value is re-assigned by its last user, so that it is dropped
//! there: a chained call would keep its temporaries to the end of the statement, a shadowed one to the end
//! of the function.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;

use super::{
    blame,
    body::{Statement, body},
    calls::{Call, calls},
    classes,
    context::Context,
    locals::{self, Locals, Name, Outcome, Step},
    plan::{Block, Form, Leaf, Source, What},
    schedule::Uses,
    shapes::Shapes,
    structs,
};
use crate::{
    layer::{Moves, Operand, Site},
    names::{ident, snake},
};

pub(super) fn emit_forward(context: &Context<'_>) -> TokenStream {
    let train = context.class.needs_train;
    let name = if train {
        quote!(forward_t)
    } else {
        quote!(forward)
    };
    let inputs = inputs(context);
    let check = context.root.map(|it| it.check(&inputs));
    let mut body = check.map_or_else(TokenStream::new, |check| {
        let begins = blame::root();
        quote!(#check #begins)
    });
    body.extend(Body::new(context, inputs.clone()).emit());
    // A group is shared where its tokens would be copied.
    let body = Group::new(Delimiter::Brace, body);
    let train = train.then(|| quote!(, train: bool));
    if let Some(root) = context.root {
        let (docs, parameter, result) = (root.docs_of_forward(), root.parameter(), root.result());
        return quote! {
            #(#[doc = #docs])*
            pub fn #name(&self, #parameter #train) -> Result<#result> #body
        };
    }
    let result = match context.example.outputs.len() {
        1 => quote!(Tensor),
        count => {
            let tensors = std::iter::repeat_n(quote!(Tensor), count);
            quote!((#(#tensors),*))
        }
    };
    quote! {
        fn #name(&self, #(#inputs: &Tensor),* #train) -> Result<#result> #body
    }
}

/// Inputs have their name in the file; `input`, where they have none.
pub(super) fn inputs(context: &Context<'_>) -> Vec<Ident> {
    let names: Vec<String> = context
        .example
        .inputs
        .iter()
        .map(|it| snake(it.name.as_deref().unwrap_or("input")))
        .collect();
    locals::of_inputs(names.iter().map(String::as_str))
}

/// Takes a chain apart, so that each value has a statement: `x.f_a()?.f_b()?` is `x.f_a()?` and the call
/// `f_b()?`.
fn unchained(value: TokenStream) -> (TokenStream, Vec<TokenStream>) {
    let is =
        |token: &TokenTree, letter| matches!(token, TokenTree::Punct(it) if it.as_char() == letter);
    let mut links = vec![TokenStream::new()];
    let mut tokens = value.into_iter();
    while let Some(token) = tokens.next() {
        let ends = is(&token, '?');
        if let Some(link) = links.last_mut() {
            link.extend([token]);
        }
        if !ends {
            continue;
        }
        // A part of a tuple, as in `x.f_a()?.0`, is no call of its own.
        let mut rest = tokens.clone();
        let is_call = rest.next().is_some_and(|it| is(&it, '.'))
            && matches!(rest.next(), Some(TokenTree::Ident(_)));
        if is_call {
            tokens.next();
            links.push(TokenStream::new());
        }
    }
    let calls = links.split_off(1);
    (links.pop().unwrap_or_default(), calls)
}

/// What a kernel gives, and the other operand added to it; in the memory of that, where nobody needs it.
fn added(field: &TokenStream, input: &Operand, other: &Operand) -> TokenStream {
    let method = if other.is_free() {
        quote!(forward_add_)
    } else {
        quote!(forward_add)
    };
    let (input, other) = (input.by_ref(), other.by_ref());
    quote!(#field.#method(#input, #other)?)
}

struct Body<'a> {
    context: &'a Context<'a>,
    shapes: Shapes<'a>,
    uses: Uses,
    locals: Locals,
}

impl<'a> Body<'a> {
    fn new(context: &'a Context<'a>, inputs: Vec<Ident>) -> Self {
        let uses = Uses::new(context.example, &context.class.order);
        Self {
            context,
            shapes: Shapes::new(context),
            uses,
            locals: Locals::new(inputs),
        }
    }

    fn emit(mut self) -> TokenStream {
        for call in calls(self.context, &self.uses) {
            match call {
                Call::Chain(blocks) => match blocks.as_slice() {
                    [block] => self.emit_block(*block),
                    blocks => self.emit_chain(blocks),
                },
                Call::Joined { parts, whole } => self.emit_joined(&parts, whole),
            }
        }
        let outputs = self.context.example.outputs.iter();
        let outputs: Vec<Operand> = outputs
            .map(|it| self.locals.operand(it.source, true, true))
            .collect();
        let results = |values: &[TokenStream]| match (self.context.root, values) {
            (_, [value]) => value.clone(),
            (Some(root), values) => root.results(values),
            (None, values) => quote!((#(#values),*)),
        };
        body(
            self.locals.statements,
            &outputs,
            results,
            self.context.notes,
        )
    }

    fn emit_block(&mut self, index: usize) {
        let context = self.context;
        let block = &context.example.blocks[index];
        let sources = block.inputs.iter();
        let operands: Vec<Operand> = sources.map(|it| self.operand_of(*it, &[index])).collect();
        // Modules know what they are called.
        let knows = matches!(&block.what, What::Layer(leaf) if leaf.module.is_some());
        let label = if knows { "" } else { &block.label };
        self.locals
            .statements
            .push(Statement::Block(label.to_owned()));
        match &block.what {
            What::Layer(leaf) => match self.accumulator(leaf, &operands) {
                Some(target) => self.emit_accumulation(index, target, &operands),
                None => self.emit_layer(index, block, leaf, &operands),
            },
            What::Run { scopes, .. } => self.emit_run(index, block, scopes[0], &operands),
        }
    }

    /// Kernels that are called together.
    fn emit_chain(&mut self, chain: &[usize]) {
        let blocks = &self.context.example.blocks;
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
            return;
        };
        let block = &blocks[*last];
        let added = block.inputs.iter().filter(|_| block.fused.adds).skip(1);
        let sources = blocks[*first].operands().iter().chain(added);
        let operands: Vec<Operand> = sources.map(|it| self.operand_of(*it, chain)).collect();
        let fields = chain.iter().map(|it| self.field(*it));
        let fields = quote!(&[#(&#fields),*]);
        let value = match operands.as_slice() {
            [input, other] => {
                let method = if other.is_free() && other.name != input.name {
                    quote!(chain_add_)
                } else {
                    quote!(chain_add)
                };
                let (input, other) = (input.by_ref(), other.by_ref());
                quote!(frozen::#method(#fields, #input, #other)?)
            }
            operands => {
                let inputs = operands.iter().map(Operand::by_ref);
                quote!(frozen::chain(#fields, #(#inputs),*)?)
            }
        };
        self.assign_together(*first, *last, &operands, value);
    }

    /// Kernels that write where their concatenation is.
    fn emit_joined(&mut self, parts: &[usize], whole: usize) {
        let blocks = &self.context.example.blocks;
        let inputs: Vec<Source> = parts.iter().map(|it| blocks[*it].inputs[0]).collect();
        let calls = parts.iter().zip(&inputs).map(|(part, input)| {
            let field = self.field(*part);
            let input = self.operand_of(*input, parts).by_ref();
            quote!((&#field, #input))
        });
        let value = quote!(frozen::joined(&[#(#calls),*])?);
        let mut sources = inputs.clone();
        sources.sort();
        sources.dedup();
        let operands: Vec<Operand> = sources
            .iter()
            .map(|it| self.operand_of(*it, parts))
            .collect();
        self.assign_together(parts[0], whole, &operands, value);
    }

    /// Gives what blocks compute together to a local, as the value of the last one.
    fn assign_together(
        &mut self,
        first: usize,
        last: usize,
        operands: &[Operand],
        value: TokenStream,
    ) {
        let blocks = &self.context.example.blocks;
        let source = Source::Block {
            block: last,
            port: 0,
        };
        // Modules know what they are called.
        let statement = Statement::Block(String::new());
        self.locals.statements.push(statement);
        self.locals.assign(Step {
            results: self.outcomes(last, &blocks[last]),
            operands,
            moves: Moves::Nothing,
            value,
            name: self.name(&blocks[last], source),
            note: self.note(&blocks[first], source),
        });
    }

    /// A value that blocks read, several of them together: it ends where the last of them has read it.
    fn operand_of(&self, source: Source, users: &[usize]) -> Operand {
        let is_last = users.iter().any(|it| self.uses.is_last(source, *it));
        let is_only = self.uses.is_only(source);
        let operand = self.locals.operand(source, is_last, is_only);
        let memory = classes::memory(self.context.classes, self.context.example, source);
        Operand { memory, ..operand }
    }

    fn emit_layer(&mut self, index: usize, block: &Block, leaf: &Leaf, operands: &[Operand]) {
        let source = Source::Block {
            block: index,
            port: 0,
        };
        let note = self.note(block, source);
        if let (Some(method), [operand]) = (&leaf.overwrites, operands)
            && operand.is_free()
        {
            let local = operand.name.clone();
            self.locals.hold(source, local.clone());
            let value = quote!(#local.#method);
            self.locals.statements.push(Statement::Assign {
                local,
                value,
                note,
                in_place: true,
            });
            return;
        }
        let exprs = self.context.class.exprs(index).iter();
        let numbers: Vec<_> = exprs
            .map(|it| self.context.argument(it, &quote!(self.)))
            .collect();
        let mut value = match operands {
            [input, other] if block.fused.adds => added(&self.field(index), input, other),
            _ => leaf.layer.forward(&Site {
                field: self.field(index),
                inputs: operands,
                numbers: &numbers,
                is_frozen: self.context.form() == Form::Frozen,
            }),
        };
        let mut results = self.outcomes(index, block);
        // Of several results, those that nothing needs are dropped at once.
        if results.len() > 1 && results[1..].iter().all(|it| !it.is_used) {
            results.truncate(1);
            value = quote!(#value.0);
        }
        let (value, mut calls) = if operands.len() == 1 {
            unchained(value)
        } else {
            (value, Vec::new())
        };
        let (name, moves) = (self.name(block, source), leaf.layer.moves());
        let last = calls.pop();
        let (first_note, last_note) = if last.is_some() {
            (None, note)
        } else {
            (note, None)
        };
        self.locals.assign(Step {
            results,
            operands,
            moves,
            value,
            name,
            note: first_note,
        });
        let local = self.locals.operand(source, false, false).name;
        let notes = calls.iter().map(|_| None).chain([last_note]);
        for (call, note) in calls.iter().chain(&last).zip(notes) {
            let (local, value) = (local.clone(), quote!(#local.#call));
            self.locals.statements.push(Statement::Assign {
                local,
                value,
                note,
                in_place: false,
            });
        }
    }

    /// The operand of a sum that the others can be added to: that needs no memory.
    fn accumulator(&self, leaf: &Leaf, operands: &[Operand]) -> Option<usize> {
        if !leaf.layer.is_sum() || operands.len() < 2 {
            return None;
        }
        let mut fitting = (0..operands.len()).filter(|it| operands[*it].is_free());
        let first = fitting.clone().next();
        fitting
            .find(|it| self.locals.is_chain(&operands[*it].name))
            .or(first)
    }

    fn emit_accumulation(&mut self, index: usize, target: usize, operands: &[Operand]) {
        let local = operands[target].name.clone();
        for (_, operand) in operands.iter().enumerate().filter(|it| it.0 != target) {
            let other = operand.by_ref();
            let value = quote!(#local.f_add_(#other)?);
            let local = local.clone();
            self.locals.statements.push(Statement::Assign {
                local,
                value,
                note: None,
                in_place: true,
            });
        }
        for (position, operand) in operands
            .iter()
            .enumerate()
            .filter(|it| it.0 != target && it.1.dies)
        {
            let again = operands[..position]
                .iter()
                .any(|it| it.name == operand.name);
            if !again {
                self.locals.end_after_sum(&operand.name);
            }
        }
        self.locals.hold(
            Source::Block {
                block: index,
                port: 0,
            },
            local,
        );
    }

    fn emit_run(&mut self, index: usize, block: &Block, scope: usize, operands: &[Operand]) {
        let class = self
            .context
            .classes
            .get(self.context.classes.class_of(scope));
        let field = self.field(index);
        let method = if class.needs_train {
            quote!(forward_t)
        } else {
            quote!(forward)
        };
        let train = class.needs_train.then(|| quote!(, train));
        let source = Source::Block {
            block: index,
            port: 0,
        };
        let note = self.note(block, source);
        let name = self.name(block, source);
        if structs::length(&self.context.class.exprs(index)[0]) == Some(1) {
            let inputs = operands.iter().map(Operand::by_ref);
            let value = quote!(#field.#method(#(#inputs),* #train)?);
            let results = self.outcomes(index, block);
            self.locals.assign(Step {
                results,
                operands,
                moves: Moves::Nothing,
                value,
                name,
                note,
            });
        } else {
            let local = self.locals.owned(&operands[0], &name);
            let tokens = quote!(for block in &#field { #local = block.#method(&#local #train)?; });
            self.locals.statements.push(Statement::Loop {
                local: local.clone(),
                tokens,
                note,
            });
            self.locals.hold(source, local);
        }
    }

    fn outcomes(&self, index: usize, block: &Block) -> Vec<Outcome> {
        let outcome = |port: usize| {
            let source = Source::Block { block: index, port };
            Outcome {
                source,
                is_used: self.uses.is_used(source),
            }
        };
        (0..block.outputs.len()).map(outcome).collect()
    }

    /// What to call a value, should it need a name.
    fn name(&self, block: &Block, value: Source) -> Name {
        let noun = match &block.what {
            What::Layer(leaf) => leaf.layer.noun(),
            What::Run { .. } => "block",
        };
        let outputs = &self.context.example.outputs;
        let output = outputs
            .iter()
            .filter(|_| outputs.len() > 1)
            .find(|it| it.source == value);
        let output = output.and_then(|it| it.port.name.as_deref()).map(snake);
        Name {
            block: snake(
                block
                    .moved_from
                    .as_deref()
                    .or(block.id.as_deref())
                    .unwrap_or(noun),
            ),
            output,
        }
    }

    fn field(&self, index: usize) -> TokenStream {
        match &self.context.class.fields[index] {
            Some(name) => {
                let name = ident(name);
                quote!(self.#name)
            }
            None => quote!(),
        }
    }

    /// The shape, where it is not that of the first input.
    fn note(&self, block: &Block, source: Source) -> Option<String> {
        let before = block.inputs.first().and_then(|it| self.shapes.text(*it));
        let after = self.shapes.text(source)?;
        (before.as_ref() != Some(&after)).then_some(after)
    }
}
