//! One text, compiled and written out.

use std::{
    fs, io,
    panic::catch_unwind,
    path::Path,
    time::{Duration, Instant},
};

use narchi_codegen::{Header, Input, compile};

/// A report that takes longer comes too late.
const LONGEST: Duration = Duration::from_secs(10);

/// What became of a text.
pub(crate) enum Outcome {
    Model,
    Report,
    /// The compiler broke down, and how.
    Broken(String),
}

/// Where texts are tried.
pub(crate) struct Trial {
    folder: tempfile::TempDir,
}

impl Trial {
    /// A folder in which texts find `parts` beside them.
    pub(crate) fn new(parts: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let copies = folder.path().join("parts");
        fs::create_dir(&copies)?;
        for part in fs::read_dir(parts)? {
            let part = part?;
            fs::copy(part.path(), copies.join(part.file_name()))?;
        }
        Ok(Self { folder })
    }

    pub(crate) fn run(&self, text: &[u8]) -> io::Result<Outcome> {
        let path = self.folder.path().join("net.jsonnet");
        fs::write(&path, text)?;
        let input = Input {
            path,
            ..Input::default()
        };
        let start = Instant::now();
        let outcome = catch_unwind(|| compiled(&input));
        let took = start.elapsed();
        Ok(match outcome {
            Ok(_) if took > LONGEST => Outcome::Broken(format!("it took {took:?}")),
            Ok(outcome) => outcome,
            Err(_) => Outcome::Broken("the compiler panicked".to_owned()),
        })
    }
}

fn compiled(input: &Input) -> Outcome {
    let compilation = compile(input);
    let report = compilation.report();
    if report.contains("the jsonnet engine broke down") {
        return Outcome::Broken(report);
    }
    match &compilation.model {
        Some(_) if compilation.diagnostics.has_errors() => {
            Outcome::Broken("a model with errors".to_owned())
        }
        Some(model) => {
            let code = model.source(None, &Header::new(input, None, None));
            if code.is_empty() {
                return Outcome::Broken("a model without code".to_owned());
            }
            Outcome::Model
        }
        None if compilation.diagnostics.has_errors() => Outcome::Report,
        None => Outcome::Broken("neither a model nor a report".to_owned()),
    }
}
