//! Runs a command that finds libtorch.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use super::failure::Failure;
use super::find::{Libtorch, Place};

const LIBRARY_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_LIBRARY_PATH"
} else if cfg!(windows) {
    "PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// The command with its environment, ready to run.
pub(crate) fn command(libtorch: &Libtorch, words: &[OsString]) -> Result<Command, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::new("no command given").help("write it after `--`"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    command.env("LIBTORCH", &libtorch.root);
    command.env(
        LIBRARY_PATH,
        library_path(libtorch, env::var_os(LIBRARY_PATH).as_deref())?,
    );
    // For torch-sys these come before LIBTORCH, and they speak of another installation.
    if libtorch.place != Place::Python {
        command.env_remove("LIBTORCH_USE_PYTORCH");
    }
    if libtorch.place != Place::Variable {
        command.env_remove("LIBTORCH_INCLUDE");
        command.env_remove("LIBTORCH_LIB");
    }
    Ok(command)
}

fn library_path(libtorch: &Libtorch, old: Option<&OsStr>) -> Result<OsString, Failure> {
    let old = old
        .filter(|it| !it.is_empty())
        .map(env::split_paths)
        .into_iter()
        .flatten();
    let paths: Vec<PathBuf> = std::iter::once(libtorch.lib.clone())
        .chain(old.filter(|it| *it != libtorch.lib))
        .collect();
    env::join_paths(paths).map_err(|error| {
        Failure::new(format!(
            "{LIBRARY_PATH} cannot hold the folder of libtorch: {error}"
        ))
    })
}

/// Becomes the command, so that signals and the exit code are its own.
#[cfg(unix)]
pub(crate) fn run(mut command: Command) -> Result<ExitCode, Failure> {
    use std::os::unix::process::CommandExt as _;

    let error = command.exec();
    Err(cannot_run(&command, &error))
}

#[cfg(not(unix))]
pub(crate) fn run(mut command: Command) -> Result<ExitCode, Failure> {
    let status = command
        .status()
        .map_err(|error| cannot_run(&command, &error))?;
    let code = status.code().and_then(|it| u8::try_from(it).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn cannot_run(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "cannot run {}: {error}",
        command.get_program().display()
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn libtorch(place: Place) -> Libtorch {
        let root = PathBuf::from("/a b/.libtorch");
        Libtorch {
            place,
            lib: root.join("lib"),
            include: root.clone(),
            root,
            version: None,
        }
    }

    /// What the command does to a variable.
    fn check(place: Place, name: &str) -> String {
        let words = ["cargo", "run", "--", "-x"].map(OsString::from);
        let command = command(&libtorch(place), &words).unwrap();
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["run", "--", "-x"]);
        match command.get_envs().find(|it| it.0 == name) {
            None => "as it was".to_owned(),
            Some((_, None)) => "taken away".to_owned(),
            Some((_, Some(value))) => value.display().to_string(),
        }
    }

    #[test]
    fn libtorch_and_the_library_path_are_set() {
        assert_eq!(check(Place::Cache, "LIBTORCH"), "/a b/.libtorch");
        let path = check(Place::Cache, LIBRARY_PATH);
        assert!(path.starts_with("/a b/.libtorch/lib"), "{path}");
    }

    #[test]
    fn variables_of_other_places_are_taken_away() {
        assert_eq!(check(Place::Cache, "LIBTORCH_USE_PYTORCH"), "taken away");
        assert_eq!(check(Place::Python, "LIBTORCH_USE_PYTORCH"), "as it was");
        assert_eq!(check(Place::Cache, "LIBTORCH_LIB"), "taken away");
        assert_eq!(check(Place::Variable, "LIBTORCH_LIB"), "as it was");
    }

    #[test]
    fn the_library_path_keeps_what_was_there_and_names_no_folder_twice() {
        let path =
            |old: &str| library_path(&libtorch(Place::Cache), Some(OsStr::new(old))).unwrap();
        assert_eq!(path(""), "/a b/.libtorch/lib");
        assert_eq!(path("/x:/y"), "/a b/.libtorch/lib:/x:/y");
        assert_eq!(path("/x:/a b/.libtorch/lib"), "/a b/.libtorch/lib:/x");
    }

    #[test]
    fn a_folder_that_the_variable_cannot_hold_is_a_failure() {
        let mut libtorch = libtorch(Place::Cache);
        libtorch.lib = "/a:b/lib".into();
        assert!(library_path(&libtorch, None).is_err());
    }
}
