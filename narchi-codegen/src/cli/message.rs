//! What is said of a compilation: for people, in a line each, or for programs.

use std::{io::IsTerminal, path::Path};

use annotate_snippets::Renderer;
use clap::{Args, ValueEnum};
use narchi_codegen::{Compilation, Diagnostic, Severity, Sources, Span, codes};
use serde_json::{Value, json};

use super::tell;

/// How to report, and what to refuse.
#[derive(Clone, Debug, Args)]
pub(crate) struct Messages {
    /// How problems are reported, on standard error.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    message_format: Format,
    /// A code of warnings that are not wanted, such as `fact-assumed`.
    #[arg(long, value_name = "CODE", value_parser = code)]
    allow: Vec<String>,
    /// What is an error as well.
    #[arg(short = 'D', long, value_enum, value_name = "WHAT")]
    deny: Vec<Denied>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the places in the text.
    Human,
    /// `file:line:column: error[code]: message`, a line each.
    Short,
    /// An object a line, with `reason` `diagnostic` or `model`.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Denied {
    Warnings,
}

impl Messages {
    /// Reports what is wrong.
    pub(crate) fn report(&self, compilation: Compilation) -> Compilation {
        let compilation = compilation.allow(&self.allow);
        let compilation = if self.deny.contains(&Denied::Warnings) {
            compilation.deny_warnings()
        } else {
            compilation
        };
        let Compilation {
            diagnostics,
            sources,
            ..
        } = &compilation;
        match self.message_format {
            Format::Human if diagnostics.is_empty() => {}
            Format::Human => show(&compilation),
            Format::Short => diagnostics.iter().for_each(|it| tell(&short(it, sources))),
            Format::Json => diagnostics
                .iter()
                .for_each(|it| tell(&for_programs(it, sources).to_string())),
        }
        compilation
    }

    /// Says what a sound file is.
    pub(crate) fn sound(&self, file: &Path, summary: &str) {
        let file = file.display();
        tell(&match self.message_format {
            Format::Human | Format::Short => format!("{file}: {summary}"),
            Format::Json => {
                json!({ "reason": "model", "file": file.to_string(), "summary": summary })
                    .to_string()
            }
        });
    }

    /// Says something that belongs to no file, where people read it.
    pub(crate) fn remark(&self, text: &str) {
        if self.message_format == Format::Human {
            tell(text);
        }
    }
}

/// Reports for people.
pub(crate) fn show(compilation: &Compilation) {
    let text = compilation
        .diagnostics
        .render(&compilation.sources, &renderer());
    tell(&text);
}

fn code(text: &str) -> Result<String, String> {
    let known = codes::find(text).map(|it| it.name.to_owned());
    known.ok_or_else(|| codes::unknown(text))
}

/// Colour is for people who look, and want it.
fn renderer() -> Renderer {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    if !is_plain && std::io::stderr().is_terminal() {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
}

fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn short(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let (line, column) = sources.line_and_column(diagnostic.place);
    let file = &sources.file(diagnostic.place.file).name;
    let (severity, code) = (severity(diagnostic), diagnostic.code);
    format!(
        "{file}:{line}:{column}: {severity}[{code}]: {}",
        diagnostic.message
    )
}

/// Lines and columns count from one, columns in characters; the end is the first that is not part of it.
fn for_programs(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let labels = diagnostic
        .labels
        .iter()
        .map(|it| span(it.0, Some(&it.1), sources));
    json!({
        "reason": "diagnostic",
        "severity": severity(diagnostic),
        "code": diagnostic.code,
        "message": diagnostic.message,
        "span": span(diagnostic.place, diagnostic.label.as_ref(), sources),
        "labels": labels.collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "rendered": diagnostic.plain(sources),
    })
}

fn span(span: Span, label: Option<&String>, sources: &Sources) -> Value {
    let after = Span {
        start: span.end,
        ..span
    };
    let ((line, column), (end_line, end_column)) = (
        sources.line_and_column(span),
        sources.line_and_column(after),
    );
    json!({
        "file": sources.file(span.file).name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "label": label,
    })
}
