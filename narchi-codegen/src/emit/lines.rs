//! Tokens as lines: one for each statement, field or signature, however long. [`super::layout`] breaks them.
//!
//! Only what this compiler writes is known here, not all of Rust: `<` begins generic arguments, and a block is the
//! body of an item or of a loop.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree, token_stream::IntoIter};

/// A line of code without its indentation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) indent: usize,
    pub(super) text: String,
}

type Tokens = Peekable<IntoIter>;

/// The lines of items.
pub(super) fn lines(tokens: TokenStream) -> Vec<Line> {
    let mut lines = Vec::new();
    add_parts(tokens, 0, Parts::Statements, &mut lines);
    lines
}

/// What a block consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Or items. They end themselves, or with a semicolon, or are the value of the block.
    Statements,
    /// Of a struct, with commas between them.
    Fields,
}

fn add_parts(tokens: TokenStream, indent: usize, parts: Parts, lines: &mut Vec<Line>) {
    let mut tokens = tokens.into_iter().peekable();
    while tokens.peek().is_some() {
        if add_attribute(&mut tokens, indent, lines) {
            continue;
        }
        let mut text = Writer::default();
        let mut block = None;
        while let Some(token) = tokens.next() {
            let is_end =
                |letter: char| matches!(&token, TokenTree::Punct(it) if it.as_char() == letter);
            match (&token, parts) {
                (TokenTree::Group(group), Parts::Statements) if text.opens_block(group) => {
                    block = Some(group.stream());
                    break;
                }
                (_, Parts::Statements) if is_end(';') => {
                    text.text.push(';');
                    break;
                }
                (_, Parts::Fields) if is_end(',') && text.angles == 0 => break,
                _ => text.push(token, &mut tokens),
            }
        }
        if parts == Parts::Fields {
            text.text.push(',');
        }
        match block {
            None => lines.push(Line {
                indent,
                text: text.text,
            }),
            Some(block) if block.is_empty() => lines.push(Line {
                indent,
                text: text.text + " {}",
            }),
            Some(block) => {
                let inside = text.inside();
                lines.push(Line {
                    indent,
                    text: text.text + " {",
                });
                add_parts(block, indent + 4, inside, lines);
                let ends = tokens
                    .next_if(|it| matches!(it, TokenTree::Punct(it) if it.as_char() == ';'))
                    .is_some();
                let text = if ends { "};" } else { "}" }.to_owned();
                lines.push(Line { indent, text });
            }
        }
    }
}

/// Adds an attribute, if one comes next; documentation as a comment.
fn add_attribute(tokens: &mut Tokens, indent: usize, lines: &mut Vec<Line>) -> bool {
    tokens
        .next_if(|it| matches!(it, TokenTree::Punct(it) if it.as_char() == '#'))
        .is_some_and(|_| {
            let Some(TokenTree::Group(attribute)) = tokens.next() else {
                return false;
            };
            let content: Vec<TokenTree> = attribute.stream().into_iter().collect();
            if let [TokenTree::Ident(name), _, TokenTree::Literal(text)] = content.as_slice()
                && name == "doc"
            {
                let text = unescaped(&text.to_string());
                lines.extend(text.split('\n').map(|it| Line {
                    indent,
                    text: format!("///{it}"),
                }));
                return true;
            }
            let mut text = Writer::default();
            text.text.push('#');
            text.add_group(&attribute);
            lines.push(Line {
                indent,
                text: text.text,
            });
            true
        })
}

/// The text that a literal stands for.
fn unescaped(literal: &str) -> String {
    let mut text = String::new();
    if let Some(raw) = literal.strip_prefix('r') {
        return raw.trim_matches('#').trim_matches('"').to_owned();
    }
    let inside = literal
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'));
    let mut letters = inside.unwrap_or(literal).chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('0') => text.push('\0'),
            Some('u') => {
                let digits: String = letters
                    .by_ref()
                    .skip(1)
                    .take_while(|it| *it != '}')
                    .collect();
                text.extend(
                    u32::from_str_radix(&digits, 16)
                        .ok()
                        .and_then(char::from_u32),
                );
            }
            other => text.extend(other),
        }
    }
    text
}

