//! Writes marks into jsonnet, from which values know where they were written.
//!
//! ```text
//! { a: 1 }   becomes   {'$narchi'+::[[5]],a: 1 }     5 is the object: where it and its keys are
//! f(x)       becomes   __narchi_call(6,f(x))         6 is the call
//! ```
//!
//! Hidden fields add up where objects do, so that an object lists all texts it was made by, the latest last.
//! Scalars cannot be marked: they are found through the field of the object around them, and in arrays
//! through its *origin*, an expression beside the marks that has the shape of the value and expressions' numbers
//! for its leaves.

use std::{mem, ops::Range, rc::Rc};

use rsjsonnet_lang::{
    ast::{
        Arg, Assert, BinaryOp, Bind, CompSpecPart, Expr, ExprKind, Field as AstField, FieldName,
        Member, ObjInside, Param,
    },
    span::{SpanId, SpanManager},
};

use super::{
    origins,
    syntax::{parsed, tail},
};
use crate::source::{FileId, Span};

/// What goes before every text.
const PRELUDE: &str = include_str!("marks.libsonnet");

/// What the marks of all texts stand for: a mark is an index.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) sites: Vec<Site>,
    /// The expression that is the value of the first text.
    pub(super) root: Option<usize>,
}

/// Something in a text that makes values.
#[derive(Clone, Debug)]
pub(super) enum Site {
    Expression {
        /// On one line.
        span: Span,
        /// Whether it but names something that was written elsewhere.
        named: bool,
    },
    Object {
        span: Span,
        fields: Rc<[Field]>,
    },
}

/// A field as it was written.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) key: Span,
    /// The expression of its value.
    pub(super) value: usize,
    /// Whether it adds to an inherited value.
    pub(super) plus: bool,
    /// Whether there is an origin beside the mark.
    pub(super) origin: bool,
}

#[derive(Debug)]
pub(super) enum Name {
    Written(String),
    /// It is beside the mark.
    Computed,
    /// Any number of fields.
    Comprehension,
}

impl Marks {
    /// The same text with marks. One that does not parse stays as it is: the engine will say why.
    pub(super) fn write(&mut self, file: FileId, text: &str) -> String {
        let marked = parsed(text, |root, spans| {
            let mut writer = Writer {
                file,
                text,
                spans,
                sites: &mut self.sites,
                copied: 0,
                out: PRELUDE.to_owned(),
                cursor: 0,
            };
            writer.expression(root, true);
            writer.copy_to(text.len());
            let root = match tail(root).kind {
                ExprKind::Func(_, body) => body,
                _ => root,
            };
            let marked = mem::take(&mut writer.out);
            self.root.get_or_insert(writer.expression_site(root, true));
            marked
        });
        marked.unwrap_or_else(|| text.to_owned())
    }
}

/// Copies a text, in the order in which it is written.
pub(super) struct Writer<'a> {
    file: FileId,
    pub(super) text: &'a str,
    spans: &'a SpanManager,
    sites: &'a mut Vec<Site>,
    /// How much of the text went into origins so far.
    pub(super) copied: usize,
    out: String,
    cursor: usize,
}

