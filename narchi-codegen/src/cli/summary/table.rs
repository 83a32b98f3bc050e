//! Summaries for people.

use narchi_codegen::{Row, Summary};

/// What is aligned to the left; the others are numbers.
const TEXTS: usize = 3;

/// A column that a table has.
struct Column {
    title: &'static str,
    cell: fn(&Row) -> String,
}

/// With branches for scopes, and lines below the title and above the sums.
pub(super) fn table(summary: &Summary, at: &[(String, i64)]) -> String {
    let columns = columns(summary);
    let mut lines: Vec<Vec<String>> = summary
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| cells(&columns, row, branches(&summary.rows, place)))
        .collect();
    lines.insert(0, columns.iter().map(|it| it.title.to_owned()).collect());
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| lines.iter().map(|it| width(&it[column])).max().unwrap_or(0))
        .collect();
    let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1));
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        let padded = line.iter().zip(&widths).enumerate().map(|(column, it)| {
            let (cell, width) = it;
            let space = " ".repeat(width - self::width(cell));
            if column < TEXTS {
                format!("{cell}{space}")
            } else {
                format!("{space}{cell}")
            }
        });
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
        if place == 0 {
            text.push_str(&rule);
            text.push('\n');
        }
    }
    text.push_str(&rule);
    text.push('\n');
    for line in totals(summary, at) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// A table of a page, with spaces for scopes.
pub(super) fn markdown(summary: &Summary, at: &[(String, i64)]) -> String {
    let columns = columns(summary);
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = row(columns.iter().map(|it| it.title.to_owned()).collect());
    let rules = (0..columns.len()).map(|it| if it < TEXTS { "---" } else { "---:" });
    text.push_str(&row(rules.map(str::to_owned).collect()));
    for it in &summary.rows {
        let name = format!("{}`{}`", "&emsp;".repeat(it.depth), it.name);
        text.push_str(&row(cells(&columns, it, name)));
    }
    text.push('\n');
    for line in totals(summary, at) {
        text.push_str("* ");
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Numbers that nobody can know are no column.
fn columns(summary: &Summary) -> Vec<Column> {
    let mut columns = vec![
        Column {
            title: "block",
            cell: |it| it.name.clone(),
        },
        Column {
            title: "class",
            cell: |it| it.class.clone(),
        },
        Column {
            title: "output",
            cell: |it| it.outputs.join(", "),
        },
        Column {
            title: "parameters",
            cell: |it| number(it.costs.parameters),
        },
    ];
    if summary.total.multiply_adds.is_some() {
        columns.push(Column {
            title: "multiply-adds",
            cell: |it| number(it.costs.multiply_adds),
        });
    }
    columns
}

/// The cells of a row; the first is its name with what is before it.
fn cells(columns: &[Column], row: &Row, name: String) -> Vec<String> {
    let others = columns[1..].iter().map(|it| (it.cell)(row));
    std::iter::once(name).chain(others).collect()
}

/// `│  ├─ conv1`
fn branches(rows: &[Row], place: usize) -> String {
    let row = &rows[place];
    let mut text = row.name.clone();
    for level in (1..=row.depth).rev() {
        let after = rows[place + 1..].iter().map(|it| it.depth);
        let goes_on = after.take_while(|it| *it >= level).any(|it| it == level);
        let branch = match (level == row.depth, goes_on) {
            (true, true) => "├─ ",
            (true, false) => "└─ ",
            (false, true) => "│  ",
            (false, false) => "   ",
        };
        text.insert_str(0, branch);
    }
    text
}

fn totals(summary: &Summary, at: &[(String, i64)]) -> Vec<String> {
    let total = &summary.total;
    let mut lines = Vec::new();
    if let Some(parameters) = total.parameters {
        let buffers = match total.buffers {
            None | Some(0) => String::new(),
            Some(buffers) => format!(", and {} numbers that are not trained", thousands(buffers)),
        };
        let bytes = (parameters + total.buffers.unwrap_or(0)) * 4;
        let size = size(bytes);
        lines.push(format!(
            "{} parameters{buffers}: {size}",
            thousands(parameters)
        ));
    }
    let sizes: Vec<String> = at
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let sizes = sizes.join(", ");
    if let Some(multiply_adds) = total.multiply_adds {
        lines.push(format!(
            "{} multiply-adds for {sizes}",
            thousands(multiply_adds)
        ));
    }
    if let (Some(activations), Some(peak)) = (total.activations, summary.peak) {
        lines.push(format!(
            "{} of results, at most {} at a time in inference",
            size(activations),
            size(peak)
        ));
    }
    if !summary.unknown.is_empty() {
        let example: Vec<String> = summary
            .unknown
            .iter()
            .map(|it| format!("{it}=224"))
            .collect();
        lines.push(format!(
            "the rest depends on {}: give sizes with --at {}",
            summary.unknown.join(" and "),
            example.join(",")
        ));
    }
    lines
}

fn number(number: Option<i64>) -> String {
    match number {
        None => "?".to_owned(),
        Some(0) => "–".to_owned(),
        Some(number) => thousands(number),
    }
}

fn thousands(number: i64) -> String {
    narchi_codegen::thousands(number)
}

/// `46.8 MB`
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn size(bytes: i64) -> String {
    let bytes = bytes as f64;
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let unit = units.iter().find(|it| bytes >= it.1);
    unit.map_or_else(
        || format!("{bytes} bytes"),
        |(unit, size)| format!("{:.1} {unit}", bytes / size),
    )
}

fn width(text: &str) -> usize {
    text.chars().count()
}
