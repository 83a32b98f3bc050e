//! The command line: arguments, files and exit codes. Everything else is the library's.

mod check;
mod diff;
mod emit;
mod explain;
mod libtorch;
mod manual;
mod message;
mod new;
mod output;
mod render;
mod summary;
mod sweep;
mod weights;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use narchi_codegen::{Argument, Input};

/// Compiles neural network architectures, written in jsonnet, to plain Rust.
#[derive(Debug, Parser)]
#[command(name = "narchi-codegen", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Makes a crate with a model, to begin with.
    New(new::New),
    /// Reports what is wrong with architecture files.
    Check(check::Check),
    /// Writes the Rust code of an architecture.
    Emit(emit::Emit),
    /// Shows the blocks of an architecture with their shapes, parameters and costs.
    Summary(summary::Summary),
    /// Draws an architecture: as SVG, as a page, or for graphviz or Mermaid.
    Render(render::Render),
    /// Shows what is different about two architectures, or about two settings of one.
    Diff(Box<diff::Diff>),
    /// Compares every combination of settings of an architecture: parameters, multiply-adds, memory.
    Sweep(sweep::Sweep),
    /// Looks into checkpoints: safetensors, what `torch.save` writes, `.npz`.
    #[command(subcommand)]
    Weights(weights::Weights),
    /// Writes what a shell needs to complete this command.
    Completions(manual::Completions),
    Man(manual::Manual),
    /// Writes the JSON Schema of architecture files, by which editors complete and check.
    Schema,
    /// Says what a code such as `unknown-block` means, and shows how to mend it.
    Explain(explain::Explain),
    /// Finds or installs libtorch.
    #[command(subcommand)]
    Libtorch(libtorch::LibtorchCommand),
}

/// What jsonnet needs beside the file.
#[derive(Clone, Debug, Args)]
pub(crate) struct Jsonnet {
    /// An external variable as a string; without `=`, from the environment.
    #[arg(short = 'V', long, value_name = "NAME[=VALUE]")]
    ext_str: Vec<String>,
    /// An external variable as jsonnet code, `num_blocks='[2, 2, 2, 2]'`.
    #[arg(long, value_name = "NAME[=CODE]")]
    ext_code: Vec<String>,
    /// A top-level argument as a string; without `=`, from the environment.
    #[arg(short = 'A', long, value_name = "NAME[=VALUE]")]
    tla_str: Vec<String>,
    /// A top-level argument as jsonnet code.
    #[arg(long, value_name = "NAME[=CODE]")]
    tla_code: Vec<String>,
    /// A folder to look for imports in; the last one first.
    #[arg(short = 'J', long, value_name = "FOLDER")]
    jpath: Vec<PathBuf>,
}

/// Exit codes: 0 fine, 1 problems in the files, 2 wrong usage.
pub(crate) const PROBLEMS: u8 = 1;
const USAGE: u8 = 2;

pub(crate) fn main() -> ExitCode {
    match Cli::parse().verb {
        Verb::New(new) => new.run(),
        Verb::Check(check) => check.run(),
        Verb::Emit(emit) => emit.run(),
        Verb::Summary(summary) => summary.run(),
        Verb::Render(render) => render.run(),
        Verb::Diff(diff) => diff.run(),
        Verb::Sweep(sweep) => sweep.run(),
        Verb::Weights(weights) => weights::run(weights),
        Verb::Completions(completions) => completions.run(),
        Verb::Man(it) => it.run(),
        Verb::Schema => {
            let schema = narchi_codegen::schema();
            output::done(None, schema.as_bytes(), ExitCode::SUCCESS)
        }
        Verb::Explain(explain) => explain.run(),
        Verb::Libtorch(command) => libtorch::run(command),
    }
}

impl Jsonnet {
    /// The input for a file; the error is a line for people.
    fn input(&self, path: PathBuf) -> Result<Input, String> {
        let text = |all: &[String]| variables(all, Argument::Text);
        let code = |all: &[String]| variables(all, Argument::Code);
        Ok(Input {
            path,
            ext_vars: [text(&self.ext_str)?, code(&self.ext_code)?].concat(),
            tla: [text(&self.tla_str)?, code(&self.tla_code)?].concat(),
            jpath: self.jpath.clone(),
            weights: None,
        })
    }
}

fn variables(
    all: &[String],
    make: fn(String) -> Argument,
) -> Result<Vec<(String, Argument)>, String> {
    let variable = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), make(value.to_owned()))),
        None => match std::env::var(text) {
            Ok(value) => Ok((text.clone(), make(value))),
            Err(_) => Err(format!(
                "`{text}` has no value here, and there is none in the environment: write `{text}=…`"
            )),
        },
    };
    all.iter().map(variable).collect()
}

/// `H=224`
fn size(text: &str) -> Result<(String, i64), String> {
    let wrong = || format!("`{text}` is no size: write `H=224`");
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let value = value.trim().parse().map_err(|_| wrong())?;
    Ok((name.trim().to_owned(), value))
}

/// Wrong usage.
pub(crate) fn usage(message: &str) -> ExitCode {
    tell(&format!("error: {message}"));
    ExitCode::from(USAGE)
}

/// A line for people, not for other programs.
pub(crate) fn tell(text: &str) {
    // Nobody is left to be told if this fails.
    _ = writeln!(std::io::stderr(), "{text}");
}
