//! What the programs show: headings, parts of files, progress, pictures, tables.

use std::fmt::Write;

use console::{measure_text_width, style};
use indicatif::{ProgressBar, ProgressStyle};

/// Begins a numbered step of a program.
#[expect(clippy::print_stdout, reason = "for programs")]
pub fn step(number: usize, title: &str) {
    let number = style(format!("{number}.")).cyan().bold();
    println!("\n{number} {}\n", style(title).bold());
}

/// Shows some lines.
#[expect(clippy::print_stdout, reason = "for programs")]
pub fn show(text: &str) {
    for line in text.lines() {
        println!("{}", format!("   {line}").trim_end());
    }
}

/// Shows where something is from, or how it was measured.
pub fn caption(text: &str) {
    show(&format!("\n{}", style(text).dim()));
}

/// The lines of `text` from the first that begins with `start` to the next that is `end`; nothing where
/// there are none.
pub fn excerpt<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let lines = || text.split_inclusive('\n');
    let length = |lines: &mut dyn Iterator<Item = &'a str>| lines.map(str::len).sum::<usize>();
    let begin = length(&mut lines().take_while(|it| !it.starts_with(start)));
    let rest = &text[begin..];
    let inside = length(
        &mut rest
            .split_inclusive('\n')
            .take_while(|it| it.trim_end() != end),
    );
    let last = rest[inside..].lines().next().map_or(0, str::len);
    &rest[..inside + last]
}

/// A bar for `length` steps, on standard error; nothing where that is no terminal.
pub fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("   {bar:40.cyan/dim} {pos}/{len} {msg}");
    // The template is as it should be; a plain bar would do, too.
    bar.set_style(
        style
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─"),
    );
    bar
}

/// Grey pixels, from 0 to 1 and row by row, as two characters each.
pub fn picture(pixels: &[f32], width: usize) -> Vec<String> {
    const SHADES: [&str; 5] = ["  ", "░░", "▒▒", "▓▓", "██"];
    let shade = |it: &f32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 4"
        )]
        let index = (it.clamp(0.0, 1.0) * 4.0).round() as usize;
        SHADES[index]
    };
    pixels
        .chunks(width)
        .map(|row| row.iter().map(shade).collect())
        .collect()
}

/// Blocks of lines side by side.
pub fn beside(blocks: &[Vec<String>], gap: &str) -> String {
    let height = blocks.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = blocks.iter().map(|block| widest(block.iter())).collect();
    let mut text = String::new();
    for row in 0..height {
        let mut line = String::new();
        for (block, width) in blocks.iter().zip(&widths) {
            let cell = block.get(row).map_or("", String::as_str);
            line.push_str(&padded(cell, *width, false));
            line.push_str(gap);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Rows under a head, in columns: the first is flush left, the others are flush right.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let widths: [usize; N] = std::array::from_fn(|column| widest(all().map(|row| &row[column])));
    let mut text = String::new();
    for (index, row) in all().enumerate() {
        let cells: [String; N] =
            std::array::from_fn(|column| padded(&row[column], widths[column], column > 0));
        let line = cells.join("   ");
        // Writing to a string cannot fail.
        let _ = match index {
            0 => writeln!(
                text,
                "{}\n{}",
                style(&line).bold(),
                "─".repeat(measure_text_width(&line))
            ),
            _ => writeln!(text, "{}", line.trim_end()),
        };
    }
    text
}

/// `11,689,512`
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn widest<'a>(cells: impl Iterator<Item = &'a String>) -> usize {
    cells
        .map(|it| measure_text_width(it))
        .max()
        .unwrap_or_default()
}

fn padded(text: &str, width: usize, is_right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(measure_text_width(text)));
    if is_right {
        format!("{space}{text}")
    } else {
        format!("{text}{space}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_with_its_last_line() {
        let text = "a\nfn b {\n  c\n}\n\nfn d {\n}\n";
        assert_eq!(excerpt(text, "fn b", "}"), "fn b {\n  c\n}");
        assert_eq!(excerpt(text, "fn d", "}"), "fn d {\n}");
        assert_eq!(excerpt(text, "fn e", "}"), "");
    }

    #[test]
    fn a_table_lines_up() {
        let rows = [
            ["a".to_owned(), "1,000".to_owned()],
            ["long".to_owned(), "7".to_owned()],
        ];
        let text = table(["", "number"], &rows);
        let plain = console::strip_ansi_codes(&text);
        assert_eq!(
            plain,
            "       number\n─────────────\na       1,000\nlong        7\n"
        );
    }

    #[test]
    fn thousands_are_set_apart() {
        let check = |number, text| assert_eq!(thousands(number), text);
        check(7, "7");
        check(1_000, "1,000");
        check(11_689_512, "11,689,512");
    }

    #[test]
    fn dark_pixels_are_dark() {
        assert_eq!(picture(&[0.0, 1.0, 0.5, 0.25], 2), ["  ██", "▒▒░░"]);
    }
}
