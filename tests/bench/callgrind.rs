//! Counts instructions by running this program again, under callgrind.

use std::{
    env,
    io::ErrorKind,
    process::{Command, Stdio},
    thread,
};

/// What tells this program that it is the one that is counted.
const COUNTED: &str = "--counted";

/// What is run is so many calls, and so many with the measured ones: what comes before the calls, and what only the first
/// ones do, is in both.
const FEW: usize = 100;
const MEASURED: u32 = 1000;

/// valgrind knows none of the widest vector instructions, and libtorch stops where it is led to believe in them. One
/// thread, because others would wait for work, and waiting is instructions, too.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("ATEN_CPU_CAPABILITY", "default"),
    ("ONEDNN_MAX_CPU_ISA", "SSE41"),
    ("MKL_ENABLE_INSTRUCTIONS", "SSE4_2"),
    ("OMP_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
];

/// A name, and what makes so many calls.
pub(crate) type Variant = (&'static str, fn(usize));

/// Makes the calls and returns true, if this program is the one that is counted.
pub(crate) fn is_counted(variants: &[Variant]) -> bool {
    let arguments: Vec<String> = env::args().collect();
    let [_, flag, name, calls] = arguments.as_slice() else {
        return false;
    };
    if flag != COUNTED {
        return false;
    }
    let variant = variants.iter().find(|it| it.0 == name);
    let (_, run) = variant.expect("a variant of this benchmark");
    run(calls.parse().expect("a number of calls"));
    true
}

/// The instructions of one call of a variant.
pub(crate) fn per_call(name: &str) -> Result<f64, String> {
    let (few, many) = thread::scope(|scope| {
        let few = scope.spawn(|| instructions(name, FEW));
        let many = instructions(name, FEW + MEASURED as usize);
        (few.join().expect("a count"), many)
    });
    let (few, many) = (few?, many?);
    let difference = many.checked_sub(few).and_then(|it| u32::try_from(it).ok());
    let difference =
        difference.ok_or_else(|| format!("`{name}`: {few} instructions, then {many}"))?;
    Ok(f64::from(difference) / f64::from(MEASURED))
}

/// The instructions of the whole program.
fn instructions(name: &str, calls: usize) -> Result<u64, String> {
    let program = env::current_exe().map_err(|it| it.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([COUNTED, name, &calls.to_string()])
        .envs(ENVIRONMENT)
        .stdin(Stdio::null())
        .output()
        .map_err(|problem| match problem.kind() {
            ErrorKind::NotFound => "valgrind is not installed, and it does the counting".to_owned(),
            _ => format!("valgrind cannot be run: {problem}"),
        })?;
    let report = String::from_utf8_lossy(&output.stderr);
    let counted = report
        .lines()
        .find_map(|it| it.split_once("Collected :")?.1.trim().parse().ok());
    match counted {
        Some(counted) if output.status.success() => Ok(counted),
        _ => Err(format!("valgrind: {}\n{report}", output.status)),
    }
}