/// Words after which an operand begins.
const KEYWORDS: [&str; 14] = [
    "as", "const", "else", "fn", "for", "if", "impl", "in", "let", "match", "mut", "return", "use",
    "while",
];
/// Words whose braces are blocks.
const BLOCKS: [&str; 5] = ["fn", "for", "impl", "mod", "struct"];
/// What consists of several characters and is one operator.
const OPERATORS: [&str; 16] = [
    "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "..", "+=", "-=", "*=", "/=", "%=",
];

/// A line in the making.
#[derive(Default)]
struct Writer {
    text: String,
    /// Whether a value ended: then what comes is an operator, a call or an index.
    after_operand: bool,
    /// Whether a space comes before a value.
    needs_space: bool,
    /// How many generic arguments are open.
    angles: usize,
    /// Whether the parameters of a closure are open.
    in_closure: bool,
}

impl Writer {
    /// Adds a token, with those that make one operator with it.
    fn push(&mut self, token: TokenTree, rest: &mut Tokens) {
        match token {
            TokenTree::Ident(word) => self.add_word(&word.to_string()),
            TokenTree::Literal(literal) => self.add_word(&literal.to_string()),
            TokenTree::Group(group) => self.add_group(&group),
            TokenTree::Punct(mut last) => {
                let mut operator = last.as_char().to_string();
                while last.spacing() == Spacing::Joint
                    && let Some(TokenTree::Punct(next)) = rest.peek()
                {
                    let longer = format!("{operator}{}", next.as_char());
                    if !OPERATORS.iter().any(|it| it.starts_with(&longer)) {
                        break;
                    }
                    (operator, last) = (longer, next.clone());
                    rest.next();
                }
                self.add_operator(&operator);
            }
        }
    }

