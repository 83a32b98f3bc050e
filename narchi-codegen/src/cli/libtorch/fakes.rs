//! Small stand-ins for libtorch, Python and wheels, for the tests of this folder.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::settings::Settings;

/// A new folder; symbolic links above it are resolved, so that paths in it can be compared.
pub(crate) fn folder() -> tempfile::TempDir {
    let place = std::env::temp_dir().canonicalize().unwrap();
    tempfile::tempdir_in(place).unwrap()
}

/// Settings that know nothing but a cache in `home`.
pub(crate) fn settings_in(home: &Path) -> Settings {
    Settings {
        libtorch: None,
        libtorch_include: None,
        libtorch_lib: None,
        use_pytorch: false,
        torch_python: "/nowhere/python3".into(),
        any_version: false,
        cache: home.join("cache"),
        python: "/nowhere/python3".into(),
        compiler: "/nowhere/c++".into(),
        link: None,
    }
}

/// Files that look like libtorch.
pub(crate) fn libtorch_in(root: &Path, version: &str) {
    let headers = root.join("include/torch/csrc/api/include/torch");
    fs::create_dir_all(&headers).unwrap();
    fs::create_dir_all(root.join("lib")).unwrap();
    fs::write(headers.join("torch.h"), "header").unwrap();
    for name in ["torch_cpu", "torch", "c10"] {
        let file = format!(
            "{}{name}{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        fs::write(root.join("lib").join(file), name).unwrap();
    }
    fs::write(root.join("build-version"), format!("{version}\n")).unwrap();
}

/// A program that is this shell script. Another process writes it: a child that some other test starts just now
/// could hold our file open for writing, and then it would not run.
pub(crate) fn program(folder: &Path, name: &str, script: &str) -> OsString {
    let path = folder.join(name);
    let mut shell = Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\" && chmod +x \"$0\""])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    shell
        .stdin
        .take()
        .unwrap()
        .write_all(format!("#!/bin/sh\n{script}\n").as_bytes())
        .unwrap();
    assert!(shell.wait().unwrap().success());
    path.into()
}

/// A wheel of these files, deflated.
pub(crate) fn wheel(path: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, text) in files {
        if name.ends_with('/') {
            zip.add_directory(*name, SimpleFileOptions::default())
                .unwrap();
            continue;
        }
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}
