//! Where results go: to a file, whole or not at all, or to standard output.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
    process::ExitCode,
};

use super::{PROBLEMS, tell};

/// Writes what a verb was asked for; gives this exit code if that can be done.
pub(super) fn done(output: Option<&Path>, bytes: &[u8], code: ExitCode) -> ExitCode {
    match put(output, bytes) {
        Ok(()) => code,
        Err(message) => failed(&message),
    }
}

/// Writes to a file, or to standard output if there is none.
pub(super) fn put(output: Option<&Path>, bytes: &[u8]) -> Result<(), String> {
    match output {
        Some(path) => write(path, bytes),
        None => print(bytes),
    }
}

fn print(bytes: &[u8]) -> Result<(), String> {
    let mut out = io::stdout();
    let printed = out.write_all(bytes).and_then(|()| out.flush());
    match printed {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|it| format!("cannot write to standard output: {it}")),
    }
}

pub(super) fn failed(message: &str) -> ExitCode {
    tell(&format!("error: {message}"));
    ExitCode::from(PROBLEMS)
}

/// Writes a file whole or not at all; one that is up to date is left alone.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let failed = |it: std::io::Error| format!("cannot write {}: {it}", path.display());
    // What a link leads to is written, not the link; a device is no file to replace.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let permissions = match fs::metadata(&target) {
        Ok(old) if !old.is_file() => return fs::write(&target, bytes).map_err(failed),
        Ok(old) => Some(old.permissions()),
        Err(_) => None,
    };
    if fs::read(&target).is_ok_and(|it| it == bytes) {
        return Ok(());
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        #[cfg(unix)]
        {
            // A temporary file is private; what becomes a file of the project is not.
            let usual = || std::os::unix::fs::PermissionsExt::from_mode(0o644);
            file.as_file()
                .set_permissions(permissions.unwrap_or_else(usual))?;
        }
        Ok(file.persist(&target)?)
    });
    written.map(drop).map_err(failed)
}
