//! The second door: models compiled by a build script.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::{
    codes,
    compile::{Compilation, compile_with_places},
    emit,
    expand::{self, Wrapping, output_stem},
    frontend::{Argument, Input},
};

/// Compiles architecture files from `build.rs`.
///
/// ```no_run
/// fn main() -> Result<(), narchi_codegen::ConfigError> {
///     narchi_codegen::Config::new()
///         .ext_code("num_blocks", "[2, 2, 2, 2]")
///         .compile(&["arch/resnet.jsonnet"])
/// }
/// ```
///
/// The crate then says `narchi_runtime::include_model!("resnet");`.
#[derive(Clone, Debug, Default)]
pub struct Config {
    input: Input,
    name: Option<String>,
    out_dir: Option<PathBuf>,
    allowed: Vec<String>,
}

/// Why a build script cannot go on. Mistakes in architectures are none of these: they become
/// errors of the crate that includes the model.
pub struct ConfigError(String);

/// What build scripts show when their `main` returns it.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Settings as a build script needs them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an external variable as a string.
    #[must_use]
    pub fn ext_str(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.input
            .ext_vars
            .push((name.into(), Argument::Text(value.into())));
        self
    }

    /// Gives an external variable as jsonnet code, such as `[2, 2, 2, 2]`.
    #[must_use]
    pub fn ext_code(mut self, name: impl Into<String>, code: impl Into<String>) -> Self {
        self.input
            .ext_vars
            .push((name.into(), Argument::Code(code.into())));
        self
    }

    /// Gives a top-level argument as a string.
    #[must_use]
    pub fn tla_str(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.input
            .tla
            .push((name.into(), Argument::Text(value.into())));
        self
    }

    /// Gives a top-level argument as jsonnet code.
    #[must_use]
    pub fn tla_code(mut self, name: impl Into<String>, code: impl Into<String>) -> Self {
        self.input
            .tla
            .push((name.into(), Argument::Code(code.into())));
        self
    }

    /// Looks for imports in this folder, too; in the one that was added last first.
    #[must_use]
    pub fn jpath(mut self, folder: impl Into<PathBuf>) -> Self {
        self.input.jpath.push(folder.into());
        self
    }

    /// Names the type, and in snake case the model for `include_model!`: for two models of one
    /// file. Otherwise both have the name of the file.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Compares the model with a checkpoint, whose path is relative to the package: what does not fit is an error of the crate
    /// that includes the model. Of the tensors only names, shapes and types are read. For calls of `compile` with one file.
    #[must_use]
    pub fn weights(mut self, checkpoint: impl Into<PathBuf>) -> Self {
        self.input.weights = Some(checkpoint.into());
        self
    }

    /// Does not warn of problems with this code, such as `fact-assumed`.
    #[must_use]
    pub fn allow(mut self, code: impl Into<String>) -> Self {
        self.allowed.push(code.into());
        self
    }

    /// Writes into this folder instead of cargo's `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Compiles files, whose paths are relative to the package, and tells cargo what they depend on.
    ///
    /// # Errors
    ///
    /// If a result cannot be written, or there is no such code as one that is allowed. A file that does not compile is an
    /// error where the model is included, with the whole report, not here.
    pub fn compile(&self, files: &[impl AsRef<Path>]) -> Result<(), ConfigError> {
        let out_dir = match (&self.out_dir, std::env::var_os("OUT_DIR")) {
            (Some(folder), _) => folder.clone(),
            (None, Some(folder)) => PathBuf::from(folder),
            (None, None) => {
                let message =
                    "`OUT_DIR` is not set: call this from a build script, or set `out_dir`";
                return Err(ConfigError(message.to_owned()));
            }
        };
        if let Some(code) = self.allowed.iter().find(|it| codes::find(it).is_none()) {
            return Err(ConfigError(codes::unknown(code)));
        }
        if self.input.weights.is_some() && files.len() > 1 {
            let message = "`weights` is for one model: give each file a `Config` of its own";
            return Err(ConfigError(message.to_owned()));
        }
        let mut targets = BTreeSet::new();
        for file in files {
            let input = Input {
                path: file.as_ref().to_owned(),
                ..self.input.clone()
            };
            let compilation = compile_with_places(&input).allow(&self.allowed);
            announce(&compilation);
            let stem = output_stem(&input.path, self.name.as_deref());
            let target = out_dir.join(format!("{stem}.rs"));
            if !targets.insert(target.clone()) {
                let message = format!("two models would be written to {}", target.display());
                return Err(ConfigError(
                    message + ": give each call of `compile` its `name`",
                ));
            }
            if crate::frontend::has_runaway() {
                // It goes on taking time and memory, and this program must not go on with it.
                return Err(ConfigError(format!(
                    "{}\n\nThe evaluation cannot be stopped; this could: \
                    `#[global_allocator] static BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;`",
                    compilation.report()
                )));
            }
            let text = self.text(&compilation);
            // An unchanged file keeps its time, so that nothing is built again for it.
            if fs::read_to_string(&target).is_ok_and(|it| it == text) {
                continue;
            }
            fs::write(&target, text)
                .map_err(|it| ConfigError(format!("cannot write {}: {it}", target.display())))?;
        }
        Ok(())
    }

    fn text(&self, compilation: &Compilation) -> String {
        let wrapping = Wrapping {
            type_name: self.name.as_deref(),
            visibility: quote::quote!(pub),
            runtime: quote::quote!(::narchi_runtime),
            is_macro: false,
        };
        emit::plain(&expand::expand(compilation, &wrapping))
    }
}

/// Tells cargo when to run the build script again, and users what to know.
#[expect(
    clippy::print_stdout,
    reason = "this is how build scripts talk to cargo"
)]
fn announce(compilation: &Compilation) {
    for file in &compilation.reads.files {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    for file in &compilation.reads.missing {
        // Cargo takes a missing file as changed, always; its folder changes when it appears.
        if let Some(folder) = file.parent().filter(|it| it.is_dir()) {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
    }
    for warning in compilation.diagnostics.warnings().iter() {
        let (line, column) = compilation.sources.line_and_column(warning.place);
        let file = &compilation.sources.file(warning.place.file).name;
        println!("cargo::warning={file}:{line}:{column}: {}", warning.message);
    }
}
