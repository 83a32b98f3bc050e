//! `sweep FILE`

mod plot;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use narchi_codegen::{Argument, Input, compile, compiling_many};
use serde_json::{Value, json};

use super::{
    PROBLEMS, message,
    output::{failed, put},
    size, tell, usage,
};

/// Compares every combination of settings of an architecture: parameters, multiply-adds, memory.
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// The architecture file, jsonnet or JSON.
    file: PathBuf,
    /// An external variable and the values it is to have, `width='[32, 64, 128]'`; one that is no list has that value always.
    #[arg(long, value_name = "NAME=VALUES")]
    ext_code: Vec<String>,
    /// Sizes of the inputs, `N=1,H=224,W=224`. The batch N is 1 if nothing else is said.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = size)]
    at: Vec<(String, i64)>,
    /// What is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where to write it; standard output if left out.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// How many are compiled at a time; as many as there are processors if left out.
    #[arg(long, value_name = "THREADS")]
    jobs: Option<usize>,
    /// A folder to look for imports in; the last one first.
    #[arg(short = 'J', long, value_name = "FOLDER")]
    jpath: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A line for each combination.
    #[default]
    Csv,
    /// A list of objects.
    Json,
    /// A scatter plot of multiply-adds and parameters; a line joins those that have the most for what they cost.
    Svg,
}

/// A variable and its values, as JSON.
struct Axis {
    name: String,
    values: Vec<Value>,
}

/// One combination.
struct Variant {
    /// One value for each axis.
    values: Vec<Value>,
    outcome: Result<Costs, String>,
}

/// What a sound model costs; none where it depends on sizes that nobody gave.
#[derive(Clone, Copy)]
struct Costs {
    parameters: Option<i64>,
    multiply_adds: Option<i64>,
    peak: Option<i64>,
}

/// More combinations are a mistake.
const MOST: usize = 1_000_000;

impl Sweep {
    pub(crate) fn run(self) -> ExitCode {
        let axes: Result<Vec<Axis>, String> = self.ext_code.iter().map(|it| axis(it)).collect();
        let axes = match axes {
            Ok(axes) => axes,
            Err(message) => return usage(&message),
        };
        let count = axes.iter().try_fold(1_usize, |count, it| {
            count.checked_mul(it.values.len()).filter(|it| *it <= MOST)
        });
        let Some(count) = count else {
            return usage(&format!("there are more than {MOST} combinations"));
        };
        let variants = self.compiled(&axes, count);
        let broken = variants.iter().filter(|it| it.outcome.is_err()).count();
        let said = format!("{count} variants, {broken} of which have problems");
        if broken == count {
            // What is wrong with one is wrong with the file, as a rule.
            variants
                .iter()
                .take(1)
                .for_each(|it| self.explain(&axes, it));
            tell(&said);
            return ExitCode::from(PROBLEMS);
        }
        let text = match self.format {
            Format::Csv => csv(&axes, &variants),
            Format::Json => format!("{:#}\n", list(&axes, &variants)),
            Format::Svg => plot::svg(&axes, &variants),
        };
        if let Err(message) = put(self.output.as_deref(), text.as_bytes()) {
            return failed(&message);
        }
        tell(&said);
        ExitCode::SUCCESS
    }

    /// Says all that is wrong with a variant.
    fn explain(&self, axes: &[Axis], variant: &Variant) {
        let compilation = compile(&self.input(axes, &variant.values));
        match &variant.outcome {
            Err(message) if compilation.model.is_some() => tell(&format!("error: {message}")),
            _ => message::show(&compilation),
        }
    }

