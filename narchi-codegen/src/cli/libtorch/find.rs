//! Where libtorch is, and whether tch can build with it.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::VERSION;
use super::failure::Failure;
use super::inspect::{check_version, inspect, release};
use super::plan::Set;
use super::settings::Settings;

/// What narchi looks at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// LIBTORCH, unless that is only the link below.
    Variable,
    /// The torch of Python, if `LIBTORCH_USE_PYTORCH` is set.
    Python,
    /// What the link leads to. Before the cache, so that what one workspace uses does not change when another
    /// one installs something.
    Link,
    /// What `narchi-codegen libtorch install` has installed.
    Cache,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [Self::Variable, Self::Python, Self::Link, Self::Cache];
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Variable => "LIBTORCH",
            Self::Python => "LIBTORCH_USE_PYTORCH",
            Self::Link => "link",
            Self::Cache => "cache",
        })
    }
}

/// A libtorch that tch builds with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Libtorch {
    pub(crate) place: Place,
    /// What LIBTORCH has to be.
    pub(crate) root: PathBuf,
    /// The folder of the shared libraries.
    pub(crate) lib: PathBuf,
    /// The folder that holds `include`.
    pub(crate) include: PathBuf,
    /// None where nothing tells it.
    pub(crate) version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing there, and why.
    Nothing(String),
    /// Something is there that tch does not build with.
    Unusable(Failure),
    Usable(Libtorch),
}

/// The first usable libtorch. What the user has chosen is not passed over when it is unusable; what narchi has
/// set up itself is, since installing mends it.
pub(crate) fn find(settings: &Settings) -> Result<Option<Libtorch>, Failure> {
    for place in Place::ALL {
        match look(place, settings) {
            Finding::Usable(libtorch) => return Ok(Some(libtorch)),
            Finding::Unusable(failure) if matches!(place, Place::Variable | Place::Python) => {
                return Err(failure);
            }
            Finding::Unusable(_) | Finding::Nothing(_) => {}
        }
    }
    Ok(None)
}

/// The failure of having found nothing usable anywhere.
pub(crate) fn nowhere(settings: &Settings) -> Failure {
    let mut lines = vec![format!("no libtorch {VERSION} found")];
    lines.extend(
        Place::ALL
            .iter()
            .filter_map(|&place| match look(place, settings) {
                Finding::Nothing(why) => Some(format!("  {place}: {why}")),
                Finding::Unusable(failure) => Some(format!("  {place}: {}", failure.message)),
                Finding::Usable(_) => None,
            }),
    );
    Failure::new(lines.join("\n")).help("run `narchi-codegen libtorch install`")
}

pub(crate) fn look(place: Place, settings: &Settings) -> Finding {
    match place {
        Place::Variable => look_at_variable(settings),
        Place::Python => look_at_python(settings),
        Place::Link => look_at_link(settings),
        Place::Cache => look_at_cache(settings),
    }
}

/// LIBTORCH, where it is the user's own: cargo sets it to the link, which may not lead anywhere yet.
pub(crate) fn own_choice(settings: &Settings) -> Option<&Path> {
    own_variable(settings).filter(|it| it.exists())
}

/// A LIBTORCH of the user's own that leads nowhere.
pub(crate) fn missing_choice(settings: &Settings) -> Option<&Path> {
    own_variable(settings).filter(|it| !it.exists())
}

fn own_variable(settings: &Settings) -> Option<&Path> {
    let libtorch = settings.libtorch.as_deref()?;
    let is_link = settings
        .link
        .as_deref()
        .is_some_and(|link| same_place(libtorch, link));
    (!is_link).then_some(libtorch)
}

/// Compares the places themselves, not what they lead to.
fn same_place(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| -> Option<PathBuf> {
        Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
    };
    one == other || place(one).is_some_and(|it| Some(it) == place(other))
}

