//! Reads the expressions of narchi, which are those of Python, and what [`Dim`] displays.

use std::{fmt, ops::Range, str::FromStr};

use super::{Dim, Error};

/// Why a text is no size, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    /// The bytes to point at.
    pub(crate) at: Range<usize>,
    /// What is wrong there.
    pub(crate) message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

impl FromStr for Dim {
    type Err = ParseError;

    /// Reads `W/2`, `-1+H/2`, `(H-2)*(W-2)`, `W**2`, `W//2`, `floor(W/2)`, `⌈H/8⌉`, `W/K`.
    ///
    /// Quotients are taken to be whole; [`Dim::needs`] says what that demands.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        let dim = parser.sum()?;
        match parser.peek() {
            Some(other) => Err(parser.error(format!("unexpected `{other}`"))),
            None => Ok(dim),
        }
    }
}

/// Deeper nesting is an attack, not a network.
const MAX_DEPTH: u32 = 80;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<Dim, ParseError> {
        let mut sum = self.product()?;
        loop {
            let start = self.at;
            if self.eat("+") {
                let other = self.product()?;
                sum = self.done(start, sum.plus(other))?;
            } else if self.eat("-") {
                let other = self.product()?;
                sum = self.done(start, sum.minus(other))?;
            } else {
                return Ok(sum);
            }
        }
    }

    fn product(&mut self) -> Result<Dim, ParseError> {
        let mut product = self.signed()?;
        loop {
            self.peek();
            let start = self.at;
            if self.eat("//") {
                let divisor = self.signed()?;
                let quotient = product.divide(divisor).and_then(|it| it.floor());
                product = self.done(start, quotient)?;
            } else if self.eat("/") {
                let divisor = self.signed()?;
                product = self.done(start, product.quotient(&divisor))?;
            } else if self.eat("*") {
                let factor = self.signed()?;
                product = self.done(start, product.times(factor))?;
            } else {
                return Ok(product);
            }
        }
    }

    fn signed(&mut self) -> Result<Dim, ParseError> {
        let mut negative = false;
        while self.peek().is_some_and(|it| matches!(it, '-' | '+')) {
            negative ^= self.eat("-") || !self.eat("+");
        }
        let start = self.at;
        let dim = self.power()?;
        if negative {
            self.done(start, dim.scale((-1).into()))
        } else {
            Ok(dim)
        }
    }

    fn power(&mut self) -> Result<Dim, ParseError> {
        let base = self.atom()?;
        let start = self.at;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = self
            .atom()?
            .as_fixed()
            .and_then(|it| u32::try_from(it).ok());
        let exponent =
            exponent.ok_or_else(|| self.error_from(start, "the power must be a number"))?;
        self.done(start, base.pow(exponent))
    }

    fn atom(&mut self) -> Result<Dim, ParseError> {
        let Some(next) = self.peek() else {
            return Err(self.error("a size is missing here"));
        };
        let start = self.at;
        if next.is_ascii_digit() {
            let digits = self.take_while(|it| it.is_ascii_digit());
            let number = digits.parse::<i64>().map(Dim::from);
            return self.done(start, number.map_err(|_| Error::Overflow));
        }
        if next.is_ascii_alphabetic() || next == '_' {
            let name = self.take_while(|it| it.is_ascii_alphanumeric() || it == '_');
            return match (name, self.peek()) {
                ("floor", Some('(')) => self.rounded("(", ")", Dim::floor),
                ("ceil" | "ceiling", Some('(')) => self.rounded("(", ")", Dim::ceil),
                (name, Some('(')) => {
                    Err(self.error_from(start, format!("there is no function `{name}`")))
                }
                (name, _) => Ok(Dim::symbol(name)),
            };
        }
        match next {
            '(' => self.rounded("(", ")", |it| Ok(it.clone())),
            '⌊' => self.rounded("⌊", "⌋", Dim::floor),
            '⌈' => self.rounded("⌈", "⌉", Dim::ceil),
            other => Err(self.error(format!("unexpected `{other}`"))),
        }
    }

    fn rounded(
        &mut self,
        open: &str,
        close: &str,
        round: impl Fn(&Dim) -> super::Result<Dim>,
    ) -> Result<Dim, ParseError> {
        let start = self.at;
        self.eat(open);
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let inner = self.sum()?;
        self.depth -= 1;
        if !self.eat(close) {
            return Err(self.error(format!("`{close}` is missing here")));
        }
        self.done(start, round(&inner))
    }

    /// The next character after spaces.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        self.peek();
        let found = self.text[self.at..].starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn take_while(&mut self, part: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let taken = &rest[..rest.find(|it| !part(it)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn done(&self, start: usize, result: super::Result<Dim>) -> Result<Dim, ParseError> {
        result.map_err(|error| self.error_from(start, error.to_string()))
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        let next = self.text[self.at..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        ParseError {
            at: self.at..self.at + next,
            message: message.into(),
        }
    }

    fn error_from(&self, start: usize, message: impl Into<String>) -> ParseError {
        ParseError {
            at: start..self.at,
            message: message.into(),
        }
    }
}
