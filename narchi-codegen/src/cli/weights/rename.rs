//! `weights rename FILE RULES -o OUT`

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use narchi_weights::{Checkpoint, Tensor, write_safetensors};

use super::{
    super::{output::failed, tell},
    opened,
};

#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The checkpoint.
    file: PathBuf,
    /// Rules such as `weights map` writes.
    rules: PathBuf,
    /// Where to write it, as safetensors.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

impl Rename {
    pub(crate) fn run(self) -> ExitCode {
        let checkpoint = match opened(&self.file, Some(&self.rules)) {
            Ok(checkpoint) => checkpoint,
            Err(message) => return failed(&message),
        };
        match self.write(&checkpoint) {
            Err(error) => failed(&error.to_string()),
            Ok(()) => {
                let (file, count) = (self.output.display(), checkpoint.tensors().len());
                tell(&format!("{file}: {count} tensors"));
                for note in checkpoint.notes() {
                    tell(&format!("note: {note}"));
                }
                ExitCode::SUCCESS
            }
        }
    }

    fn write(&self, checkpoint: &Checkpoint) -> Result<(), narchi_weights::Error> {
        let read = checkpoint
            .tensors()
            .map(|it| Ok((it, checkpoint.read(it)?)));
        let read: Result<Vec<_>, narchi_weights::Error> = read.collect();
        let read = read?;
        let tensors = read.iter().map(|(entry, data)| Tensor {
            name: entry.name(),
            dtype: entry.dtype(),
            shape: entry.shape(),
            data,
        });
        write_safetensors(&self.output, tensors)
    }
}
