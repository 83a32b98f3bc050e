//! `pip download`, watched.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::VERSION;
use super::failure::Failure;
use super::find::no_python;
use super::plan::Download;
use super::progress::{Output, Progress};

/// The folders of one download, all in the folder of the installation that is being made.
#[derive(Debug)]
pub(crate) struct Folders {
    pub(crate) wheels: PathBuf,
    /// Where pip keeps what it has only half.
    pub(crate) temporary: PathBuf,
    pub(crate) log: PathBuf,
}

pub(crate) fn download(
    python: &OsStr,
    download: &Download,
    folders: &Folders,
    output: Output,
) -> Result<(), Failure> {
    let log = fs::File::create(&folders.log)
        .map_err(|error| Failure::io("create", &folders.log, &error))?;
    let errors = log
        .try_clone()
        .map_err(|error| Failure::io("write", &folders.log, &error))?;
    let mut pip = command(python, download, folders)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|error| {
            no_python(python, &error)
                .help("install Python 3 with pip, or set PYTHON to where it is")
        })?;

    let mut progress = Progress::start(output, "downloading", "downloaded", &download.what);
    let mut sizes = BTreeMap::new();
    measure(&folders.wheels, &mut sizes);
    let before: u64 = sizes.values().sum();
    let status = loop {
        if let Some(status) = pip
            .try_wait()
            .map_err(|error| Failure::new(format!("lost sight of pip: {error}")))?
        {
            break status;
        }
        thread::sleep(Duration::from_millis(100));
        measure(&folders.temporary, &mut sizes);
        measure(&folders.wheels, &mut sizes);
        let announced = announced(&read_log(&folders.log));
        let bytes = sizes.values().sum::<u64>() - before;
        progress.update(bytes, (announced > 0).then_some(announced));
    };
    if !status.success() {
        drop(progress);
        return Err(explain(&read_log(&folders.log), python, download, folders));
    }
    measure(&folders.wheels, &mut sizes);
    progress.finish(sizes.values().sum::<u64>() - before);
    Ok(())
}

fn command(python: &OsStr, download: &Download, folders: &Folders) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "download"])
        // Any Python may ask for the wheel of this one: there are none for too old or too new ones.
        .args([
            "--only-binary=:all:",
            "--implementation",
            "cp",
            "--python-version",
            "3.13",
        ])
        // Else half a gigabyte would stay in pip's cache.
        .args([
            "--no-cache-dir",
            "--progress-bar",
            "off",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .arg("--dest")
        .arg(&folders.wheels)
        .args(&download.arguments)
        .env("TMPDIR", &folders.temporary)
        // A setting of the user that is about installing.
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("PYTHONUNBUFFERED", "1");
    command
}

fn read_log(log: &Path) -> String {
    fs::read(log)
        .map(|it| String::from_utf8_lossy(&it).into_owned())
        .unwrap_or_default()
}

/// Notes the size of every file in `folder`, by name: pip copies a finished file to where it belongs, and it is
/// not to be counted twice. What vanishes meanwhile is no concern.
fn measure(folder: &Path, sizes: &mut BTreeMap<std::ffi::OsString, u64>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            measure(&entry.path(), sizes);
            continue;
        }
        let size = sizes.entry(entry.file_name()).or_default();
        *size = metadata.len().max(*size);
    }
}

/// The bytes of the wheels that pip says it downloads, in lines like `Downloading torch.whl (526.6 MB)`.
fn announced(log: &str) -> u64 {
    log.lines().filter_map(announced_in).sum()
}

