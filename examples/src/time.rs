//! How long a model takes.

use std::time::{Duration, Instant};

use crate::Result;

/// The median time of a call, over as many calls as fit into half a second and at least five. The first calls,
/// which set things up, do not count.
///
/// # Errors
///
/// That of the first call that fails.
pub fn median<T, E: Into<crate::Error>>(
    mut call: impl FnMut() -> Result<T, E>,
) -> Result<Duration> {
    for _ in 0..3 {
        call().map_err(Into::into)?;
    }
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < 5 || begin.elapsed() < Duration::from_millis(500) {
        let start = Instant::now();
        call().map_err(Into::into)?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// `15.9 ms`, with three digits that count.
pub fn brief(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (number, unit) = match seconds {
        it if it >= 1.0 => (it, "s"),
        it if it >= 1e-3 => (it * 1e3, "ms"),
        it => (it * 1e6, "µs"),
    };
    let decimals = match number {
        it if it >= 99.95 => 0,
        it if it >= 9.995 => 1,
        _ => 2,
    };
    format!("{number:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let check = |nanoseconds, text| assert_eq!(brief(Duration::from_nanos(nanoseconds)), text);
        check(750, "0.75 µs");
        check(15_940_000, "15.9 ms");
        check(99_960_000, "100 ms");
        check(2_600_000_000, "2.60 s");
    }
}
