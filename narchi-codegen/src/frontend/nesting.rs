//! How deep a text nests: engines recurse while they parse.

use std::ops::Range;

use rsjsonnet_lang::{
    arena::Arena,
    interner::StrInterner,
    lexer::Lexer,
    span::{SpanId, SpanManager},
    token::{STokenKind as T, Token, TokenKind},
};

/// As deep as any text may nest. The stack of [`super::guard`] leaves 100 KiB for each level, several times what an
/// unoptimised engine needs.
pub(super) const DEEPEST: usize = 10_000;

/// The first place at which `text` nests too deep.
pub(super) fn too_deep(text: &str) -> Option<Range<usize>> {
    if text.len() <= DEEPEST {
        return None;
    }
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
    // What is wrong with the tokens themselves is for the engine to say.
    let tokens = lexer.lex_to_eof(false).ok()?;
    let deepest = first_too_deep(&tokens)?;
    let (_, start, end) = spans.get_span(deepest);
    Some(start..end)
}

/// Brackets nest, and within them so does all that reaches to their end (`local`, `else`, a prefix)
/// or back to the start of its operand (a call, a field). A comma ends these.
fn first_too_deep(tokens: &[Token<'_, '_>]) -> Option<SpanId> {
    let mut depth = 0;
    let mut outer: Vec<usize> = Vec::new();
    let mut base = 0;
    let mut in_local = false;
    for (i, token) in tokens.iter().enumerate() {
        let after_operand = i > 0 && ends_operand(&tokens[i - 1].kind);
        let TokenKind::Simple(kind) = token.kind else {
            continue;
        };
        match kind {
            T::LeftParen | T::LeftBracket | T::LeftBrace => {
                outer.push(base);
                // A suffix nests what is before it, also after the bracket is closed.
                outer.push(depth + usize::from(after_operand));
                depth += 1;
                base = depth;
            }
            T::RightParen | T::RightBracket | T::RightBrace => {
                depth = outer.pop().unwrap_or(0);
                base = outer.pop().unwrap_or(0);
            }
            T::Comma if !(in_local && begins_bind(&tokens[i + 1..])) => {
                depth = base;
                in_local = false;
            }
            T::Semicolon => in_local = false,
            T::Local => {
                depth += 1;
                in_local = true;
            }
            T::If
            | T::Else
            | T::Function
            | T::Assert
            | T::Error
            | T::Import
            | T::Importstr
            | T::Importbin
            | T::Dot => depth += 1,
            T::Exclam | T::Tilde | T::Plus | T::Minus if !after_operand => depth += 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Some(token.span);
        }
    }
    None
}

fn ends_operand(kind: &TokenKind<'_, '_>) -> bool {
    match kind {
        TokenKind::Simple(kind) => matches!(
            kind,
            T::RightParen
                | T::RightBracket
                | T::RightBrace
                | T::Dollar
                | T::Self_
                | T::Super
                | T::Null
                | T::True
                | T::False
                | T::Tailstrict
        ),
        _ => true,
    }
}

fn begins_bind(tokens: &[Token<'_, '_>]) -> bool {
    let [name, next, ..] = tokens else {
        return false;
    };
    matches!(name.kind, TokenKind::Ident(_))
        && matches!(next.kind, TokenKind::Simple(T::Eq | T::LeftParen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = too_deep(text).map(|it| &text[it]);
        assert_eq!(found, expected, "{}…", &text[..40]);
    }

    #[test]
    fn every_kind_of_nesting_counts() {
        let many = DEEPEST + 1;
        check(&"[".repeat(many), Some("["));
        check(&"!".repeat(many), Some("!"));
        check(&"local x=1,y=1;".repeat(many), Some("local"));
        check(&"if a then b else ".repeat(many), Some("if"));
        check(&format!("f{}", "()".repeat(many)), Some("("));
        check(&format!("f{}", ".f".repeat(many)), Some("."));
        check(
            &format!("{{a: {}", "local x=1,y=1;".repeat(many)),
            Some("local"),
        );
    }

    #[test]
    fn length_is_no_nesting() {
        let many = DEEPEST + 1;
        check(&format!("[{}]", "f.x(-1)[0],".repeat(many)), None);
        check(
            &format!("{{{}}}", "local x = 1, f(x): -x,".repeat(many)),
            None,
        );
        check(&format!("0{}", " - 1".repeat(many)), None);
        check(&format!("'{}'", "[".repeat(many)), None);
        check(&format!("// {}\n1", "[".repeat(many)), None);
    }
}
