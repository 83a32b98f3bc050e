//! What the environment says about libtorch.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::failure::Failure;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// LIBTORCH, and the two variables that replace its `include` and `lib`.
    pub(crate) libtorch: Option<PathBuf>,
    pub(crate) libtorch_include: Option<PathBuf>,
    pub(crate) libtorch_lib: Option<PathBuf>,
    /// Whether `LIBTORCH_USE_PYTORCH` is set, and the Python that torch-sys asks then.
    pub(crate) use_pytorch: bool,
    pub(crate) torch_python: OsString,
    /// Whether `LIBTORCH_BYPASS_VERSION_CHECK` is set.
    pub(crate) any_version: bool,
    /// Where installations are kept.
    pub(crate) cache: PathBuf,
    /// The Python whose pip downloads.
    pub(crate) python: OsString,
    /// The C++ compiler of torch-sys.
    pub(crate) compiler: OsString,
    /// The fixed place that leads to the libtorch in use.
    pub(crate) link: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn read(link: Option<PathBuf>) -> Result<Self, Failure> {
        Self::from_variables(link, |name| env::var_os(name))
    }

    fn from_variables(
        link: Option<PathBuf>,
        read: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let variable = |name: &str| read(name).filter(|value| !value.is_empty());
        let path = |name: &str| variable(name).map(PathBuf::from).map(absolute).transpose();
        let torch_python = match variable("VIRTUAL_ENV") {
            Some(_) => "python",
            None if cfg!(windows) => "python.exe",
            None => "python3",
        };
        Ok(Self {
            libtorch: path("LIBTORCH")?,
            libtorch_include: path("LIBTORCH_INCLUDE")?,
            libtorch_lib: path("LIBTORCH_LIB")?,
            // Set to anything, even to nothing or to 0, counts for torch-sys.
            use_pytorch: read("LIBTORCH_USE_PYTORCH").is_some(),
            torch_python: torch_python.into(),
            any_version: read("LIBTORCH_BYPASS_VERSION_CHECK").is_some(),
            cache: cache(&variable)?,
            python: variable("PYTHON").unwrap_or_else(|| torch_python.into()),
            compiler: variable("CXX")
                .unwrap_or_else(|| if cfg!(windows) { "cl.exe" } else { "c++" }.into()),
            link: match link {
                Some(link) => Some(absolute(link)?),
                None => path("NARCHI_LIBTORCH_LINK")?,
            },
        })
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, Failure> {
    std::path::absolute(&path).map_err(|error| Failure::io("find the place of", &path, &error))
}

fn cache(variable: &impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Failure> {
    if let Some(cache) = variable("NARCHI_CACHE") {
        return absolute(cache.into());
    }
    // A relative one is to be ignored, says the XDG specification.
    let xdg = variable("XDG_CACHE_HOME").filter(|it| Path::new(it).is_absolute());
    let home = |below: &str| variable("HOME").map(|home| Path::new(&home).join(below));
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA").map(PathBuf::from)
    } else if let Some(xdg) = xdg {
        Some(xdg.into())
    } else if cfg!(target_os = "macos") {
        home("Library/Caches")
    } else {
        home(".cache")
    };
    match caches {
        Some(caches) => absolute(caches.join("narchi")),
        None => Err(Failure::new(
            "no folder to keep libtorch in: neither NARCHI_CACHE nor HOME is set",
        )
        .help("set NARCHI_CACHE to a folder of yours")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)]) -> Settings {
        Settings::from_variables(None, |name| {
            variables
                .iter()
                .find(|it| it.0 == name)
                .map(|it| it.1.into())
        })
        .unwrap()
    }

    #[test]
    fn the_cache_is_chosen_then_the_users_then_in_the_home() {
        let all = [
            ("NARCHI_CACHE", "/chosen"),
            ("XDG_CACHE_HOME", "/xdg"),
            ("HOME", "/home/me"),
        ];
        assert_eq!(check(&all).cache, Path::new("/chosen"));
        if cfg!(target_os = "linux") {
            assert_eq!(check(&all[1..]).cache, Path::new("/xdg/narchi"));
            assert_eq!(check(&all[2..]).cache, Path::new("/home/me/.cache/narchi"));
            let relative = [("XDG_CACHE_HOME", "xdg"), ("HOME", "/home/me")];
            assert_eq!(check(&relative).cache, Path::new("/home/me/.cache/narchi"));
        }
    }

    #[test]
    fn without_any_home_the_failure_names_the_variable_to_set() {
        let failure = Settings::from_variables(None, |_| None).unwrap_err();
        assert!(
            failure.to_string().contains("set NARCHI_CACHE"),
            "{failure}"
        );
    }

    #[test]
    fn an_empty_variable_is_an_unset_one() {
        let settings = check(&[("HOME", "/home/me"), ("LIBTORCH", ""), ("PYTHON", "")]);
        assert_eq!(settings.libtorch, None);
        assert_ne!(settings.python, "");
    }

    #[test]
    fn a_virtual_environment_has_its_own_python_and_the_variable_wins_for_pip() {
        let environment = [
            ("HOME", "/home/me"),
            ("VIRTUAL_ENV", "/env"),
            ("PYTHON", "/usr/bin/python3.12"),
        ];
        assert_eq!(check(&environment[..2]).python, "python");
        assert_eq!(check(&environment).python, "/usr/bin/python3.12");
        assert_eq!(check(&environment).torch_python, "python");
    }

    #[test]
    fn the_link_comes_from_the_option_or_the_variable() {
        let read = |name: &str| {
            (name == "NARCHI_LIBTORCH_LINK" || name == "HOME")
                .then(|| "/my project/.libtorch".into())
        };
        assert_eq!(
            Settings::from_variables(None, read).unwrap().link.unwrap(),
            Path::new("/my project/.libtorch")
        );
        let chosen = Settings::from_variables(Some("/other".into()), read).unwrap();
        assert_eq!(chosen.link.unwrap(), Path::new("/other"));
    }
}