fn look_at_variable(settings: &Settings) -> Finding {
    if let Some(missing) = missing_choice(settings) {
        return Finding::Nothing(format!(
            "leads to {}, where there is nothing",
            missing.display()
        ));
    }
    match own_choice(settings) {
        None if settings.libtorch.is_some() => Finding::Nothing("is the link".to_owned()),
        None => Finding::Nothing("not set".to_owned()),
        Some(root) => {
            let include = settings.libtorch_include.as_deref().unwrap_or(root);
            let lib = settings.libtorch_lib.as_deref().unwrap_or(root);
            finding(inspect(Place::Variable, root, include, lib, settings))
        }
    }
}

fn look_at_link(settings: &Settings) -> Finding {
    match &settings.link {
        None => Finding::Nothing("none asked for".to_owned()),
        Some(link) if !link.exists() => Finding::Nothing(format!("nothing at {}", link.display())),
        Some(link) => finding(inspect(Place::Link, link, link, link, settings)),
    }
}

fn look_at_cache(settings: &Settings) -> Finding {
    let mut last = Finding::Nothing(format!("nothing installed in {}", settings.cache.display()));
    // CUDA first: it is there because someone asked for it.
    for set in [Set::Cuda, Set::Cpu] {
        let root = set.root(&settings.cache);
        if !root.exists() {
            continue;
        }
        last = finding(inspect(Place::Cache, &root, &root, &root, settings));
        if matches!(last, Finding::Usable(_)) {
            break;
        }
    }
    last
}

const ASK_PYTHON: &str = "
import os, torch
print('narchi-version', torch.__version__)
print('narchi-root', os.path.dirname(torch.__file__))
";

fn look_at_python(settings: &Settings) -> Finding {
    if !settings.use_pytorch {
        return Finding::Nothing("not set".to_owned());
    }
    finding(ask_python(settings))
}

fn ask_python(settings: &Settings) -> Result<Libtorch, Failure> {
    let python = &settings.torch_python;
    let help = "install it with `pip install torch`, or unset LIBTORCH_USE_PYTORCH";
    let output = Command::new(python)
        .args(["-c", ASK_PYTHON])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            no_python(python, &error).help("install Python 3, or unset LIBTORCH_USE_PYTORCH")
        })?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors
            .lines()
            .rev()
            .find(|it| !it.trim().is_empty())
            .unwrap_or("it says nothing");
        let message = format!(
            "LIBTORCH_USE_PYTORCH is set, but {} cannot import torch: {last}",
            python.display()
        );
        return Err(Failure::new(message).help(help));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    let (Some(version), Some(root)) = (answer("narchi-version "), answer("narchi-root ")) else {
        let message = format!("{} does not say where its torch is", python.display());
        return Err(Failure::new(message).help(help));
    };
    check_version(Place::Python, version, Path::new(root), settings)?;
    let mut libtorch = inspect(
        Place::Python,
        root.as_ref(),
        root.as_ref(),
        root.as_ref(),
        settings,
    )?;
    libtorch.version = Some(release(version).to_owned());
    Ok(libtorch)
}

pub(crate) fn no_python(python: &OsStr, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(format!("there is no {} on this machine", python.display()));
    }
    Failure::new(format!("cannot run {}: {error}", python.display()))
}

