//! Line breaks as rustfmt makes them, so that `cargo fmt` leaves generated files alone.

use super::lines::Line;

/// rustfmt's `max_width`.
const WIDTH: usize = 100;
/// rustfmt's `fn_call_width`, `array_width` and `chain_width`.
const LIST_WIDTH: usize = 60;
/// rustfmt's `struct_lit_width`.
const LITERAL_WIDTH: usize = 18;
/// rustfmt's `short_array_element_width_threshold`.
const SHORT_ELEMENT: usize = 10;

/// Breaks lines that are too long.
pub(super) fn laid_out(lines: &[Line]) -> Vec<String> {
    let mut laid = Vec::new();
    for line in lines {
        lay(line.indent, &line.text, &mut laid);
    }
    laid
}

/// Breaks one line, if it is too long or contains something that is.
fn lay(indent: usize, text: &str, laid: &mut Vec<String>) {
    let space = " ".repeat(indent);
    let keep = |laid: &mut Vec<String>| laid.push(format!("{space}{text}").trim_end().to_owned());
    if text.starts_with("//") || text.starts_with("#[") || text.is_empty() {
        return keep(laid);
    }
    if let Some((start, list)) = macro_list(text) {
        return lay_words(indent, start, list, laid);
    }
    let groups = groups(text);
    if ["fn ", "pub fn "].iter().any(|it| text.starts_with(it)) {
        match groups.first() {
            Some(arguments) if width(text) + indent > WIDTH => {
                lay_list(indent, text, arguments, laid);
            }
            _ => keep(laid),
        }
        return;
    }
    if fits(indent, text) {
        return keep(laid);
    }
    if let Some((head, value)) = assignment(text) {
        let mut below = vec![format!("{space}{head}")];
        lay(indent + 4, value, &mut below);
        let mut beside = Vec::new();
        lay_broken(indent, text, &groups, &mut beside);
        let is_wide = |lines: &[String]| lines.iter().any(|it| width(it) > WIDTH);
        // rustfmt would rather break the value of a field than begin a line with it.
        let is_shorter = fits(indent + 4, value) || beside.len() > below.len();
        let is_narrower = is_wide(&beside) && !is_wide(&below);
        laid.append(if (is_shorter && head.ends_with('=')) || is_narrower {
            &mut below
        } else {
            &mut beside
        });
        return;
    }
    lay_broken(indent, text, &groups, laid);
}

/// Whether a line need not be broken.
fn fits(indent: usize, text: &str) -> bool {
    !is_too_wide(indent, text) && groups(text).iter().all(|it| it.fits(text)) && chain_fits(text)
}

/// The list that a macro item has behind a colon, which rustfmt leaves alone: `nn::weights!(Net: conv, bn);`
fn macro_list(text: &str) -> Option<(&str, &str)> {
    let (start, list) = text.split_once(": ")?;
    let (path, name) = start.split_once("!(")?;
    let is_name = |text: &str| {
        let mut letters = text.chars();
        letters.all(|it| it.is_alphanumeric() || "_:<>, ".contains(it))
    };
    (is_name(path) && is_name(name)).then_some((start, list))
}

/// As many words a line as fit.
fn lay_words(indent: usize, start: &str, list: &str, laid: &mut Vec<String>) {
    let mut line = format!("{}{start}:", " ".repeat(indent));
    for word in list.split(' ') {
        if width(&line) + 1 + width(word) > WIDTH {
            laid.push(std::mem::replace(&mut line, " ".repeat(indent + 3)));
        }
        line.push(' ');
        line.push_str(word);
    }
    laid.push(line);
}

fn is_too_wide(indent: usize, text: &str) -> bool {
    // rustfmt keeps room for a question mark that it has counted already.
    let room = if text.ends_with("?;") { 2 } else { 0 };
    width(text) + indent + room > WIDTH
}

/// What a statement or a field gives a value to, and the value.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (start, value) = value_of(text);
    if start > 0 {
        return Some((text[..start].trim_end(), value));
    }
    let (name, value) = text.split_once(": ")?;
    let is_name = name.chars().all(|it| it.is_alphanumeric() || it == '_');
    is_name.then(|| (&text[..=name.len()], value))
}

