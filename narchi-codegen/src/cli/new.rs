//! `new FOLDER`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{output::failed, tell, usage};

/// Makes a crate with a model, to begin with.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder of the crate, which is made; its name is that of the crate.
    folder: PathBuf,
}

/// The files of the crate. `NAME` is its name.
const FILES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("new/manifest.txt")),
    ("src/main.rs", include_str!("new/main.txt")),
    ("src/net.jsonnet", include_str!("new/net.jsonnet")),
    (".gitignore", "/target\n"),
];

impl New {
    pub(crate) fn run(self) -> ExitCode {
        let name = self.folder.file_name().and_then(|it| it.to_str());
        let Some(name) = name.filter(|it| is_name(it)) else {
            return usage(&format!(
                "`{}` is no name of a crate: it begins with a letter, then come letters, digits, `-` and `_`",
                self.folder.display()
            ));
        };
        if self.folder.exists() {
            return failed(&format!("`{}` is there already", self.folder.display()));
        }
        if let Err(error) = write(&self.folder, name) {
            // Nothing is left half made.
            _ = fs::remove_dir_all(&self.folder);
            return failed(&format!("cannot make `{}`: {error}", self.folder.display()));
        }
        tell(&format!(
            "`{name}` has a model in src/net.jsonnet; try it:\n  cd {}\n  narchi-codegen libtorch exec --install -- cargo run",
            self.folder.display()
        ));
        ExitCode::SUCCESS
    }
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|it| it.is_ascii_alphabetic())
        && letters.all(|it| it.is_ascii_alphanumeric() || "-_".contains(it))
}

fn write(folder: &Path, name: &str) -> std::io::Result<()> {
    for (path, text) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let text = text.replace("NAME", name);
        fs::write(path, text.replace("VERSION", env!("CARGO_PKG_VERSION")))?;
    }
    Ok(())
}
