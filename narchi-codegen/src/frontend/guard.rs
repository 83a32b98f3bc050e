//! Runs what may take too long, overflow or panic, on a thread of its own.

use std::{
    any::Any,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{diagnostic::Diagnostic, source::Span};

/// Address space only; what is not used costs nothing. [`super::nesting`] keeps texts within it.
const STACK: usize = 1 << 30;

/// Why there is no outcome.
#[derive(Debug)]
pub(super) enum Stopped {
    TooLong(Duration),
    Panicked(String),
    NoThread(String),
}

/// Runs `work` on a fresh thread with a large stack. One that takes too long is left to itself: threads cannot be killed.
pub(super) fn run<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stopped> {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("jsonnet".to_owned())
        .stack_size(STACK);
    // Nobody listens any more if it took too long.
    let spawned = thread.spawn(move || drop(sender.send(work())));
    let thread = spawned.map_err(|it| Stopped::NoThread(it.to_string()))?;
    match receiver.recv_timeout(limit) {
        Ok(outcome) => Ok(outcome),
        Err(RecvTimeoutError::Timeout) => Err(Stopped::TooLong(limit)),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            Err(Stopped::Panicked(
                panic.map_or_else(String::new, |it| said(&*it)),
            ))
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default()
        .to_owned()
}

impl Stopped {
    pub(super) fn diagnostic(self, start: Span) -> Diagnostic {
        match self {
            Self::TooLong(limit) => {
                let seconds = limit.as_secs_f64();
                let message = format!("the evaluation takes longer than {seconds} seconds");
                Diagnostic::error("evaluation-too-long", start, message).help(Some(
                    "look for a recursion that never ends, or for very large arrays",
                ))
            }
            Self::Panicked(said) => {
                let message = "the jsonnet engine broke down over this file";
                Diagnostic::error("evaluation-error", start, message)
                    .note(format!("it said: {said}"))
                    .help(Some("this is a bug: please report it with the file"))
            }
            Self::NoThread(why) => {
                let message = format!("cannot start a thread for the evaluation: {why}");
                Diagnostic::error("evaluation-error", start, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn check(work: fn() -> u8, expected: &str) {
        let found = run(Duration::from_secs(3), work);
        assert_eq!(format!("{found:?}"), expected);
    }

    #[test]
    fn outcomes_panics_and_endless_work_come_back() {
        check(|| 3, "Ok(3)");
        check(|| panic!("ouch"), "Err(Panicked(\"ouch\"))");
        check(
            || {
                thread::sleep(Duration::from_secs(30));
                3
            },
            "Err(TooLong(3s))",
        );
    }

    #[test]
    fn the_stack_is_deep() {
        fn down(depth: u32) -> u32 {
            let frame = std::hint::black_box([depth; 256]);
            if depth == 0 {
                frame[0]
            } else {
                down(frame[0] - 1)
            }
        }
        check(|| u8::from(down(100_000) == 0), "Ok(1)");
    }
}
