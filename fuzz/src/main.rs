//! Any text gives a model or a report: `cargo run --release -p narchi-fuzz -- [SECONDS [SEED]]` looks for one that does not.
//!
//! Texts are made from those of `corpus` by small changes; they may include the files of `corpus/parts`. What breaks the compiler is kept in `fuzz/found`.

#![allow(
    clippy::print_stdout,
    reason = "this is a tool, and talks to who runs it"
)]

mod mutate;
mod trial;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use mutate::{Random, mutate};
use trial::{Outcome, Trial};

#[global_allocator]
static BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(60), |it| it.parse())?;
    let seed = arguments.next().map_or(Ok(1), |it| it.parse())?;
    let corpus = corpus()?;
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
    let trial = Trial::new(&folder().join("parts"))?;
    let mut random = Random::new(seed);
    let (end, mut counts) = (Instant::now() + Duration::from_secs(seconds), [0_u64; 3]);
    while Instant::now() < end {
        let text = mutate(&corpus, &mut random);
        match trial.run(&text)? {
            Outcome::Model => counts[0] += 1,
            Outcome::Report => counts[1] += 1,
            Outcome::Broken(why) => {
                counts[2] += 1;
                fs::create_dir_all(&found)?;
                let path = found.join(format!("{seed}-{}.jsonnet", counts[2]));
                fs::write(&path, &text)?;
                println!("{}: {why}", path.display());
            }
        }
    }
    let [models, reports, broken] = counts;
    let all = models + reports + broken;
    println!("{all} inputs in {seconds} s: {models} models, {reports} reports, {broken} findings");
    Ok(ExitCode::from(u8::from(broken > 0)))
}

/// The texts to begin with, in the order of their names.
fn corpus() -> std::io::Result<Vec<Vec<u8>>> {
    let paths: std::io::Result<Vec<PathBuf>> =
        fs::read_dir(folder())?.map(|it| Ok(it?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    let files = paths.iter().filter(|it| it.is_file());
    files.map(fs::read).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_near_the_corpus_give_models_or_reports() {
        let corpus = corpus().expect("a corpus");
        let trial = Trial::new(&folder().join("parts")).expect("a folder");
        let mut random = Random::new(7);
        let mut models = 0;
        let changed: Vec<Vec<u8>> = (0..100).map(|_| mutate(&corpus, &mut random)).collect();
        for text in corpus.iter().chain(&changed) {
            match trial.run(text).expect("a file can be written") {
                Outcome::Model => models += 1,
                Outcome::Report => {}
                Outcome::Broken(why) => panic!("{why}: {}", String::from_utf8_lossy(text)),
            }
        }
        assert!(models > 3, "some texts of the corpus are sound");
    }
}
