//! Reads texts, and says what is wrong with them in our words.

use std::{collections::BTreeSet, ops::Range};

use rsjsonnet_lang::{
    arena::Arena,
    ast::{Expr, ExprKind},
    interner::StrInterner,
    lexer::{LexError, Lexer},
    parser::{ActualToken, ExpectedToken, Parser},
    span::{SpanId, SpanManager},
    token::STokenKind as T,
};

/// Asks about the expression of a text, if it is one.
pub(super) fn parsed<R>(
    text: &str,
    ask: impl FnOnce(&Expr<'_, '_>, &SpanManager) -> R,
) -> Option<R> {
    let (arena, ast, interner, mut spans) = (
        Arena::new(),
        Arena::new(),
        StrInterner::new(),
        SpanManager::new(),
    );
    let (context, _) = spans.insert_source_context(text.len());
    let lexer = Lexer::new(
        &arena,
        &ast,
        &interner,
        &mut spans,
        context,
        text.as_bytes(),
    );
    let tokens = lexer.lex_to_eof(false).ok()?;
    let parser = Parser::new(&arena, &ast, &interner, &mut spans, tokens);
    let root = parser.parse_root_expr().ok()?;
    Some(ask(&root, &spans))
}

/// The expression that decides the value of another.
pub(super) fn tail<'a, 'p, 'ast: 'a>(mut expression: &'a Expr<'p, 'ast>) -> &'a Expr<'p, 'ast> {
    while let ExprKind::Local(_, inner) | ExprKind::Paren(inner) | ExprKind::Assert(_, inner) =
        expression.kind
    {
        expression = inner;
    }
    expression
}

/// The parameters of a text that is a function, and where they are.
pub(super) fn parameters(text: &str) -> Vec<(String, Range<usize>)> {
    let found = parsed(text, |root, spans| {
        let ExprKind::Func(parameters, _) = tail(root).kind else {
            return Vec::new();
        };
        let place = |span| {
            let (_, start, end) = spans.get_span(span);
            start..end
        };
        let parameters = parameters.iter().map(|it| it.name);
        parameters
            .map(|it| (it.value.value().to_owned(), place(it.span)))
            .collect()
    });
    found.unwrap_or_default()
}

/// Where and what.
pub(super) fn lexical(error: &LexError) -> (SpanId, String) {
    match *error {
        LexError::InvalidChar { span, chr } => (span, format!("unexpected character `{chr}`")),
        LexError::InvalidUtf8 { span, .. } => (span, "the text is not UTF-8".to_owned()),
        LexError::UnfinishedMultilineComment { span } => {
            (span, "the comment is not closed".to_owned())
        }
        LexError::LeadingZeroInNumber { span } => {
            (span, "a number does not begin with `0`".to_owned())
        }
        LexError::MissingFracDigits { span } => (span, "expected digits after `.`".to_owned()),
        LexError::MissingExpDigits { span } => (span, "expected digits after `e`".to_owned()),
        LexError::MissingDigitAfterUnderscore { span } => {
            (span, "expected a digit after `_`".to_owned())
        }
        LexError::ExpOverflow { span } => (span, "the number is too large".to_owned()),
        LexError::InvalidEscapeInString { span, chr } => {
            (span, format!("`\\{chr}` is no escape sequence"))
        }
        LexError::IncompleteUnicodeEscape { span } => (
            span,
            "expected four hexadecimal digits after `\\u`".to_owned(),
        ),
        LexError::InvalidUtf16EscapeSequence { span, .. } => (
            span,
            "the escape sequence stands for no character".to_owned(),
        ),
        LexError::UnfinishedString { span } => (span, "the string is not closed".to_owned()),
        LexError::MissingLineBreakAfterTextBlockStart { span } => {
            (span, "expected a line break after `|||`".to_owned())
        }
        LexError::MissingWhitespaceTextBlockStart { span } => (
            span,
            "the first line of a text block must be indented".to_owned(),
        ),
        LexError::InvalidTextBlockTermination { span } => (
            span,
            "expected `|||` at the end of the text block".to_owned(),
        ),
    }
}

/// What should be where something else is.
pub(super) fn expected(expected: &BTreeSet<ExpectedToken>, instead: &ActualToken) -> String {
    // Any operand may be followed by these; they are hardly ever what was forgotten.
    let suffixes = [
        T::LeftParen,
        T::LeftBracket,
        T::LeftBrace,
        T::Dot,
        T::Tailstrict,
    ];
    let is_suffix = |it: ExpectedToken| {
        it == ExpectedToken::BinaryOp
            || matches!(it, ExpectedToken::Simple(kind) if suffixes.contains(&kind))
    };
    let mut wanted: Vec<ExpectedToken> = expected
        .iter()
        .copied()
        .filter(|it| !is_suffix(*it))
        .collect();
    if wanted.is_empty() {
        wanted = expected.iter().copied().collect();
    }
    let wanted: Vec<String> = wanted.into_iter().map(wish).collect();
    let wanted = match wanted.as_slice() {
        [] => "something else".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    };
    format!("expected {wanted}, found {}", found(instead))
}

fn wish(token: ExpectedToken) -> String {
    match token {
        ExpectedToken::EndOfFile => "the end of the file".to_owned(),
        ExpectedToken::Simple(kind) => format!("`{}`", symbol(kind)),
        ExpectedToken::Ident => "a name".to_owned(),
        ExpectedToken::Number => "a number".to_owned(),
        ExpectedToken::String => "a string".to_owned(),
        ExpectedToken::TextBlock => "a text block".to_owned(),
        ExpectedToken::Expr => "a value".to_owned(),
        ExpectedToken::BinaryOp => "an operator".to_owned(),
    }
}

fn found(token: &ActualToken) -> String {
    match token {
        ActualToken::EndOfFile => "the end of the file".to_owned(),
        ActualToken::Simple(kind) => format!("`{}`", symbol(*kind)),
        ActualToken::OtherOp(text) | ActualToken::Ident(text) => format!("`{text}`"),
        ActualToken::Number => "a number".to_owned(),
        ActualToken::String => "a string".to_owned(),
        ActualToken::TextBlock => "a text block".to_owned(),
    }
}

fn symbol(kind: T) -> &'static str {
    match kind {
        T::Assert => "assert",
        T::Else => "else",
        T::Error => "error",
        T::False => "false",
        T::For => "for",
        T::Function => "function",
        T::If => "if",
        T::Import => "import",
        T::Importstr => "importstr",
        T::Importbin => "importbin",
        T::In => "in",
        T::Local => "local",
        T::Null => "null",
        T::Tailstrict => "tailstrict",
        T::Then => "then",
        T::Self_ => "self",
        T::Super => "super",
        T::True => "true",
        T::Exclam => "!",
        T::ExclamEq => "!=",
        T::Dollar => "$",
        T::Percent => "%",
        T::Amp => "&",
        T::AmpAmp => "&&",
        T::LeftParen => "(",
        T::RightParen => ")",
        T::Asterisk => "*",
        T::Plus => "+",
        T::PlusColon => "+:",
        T::PlusColonColon => "+::",
        T::PlusColonColonColon => "+:::",
        T::Comma => ",",
        T::Minus => "-",
        T::Dot => ".",
        T::Slash => "/",
        T::Colon => ":",
        T::ColonColon => "::",
        T::ColonColonColon => ":::",
        T::Semicolon => ";",
        T::Lt => "<",
        T::LtLt => "<<",
        T::LtEq => "<=",
        T::Eq => "=",
        T::EqEq => "==",
        T::Gt => ">",
        T::GtEq => ">=",
        T::GtGt => ">>",
        T::LeftBracket => "[",
        T::RightBracket => "]",
        T::Hat => "^",
        T::LeftBrace => "{",
        T::Pipe => "|",
        T::PipePipe => "||",
        T::RightBrace => "}",
        T::Tilde => "~",
    }
}
