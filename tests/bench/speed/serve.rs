//! Times what it is asked for, so that another program can let other contenders take turns with these: `speed -- serve`.
//!
//! It answers each of these lines with a line, and ends with its input. `tests/bench/peers.py` writes them.
//!
//! ```text
//! time MODEL BATCH THREADS CONTENDER CALLS   seconds a call
//! output MODEL BATCH THREADS CONTENDER       the numbers of the output, in one row
//! memory MODEL BATCH THREADS CONTENDER       the bytes that a call takes beyond what is there before it
//! load resnet152 BATCH THREADS FILE          the seconds that it takes to load a frozen model
//! floor MODEL BATCH THREADS                  multiplications a second in one large convolution, and the seconds that
//!                                            the model's would take at that rate, or NaN
//! ```
//!
//! Weights and input are those of `narchi_examples::resnet::formula`.

use std::{
    fs,
    io::{self, Write as _},
    time::Instant,
};

use narchi_examples::resnet::formula;
use narchi_runtime::{Kind, Tensor, narchi_model, tch};

use super::{CASES, Case, multiplications_a_second, rounds::Contender};

narchi_model!(Resnet152, "../../../examples/resnet/resnet.jsonnet", ext = { depth: 152 });

pub(crate) fn serve() -> io::Result<()> {
    let mut open: Option<Open> = None;
    for line in io::stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [command, model, batch, threads, rest @ ..] = words.as_slice() else {
            return Err(wrong(&line));
        };
        if *command == "load" {
            writeln!(
                io::stdout(),
                "{}",
                load(threads, rest).ok_or_else(|| wrong(&line))?
            )?;
            continue;
        }
        let (Some(case), Ok(batch), Ok(threads)) = (
            CASES.iter().find(|it| it.name == *model),
            batch.parse(),
            threads.parse(),
        ) else {
            return Err(wrong(&line));
        };
        // What is open stays so, packed weights and all, until another model is asked for.
        let open = match open.take() {
            Some(it) if it.is(case, batch, threads) => open.insert(it),
            _ => open.insert(Open::new(case, batch, threads)),
        };
        let answer = open.answer(command, rest).ok_or_else(|| wrong(&line))?;
        writeln!(io::stdout(), "{answer}")?;
    }
    Ok(())
}

/// From the call until the model can compute.
fn load(threads: &str, file: &[&str]) -> Option<f64> {
    let [file] = file else { return None };
    tch::set_num_threads(threads.parse().ok()?);
    let start = Instant::now();
    let model = FrozenResnet152::load(file).ok()?;
    let seconds = start.elapsed().as_secs_f64();
    drop(model);
    Some(seconds)
}

/// How many bytes a call takes at most beyond what is there before; by the kernel's counters, in pages. Only with an
/// allocator that gives freed memory back at once do they say something: `speed -- serve frugal`.
fn peak(call: impl FnOnce()) -> Option<u64> {
    let counter = |name: &str| -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|it| it.strip_prefix(name))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(1024 * kilobytes)
    };
    // Begins to count anew.
    fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = counter("VmRSS:")?;
    call();
    Some(counter("VmHWM:")?.saturating_sub(before))
}

fn wrong(line: &str) -> io::Error {
    io::Error::other(format!("cannot answer `{line}`"))
}

/// A model as it is asked for.
struct Open {
    case: &'static Case,
    batch: i64,
    threads: i32,
    contenders: Vec<Contender>,
    x: Tensor,
}

impl Open {
    fn new(case: &'static Case, batch: i64, threads: i32) -> Self {
        tch::set_num_threads(threads);
        Self {
            case,
            batch,
            threads,
            contenders: (case.contenders)().1,
            x: formula::image(&case.size(batch)).expect("an input"),
        }
    }

    fn is(&self, case: &Case, batch: i64, threads: i32) -> bool {
        self.case.name == case.name && self.batch == batch && self.threads == threads
    }

    fn answer(&self, command: &str, rest: &[&str]) -> Option<String> {
        match (command, rest) {
            ("time", [contender, calls]) => {
                let seconds = self
                    .contender(contender)?
                    .turn(&self.x, calls.parse().ok()?);
                Some(seconds.to_string())
            }
            ("output", [contender]) => {
                let y = self.contender(contender)?.compute(&self.x);
                let y = y.to_kind(Kind::Float).flatten(0, -1);
                let y: Vec<f32> = (&y).try_into().expect("numbers");
                let y: Vec<String> = y.iter().map(ToString::to_string).collect();
                Some(y.join(" "))
            }
            ("memory", [contender]) => {
                let contender = self.contender(contender)?;
                // What is made once is made here.
                drop(contender.compute(&self.x));
                Some(peak(|| drop(contender.compute(&self.x)))?.to_string())
            }
            ("floor", []) => {
                let rate = multiplications_a_second();
                let seconds = self.case.seconds_at(rate, self.batch).unwrap_or(f64::NAN);
                Some(format!("{rate} {seconds}"))
            }
            _ => None,
        }
    }

    fn contender(&self, name: &str) -> Option<&Contender> {
        // The first word of a name is one that no other has.
        let is_meant = |it: &&Contender| it.name().split(' ').next() == Some(name);
        self.contenders.iter().find(is_meant)
    }
}
