//! Token streams as source text.
//!
//! The marker of a comment is a statement on a line of its own, which is then replaced by the comment at the end of the
//! line before. A marker has no text of its own, so that no comment changes where lines break.

use proc_macro2::TokenStream;

use super::{
    blame,
    layout::laid_out,
    lines::lines,
    notes::{AFTER, TAIL},
};

/// The text of items that nobody reviews.
pub(crate) fn plain(items: &TokenStream) -> String {
    laid_out(&lines(items.clone())).join("\n") + "\n"
}

/// The text of one item.
pub(super) fn item(tokens: &TokenStream, notes: &[String]) -> String {
    blank_lines(&comments(&laid_out(&lines(tokens.clone())), notes))
}

fn comments(text: &[String], notes: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut tail: Option<(usize, &String)> = None;
    for line in text.iter().filter(|it| !is_blame(it)) {
        let indent = line.len() - line.trim_start().len();
        if let Some(note) = marker(line, AFTER, notes) {
            append(&mut lines, note);
            continue;
        }
        if let Some(note) = marker(line, TAIL, notes) {
            tail = Some((indent, note));
            continue;
        }
        // The value of a block ends before the line that closes the block.
        if let Some((_, note)) = tail.take_if(|it| indent < it.0) {
            append(&mut lines, note);
        }
        lines.push(line.clone());
    }
    lines
}

/// In a file, the line of a failure says enough.
fn is_blame(line: &str) -> bool {
    let line = line.trim_start();
    [blame::BLOCK, blame::ROOT]
        .iter()
        .any(|it| line.strip_prefix(it).is_some_and(|it| it.starts_with('!')))
}

fn marker<'a>(line: &str, name: &str, notes: &'a [String]) -> Option<&'a String> {
    let number = line
        .trim_start()
        .strip_prefix(name)?
        .strip_prefix("!(")?
        .strip_suffix(");")?;
    notes.get(number.parse::<usize>().ok()?)
}

fn append(lines: &mut [String], note: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(" // ");
        line.push_str(note);
    }
}

/// Puts an empty line between methods.
fn blank_lines(lines: &[String]) -> String {
    let mut text = String::new();
    let is_impl = lines
        .iter()
        .find(|it| !it.starts_with(['/', '#']))
        .is_some_and(|it| it.starts_with("impl"));
    let mut after_member = false;
    for line in lines {
        if after_member && line != "}" {
            text.push('\n');
        }
        after_member = is_impl && (line == "    }" || line == "    };" || line == "    ];");
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {

    use super::*;

    #[track_caller]
    fn check(tokens: &str, expected: &str) {
        let notes = ["[N, 64]".to_owned()];
        let text = item(&tokens.parse().unwrap(), &notes);
        assert_eq!(text.trim_end(), expected.trim());
    }

    #[test]
    fn comments_stand_behind_their_statements() {
        check(
            "fn f() -> Result<Tensor> { let x = a()?; __after!(0); __tail!(0); b(x) }",
            "
fn f() -> Result<Tensor> {
    let x = a()?; // [N, 64]
    b(x) // [N, 64]
}",
        );
    }

    #[test]
    fn lists_break_where_rustfmt_breaks_them() {
        // 60 columns of arguments fit, 61 do not.
        check(
            "fn f() { a = Abc::new(vs / \"conv1\", in_feats, out_feats, kernel_size, stride_x, yz);
                      a = Abc::new(vs / \"conv1\", in_feats, out_feats, kernel_size, stride_x, yzz); }",
            "
fn f() {
    a = Abc::new(vs / \"conv1\", in_feats, out_feats, kernel_size, stride_x, yz);
    a = Abc::new(
        vs / \"conv1\",
        in_feats,
        out_feats,
        kernel_size,
        stride_x,
        yzz,
    );
}",
        );
    }

    #[test]
    fn one_literal_shares_the_line_of_its_list() {
        check(
            "const A: B<1> = B { facts: &[Fact { text: \"H ≥ 63\", block: \"features.12\" }], none: &[] };",
            "
const A: B<1> = B {
    facts: &[Fact {
        text: \"H ≥ 63\",
        block: \"features.12\",
    }],
    none: &[],
};",
        );
    }

    #[test]
    fn lists_of_fields_fill_their_lines_and_texts_are_left_alone() {
        let fields = "field_of_some_length, ".repeat(6);
        check(
            &format!("nn::weights!(Stage<N>: {fields} last); fail!(\"a: {fields}\");"),
            &format!(
                "
nn::weights!(Stage<N>: field_of_some_length, field_of_some_length, field_of_some_length,
    field_of_some_length, field_of_some_length, field_of_some_length, last);
fail!(
    \"a: {fields}\",
);"
            ),
        );
    }

    #[test]
    fn short_literals_stay_in_a_line() {
        check(
            "fn f() -> T { Ok(T { a, b: x }) }",
            "fn f() -> T {\n    Ok(T { a, b: x })\n}",
        );
    }
}
