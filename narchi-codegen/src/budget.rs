//! Bounds the memory of evaluations: a thread cannot be killed, but can be parked when it asks for more than it may have.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

/// The system's allocator, with a limit to what the evaluation of an architecture file may take.
///
/// A file can ask for any amount of memory. A program that installs this gets a report instead, and the thread that
/// evaluates the file stops for good. The command line does so; a build script may:
///
/// ```
/// #[global_allocator]
/// static BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;
/// ```
///
/// Without it the compiler watches the size of the process, as far as the system tells it, and reports the same; but
/// the evaluation goes on until the program ends, and where the system refuses memory the program is aborted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget;

/// What an evaluation may take, in bytes.
pub(crate) const EACH: u64 = 384 << 20;

/// What evaluations that were stopped may keep, all together; later ones get less and less, but always something.
const ALL: u64 = 640 << 20;
const LEAST: u64 = 32 << 20;

/// What the threads that were stopped keep.
static KEPT: AtomicU64 = AtomicU64::new(0);

/// Whether [`Budget`] is this program's allocator, as far as it was seen at work.
static INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Who pays for the allocations of this thread. It needs no destructor, so that the allocator may look at it.
    static PAYER: Cell<Option<&'static Account>> = const { Cell::new(None) };
}

/// What one evaluation takes. Only its own thread changes the sum.
#[derive(Debug)]
pub(crate) struct Account {
    limit: u64,
    taken: AtomicU64,
    given_up: AtomicBool,
    parked: AtomicBool,
}

impl Account {
    /// An account of a few bytes that stays: a stopped thread holds on to it for ever.
    pub(crate) fn open() -> &'static Self {
        let left = ALL.saturating_sub(KEPT.load(Ordering::Relaxed));
        Box::leak(Box::new(Self {
            limit: left.clamp(LEAST, EACH),
            taken: AtomicU64::new(0),
            given_up: AtomicBool::new(false),
            parked: AtomicBool::new(false),
        }))
    }

    /// Whether its thread asked for too much, and was stopped.
    pub(crate) fn is_spent(&self) -> bool {
        self.parked.load(Ordering::Acquire) && !self.given_up.load(Ordering::Relaxed)
    }

    /// Stops the thread when it asks for memory again.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Has the account pay for what `work` allocates.
    pub(crate) fn pay<T>(&'static self, work: impl FnOnce() -> T) -> T {
        let _payer = Payer::set(Some(self));
        work()
    }

    fn charge(&'static self, size: usize) {
        let taken = self
            .taken
            .load(Ordering::Relaxed)
            .saturating_add(size as u64);
        if taken > self.limit || self.given_up.load(Ordering::Relaxed) {
            self.park();
        }
        self.taken.store(taken, Ordering::Relaxed);
    }

    fn credit(&self, size: usize) {
        // What was allocated before the account paid may be freed now.
        let taken = self
            .taken
            .load(Ordering::Relaxed)
            .saturating_sub(size as u64);
        self.taken.store(taken, Ordering::Relaxed);
    }

    fn park(&self) -> ! {
        PAYER.set(None);
        KEPT.fetch_add(self.taken.load(Ordering::Relaxed), Ordering::Relaxed);
        self.parked.store(true, Ordering::Release);
        loop {
            thread::park();
        }
    }
}

/// Whether runaway evaluations can be stopped in this program.
pub(crate) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// Puts another payer in place until it is dropped.
#[derive(Debug)]
pub(crate) struct Payer(Option<&'static Account>);

impl Payer {
    fn set(payer: Option<&'static Account>) -> Self {
        Self(PAYER.replace(payer))
    }

    /// Nobody pays: for the short while in which a thread holds a lock and must not be stopped.
    pub(crate) fn nobody() -> Self {
        Self::set(None)
    }
}

impl Drop for Payer {
    fn drop(&mut self) {
        PAYER.set(self.0);
    }
}

fn charge(size: usize) {
    // A thread that is ending has no payer any more.
    if let Ok(Some(account)) = PAYER.try_with(Cell::get) {
        INSTALLED.store(true, Ordering::Relaxed);
        account.charge(size);
    }
}

fn credit(size: usize) {
    if let Ok(Some(account)) = PAYER.try_with(Cell::get) {
        account.credit(size);
    }
}

#[expect(
    unsafe_code,
    reason = "an allocator is; this one hands everything on to the system's as it is"
)]
// SAFETY: the system's allocator does all the work; charging happens before it, allocates nothing and does not unwind.
unsafe impl GlobalAlloc for Budget {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        charge(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        charge(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        credit(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old block may live until the new one is filled.
        charge(size);
        credit(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