impl Writer<'_> {
    pub(super) fn range(&self, span: SpanId) -> Range<usize> {
        let (_, start, end) = self.spans.get_span(span);
        start..end
    }

    /// A new number for an expression.
    pub(super) fn expression_site(&mut self, expression: &Expr<'_, '_>, named: bool) -> usize {
        let span = self.place(self.range(tail(expression).span));
        self.sites.push(Site::Expression { span, named });
        self.sites.len() - 1
    }

    /// A place, up to the end of its first line.
    fn place(&self, range: Range<usize>) -> Span {
        let text = &self.text[range.clone()];
        let line = text.lines().next().unwrap_or_default().trim_end();
        Span {
            file: self.file,
            start: range.start,
            end: range.start + line.len(),
        }
    }

    fn copy_to(&mut self, end: usize) {
        self.out.push_str(&self.text[self.cursor..end]);
        self.cursor = end;
    }

    /// Copies an expression; `mark` says whether calls that are its value get a mark.
    fn expression(&mut self, expression: &Expr<'_, '_>, mark: bool) {
        match expression.kind {
            ExprKind::Paren(inner) => self.expression(inner, mark),
            ExprKind::Object(inside) => {
                let range = self.range(expression.span);
                self.object(&inside, range);
            }
            ExprKind::ObjExt(base, inside, braces) => {
                self.expression(base, mark);
                let range = self.range(braces);
                self.object(&inside, range);
            }
            ExprKind::Array(items) => {
                for it in items {
                    self.expression(it, true);
                }
            }
            ExprKind::ArrayComp(body, parts) => {
                self.expression(body, true);
                self.comprehension(parts);
            }
            ExprKind::Local(binds, inner) => {
                for it in binds {
                    self.bind(it);
                }
                self.expression(inner, mark);
            }
            ExprKind::If(condition, then, otherwise) => {
                self.expression(condition, false);
                self.expression(then, mark);
                if let Some(otherwise) = otherwise {
                    self.expression(otherwise, mark);
                }
            }
            ExprKind::Binary(..) => self.binary(expression, mark),
            ExprKind::Assert(assert, inner) => {
                self.assert(assert);
                self.expression(inner, mark);
            }
            ExprKind::Call(callee, arguments, _) => {
                let range = self.range(expression.span);
                let mark = mark && !self.text[range.clone()].starts_with("std.");
                if mark {
                    let site = self.expression_site(expression, false);
                    self.copy_to(range.start);
                    self.out.extend(["__narchi_call(", &site.to_string(), ","]);
                }
                self.expression(callee, false);
                for argument in arguments {
                    let (Arg::Positional(value) | Arg::Named(_, value)) = argument;
                    self.expression(value, true);
                }
                if mark {
                    self.copy_to(range.end);
                    self.out.push(')');
                }
            }
            ExprKind::Func(params, body) => self.function(params, body, true),
            ExprKind::Index(of, index) => {
                self.expression(of, false);
                self.expression(index, false);
            }
            ExprKind::Slice(of, start, end, step) => {
                self.expression(of, false);
                for index in [start, end, step].into_iter().flatten() {
                    self.expression(index, false);
                }
            }
            ExprKind::Field(inner, _)
            | ExprKind::SuperIndex(_, inner)
            | ExprKind::Unary(_, inner)
            | ExprKind::Error(inner)
            | ExprKind::InSuper(inner, _) => self.expression(inner, false),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::SelfObj
            | ExprKind::Dollar
            | ExprKind::String(_)
            | ExprKind::TextBlock(_)
            | ExprKind::Number(_)
            | ExprKind::SuperField(..)
            | ExprKind::Ident(_)
            | ExprKind::Import(_)
            | ExprKind::ImportStr(_)
            | ExprKind::ImportBin(_) => {}
        }
    }

    /// Sums may be long: goes down to the first operand without recursion.
    fn binary(&mut self, expression: &Expr<'_, '_>, mark: bool) {
        let mut operands = Vec::new();
        let mut first = expression;
        let mut mark_first = mark;
        while let ExprKind::Binary(left, op, right) = first.kind {
            mark_first = mark_first && op == BinaryOp::Add;
            operands.push((right, mark_first));
            first = left;
        }
        self.expression(first, mark_first);
        for (operand, mark) in operands.into_iter().rev() {
            self.expression(operand, mark);
        }
    }

    /// Functions that have a name may call themselves; marks would pile up with every call.
    fn function(&mut self, params: &[Param<'_, '_>], body: &Expr<'_, '_>, mark: bool) {
        for default in params.iter().filter_map(|it| it.default_value.as_ref()) {
            self.expression(default, true);
        }
        self.expression(body, mark);
    }

    fn named(&mut self, value: &Expr<'_, '_>) {
        match value.kind {
            ExprKind::Func(params, body) => self.function(params, body, false),
            _ => self.expression(value, true),
        }
    }

    fn bind(&mut self, bind: &Bind<'_, '_>) {
        match bind.params {
            Some((params, _)) => self.function(params, &bind.value, false),
            None => self.named(&bind.value),
        }
    }

    fn assert(&mut self, assert: &Assert<'_, '_>) {
        self.expression(&assert.cond, false);
        if let Some(message) = &assert.msg {
            self.expression(message, false);
        }
    }

    fn comprehension(&mut self, parts: &[CompSpecPart<'_, '_>]) {
        for part in parts {
            match part {
                CompSpecPart::For(part) => self.expression(&part.inner, true),
                CompSpecPart::If(part) => self.expression(&part.cond, false),
            }
        }
    }

    fn object(&mut self, inside: &ObjInside<'_, '_>, range: Range<usize>) {
        match *inside {
            ObjInside::Members(members) => {
                self.copy_to(range.start + 1);
                let mark = self.object_mark(members, range);
                self.out.extend(["'$narchi'+::[", &mark, "],"]);
                for it in members {
                    self.member(it);
                }
            }
            ObjInside::Comp {
                locals1,
                name,
                plus,
                body,
                locals2,
                comp_spec,
            } => {
                for it in locals1 {
                    self.bind(&it.bind);
                }
                self.expression(name, false);
                self.expression(body, true);
                for it in locals2 {
                    self.bind(&it.bind);
                }
                self.comprehension(comp_spec);
                let field = Field {
                    name: Name::Comprehension,
                    key: self.place(self.range(name.span)),
                    value: self.expression_site(body, origins::is_named(body)),
                    plus,
                    origin: false,
                };
                let site = self.object_site(range.clone(), vec![field]);
                self.copy_to(range.end);
                self.out
                    .extend(["{'$narchi'+::[[", &site.to_string(), "]]}"]);
            }
        }
    }

    fn object_site(&mut self, range: Range<usize>, fields: Vec<Field>) -> usize {
        let span = self.place(range);
        self.sites.push(Site::Object {
            span,
            fields: fields.into(),
        });
        self.sites.len() - 1
    }

    /// The number of the object, then what of its fields must be computed. These are functions: they are
    /// called only where they are needed, and may fail.
    fn object_mark(&mut self, members: &[Member<'_, '_>], range: Range<usize>) -> String {
        let mut fields = Vec::new();
        let mut beside = String::new();
        for member in members {
            let Member::Field(field) = member else {
                continue;
            };
            let (name, key) = match *field.name() {
                FieldName::Ident(name) => (Name::Written(name.value.value().to_owned()), name.span),
                FieldName::String(name, span) => (Name::Written(name.value().to_owned()), span),
                FieldName::Expr(name, span) => {
                    beside.extend([",function() (", &self.raw(name.span), ")"]);
                    (Name::Computed, span)
                }
            };
            let key = self.place(self.range(key));
            let (value, plus, origin) = match field {
                AstField::Value(_, plus, _, value) => {
                    let origin = self.origin(value);
                    (value, *plus, origin)
                }
                AstField::Func(_, _, _, _, value) => (value, false, None),
            };
            if let Some(origin) = &origin {
                beside.extend([",function() ", origin]);
            }
            let value = self.expression_site(value, origins::is_named(value));
            fields.push(Field {
                name,
                key,
                value,
                plus,
                origin: origin.is_some(),
            });
        }
        format!("[{}{beside}]", self.object_site(range, fields))
    }

    fn member(&mut self, member: &Member<'_, '_>) {
        match member {
            Member::Local(local) => self.bind(&local.bind),
            Member::Assert(assert) => self.assert(assert),
            Member::Field(field) => {
                if let FieldName::Expr(name, _) = field.name() {
                    self.expression(name, false);
                }
                match field {
                    AstField::Value(_, _, _, value) => self.named(value),
                    AstField::Func(_, params, _, _, body) => self.function(params, body, false),
                }
            }
        }
    }
}
