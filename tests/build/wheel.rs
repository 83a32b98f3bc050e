//! The wheel of Python narchi, from which its architectures are taken; nothing of it is in this project.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The version, with its hash.
const REQUIREMENT: &str = "reference/narchi/requirements.txt";

/// Its architecture files; none where the wheel cannot be had, and then cargo tries again the next time.
pub(super) fn architectures(out_dir: &Path) -> io::Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-changed={REQUIREMENT}");
    let folder = out_dir.join("narchi_wheel");
    println!("cargo::rerun-if-env-changed=PYTHON");
    if !folder.is_dir()
        && let Err(problem) = unpack(out_dir, &folder)
    {
        // To cargo a missing file is a changed one.
        println!("cargo::rerun-if-changed={}", folder.display());
        println!("cargo::warning=narchi's wheel cannot be had: {problem}");
        return Ok(Vec::new());
    }
    let mut folders = vec![folder];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "jsonnet") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn unpack(out_dir: &Path, folder: &Path) -> io::Result<()> {
    let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let download = out_dir.join("download");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
    pip.args(["--require-hashes", "--requirement", REQUIREMENT, "--dest"]);
    run(pip.arg(&download))?;
    let wheel = fs::read_dir(&download)?
        .next()
        .ok_or_else(|| io::Error::other("pip downloaded nothing"))??;
    // Complete or not there at all.
    let partial = out_dir.join("narchi_wheel_partial");
    let mut zip = Command::new(&python);
    zip.args(["-m", "zipfile", "-e"]).arg(wheel.path());
    run(zip.arg(&partial))?;
    fs::rename(partial, folder)
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or("no reason given").to_owned();
    Err(io::Error::other(last))
}
