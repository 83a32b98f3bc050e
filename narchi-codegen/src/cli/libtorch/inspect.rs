//! Whether a folder holds a libtorch that tch builds with.

use std::fs;
use std::path::Path;

use super::failure::Failure;
use super::find::{Libtorch, Place};
use super::settings::Settings;
use super::{TCH, VERSION};

/// Looks into a folder that says it holds libtorch.
pub(crate) fn inspect(
    place: Place,
    root: &Path,
    include: &Path,
    lib: &Path,
    settings: &Settings,
) -> Result<Libtorch, Failure> {
    let version = read_version(root, include);
    if let Some(version) = &version {
        check_version(place, version, root, settings)?;
    }
    let mut needed = vec![include.join("include/torch/csrc/api/include/torch/torch.h")];
    needed.extend(["torch_cpu", "torch", "c10"].map(|name| lib.join("lib").join(library(name))));
    for file in needed {
        // An empty file is what a full disk or a broken copy leaves.
        if !fs::metadata(&file).is_ok_and(|it| it.is_file() && it.len() > 0) {
            let message = format!(
                "{} is no whole libtorch: {} is missing",
                root.display(),
                file.display()
            );
            return Err(Failure::new(message).help(advice(place)));
        }
    }
    Ok(Libtorch {
        place,
        root: root.to_owned(),
        lib: lib.join("lib"),
        include: include.to_owned(),
        version: version.map(|it| release(&it).to_owned()),
    })
}

fn advice(place: Place) -> &'static str {
    match place {
        Place::Variable => {
            "let LIBTORCH name another folder, or unset it and run `narchi-codegen libtorch install`"
        }
        Place::Python => "install that version of torch in Python, or unset LIBTORCH_USE_PYTORCH",
        Place::Link | Place::Cache => "run `narchi-codegen libtorch install`",
    }
}

fn library(name: &str) -> String {
    if cfg!(windows) {
        format!("{name}.lib")
    } else {
        format!(
            "{}{name}{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        )
    }
}

pub(crate) fn check_version(
    place: Place,
    version: &str,
    root: &Path,
    settings: &Settings,
) -> Result<(), Failure> {
    if release(version) == VERSION || settings.any_version {
        return Ok(());
    }
    let message = format!(
        "{} is libtorch {}, but {TCH} wants {VERSION}",
        root.display(),
        version.trim()
    );
    Err(Failure::new(message).help(advice(place)))
}

/// `2.13.0` of `2.13.0+cu130`.
pub(crate) fn release(version: &str) -> &str {
    let version = version.trim();
    version.split_once('+').map_or(version, |it| it.0)
}

/// From `build-version`, which libtorch's zips have, or from the header, for Python's torch has only that.
fn read_version(root: &Path, include: &Path) -> Option<String> {
    if let Ok(version) = fs::read_to_string(root.join("build-version")) {
        return Some(version.trim().to_owned());
    }
    let headers = [
        "include/torch/headeronly/version.h",
        "include/torch/csrc/api/include/torch/version.h",
    ];
    headers
        .iter()
        .filter_map(|it| fs::read_to_string(include.join(it)).ok())
        .find_map(|text| header_version(&text))
}

fn header_version(header: &str) -> Option<String> {
    let number = |part: &str| {
        let mut words = header.lines().map(str::split_whitespace);
        words.find_map(|mut it| {
            let is_it =
                it.next() == Some("#define") && it.next() == Some(&format!("TORCH_VERSION_{part}"));
            if is_it {
                it.next()?.parse::<u32>().ok()
            } else {
                None
            }
        })
    };
    Some(format!(
        "{}.{}.{}",
        number("MAJOR")?,
        number("MINOR")?,
        number("PATCH")?
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::fakes::{self, libtorch_in, settings_in};
    use super::super::find::find;
    use super::*;

    /// What is wrong with the LIBTORCH of the settings, as the user reads it.
    fn check(settings: &Settings) -> Result<(), String> {
        find(settings)
            .map(|_| ())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_a_build_version_the_header_tells_it() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        libtorch_in(home.path(), "2.13.0");
        fs::remove_file(home.path().join("build-version")).unwrap();
        let header = home.path().join("include/torch/headeronly/version.h");
        fs::create_dir_all(header.parent().unwrap()).unwrap();
        let text = "#pragma once\n#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 6\n\n#define TORCH_VERSION_PATCH 1\n";
        fs::write(header, text).unwrap();
        settings.libtorch = Some(home.path().to_owned());
        let message = check(&settings).unwrap_err();
        assert!(
            message.contains("is libtorch 2.6.1, but tch 0.26 wants 2.13.0"),
            "{message}"
        );
    }

    #[test]
    fn what_lacks_a_library_is_refused_and_the_file_named() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        libtorch_in(home.path(), "2.13.0");
        settings.libtorch = Some(home.path().to_owned());
        let lost = home.path().join("lib").join(library("c10"));
        fs::write(&lost, "").unwrap();
        let message = check(&settings).unwrap_err();
        assert!(
            message.contains(&format!("{} is missing", lost.display())),
            "{message}"
        );
    }

    #[test]
    fn the_separate_folders_of_headers_and_libraries_are_looked_into() {
        let home = fakes::folder();
        let mut settings = settings_in(home.path());
        let (own, other) = (home.path().join("own"), home.path().join("other"));
        libtorch_in(&other, "2.13.0");
        fs::create_dir(&own).unwrap();
        settings.libtorch = Some(own.clone());
        assert!(check(&settings).is_err());
        settings.libtorch_include = Some(other.clone());
        settings.libtorch_lib = Some(other.clone());
        let found = find(&settings).unwrap().unwrap();
        assert_eq!((found.root, found.lib), (own, other.join("lib")));
    }
}
