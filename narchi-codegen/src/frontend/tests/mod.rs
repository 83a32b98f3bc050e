//! Tests of the front-end as a whole.

mod errors;
mod reads;
mod same;
mod written;

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;

/// A folder with files, gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("narchi-frontend-{}-{number}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn input(&self, name: &str) -> Input {
        Input {
            path: self.0.join(name),
            ..Input::default()
        }
    }

    /// A text without the name of the folder.
    fn relative(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn code(name: &str, text: &str) -> (String, Argument) {
    (name.to_owned(), Argument::Code(text.to_owned()))
}