    /// All variants, in the order of the combinations; the last axis is the fastest.
    fn compiled(&self, axes: &[Axis], count: usize) -> Vec<Variant> {
        let jobs = self
            .jobs
            .or_else(|| thread::available_parallelism().ok().map(Into::into));
        let jobs = jobs.unwrap_or(1).clamp(1, count);
        let bar = if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec}");
            let bar = ProgressBar::new(count as u64);
            style.map_or(bar.clone(), |it| bar.with_style(it))
        } else {
            ProgressBar::hidden()
        };
        let next = AtomicUsize::new(0);
        let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|it| *it < count);
        let work = || {
            compiling_many(|| {
                let mut done = Vec::new();
                while let Some(place) = take() {
                    done.push((place, self.variant(axes, place)));
                    bar.inc(1);
                }
                done
            })
        };
        let mut all: Vec<(usize, Variant)> = thread::scope(|scope| {
            let others: Vec<_> = (1..jobs).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            for other in others {
                // A panic has been printed already, and its variants are missing.
                all.extend(other.join().unwrap_or_default());
            }
            all
        });
        bar.finish_and_clear();
        all.sort_by_key(|it| it.0);
        all.into_iter().map(|it| it.1).collect()
    }

    fn variant(&self, axes: &[Axis], mut place: usize) -> Variant {
        let mut values: Vec<Value> = Vec::new();
        for axis in axes.iter().rev() {
            values.insert(0, axis.values[place % axis.values.len()].clone());
            place /= axis.values.len();
        }
        let compilation = compile(&self.input(axes, &values));
        let outcome = match compilation.model {
            None => {
                let errors = compilation.diagnostics.errors();
                let first = errors.iter().next();
                Err(first.map_or_else(String::new, |it| it.code.to_owned()))
            }
            Some(model) => {
                let mut at = self.at.clone();
                if model.has_batch() && !at.iter().any(|it| it.0 == "N") {
                    at.push(("N".to_owned(), 1));
                }
                model.totals(&at).map(|it| Costs {
                    parameters: it.total.parameters,
                    multiply_adds: it.total.multiply_adds,
                    peak: it.peak,
                })
            }
        };
        Variant { values, outcome }
    }

    fn input(&self, axes: &[Axis], values: &[Value]) -> Input {
        let ext_vars = axes.iter().zip(values);
        let ext_vars =
            ext_vars.map(|(axis, value)| (axis.name.clone(), Argument::Code(value.to_string())));
        Input {
            path: self.file.clone(),
            ext_vars: ext_vars.collect(),
            jpath: self.jpath.clone(),
            ..Input::default()
        }
    }
}

fn axis(text: &str) -> Result<Axis, String> {
    let wrong = |why: &str| format!("`{text}` {why}: write `width='[32, 64, 128]'`");
    let (name, values) = text.split_once('=').ok_or_else(|| wrong("has no values"))?;
    let values = match serde_json::from_str(values) {
        Ok(Value::Array(values)) if values.is_empty() => return Err(wrong("has no values")),
        Ok(Value::Array(values)) => values,
        Ok(value) => vec![value],
        Err(_) => return Err(wrong("is no list of JSON")),
    };
    Ok(Axis {
        name: name.to_owned(),
        values,
    })
}

fn csv(axes: &[Axis], variants: &[Variant]) -> String {
    let names = axes.iter().map(|it| it.name.as_str());
    let title = names.chain(["parameters", "multiply_adds", "peak_bytes", "problem"]);
    let mut text = title.collect::<Vec<_>>().join(",") + "\n";
    for variant in variants {
        let values = variant
            .values
            .iter()
            .map(|it| super::summary::quoted(&it.to_string()));
        let number = |it: Option<i64>| it.map_or_else(String::new, |it| it.to_string());
        let rest = match &variant.outcome {
            Ok(costs) => {
                let numbers = [costs.parameters, costs.multiply_adds, costs.peak];
                let [a, b, c] = numbers.map(number);
                [a, b, c, String::new()]
            }
            Err(problem) => {
                let none = String::new;
                [none(), none(), none(), super::summary::quoted(problem)]
            }
        };
        text += &values.chain(rest).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

fn list(axes: &[Axis], variants: &[Variant]) -> Value {
    let object = |variant: &Variant| {
        let values = axes.iter().zip(&variant.values);
        let values: serde_json::Map<String, Value> = values
            .map(|(axis, value)| (axis.name.clone(), value.clone()))
            .collect();
        match &variant.outcome {
            Ok(costs) => json!({
                "values": values,
                "parameters": costs.parameters,
                "multiply_adds": costs.multiply_adds,
                "peak_bytes": costs.peak,
            }),
            Err(problem) => json!({ "values": values, "problem": problem }),
        }
    };
    variants.iter().map(object).collect()
}
