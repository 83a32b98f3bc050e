//! Bytes and time, while something long goes on.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use super::super::tell;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Where progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// A bar that moves.
    Terminal,
    /// Now and then a line, for a log.
    Lines,
    #[cfg(test)]
    Nowhere,
}

impl Output {
    pub(crate) fn of_stderr() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Terminal
        } else {
            Self::Lines
        }
    }

    pub(crate) fn say(self, text: &str) {
        match self {
            Self::Terminal | Self::Lines => tell(text),
            #[cfg(test)]
            Self::Nowhere => {}
        }
    }
}

/// The time between two lines of a log.
const PAUSE: Duration = Duration::from_secs(10);

const UNKNOWN_TOTAL: &str = "{spinner} {msg}: {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}";
const KNOWN_TOTAL: &str = "{msg} [{bar:30}] {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {elapsed}, {eta} left";

#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    /// "downloading" and "downloaded", say, and what.
    doing: &'static str,
    done: &'static str,
    what: String,
    bar: ProgressBar,
    started: Instant,
    last_line: Instant,
}

impl Progress {
    pub(crate) fn start(
        output: Output,
        doing: &'static str,
        done: &'static str,
        what: &str,
    ) -> Self {
        let bar = match output {
            Output::Terminal => ProgressBar::new_spinner(),
            Output::Lines => ProgressBar::hidden(),
            #[cfg(test)]
            Output::Nowhere => ProgressBar::hidden(),
        };
        bar.set_message(format!("{doing} {what}"));
        bar.set_style(style(UNKNOWN_TOTAL));
        bar.enable_steady_tick(Duration::from_millis(200));
        if output == Output::Lines {
            output.say(&format!("{doing} {what}"));
        }
        let now = Instant::now();
        Self {
            output,
            doing,
            done,
            what: what.to_owned(),
            bar,
            started: now,
            last_line: now,
        }
    }

    pub(crate) fn update(&mut self, bytes: u64, total: Option<u64>) {
        if self.bar.length() != total
            && let Some(total) = total
        {
            self.bar.set_length(total);
            self.bar.set_style(style(KNOWN_TOTAL));
        }
        self.bar.set_position(bytes);
        if self.output == Output::Lines && self.last_line.elapsed() >= PAUSE {
            self.last_line = Instant::now();
            self.output.say(&format!(
                "{} {}: {}",
                self.doing,
                self.what,
                line(bytes, total, self.started.elapsed())
            ));
        }
    }

    pub(crate) fn finish(self, bytes: u64) {
        self.bar.finish_and_clear();
        self.output.say(&format!(
            "{} {}: {}",
            self.done,
            self.what,
            line(bytes, None, self.started.elapsed())
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // A template that does not parse would only cost the look of the bar.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn line(bytes: u64, total: Option<u64>, elapsed: Duration) -> String {
    let total = total.map_or_else(String::new, |it| format!(" of {}", megabytes(it)));
    format!("{}{total} in {}", megabytes(bytes), HumanDuration(elapsed))
}

/// In tenths of a megabyte.
pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: u64, total: Option<u64>, seconds: u64, expected: &str) {
        assert_eq!(line(bytes, total, Duration::from_secs(seconds)), expected);
    }

    #[test]
    fn a_line_tells_bytes_and_time() {
        check(0, None, 0, "0.0 MB in 0 seconds");
        check(526_602_329, None, 10, "526.6 MB in 10 seconds");
        check(
            49_999,
            Some(526_650_000),
            75,
            "0.0 MB of 526.7 MB in 75 seconds",
        );
    }

    #[test]
    fn the_templates_parse() {
        // `style` hides what is wrong with them.
        for template in [UNKNOWN_TOTAL, KNOWN_TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