fn announced_in(line: &str) -> Option<u64> {
    let (file, size) = line
        .trim()
        .strip_prefix("Downloading ")?
        .rsplit_once(" (")?;
    // `.whl.metadata` files are small and come first.
    if Path::new(file).extension() != Some(OsStr::new("whl")) {
        return None;
    }
    let (number, unit) = size.strip_suffix(')')?.split_once(' ')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let tenths =
        whole.parse::<u64>().ok()?.checked_mul(10)? + part.get(..1)?.parse::<u64>().ok()?;
    let unit = match unit {
        "bytes" => 1,
        "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    tenths.checked_mul(unit).map(|it| it / 10)
}

/// What pip's words mean for someone who wanted libtorch.
fn explain(log: &str, python: &OsStr, download: &Download, folders: &Folders) -> Failure {
    let python = python.display();
    let says = |words: &[&str]| words.iter().any(|it| log.contains(it));
    if says(&["No module named pip"]) {
        return Failure::new(format!("{python} has no pip"))
            .help("install it (on Debian and Ubuntu `apt install python3-pip`), or set PYTHON to a Python that has it");
    }
    if says(&["No space left on device", "Disk quota exceeded"]) {
        return Failure::disk_full(&folders.wheels);
    }
    let last = last_words(log);
    // Before the question for a wheel: without an index pip has no matching distribution either.
    if says(&[
        "Failed to establish a new connection",
        "Connection refused",
        "ProxyError",
        "Temporary failure in name resolution",
        "SSLError",
        "ConnectTimeout",
        "Read timed out",
        "ReadTimeoutError",
        "Connection reset",
        "Max retries exceeded",
    ]) {
        return Failure::new(format!("pip could not reach its index for {}\n{last}", download.what))
            .help("see whether the network is up; a proxy or mirror is set with `pip config` (proxy, index-url) and used here too");
    }
    if says(&[
        "No matching distribution found",
        "Could not find a version that satisfies",
    ]) {
        return Failure::new(format!("pip finds no wheel of {} for this machine\n{last}", download.what)).help(format!(
            "it needs glibc 2.28 or macOS 14, pip 20.3 or later (`{python} -m pip --version`), and an index that has \
             it; else set LIBTORCH to a libtorch {VERSION} of your own"
        ));
    }
    Failure::new(format!("pip failed to download {}\n{last}", download.what))
}

/// The last lines of the log, indented.
fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|it| !it.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(6);
    if lines.is_empty() {
        return "  it says nothing".to_owned();
    }
    lines[from..]
        .iter()
        .map(|it| format!("  {it}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does the failure of a pip with these last words contain the expected ones?
    fn check(log: &str, expected: &[&str]) {
        let download = Download {
            what: "torch 2.13.0".to_owned(),
            arguments: Vec::new(),
        };
        let folders = Folders {
            wheels: "/w".into(),
            temporary: "/t".into(),
            log: "/l".into(),
        };
        let text = explain(log, OsStr::new("python3"), &download, &folders).to_string();
        for part in expected {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_python_without_pip_is_told_how_to_get_it() {
        check(
            "/usr/bin/python3: No module named pip\n",
            &["python3 has no pip", "apt install python3-pip"],
        );
    }

    #[test]
    fn a_full_disk_is_called_so() {
        let log = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device";
        check(log, &["the disk is full, writing to /w", "NARCHI_CACHE"]);
    }

    #[test]
    fn no_wheel_and_no_network_are_told_apart() {
        let no_wheel = "ERROR: No matching distribution found for torch==2.13.0";
        check(
            no_wheel,
            &["no wheel of torch 2.13.0", "glibc 2.28", no_wheel],
        );
        let no_network = format!(
            "WARNING: Retrying: NewConnectionError: Failed to establish a new connection\n{no_wheel}"
        );
        check(&no_network, &["could not reach its index", "proxy"]);
    }

    #[test]
    fn any_other_failure_shows_what_pip_said() {
        check(
            "one\ntwo\n\nthree: boom\n",
            &["pip failed to download torch 2.13.0", "\n  three: boom"],
        );
        check("", &["it says nothing"]);
    }

    #[test]
    fn the_sizes_that_pip_announces_are_summed() {
        let log = "Collecting torch==2.13.0\n  Downloading torch-2.13.0-cp313.whl.metadata (31 kB)\n  \
                   Downloading torch-2.13.0-cp313.whl (526.6 MB)\nDownloading a.whl (2.5 kB)\n  Downloading b.whl (x)\n";
        assert_eq!(announced(log), 526_602_500);
        assert_eq!(
            announced("Downloading a.whl (99999999999999999999.5 GB)"),
            0
        );
        assert_eq!(announced("Downloading a.whl (12 bytes)"), 12);
    }

    #[test]
    fn a_file_that_is_copied_counts_once() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("one/pip-x")).unwrap();
        fs::create_dir_all(home.path().join("two")).unwrap();
        fs::write(home.path().join("one/pip-x/a.whl"), "12345").unwrap();
        fs::write(home.path().join("two/a.whl"), "123").unwrap();
        fs::write(home.path().join("two/b.whl"), "1").unwrap();
        let mut sizes = BTreeMap::new();
        measure(home.path(), &mut sizes);
        measure(&home.path().join("gone"), &mut sizes);
        assert_eq!(sizes.values().sum::<u64>(), 6);
    }
}