/// Breaks a line that does not fit, without moving the value below what it is given to.
fn lay_broken(indent: usize, text: &str, groups: &[Group], laid: &mut Vec<String>) {
    let space = " ".repeat(indent);
    if let Some((start, body)) = closure_of_field(text) {
        laid.push(format!("{space}{start} {{"));
        lay(indent + 4, body, laid);
        laid.push(format!("{space}}},"));
        return;
    }
    if let Some(links) = broken_chain(text, indent) {
        let (first, rest) = links.split_at(1);
        let before = laid.len();
        lay(indent, &first[0], laid);
        // What follows a closing bracket is below it.
        let indent = if laid.len() - before > 1 {
            indent
        } else {
            indent + 4
        };
        for link in rest {
            lay(indent, link, laid);
        }
        return;
    }
    // Parentheses around a part of a sum are no list.
    let is_list = |it: &&Group| {
        let is_grouping = it.kind == '(' && it.items.len() == 1 && !is_call(text, it.start);
        !it.items.is_empty() && !is_grouping
    };
    match groups.iter().rev().find(is_list) {
        Some(group) => lay_list(indent, text, group, laid),
        None => laid.push(format!("{space}{text}")),
    }
}

/// One element a line. A list with one element that brings its own brackets is opened inside those.
fn lay_list(indent: usize, text: &str, group: &Group, laid: &mut Vec<String>) {
    let space = " ".repeat(indent);
    if let ([(start, end)], true) = (group.items.as_slice(), group.kind != '{') {
        let item = &text[*start..*end];
        if let Some(bar) = closure_bar(item) {
            laid.push(format!("{space}{} {{", &text[..start + bar]));
            lay(indent + 4, item[bar..].trim(), laid);
            laid.push(format!("{space}}}{}", &text[*end..]));
            return;
        }
        if let Some(inner) = overflowing(item) {
            return lay_list(indent, text, &inner.shifted(*start), laid);
        }
    }
    let open = &text[..=group.start];
    laid.push(format!("{space}{open}"));
    let items: Vec<&str> = group.items.iter().map(|it| &text[it.0..it.1]).collect();
    if group.kind == '[' && items.len() > 1 && items.iter().all(|it| width(it) <= SHORT_ELEMENT) {
        fill(indent + 4, &items, laid);
    } else {
        for item in items {
            // Nothing follows the base of a literal.
            let comma = if item.starts_with("..") { "" } else { "," };
            lay(indent + 4, &format!("{item}{comma}"), laid);
        }
    }
    laid.push(format!("{space}{}", &text[group.end..]));
}

