//! What was found, what is wrong, what to do.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::failure::Failure;
use super::find::{self, Finding, Libtorch, Place};
use super::install::unfinished;
use super::settings::Settings;
use super::{TCH, VERSION};

/// One line of the report.
#[derive(Debug)]
struct Line {
    subject: String,
    says: String,
    help: Option<String>,
}

impl Line {
    fn new(subject: impl fmt::Display, says: impl Into<String>) -> Self {
        Self {
            subject: subject.to_string(),
            says: says.into(),
            help: None,
        }
    }

    fn of_failure(subject: impl fmt::Display, failure: Failure) -> Self {
        Self {
            subject: subject.to_string(),
            says: failure.message,
            help: failure.help,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Report {
    lines: Vec<Line>,
    /// The libtorch that a build would use, once all it needs was seen to work.
    works: Option<Libtorch>,
}

impl Report {
    pub(crate) fn is_healthy(&self) -> bool {
        self.works.is_some()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .lines
            .iter()
            .map(|it| it.subject.len())
            .max()
            .unwrap_or(0);
        for line in &self.lines {
            let indented = line.says.replace('\n', &format!("\n{:width$}  ", ""));
            writeln!(f, "{:width$}  {indented}", line.subject)?;
            if let Some(help) = &line.help {
                writeln!(f, "{:width$}  -> {help}", "")?;
            }
        }
        match &self.works {
            Some(libtorch) => write!(f, "\n{TCH} builds with {}", libtorch.root.display()),
            None => write!(f, "\n{TCH} does not build here yet"),
        }
    }
}

pub(crate) fn examine(settings: &Settings) -> Report {
    let mut lines = vec![Line::new(
        "wanted",
        format!("libtorch {VERSION}, for {TCH}"),
    )];
    lines.extend(Place::ALL.map(|place| line_of_place(place, settings)));
    if settings.use_pytorch && find::own_choice(settings).is_some() {
        let says = "LIBTORCH and LIBTORCH_USE_PYTORCH are both set: narchi takes the first, plain cargo the second";
        lines.push(Line {
            help: Some("unset one of them".to_owned()),
            ..Line::new("note", says)
        });
    }
    let left = unfinished(&settings.cache);
    if !left.is_empty() {
        let says = format!(
            "{} unfinished in {}: an install is running, or was killed",
            left.len(),
            settings.cache.display()
        );
        lines.push(Line {
            help: Some("the next install removes what is left".to_owned()),
            ..Line::new("note", says)
        });
    }

    let python = &settings.python;
    lines.push(line_of_tool(
        "python",
        answer(Command::new(python).arg("--version")),
        "install Python 3, or set PYTHON to where it is",
    ));
    lines.push(line_of_tool(
        "pip",
        answer(Command::new(python).args(["-m", "pip", "--version"])),
        "install it (on Debian and Ubuntu `apt install python3-pip`); only installing needs it",
    ));
    let compiler = &settings.compiler;
    lines.push(line_of_tool(
        "C++ compiler",
        answer(Command::new(compiler).arg("--version"))
            .map(|it| format!("{}: {it}", compiler.display())),
        "install one (on Debian and Ubuntu `apt install g++`), or set CXX to where it is",
    ));

    let works = match find::find(settings) {
        Ok(Some(libtorch)) => match probe(compiler, &libtorch) {
            Ok(version) => {
                lines.push(Line::new(
                    "trial",
                    format!("a program with libtorch {version} compiles, links and runs"),
                ));
                Some(libtorch)
            }
            Err(failure) => {
                lines.push(Line::of_failure("trial", failure));
                None
            }
        },
        Ok(None) => {
            let help = Some("run `narchi-codegen libtorch install`".to_owned());
            lines.push(Line {
                help,
                ..Line::new("trial", "no libtorch to try")
            });
            None
        }
        Err(_) => {
            lines.push(Line::new("trial", "what was chosen above is not usable"));
            None
        }
    };
    Report { lines, works }
}

fn line_of_place(place: Place, settings: &Settings) -> Line {
    match find::look(place, settings) {
        Finding::Nothing(why) => Line::new(place, why),
        Finding::Unusable(failure) => Line::of_failure(place, failure),
        Finding::Usable(libtorch) => {
            let version = libtorch.version.as_deref().unwrap_or("of unknown version");
            let has_cuda = libtorch.lib.join("libtorch_cuda.so").exists();
            let cuda = if has_cuda { ", with CUDA" } else { "" };
            let leads = fs::read_link(&libtorch.root)
                .map_or_else(|_| String::new(), |it| format!(" -> {}", it.display()));
            Line::new(
                place,
                format!(
                    "libtorch {version}{cuda}, whole, in {}{leads}",
                    libtorch.root.display()
                ),
            )
        }
    }
}

fn line_of_tool(subject: &str, answer: Result<String, String>, help: &str) -> Line {
    match answer {
        Ok(says) => Line::new(subject, says),
        Err(says) => Line {
            help: Some(help.to_owned()),
            ..Line::new(subject, says)
        },
    }
}

/// The first line that a command prints.
fn answer(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| find::no_python(&program, &error).message)?;
    let text = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    let text = String::from_utf8_lossy(text);
    let first = text
        .lines()
        .find(|it| !it.trim().is_empty())
        .unwrap_or("it says nothing")
        .to_owned();
    if output.status.success() {
        Ok(first)
    } else {
        Err(first)
    }
}

const PROGRAM: &str = "\
#include <torch/headeronly/version.h>
#include <ATen/Context.h>
#include <cstdio>
int main() {
  at::hasMKL();
  std::printf(\"%s\\n\", TORCH_VERSION);
}
";

/// Does in small what building with tch does: gives the version that the program printed.
fn probe(compiler: &OsStr, libtorch: &Libtorch) -> Result<String, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("cannot create a folder for the trial: {error}")))?;
    let (source, program) = (folder.path().join("trial.cpp"), folder.path().join("trial"));
    fs::File::create(&source)
        .and_then(|mut it| it.write_all(PROGRAM.as_bytes()))
        .map_err(|error| Failure::io("write", &source, &error))?;

