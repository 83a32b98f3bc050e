//! One class and what is known around it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use super::{
    classes::{Class, Classes},
    classify::ClassId,
    generalize::Expr,
    notes::Notes,
    number,
    plan::{Form, Scope},
    root::Root,
    views::Views,
    wrappers::{Wrappers, linear},
};
use crate::{layer::Argument, names::ident};

pub(super) struct Context<'a> {
    pub(super) classes: &'a Classes<'a>,
    pub(super) wrappers: &'a Wrappers,
    pub(super) views: &'a Views,
    pub(super) notes: &'a Notes,
    pub(super) id: ClassId,
    pub(super) class: &'a Class,
    /// The instance whose ids stand for all.
    pub(super) example: &'a Scope,
    /// What only the whole network has.
    pub(super) root: Option<&'a Root<'a>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        classes: &'a Classes<'a>,
        wrappers: &'a Wrappers,
        views: &'a Views,
        notes: &'a Notes,
        root: &'a Root<'a>,
        id: ClassId,
    ) -> Self {
        let class = classes.get(id);
        let root = (id == classes.root()).then_some(root);
        Self {
            classes,
            wrappers,
            views,
            notes,
            id,
            class,
            example: classes.example(id),
            root,
        }
    }

    pub(super) fn form(&self) -> Form {
        self.classes.classified.plan.form
    }

    pub(super) fn name(&self) -> Ident {
        ident(&self.classes.names[self.id])
    }

    /// A number in the code; `place` is put before an argument of `new`, `self.` in `forward`.
    pub(super) fn argument(&self, expr: &Expr, place: &TokenStream) -> Argument {
        let name = |parameter: usize| {
            let name = ident(&self.class.arguments[parameter]);
            quote!(#place #name)
        };
        let tokens = match *expr {
            Expr::Literal(ref value) => {
                return number::literal(value, &|symbol| match self.root {
                    Some(root) => root.size(symbol, place),
                    None => TokenStream::new(),
                });
            }
            Expr::Linear {
                parameter,
                scale,
                offset,
            } => linear(&name(parameter), scale, offset),
            Expr::Half { parameter } => {
                let name = name(parameter);
                quote!(#name / 2)
            }
        };
        Argument {
            tokens,
            literal: None,
        }
    }

    /// A number in `new`, where what is needed several times has a name.
    pub(super) fn argument_of_new(&self, expr: &Expr) -> Argument {
        let mut derived = self.class.general.derived.iter().zip(&self.class.derived);
        match derived.find(|it| it.0.expr == *expr) {
            Some((_, name)) => Argument {
                tokens: ident(name).into_token_stream(),
                literal: None,
            },
            None => self.argument(expr, &TokenStream::new()),
        }
    }

    pub(super) fn const_parameters(&self) -> Vec<usize> {
        (0..self.class.arguments.len())
            .filter(|it| self.class.is_const(*it))
            .collect()
    }

    pub(super) fn value_parameters(&self) -> Vec<usize> {
        (0..self.class.arguments.len())
            .filter(|it| !self.class.is_const(*it))
            .collect()
    }
}