fn finding(inspected: Result<Libtorch, Failure>) -> Finding {
    inspected.map_or_else(Finding::Unusable, Finding::Usable)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::super::fakes::{self, libtorch_in, settings_in};
    use super::*;

    /// What is found: the place and the folder.
    fn check(settings: &Settings) -> Result<Option<(Place, PathBuf)>, String> {
        let found = find(settings).map_err(|failure| failure.to_string())?;
        Ok(found.map(|it| (it.place, it.root)))
    }

    #[test]
    fn the_order_is_variable_python_link_cache() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        assert_eq!(check(&settings), Ok(None));

        let cache = settings.cache.join("libtorch-2.13.0-cpu");
        libtorch_in(&cache, "2.13.0");
        assert_eq!(check(&settings), Ok(Some((Place::Cache, cache))));

        let link = home.path().join("link");
        settings.link = Some(link.clone());
        std::os::unix::fs::symlink(home.path().join("linked"), &link).unwrap();
        libtorch_in(&home.path().join("linked"), "2.13.0");
        assert_eq!(check(&settings), Ok(Some((Place::Link, link))));

        let torch = home.path().join("site-packages/torch");
        libtorch_in(&torch, "2.13.0");
        fs::remove_file(torch.join("build-version")).unwrap();
        settings.use_pytorch = true;
        let says = format!(
            "echo a warning; echo narchi-version 2.13.0+cu130; echo narchi-root '{}'",
            torch.display()
        );
        settings.torch_python = fakes::program(home.path(), "python", &says);
        assert_eq!(check(&settings), Ok(Some((Place::Python, torch))));

        let own = home.path().join("own");
        libtorch_in(&own, "2.13.0+cpu");
        settings.libtorch = Some(own.clone());
        assert_eq!(check(&settings), Ok(Some((Place::Variable, own))));
    }

    #[test]
    fn a_wrong_version_of_the_users_own_is_named_with_the_wanted_one() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        settings.libtorch = Some(home.path().to_owned());
        libtorch_in(home.path(), "2.5.1+cu124");
        libtorch_in(&settings.cache.join("libtorch-2.13.0-cpu"), "2.13.0");
        let message = check(&settings).unwrap_err();
        assert!(
            message.contains("is libtorch 2.5.1+cu124, but tch 0.26 wants 2.13.0"),
            "{message}"
        );
        assert!(
            message.contains("unset it and run `narchi-codegen libtorch install`"),
            "{message}"
        );

        settings.any_version = true;
        assert_eq!(
            check(&settings),
            Ok(Some((Place::Variable, home.path().to_owned())))
        );
    }

    #[test]
    fn a_libtorch_variable_that_is_the_link_is_not_the_users_choice() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        let link = home.path().join(".libtorch");
        (settings.link, settings.libtorch) =
            (Some(link.clone()), Some(home.path().join("./.libtorch")));

        // Not there yet.
        assert_eq!(
            (check(&settings), missing_choice(&settings)),
            (Ok(None), None)
        );
        // There and dangling.
        std::os::unix::fs::symlink(home.path().join("gone"), &link).unwrap();
        assert_eq!(
            (check(&settings), missing_choice(&settings)),
            (Ok(None), None)
        );
        // Of a wrong version: no reason to stop, installing mends it.
        libtorch_in(&home.path().join("gone"), "2.12.0");
        assert_eq!((check(&settings), own_choice(&settings)), (Ok(None), None));
        let cache = settings.cache.join("libtorch-2.13.0-cpu");
        libtorch_in(&cache, "2.13.0");
        assert_eq!(check(&settings), Ok(Some((Place::Cache, cache))));
    }

    #[test]
    fn a_libtorch_variable_that_leads_nowhere_does_not_stop_the_search() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        let typo = home.path().join("libtroch");
        settings.libtorch = Some(typo.clone());
        assert_eq!(missing_choice(&settings), Some(typo.as_path()));
        let cache = settings.cache.join("libtorch-2.13.0-cpu");
        libtorch_in(&cache, "2.13.0");
        assert_eq!(check(&settings), Ok(Some((Place::Cache, cache))));
    }

    #[test]
    fn a_python_without_torch_is_a_failure_with_its_reason() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        settings.use_pytorch = true;
        settings.torch_python = fakes::program(
            home.path(),
            "python",
            "echo \"ModuleNotFoundError: No module named 'torch'\" >&2; exit 1",
        );
        let message = check(&settings).unwrap_err();
        assert!(
            message.contains("cannot import torch: ModuleNotFoundError"),
            "{message}"
        );
        settings.torch_python = "/nowhere/python3".into();
        let message = check(&settings).unwrap_err();
        assert!(
            message.contains("there is no /nowhere/python3"),
            "{message}"
        );
    }

    #[test]
    fn finding_nothing_lists_every_place_and_how_to_install() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        settings.libtorch = Some("/nowhere".into());
        let message = nowhere(&settings).to_string();
        for part in [
            "LIBTORCH: leads to /nowhere",
            "LIBTORCH_USE_PYTORCH: not set",
            "cache: nothing installed",
            "libtorch install",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
}
