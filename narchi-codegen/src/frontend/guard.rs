//! Runs what may take too long, overflow, panic or ask for too much memory, on a thread of its own.

use std::{
    any::Any,
    cell::Cell,
    fs, io,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    budget::{self, Account},
    diagnostic::Diagnostic,
    source::Span,
};

/// Address space only; what is not used costs nothing. [`super::nesting`] keeps texts within it.
const STACK: usize = 1 << 30;

/// How often to look whether a thread has been stopped, or should be.
const TICK: Duration = Duration::from_millis(5);

thread_local! {
    /// Whether this thread keeps the one that evaluates for it.
    static KEEPS: Cell<bool> = const { Cell::new(false) };

    /// The one it keeps, while that has nothing to do.
    static KEPT: Cell<Option<Worker>> = const { Cell::new(None) };
}

/// A thread that does one thing after the other, and ends when nobody can give it more.
struct Worker {
    jobs: Sender<Box<dyn FnOnce() + Send>>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn new() -> io::Result<Self> {
        let (jobs, receiver) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let thread = thread::Builder::new()
            .name("jsonnet".to_owned())
            .stack_size(STACK);
        let thread = thread.spawn(move || receiver.into_iter().for_each(|it| it()))?;
        Ok(Self { jobs, thread })
    }
}

/// Has all that is run within `work`, on this thread, share a thread: fresh ones cost a quarter of the evaluation of a file.
pub(super) fn on_one_thread<T>(work: impl FnOnce() -> T) -> T {
    let before = KEEPS.replace(true);
    let done = work();
    KEEPS.set(before);
    if !before {
        KEPT.take();
    }
    done
}

/// Whether a thread that was given up may still be running.
static RUNAWAY: AtomicBool = AtomicBool::new(false);

/// Why there is no outcome.
#[derive(Debug)]
pub(super) enum Stopped {
    TooLong(Duration),
    TooMuch,
    Panicked(String),
    NoThread(String),
}

/// Runs `work` on a thread with a large stack, a fresh one outside of [`on_one_thread`]. One that takes too long or too
/// much is stopped, if the program's allocator can do so, and else left to itself: threads cannot be killed.
pub(super) fn run<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stopped> {
    let (sender, receiver) = mpsc::channel();
    let account = Account::open();
    let worker = match KEPT.take() {
        Some(worker) => worker,
        None => Worker::new().map_err(|it| Stopped::NoThread(it.to_string()))?,
    };
    // Nobody listens any more if it took too long. It takes the work in any case: it waits for nothing else.
    _ = worker
        .jobs
        .send(Box::new(move || drop(sender.send(account.pay(work)))));
    let end = Instant::now() + limit;
    let size = (!budget::is_installed()).then(resident).flatten();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left.min(TICK)) {
            Ok(outcome) => {
                KEPT.set(KEEPS.get().then_some(worker));
                return Ok(outcome);
            }
            Err(RecvTimeoutError::Disconnected) => {
                let panic = worker.thread.join().err();
                return Err(Stopped::Panicked(
                    panic.map_or_else(String::new, |it| said(&*it)),
                ));
            }
            Err(RecvTimeoutError::Timeout) if account.is_spent() => return Err(Stopped::TooMuch),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                give_up(account);
                return Err(Stopped::TooLong(limit));
            }
            Err(RecvTimeoutError::Timeout) => {
                if !budget::is_installed() && has_grown(size) {
                    give_up(account);
                    return Err(Stopped::TooMuch);
                }
            }
        }
    }
}

fn give_up(account: &Account) {
    account.give_up();
    if !budget::is_installed() {
        RUNAWAY.store(true, Ordering::Relaxed);
    }
}

/// Whether an evaluation that was given up may still be running, with nothing to stop it but the end of the program.
pub(super) fn has_runaway() -> bool {
    RUNAWAY.load(Ordering::Relaxed)
}

fn has_grown(before: Option<u64>) -> bool {
    match (before, resident()) {
        (Some(before), Some(now)) => now.saturating_sub(before) > budget::EACH,
        _ => false,
    }
}

/// The memory of this process, where the system says it.
fn resident() -> Option<u64> {
    /// Almost everywhere; elsewhere the limit is another one.
    const PAGE: u64 = 4096;
    let sizes = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = sizes.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE)
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
            Self::TooMuch => {
                let message = "the evaluation takes too much memory";
                Diagnostic::error("too-much-memory", start, message).help(Some(
                    "look for a recursion that never ends, or for very large arrays and strings",
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
    fn a_thread_that_is_kept_is_replaced_when_it_fails() {
        let thread = || run(Duration::from_millis(300), || thread::current().id()).ok();
        let (first, second) = (thread(), thread());
        assert_ne!(first, second);
        on_one_thread(|| {
            let kept = thread();
            assert_eq!(thread(), kept);
            check(|| panic!("ouch"), "Err(Panicked(\"ouch\"))");
            let other = thread();
            assert_ne!(other, kept);
            let endless = || thread::sleep(Duration::from_secs(30));
            assert!(run(Duration::from_millis(10), endless).is_err());
            assert!(thread().is_some_and(|it| Some(it) != other));
        });
        let third = thread();
        assert_ne!(thread(), third);
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
