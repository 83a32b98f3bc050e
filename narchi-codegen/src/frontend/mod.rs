//! Evaluates architecture files: jsonnet in, a document out, and the places its values were written at.

mod errors;
mod files;
mod guard;
#[cfg(feature = "jrsonnet")]
mod jrsonnet;
mod jsonnet;
mod marks;
mod messages;
mod nesting;
mod origins;
mod places;
mod reader;
mod syntax;
#[cfg(test)]
mod tests;

use std::{mem, path::PathBuf, time::Duration};

pub(crate) use places::Places;

use crate::{
    diagnostic::Diagnostic,
    document::{Node, Place},
    source::{Sources, Span},
};
use files::Files;
use guard::Stopped;
use jsonnet::Rsjsonnet;

/// An evaluation that takes longer is given up. With [`PLACES_LIMIT`] and all the rest, a report takes ten seconds at most.
const LIMIT: Duration = Duration::from_secs(6);

/// The same for finding places: a report is worth having without them.
const PLACES_LIMIT: Duration = Duration::from_secs(3);

/// What to evaluate, and with what around it.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// External variables, read by `std.extVar`; of two with one name the last one counts.
    pub ext_vars: Vec<(String, Argument)>,
    /// Arguments for a file that is a function.
    pub tla: Vec<(String, Argument)>,
    /// Where to look for imports that are not beside the importing file; the last folder comes first.
    pub jpath: Vec<PathBuf>,
    /// A checkpoint that has to be one of the model; of its tensors only names, shapes and types are read.
    pub weights: Option<PathBuf>,
}

/// A value from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A string, as `--ext-str` and `--tla-str` give it.
    Text(String),
    /// Jsonnet to evaluate, as `--ext-code` and `--tla-code` give it.
    Code(String),
}

/// What a compilation depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Every file that was read, in the order of reading.
    pub files: Vec<PathBuf>,
    /// Every path at which a file was looked for and not found.
    pub missing: Vec<PathBuf>,
}

/// What became of a file.
#[derive(Debug)]
pub(crate) struct Evaluated {
    /// The data, or why there is none.
    pub(crate) document: Result<Node, Diagnostic>,
    /// What it depends on, also where evaluation failed.
    pub(crate) reads: Reads,
}

/// Something that evaluates jsonnet.
trait Engine {
    /// Evaluates plainly, without keeping places.
    fn evaluate(&self, input: &Input, files: &Files) -> Result<Evaluation, Failure>;
}

/// Why something could not be had.
type Failure = Box<Diagnostic>;

/// The data an engine read, with the first thing in it that is no data.
struct Evaluation {
    document: Node,
    flaw: Option<Diagnostic<Place>>,
}

/// Evaluates a file.
pub(crate) fn evaluate(input: &Input, sources: &mut Sources) -> Evaluated {
    evaluate_within(input, sources, LIMIT)
}

/// Finds out where the values of `document` were written, by evaluating the file it came from again.
pub(crate) fn places(input: &Input, sources: &mut Sources, document: &Node) -> Places {
    let own = (input.clone(), document.clone());
    let locate = move |files: &Files| places::locate(&own.0, files, &own.1);
    let (located, _) = guarded(sources, PLACES_LIMIT, locate);
    Places::new(
        start(input, sources),
        located.ok().flatten().unwrap_or_default(),
    )
}

/// Whether an evaluation that was given up may still be running, with nothing to stop it but the end of the program.
pub(crate) fn has_runaway() -> bool {
    guard::has_runaway()
}

/// Has all evaluations within `work` share a thread.
pub(crate) fn on_one_thread<T>(work: impl FnOnce() -> T) -> T {
    guard::on_one_thread(work)
}

/// Whether a file can be evaluated, for measuring how long that takes.
#[doc(hidden)]
pub fn evaluates(input: &Input) -> bool {
    evaluate(input, &mut Sources::default()).document.is_ok()
}

/// What is wrong with the file, or where both engines differ over it; nothing if they agree.
#[cfg(feature = "jrsonnet")]
#[doc(hidden)]
pub fn difference_of_engines(input: &Input) -> Option<String> {
    let mut sources = Sources::default();
    let first = evaluate(input, &mut sources).document;
    let second = evaluate_by(jrsonnet::Jrsonnet, input, &mut sources, LIMIT).document;
    match (first, second) {
        (Ok(first), Ok(second)) => (first != second).then(|| format!("{first:#?}\n\n{second:#?}")),
        (first, second) => {
            let problem = |it: Result<Node, Diagnostic>| it.err().map(|it| it.message);
            Some(format!("{:?}, {:?}", problem(first), problem(second)))
        }
    }
}

fn evaluate_within(input: &Input, sources: &mut Sources, limit: Duration) -> Evaluated {
    evaluate_by(Rsjsonnet, input, sources, limit)
}

fn evaluate_by(
    engine: impl Engine + Send + 'static,
    input: &Input,
    sources: &mut Sources,
    limit: Duration,
) -> Evaluated {
    let own = input.clone();
    let (outcome, reads) = guarded(sources, limit, move |files| engine.evaluate(&own, files));
    let document = match outcome {
        Ok(Ok(Evaluation {
            document,
            flaw: None,
        })) => Ok(document),
        Ok(Ok(Evaluation {
            document,
            flaw: Some(flaw),
        })) => {
            let places = places(input, sources, &document);
            Err(flaw.map(|it| places.span(&it)))
        }
        Ok(Err(failure)) => Err(*failure),
        Err(stopped) => Err(stopped.diagnostic(start(input, sources))),
    };
    Evaluated { document, reads }
}

/// Runs `work` under guard and takes over what it read.
fn guarded<T: Send + 'static>(
    sources: &mut Sources,
    limit: Duration,
    work: impl FnOnce(&Files) -> T + Send + 'static,
) -> (Result<T, Stopped>, Reads) {
    let files = Files::new(mem::take(sources));
    let on_thread = files.clone();
    let outcome = guard::run(limit, move || work(&on_thread));
    // A thread that was given up may still hold its files: copy what is there.
    let (known, reads) = files.contents();
    *sources = known;
    (outcome, reads)
}

/// The place for what concerns the file as such.
fn start(input: &Input, sources: &mut Sources) -> Span {
    let name = input.path.display().to_string();
    sources.add(name, &input.path, String::new()).start()
}