    fn push_all(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            self.push(token, &mut tokens);
        }
    }

    fn add_word(&mut self, word: &str) {
        if self.after_operand || self.needs_space {
            self.text.push(' ');
        }
        let is_lifetime = self.text.ends_with('\'');
        self.text.push_str(word);
        self.after_operand = !is_lifetime && !KEYWORDS.contains(&word);
        self.needs_space = true;
    }

    fn add_operator(&mut self, operator: &str) {
        match operator {
            "." => self.add(operator, false, false),
            "?" => self.add(operator, false, true),
            "," | ";" | ":" => {
                self.add(operator, false, false);
                self.needs_space = true;
            }
            "<" if self.begins_generics() => {
                self.angles += 1;
                self.add(operator, false, false);
            }
            ">" if self.angles > 0 => {
                self.angles -= 1;
                self.add(operator, false, true);
            }
            "|" if self.in_closure => {
                self.in_closure = false;
                self.add(operator, false, false);
                self.needs_space = true;
            }
            "|" if !self.after_operand => {
                self.in_closure = true;
                self.add(operator, self.needs_space, false);
            }
            "!" | "::" | ".." | "..=" if self.after_operand => self.add(operator, false, false),
            "&" | "*" | "-" | "!" | "::" | ".." | "'" | "#" if !self.after_operand => {
                self.add(operator, self.needs_space, false);
            }
            _ => {
                self.add(operator, true, false);
                self.needs_space = true;
            }
        }
    }

    fn add(&mut self, operator: &str, space: bool, is_operand: bool) {
        if space {
            self.text.push(' ');
        }
        self.text.push_str(operator);
        self.after_operand = is_operand;
        self.needs_space = false;
    }

    /// Of types and functions, not of numbers.
    fn begins_generics(&self) -> bool {
        let word = self
            .text
            .rsplit(|it: char| !it.is_alphanumeric() && it != '_')
            .next()
            .unwrap_or_default();
        let is_type = word.starts_with(char::is_uppercase) || word == "impl";
        is_type || self.text.ends_with("::") || (self.head() == "fn" && !self.text.contains('('))
    }

    fn add_group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => ("", ""),
        };
        let is_braces = open == "{";
        let is_tuple = open == "(" && !self.after_operand;
        // What is called, indexed or opened stands right before; a struct has a space before its fields.
        let space = if is_braces {
            !self.text.ends_with("::")
        } else {
            self.needs_space && !self.after_operand
        };
        if space {
            self.text.push(' ');
        }
        let is_spaced = is_braces && space && !group.stream().is_empty();
        self.text.push_str(open);
        let mut inside = Self {
            text: std::mem::take(&mut self.text),
            needs_space: is_spaced,
            ..Self::default()
        };
        inside.push_all(group.stream());
        self.text = inside.text;
        let is_comma = |it: &TokenTree| matches!(it, TokenTree::Punct(it) if it.as_char() == ',');
        let is_one = || is_tuple && group.stream().into_iter().filter(is_comma).count() == 1;
        if self.text.ends_with(',') && !is_one() {
            self.text.pop();
        }
        if is_spaced {
            self.text.push(' ');
        }
        self.text.push_str(close);
        self.after_operand = true;
        self.needs_space = false;
    }

    /// The word that says what this is, if it is an item.
    fn head(&self) -> &str {
        let words = self.text.split([' ', '<']);
        words
            .into_iter()
            .find(|it| !it.starts_with("pub"))
            .unwrap_or_default()
    }

    fn opens_block(&self, group: &Group) -> bool {
        let is_block = BLOCKS.contains(&self.head()) || self.is_closure();
        group.delimiter() == Delimiter::Brace && is_block
    }

    /// `let run = || -> Result<_>`: its braces are a block, too.
    fn is_closure(&self) -> bool {
        self.head() == "let" && self.text.contains("= ||")
    }

    fn inside(&self) -> Parts {
        if self.head() == "struct" {
            Parts::Fields
        } else {
            Parts::Statements
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &[&str]) {
        let found: Vec<String> = lines(code.parse().unwrap())
            .iter()
            .map(|it| " ".repeat(it.indent) + &it.text)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn items_and_statements_have_a_line_each() {
        check(
            "use a::prelude::*; #[doc = \" \\\"T\\\" it is\"] #[derive(Clone, Debug)] \
             pub struct T<'a> { x: &'a Tensor, y: [Block<2>; 3], } struct Unit {} impl<const N: usize> Net<N> { \
             fn f(&self, x: &Tensor,) -> Result<(Tensor, Tensor)> { for b in &self.all { x = b.g(&x)?; } Ok((x, y)) } }",
            &[
                "use a::prelude::*;",
                "/// \"T\" it is",
                "#[derive(Clone, Debug)]",
                "pub struct T<'a> {",
                "    x: &'a Tensor,",
                "    y: [Block<2>; 3],",
                "}",
                "struct Unit {}",
                "impl<const N: usize> Net<N> {",
                "    fn f(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {",
                "        for b in &self.all {",
                "            x = b.g(&x)?;",
                "        }",
                "        Ok((x, y))",
                "    }",
                "}",
            ],
        );
    }

    #[test]
    fn operators_have_spaces_and_signs_have_none() {
        for code in [
            "let x = -a - 1 * b / 2;",
            "a.f(&(vs / \"x\" / 0), [k / 2; 2], true)?;",
            "T { a, b: 1e-5, ..Default::default() }",
            "array::from_fn(|i| Block::new(&(vs / i), 3 + 2 * i as i64));",
            "A { holds: |[_, h]| h % 2 == 0 && h >= 4 }",
            "const A: &'static [(&'static str, u8)] = &[(\"a\", 1), (\"}\", 2)];",
            "const _: &[u8] = ::core::include_bytes!(\"a\");",
            "f((a,), !b)",
        ] {
            check(code, &[code]);
        }
    }
}
