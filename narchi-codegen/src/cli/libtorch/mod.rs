//! `narchi-codegen libtorch`: finds or installs the libtorch that tch needs.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod doctor;
mod download;
mod exec;
mod failure;
#[cfg(all(test, unix))]
mod fakes;
mod find;
mod inspect;
mod install;
mod link;
mod plan;
mod progress;
mod settings;
mod unpack;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use failure::Failure;
use find::{Libtorch, Place};
use plan::Set;
use progress::Output;
use settings::Settings;

use super::tell;

/// The crate whose libtorch this is, as its users know it.
const TCH: &str = "tch 0.26";
/// The only libtorch that this tch builds with.
const VERSION: &str = "2.13.0";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum LibtorchCommand {
    /// Installs libtorch into the user's cache, from the wheels that pip downloads.
    Install {
        /// With CUDA: everything, several gigabytes.
        #[arg(long)]
        cuda: bool,
        #[command(flatten)]
        link: LinkOption,
    },
    /// Prints where libtorch is, as LIBTORCH wants it.
    Path {
        #[command(flatten)]
        link: LinkOption,
    },
    /// Runs a command with LIBTORCH and the library path set.
    Exec {
        /// Installs libtorch first if none is found.
        #[arg(long)]
        install: bool,
        #[command(flatten)]
        link: LinkOption,
        /// The command and its arguments.
        #[arg(
            required = true,
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "CMD"
        )]
        words: Vec<OsString>,
    },
    /// Says what was found, what is wrong and what to do; fails if tch would not build.
    Doctor {
        #[command(flatten)]
        link: LinkOption,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct LinkOption {
    /// Keeps DIR a symbolic link to the libtorch in use [default: `NARCHI_LIBTORCH_LINK`].
    #[arg(long, value_name = "DIR")]
    link: Option<PathBuf>,
}

pub(crate) fn run(command: LibtorchCommand) -> ExitCode {
    match answer(command) {
        Ok(code) => code,
        Err(failure) => {
            tell(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn answer(command: LibtorchCommand) -> Result<ExitCode, Failure> {
    match command {
        LibtorchCommand::Install { cuda, link } => {
            let settings = Settings::read(link.link)?;
            let libtorch = install(&settings, if cuda { Set::Cuda } else { Set::Cpu })?;
            if let Some(link) = &settings.link {
                point(link, &libtorch)?;
            }
            tell(&format!(
                "libtorch {VERSION} is in {}",
                libtorch.root.display()
            ));
            if let Some(chosen) = find::own_choice(&settings) {
                tell(&format!(
                    "note: LIBTORCH is {}, which comes first; unset it to use this one",
                    chosen.display()
                ));
            }
        }
        LibtorchCommand::Path { link } => {
            let settings = Settings::read(link.link)?;
            let libtorch = found(&settings)?.ok_or_else(|| find::nowhere(&settings))?;
            writeln!(std::io::stdout(), "{}", libtorch.root.display())
                .map_err(|error| Failure::new(format!("cannot print the path: {error}")))?;
        }
        LibtorchCommand::Exec {
            install: may_install,
            link,
            words,
        } => {
            let settings = Settings::read(link.link)?;
            let libtorch = match found(&settings)? {
                Some(libtorch) => libtorch,
                None if may_install => install(&settings, Set::Cpu)?,
                None => return Err(find::nowhere(&settings)),
            };
            let libtorch = linked(libtorch, &settings)?;
            return exec::run(exec::command(&libtorch, &words)?);
        }
        LibtorchCommand::Doctor { link } => {
            let settings = Settings::read(link.link)?;
            let report = doctor::examine(&settings);
            writeln!(std::io::stdout(), "{report}")
                .map_err(|error| Failure::new(format!("cannot print the report: {error}")))?;
            return Ok(if report.is_healthy() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn install(settings: &Settings, set: Set) -> Result<Libtorch, Failure> {
    install::install(settings, &plan::plan(set)?, Output::of_stderr())
}

fn found(settings: &Settings) -> Result<Option<Libtorch>, Failure> {
    if let Some(missing) = find::missing_choice(settings) {
        tell(&format!(
            "note: LIBTORCH is {}, where there is nothing; looking elsewhere",
            missing.display()
        ));
    }
    find::find(settings)
}

/// Points the link at what was found, and hands out the link in its place: the path that a build records stays
/// the same whatever is behind it. A LIBTORCH of the user's own is used as it is, as plain cargo does.
fn linked(libtorch: Libtorch, settings: &Settings) -> Result<Libtorch, Failure> {
    let Some(link) = &settings.link else {
        return Ok(libtorch);
    };
    if libtorch.place == Place::Link {
        return Ok(libtorch);
    }
    point(link, &libtorch)?;
    if libtorch.place == Place::Variable {
        return Ok(libtorch);
    }
    Ok(Libtorch {
        root: link.clone(),
        lib: link.join("lib"),
        ..libtorch
    })
}

fn point(link: &Path, libtorch: &Libtorch) -> Result<(), Failure> {
    let before = link::has_cuda(link);
    link::point(link, &libtorch.root)?;
    if before.is_some() && before != link::has_cuda(link) {
        // What torch-sys links to was decided when it was built, and its build script looks at variables only.
        tell("note: cargo does not see that libtorch was exchanged, run `cargo clean` once");
    }
    Ok(())
}
