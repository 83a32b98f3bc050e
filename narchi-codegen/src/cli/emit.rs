//! `emit FILE [-o OUT] [--check]`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use narchi_codegen::{Compilation, Header, compile, compile_with_places};
use similar::TextDiff;

use super::{
    Jsonnet, PROBLEMS,
    message::Messages,
    output::{self, failed, write},
    tell, usage,
};

/// Writes the Rust code of an architecture.
#[derive(Debug, Args)]
pub(crate) struct Emit {
    /// The architecture file, jsonnet or JSON.
    file: PathBuf,
    /// Where to write the code; standard output if left out.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Writes nothing, and fails with a diff if OUT is not what would be written.
    #[arg(long, requires = "output")]
    check: bool,
    /// The name of the type, if not that of the architecture.
    #[arg(long, value_name = "NAME", value_parser = type_name)]
    name: Option<String>,
    /// Has failures at run time say which line of the architecture has the block that failed. Those lines are part of the
    /// code then, and change it when the architecture is edited.
    #[arg(long)]
    places: bool,
    /// Writes the frozen form, too: for inference, with `freeze` and `load`.
    #[arg(long)]
    frozen: bool,
    /// Writes the files that the code depends on as a rule for make.
    #[arg(long, value_name = "FILE")]
    dep_file: Option<PathBuf>,
    #[command(flatten)]
    jsonnet: Jsonnet,
    #[command(flatten)]
    messages: Messages,
}

impl Emit {
    pub(crate) fn run(self) -> ExitCode {
        let input = match self.jsonnet.input(self.file.clone()) {
            Ok(input) => input,
            Err(message) => return usage(&message),
        };
        let compilation = if self.places {
            compile_with_places(&input)
        } else {
            compile(&input)
        };
        let compilation = self.messages.report(compilation);
        // Also where there is no code: what depends on a mended import is to be made again.
        if let Err(message) = self.write_dep_file(&compilation) {
            return failed(&message);
        }
        let (name, output) = (self.name.as_deref(), self.output.as_deref());
        let mut header = Header::new(&input, name, output);
        if self.frozen {
            header = header.with_frozen();
        }
        let code = if self.places {
            header = header.with_places();
            compilation.source_with_places(name, &header, output)
        } else {
            let model = compilation.model.as_ref();
            model.map(|it| it.source(name, &header))
        };
        let Some(code) = code else {
            return ExitCode::from(PROBLEMS);
        };
        match output {
            Some(output) if self.check => Self::compare(output, &code, &header),
            output => output::done(output, code.as_bytes(), ExitCode::SUCCESS),
        }
    }

    fn compare(output: &Path, code: &str, header: &Header) -> ExitCode {
        let (old, name) = (fs::read_to_string(output), output.display());
        let Ok(old) = old.map(|it| it.replace("\r\n", "\n")) else {
            tell(&format!(
                "error: cannot read {name}\n  to write it: {}",
                header.command()
            ));
            return ExitCode::from(PROBLEMS);
        };
        if old == code {
            return ExitCode::SUCCESS;
        }
        let diff = TextDiff::from_lines(old.as_str(), code);
        let diff = diff
            .unified_diff()
            .header(&name.to_string(), "what would be written")
            .to_string();
        let help = format!("to mend it, in the folder of {name}: {}", header.command());
        tell(&format!(
            "{diff}\nerror: {name} is not up to date\n  {help}"
        ));
        ExitCode::from(PROBLEMS)
    }

    fn write_dep_file(&self, compilation: &Compilation) -> Result<(), String> {
        let Some(path) = &self.dep_file else {
            return Ok(());
        };
        let escaped = |path: &Path| {
            let path = path.to_string_lossy();
            path.replace('$', "$$")
                .replace('#', "\\#")
                .replace(' ', "\\ ")
        };
        let target = self
            .output
            .as_deref()
            .map_or_else(|| "-".to_owned(), escaped);
        let reads: Vec<String> = compilation
            .reads
            .files
            .iter()
            .map(|it| escaped(it))
            .collect();
        write(path, format!("{target}: {}\n", reads.join(" ")).as_bytes())
    }
}

fn type_name(text: &str) -> Result<String, String> {
    let is_word = text.chars().all(|it| it.is_alphanumeric() || it == '_');
    if is_word && text.starts_with(char::is_uppercase) && text != "Self" {
        return Ok(text.to_owned());
    }
    Err("a type is named like `ResNet18`".to_owned())
}
