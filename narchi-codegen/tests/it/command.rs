//! The command line, as tests call it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Runs `narchi-codegen` in a folder; gives the exit code, what was printed, and what was reported.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_narchi-codegen"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the command runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Runs `narchi-codegen` with the rest of a line of shell, on the terminal that `script` of util-linux makes; gives what that
/// shows.
#[cfg(target_os = "linux")]
pub(crate) fn on_terminal(folder: &Path, rest: &str, variables: &[(&str, &str)]) -> String {
    let line = format!("'{}' {rest}", env!("CARGO_BIN_EXE_narchi-codegen"));
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("`script` runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}
