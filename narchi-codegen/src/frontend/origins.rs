//! Expressions for the origins of values: see [`super::marks`].

use rsjsonnet_lang::{
    ast::{Arg, BinaryOp, Expr, ExprKind},
    span::SpanId,
};

use super::{marks::Writer, syntax::tail};

/// Whether an expression but names something that was written elsewhere.
pub(super) fn is_named(expression: &Expr<'_, '_>) -> bool {
    matches!(
        tail(expression).kind,
        ExprKind::Ident(_)
            | ExprKind::Field(..)
            | ExprKind::Index(..)
            | ExprKind::SuperField(..)
            | ExprKind::SuperIndex(..)
            | ExprKind::SelfObj
            | ExprKind::Dollar
            | ExprKind::Import(_)
    )
}

/// Whether it can be seen that the value is no array.
fn is_no_array(expression: &Expr<'_, '_>) -> bool {
    match expression.kind {
        ExprKind::Paren(inner) => is_no_array(inner),
        ExprKind::Binary(_, op, _) => op != BinaryOp::Add,
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::String(_)
        | ExprKind::TextBlock(_)
        | ExprKind::Number(_)
        | ExprKind::Object(_)
        | ExprKind::ObjExt(..)
        | ExprKind::Func(..)
        | ExprKind::Unary(..)
        | ExprKind::ImportStr(_) => true,
        _ => false,
    }
}

/// The operands of a sum.
fn operands<'a, 'p, 'ast>(sum: &'a Expr<'p, 'ast>, found: &mut Vec<&'a Expr<'p, 'ast>>) {
    let mut first = sum;
    let mut rest = Vec::new();
    loop {
        match first.kind {
            ExprKind::Binary(left, BinaryOp::Add, right) => {
                rest.push(right);
                first = left;
            }
            ExprKind::Paren(inner) => first = inner,
            _ => break,
        }
    }
    found.push(first);
    for operand in rest.into_iter().rev() {
        match operand.kind {
            ExprKind::Paren(_) => operands(operand, found),
            _ => found.push(operand),
        }
    }
}

impl Writer<'_> {
    /// More than so many times its length is not copied of a text.
    const MOST_COPIES: usize = 8;

    /// The text of an expression.
    pub(super) fn raw(&mut self, span: SpanId) -> String {
        let range = self.range(span);
        self.copied += range.len();
        self.text[range].to_owned()
    }

    /// An expression for the origin of a value that the text says more about than where all of it is written:
    /// a number for a value, `[number, origins of its items]` for an array.
    pub(super) fn origin(&mut self, value: &Expr<'_, '_>) -> Option<String> {
        if self.copied > Self::MOST_COPIES * self.text.len() {
            return None;
        }
        match value.kind {
            ExprKind::Paren(inner) | ExprKind::Assert(_, inner) => self.origin(inner),
            ExprKind::Array([]) => None,
            ExprKind::Array(items) => {
                let mut list = String::new();
                for item in items {
                    list.push_str(&self.origin_or_site(item));
                    list.push(',');
                }
                Some(format!("[{},[{list}]]", self.expression_site(value, false)))
            }
            ExprKind::ArrayComp(body, _) => {
                let origin = self.origin_or_site(body);
                let parts = self.after(body, value);
                Some(format!(
                    "[{},[{origin}{parts}]",
                    self.expression_site(value, false)
                ))
            }
            ExprKind::Local(_, inner) => {
                let origin = self.origin(inner)?;
                let binds = self.range(value.span).start..self.range(inner.span).start;
                self.copied += binds.len();
                Some(format!("({}{origin})", &self.text[binds]))
            }
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.raw(condition.span);
                let then = self.origin_or_site(then);
                let otherwise = match otherwise {
                    Some(otherwise) => self.origin_or_site(otherwise),
                    None => self.expression_site(value, false).to_string(),
                };
                Some(format!("(if ({condition}) then {then} else {otherwise})"))
            }
            ExprKind::Binary(_, BinaryOp::Add, _) => {
                let mut terms = Vec::new();
                operands(value, &mut terms);
                self.sum(value, &terms)
            }
            ExprKind::Call(callee, [Arg::Positional(of)], _)
                if self.text[self.range(callee.span)] == *"std.flattenArrays" =>
            {
                match of.kind {
                    ExprKind::Array(items) => self.sum(value, &items.iter().collect::<Vec<_>>()),
                    ExprKind::ArrayComp(body, _) => {
                        let (term, parts) = (self.term(body), self.after(body, of));
                        let site = self.expression_site(value, false);
                        Some(format!("__narchi_sum({site},[{term}{parts})"))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The origin of a value; where there is no better one, the number of the expression.
    fn origin_or_site(&mut self, value: &Expr<'_, '_>) -> String {
        match self.origin(value) {
            Some(origin) => origin,
            None => self.expression_site(value, is_named(value)).to_string(),
        }
    }

    fn sum(&mut self, value: &Expr<'_, '_>, terms: &[&Expr<'_, '_>]) -> Option<String> {
        if terms.iter().any(|it| is_no_array(it)) {
            return None;
        }
        let mut list = String::new();
        for term in terms {
            list.push_str(&self.term(term));
            list.push(',');
        }
        Some(format!(
            "__narchi_sum({},[{list}])",
            self.expression_site(value, false)
        ))
    }

    /// The origin of an operand and, unless the origin is certain to list the items, the operand.
    fn term(&mut self, operand: &Expr<'_, '_>) -> String {
        let listed = matches!(
            operand.kind,
            ExprKind::Array([_, ..]) | ExprKind::ArrayComp(..)
        );
        let operand_text = if listed {
            String::new()
        } else {
            self.raw(operand.span)
        };
        let origin = self.origin_or_site(operand);
        format!("[{origin},{operand_text}]")
    }

    /// What follows the body of a comprehension, the closing bracket included.
    fn after(&mut self, body: &Expr<'_, '_>, comprehension: &Expr<'_, '_>) -> String {
        let range = self.range(body.span).end..self.range(comprehension.span).end;
        self.copied += range.len();
        self.text[range].to_owned()
    }
}
