//! `render FILE [-o OUT]`

use std::{
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::{Args, ValueEnum};
use narchi_codegen::{Colour, Model, compile};

use super::{
    Jsonnet, PROBLEMS,
    message::Messages,
    output::{self, failed},
    size, usage,
};

/// Draws an architecture: as SVG, as a page, or for graphviz or Mermaid.
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// The architecture file, jsonnet or JSON.
    file: PathBuf,
    /// Where to write the picture; standard output if left out.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What is written, if not what the name of OUT ends with. SVG if nothing says anything.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Sizes of the inputs, `N=8,H=224,W=224`. With any, the batch N is 1 if nothing else is said.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    at: Vec<(String, i64)>,
    /// How many levels of scopes are opened; the others are one box each. In a page, how many are open at first.
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,
    /// The colour of the boxes of a class of blocks, `Conv2d=#ffd8a8` or `Stage=#eef`. Of two for a class, the last one holds.
    #[arg(long, value_name = "CLASS=COLOUR", value_parser = fill)]
    fill: Vec<(String, Colour)>,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture.
    Svg,
    /// A page in one file, to look around in.
    Html,
    /// Text for graphviz.
    Dot,
    /// Text for Mermaid, which pages of repositories show.
    Mermaid,
    /// A document, by graphviz.
    Pdf,
    /// A picture in pixels, by graphviz.
    Png,
}

impl Render {
    pub(crate) fn run(mut self) -> ExitCode {
        let input = match self.jsonnet.input(self.file.clone()) {
            Ok(input) => input,
            Err(message) => return usage(&message),
        };
        let format = match self.format() {
            Ok(format) => format,
            Err(message) => return usage(&message),
        };
        let Some(model) = self.messages.report(compile(&input)).model else {
            return ExitCode::from(PROBLEMS);
        };
        let has_batch = self.at.iter().any(|it| it.0 == "N");
        if !self.at.is_empty() && !has_batch && model.has_batch() {
            self.at.insert(0, ("N".to_owned(), 1));
        }
        let text = match self.text(&model, format) {
            Ok(text) => text,
            Err(message) => return usage(&message),
        };
        let bytes = match format {
            Format::Pdf => graphviz("pdf", &text),
            Format::Png => graphviz("png", &text),
            Format::Svg | Format::Html | Format::Dot | Format::Mermaid => Ok(text.into_bytes()),
        };
        match bytes {
            Ok(bytes) => output::done(self.output.as_deref(), &bytes, ExitCode::SUCCESS),
            Err(message) => failed(&message),
        }
    }

    fn format(&self) -> Result<Format, String> {
        let Some(output) = self.output.as_deref().filter(|_| self.format.is_none()) else {
            return Ok(self.format.unwrap_or(Format::Svg));
        };
        of_name(output).ok_or_else(|| {
            format!(
                "the name of {} does not say what to write: end it with .svg, .html, .dot, .mmd, .pdf or .png, or write \
                 --format",
                output.display()
            )
        })
    }

    fn text(&self, model: &Model, format: Format) -> Result<String, String> {
        let fills = model.fills(&self.fill)?;
        if format == Format::Html {
            return model.page(&self.at, self.depth, &fills);
        }
        let mut diagram = model.diagram(&self.at, self.depth)?;
        diagram.fill(&fills);
        Ok(match format {
            Format::Svg | Format::Html => diagram.svg(),
            Format::Dot | Format::Pdf | Format::Png => diagram.dot(),
            Format::Mermaid => diagram.mermaid(),
        })
    }
}

/// `Conv2d=#ffd8a8`
fn fill(text: &str) -> Result<(String, Colour), String> {
    let (class, colour) = text
        .rsplit_once('=')
        .ok_or_else(|| format!("`{text}` has no colour: write `CLASS=#rgb` or `CLASS=#rrggbb`"))?;
    Ok((class.trim().to_owned(), colour.trim().parse()?))
}

fn of_name(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "svg" => Format::Svg,
        "html" | "htm" => Format::Html,
        "dot" | "gv" => Format::Dot,
        "mmd" | "mermaid" => Format::Mermaid,
        "pdf" => Format::Pdf,
        "png" => Format::Png,
        _ => return None,
    })
}

/// What graphviz makes of a text.
fn graphviz(format: &str, text: &str) -> Result<Vec<u8>, String> {
    // A file rather than a pipe, so that neither program waits for the other.
    let file = tempfile::NamedTempFile::new().and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        Ok(file)
    });
    let file = file.map_err(|it| format!("cannot write a temporary file: {it}"))?;
    let output = Command::new("dot")
        .arg(format!("-T{format}"))
        .arg(file.path())
        .output();
    let output = output.map_err(|it| match it.kind() {
        ErrorKind::NotFound => format!(
            "{format} is made by graphviz, and there is no `dot` here\n  install graphviz (`apt install graphviz`, `brew install \
             graphviz`), or write --format svg, which needs no other program"
        ),
        _ => format!("cannot run `dot`: {it}"),
    })?;
    if output.status.success() && !output.stdout.is_empty() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`dot -T{format}` failed: {}", said.trim()))
}