    let mut compile = Command::new(compiler);
    compile
        .args(["-std=c++17", "-w"])
        .arg(&source)
        .arg("-o")
        .arg(&program);
    compile
        .arg("-I")
        .arg(libtorch.include.join("include"))
        .arg("-L")
        .arg(&libtorch.lib);
    compile.args(["-ltorch_cpu", "-ltorch", "-lc10"]);
    if cfg!(target_os = "linux") {
        compile.arg("-lgomp");
    }
    let mut rpath = OsString::from("-Wl,-rpath,");
    rpath.push(&libtorch.lib);
    compile.arg(rpath);
    tried(
        "compile and link",
        "see that the compiler is a whole one, with the headers of C++17, and that it knows OpenMP",
        &mut compile,
    )?;
    tried(
        "run",
        "see which library it names; `narchi-codegen libtorch install` installs a set that is complete",
        &mut Command::new(program),
    )
}

fn tried(deed: &str, help: &str, command: &mut Command) -> Result<String, Failure> {
    let failed = |why: &str| {
        Failure::new(format!("a program with libtorch does not {deed}:\n{why}")).help(help)
    };
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(&error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let first: Vec<&str> = errors.lines().take(8).collect();
    Err(failed(&first.join("\n")))
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::super::fakes;
    use super::*;

    /// A machine with all tools; the compiler is a script that ends in `compiler`.
    fn settings(home: &Path, compiler: &str) -> Settings {
        let version = "if [ \"$1\" = --version ]; then echo tool 1.0; exit; fi";
        let python = "if [ \"$1\" = -m ]; then echo pip 25.0; else echo Python 3.12.0; fi";
        let settings = fakes::settings_in(home);
        fakes::libtorch_in(&settings.cache.join("libtorch-2.13.0-cpu"), "2.13.0");
        Settings {
            python: fakes::program(home, "python", python),
            compiler: fakes::program(home, "c++", &format!("{version}\n{compiler}")),
            ..settings
        }
    }

    /// A compiler whose programs are this script.
    fn compiling(program: &str) -> String {
        let find = "while [ \"$1\" != -o ]; do shift; done";
        format!("{find}\n(echo '#!/bin/sh'; echo '{program}') > \"$2\"; chmod +x \"$2\"")
    }

    /// The report on a machine, which is to be healthy or not and to hold these parts.
    fn check(settings: &Settings, healthy: bool, parts: &[&str]) {
        let report = examine(settings);
        let text = report.to_string();
        assert_eq!(report.is_healthy(), healthy, "{text}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }

    #[test]
    fn a_program_that_compiles_and_runs_is_health() {
        let home = fakes::folder();
        let parts = [
            "libtorch 2.13.0, whole, in",
            "pip 25.0",
            "Python 3.12.0",
            "tool 1.0",
            "libtorch 9.9 compiles",
            "tch 0.26 builds with",
        ];
        check(&settings(home.path(), &compiling("echo 9.9")), true, &parts);
    }

    #[test]
    fn without_libtorch_the_help_is_to_install_it() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        fs::remove_dir_all(&settings.cache).unwrap();
        check(
            &settings,
            false,
            &[
                "nothing installed",
                "libtorch install",
                "does not build here yet",
            ],
        );
    }

    #[test]
    fn a_compiler_that_fails_or_is_missing_is_no_health() {
        let home = fakes::folder();
        let mut settings = settings(home.path(), "echo 'fatal error: no vector' >&2; exit 1");
        check(
            &settings,
            false,
            &["does not compile and link", "fatal error: no vector"],
        );
        settings.compiler = "/nowhere/c++".into();
        check(
            &settings,
            false,
            &["there is no /nowhere/c++", "apt install g++"],
        );
    }

    #[test]
    fn a_program_that_does_not_run_is_no_health() {
        let home = fakes::folder();
        let settings = settings(
            home.path(),
            &compiling("echo libcupti.so.13 not found >&2; exit 127"),
        );
        check(
            &settings,
            false,
            &["does not run", "libcupti.so.13 not found"],
        );
    }

    #[test]
    fn without_python_a_build_works_all_the_same() {
        let home = fakes::folder();
        let settings = Settings {
            python: "/nowhere/python3".into(),
            ..settings(home.path(), &compiling("echo 9.9"))
        };
        check(
            &settings,
            true,
            &["there is no /nowhere/python3", "set PYTHON"],
        );
    }

    #[test]
    fn a_wrong_version_is_told_with_what_to_do() {
        let home = fakes::folder();
        let own = home.path().join("own");
        fakes::libtorch_in(&own, "2.12.0");
        let settings = Settings {
            libtorch: Some(own),
            ..settings(home.path(), &compiling("echo 9.9"))
        };
        check(
            &settings,
            false,
            &[
                "is libtorch 2.12.0, but tch 0.26 wants 2.13.0",
                "-> let LIBTORCH name another folder",
            ],
        );
    }

    #[test]
    fn what_a_killed_install_left_is_noted() {
        let home = fakes::folder();
        let settings = settings(home.path(), &compiling("echo 9.9"));
        fs::create_dir(settings.cache.join(".unfinished-x")).unwrap();
        check(
            &settings,
            true,
            &["1 unfinished in", "the next install removes"],
        );
    }
}