/// As many short elements a line as fit.
fn fill(indent: usize, items: &[&str], laid: &mut Vec<String>) {
    let mut line = String::new();
    for item in items {
        if !line.is_empty() && indent + width(&line) + width(item) + 2 > WIDTH {
            laid.push(format!("{}{line}", " ".repeat(indent)));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(item);
        line.push(',');
    }
    laid.push(format!("{}{line}", " ".repeat(indent)));
}

/// The last group of an element that may take the line of the list around it: `&[…]`, `f(…)?`, `T {…}`.
fn overflowing(item: &str) -> Option<Group> {
    let group = groups(item).into_iter().next_back()?;
    let is_last = item[group.end + 1..].chars().all(|it| it == '?');
    let is_grouping = group.kind == '(' && !is_call(item, group.start);
    (is_last && !is_grouping && !group.items.is_empty()).then_some(group)
}

/// Whether an element may be on the line of the list around it, even if it is long: closures and
/// calls of methods.
fn shares_line(item: &str) -> bool {
    closure_bar(item).is_some() || (overflowing(item).is_some() && !links(item).is_empty())
}

/// Where the body of a closure begins, if this is one.
fn closure_bar(item: &str) -> Option<usize> {
    let rest = item.strip_prefix('|')?;
    rest.find('|').map(|it| it + 2)
}

/// A field that is a closure without braces: what is before its body, and the body.
fn closure_of_field(text: &str) -> Option<(&str, &str)> {
    let (name, closure) = text.split_once(": ")?;
    let bar = closure_bar(closure)?;
    let is_name = name.chars().all(|it| it.is_alphanumeric() || it == '_');
    let (start, body) = text.split_at(name.len() + 2 + bar);
    is_name.then(|| (start, body.trim().trim_end_matches(',')))
}

/// The value of a statement, without what it is assigned to, and where it begins.
fn value_of(text: &str) -> (usize, &str) {
    // Types of constants may have parentheses.
    let is_const = ["const ", "pub const "]
        .iter()
        .any(|it| text.starts_with(it));
    let start = text
        .find(" = ")
        .filter(|it| is_const || !text[..*it].contains(['(', '{']))
        .map_or(0, |it| it + 3);
    (start, &text[start..])
}

/// Where the links of a chain begin: `self.a.b(c)?` has links at `.a` and `.b`.
fn links(value: &str) -> Vec<usize> {
    let mut links = Vec::new();
    let bytes = value.as_bytes();
    for (at, depth) in depths(value) {
        let is_link = bytes[at] == b'.' && depth == 0 && at > 0;
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        if is_link && (next.is_ascii_alphabetic() || next == b'_') && bytes[at - 1] != b'.' {
            links.push(at);
        }
    }
    links
}

fn chain_fits(text: &str) -> bool {
    let value = value_of(text).1.trim_end_matches([';', ',']);
    let is_plain = value.starts_with(|it: char| it.is_alphabetic() || it == '_');
    // rustfmt counts a question mark at the end twice.
    let counted = width(value) + usize::from(value.ends_with('?'));
    !is_plain || links(value).len() < 2 || counted <= LIST_WIDTH
}

/// A chain that is too long, one link a line. A short root at the start of a line keeps its first link.
fn broken_chain(text: &str, indent: usize) -> Option<Vec<String>> {
    let (start, value) = value_of(text);
    let mut links = links(value);
    // A single link is kept with a root that is no call.
    let is_kept = links.len() < 2 && !links.first().is_some_and(|it| value[..*it].contains('('));
    let is_short = is_kept || !is_too_wide(indent, text);
    let root_fits = links
        .first()
        .is_none_or(|it| fits(indent, &text[..start + it]));
    if chain_fits(text) && is_short && root_fits {
        return None;
    }
    if links.first().is_some_and(|it| it + start <= 4) {
        links.remove(0);
    }
    links.first()?;
    let mut parts = vec![text[..start + links[0]].to_owned()];
    let ends = links[1..].iter().copied().chain([value.len()]);
    parts.extend(
        links
            .iter()
            .zip(ends)
            .map(|(from, to)| value[*from..to].to_owned()),
    );
    Some(parts)
}

/// A list in brackets, by places in the text around it.
#[derive(Clone, Debug)]
struct Group {
    kind: char,
    start: usize,
    end: usize,
    items: Vec<(usize, usize)>,
}

impl Group {
    /// Whether it may stand in one line.
    fn fits(&self, text: &str) -> bool {
        let inside = &text[self.start + 1..self.end];
        let most = match (self.kind, self.items.as_slice()) {
            ('{', _) => LITERAL_WIDTH,
            ('(', _) if !is_call(text, self.start) => usize::MAX,
            // What may share the line of the list may fill it.
            ('(', [(from, to)]) if shares_line(&text[*from..*to]) => usize::MAX,
            _ => LIST_WIDTH,
        };
        width(inside.trim()) <= most && groups(inside).iter().all(|it| it.fits(inside))
    }

    fn shifted(mut self, by: usize) -> Self {
        self.start += by;
        self.end += by;
        self.items
            .iter_mut()
            .for_each(|it| *it = (it.0 + by, it.1 + by));
        self
    }
}

/// Whether a parenthesis holds arguments.
fn is_call(text: &str, start: usize) -> bool {
    text[..start].ends_with(|it: char| it.is_alphanumeric() || "_>!".contains(it))
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Each byte that is in no string, and how many brackets are around it; an opening one is outside.
fn depths(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        if in_string {
            in_string = byte != b'"' || escaped;
            escaped = byte == b'\\' && !escaped;
            return None;
        }
        match byte {
            b'"' => in_string = true,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let outside = depth;
        if matches!(byte, b'(' | b'[' | b'{') {
            depth += 1;
        }
        Some((at, outside))
    })
}

/// The outermost lists of a text.
fn groups(text: &str) -> Vec<Group> {
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Option<(usize, Vec<usize>)> = None;
    for (at, depth) in depths(text) {
        match (bytes[at], depth) {
            (b'(' | b'[' | b'{', 0) => open = Some((at, Vec::new())),
            (b',', 1) => {
                if let Some((_, commas)) = &mut open {
                    commas.push(at);
                }
            }
            // An array type is no list.
            (b';', 1) => open = None,
            (b')' | b']' | b'}', 0) => {
                let Some((start, commas)) = open.take() else {
                    continue;
                };
                let starts = std::iter::once(start)
                    .chain(commas.iter().copied())
                    .map(|it| it + 1);
                let ends = commas.iter().copied().chain([at]);
                let items = starts
                    .zip(ends)
                    .filter_map(|(from, to)| trimmed(text, from, to));
                groups.push(Group {
                    kind: char::from(bytes[start]),
                    start,
                    end: at,
                    items: items.collect(),
                });
            }
            _ => {}
        }
    }
    groups
}

/// A piece of the text without the spaces around it, if anything is left.
fn trimmed(text: &str, from: usize, to: usize) -> Option<(usize, usize)> {
    let piece = &text[from..to];
    let start = from + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    (start < end).then_some((start, end))
}
