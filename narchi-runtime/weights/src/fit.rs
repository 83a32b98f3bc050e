//! Compares the tensors of a model with those of a file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::checkpoint::{Checkpoint, Entry};
use crate::dtype::Dtype;
use crate::order::natural;

/// A tensor that a model has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// The type of its elements; where files cannot have that, what it is called.
    pub dtype: Result<Dtype, String>,
}

/// Why a checkpoint is not one of a model: all differences at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The file.
    pub path: PathBuf,
    /// The differences, in the order of [`Problem`]'s variants and then of the names.
    pub problems: Vec<Problem>,
}

/// One difference between a model and a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The file lacks a tensor of the model.
    Missing {
        /// Name of the tensor.
        name: String,
        /// Its shape in the model.
        model: Vec<i64>,
    },
    /// The file has a tensor that the model lacks.
    Unexpected {
        /// Name of the tensor.
        name: String,
        /// Its shape in the file.
        file: Vec<i64>,
    },
    /// The shapes differ.
    Shape {
        /// Name of the tensor.
        name: String,
        /// Its shape in the model.
        model: Vec<i64>,
        /// Its shape in the file.
        file: Vec<i64>,
    },
    /// The elements are of different type, and not both floating-point numbers.
    Dtype {
        /// Name of the tensor.
        name: String,
        /// Its element type in the model, as torch calls it.
        model: String,
        /// Its element type in the file.
        file: String,
    },
}

/// What goes where, if everything fits.
#[derive(Debug)]
pub struct Fit<'a> {
    /// The place of each tensor in the list of those that were wanted, and where it is in the file.
    pub pairs: Vec<(usize, &'a Entry)>,
    /// What was not as plain as one tensor for one tensor: numbers to convert, counters of batches that the file lacks.
    pub notes: Vec<String>,
}

/// The names a tensor may have in a file: its own, and those of parts that share its weights.
fn names(name: &str, shared: &[(&str, &str)]) -> Vec<String> {
    let alias = |(other, own): &(&str, &str)| {
        let rest = name.strip_prefix(own).filter(|it| it.starts_with('.'))?;
        Some(format!("{other}{rest}"))
    };
    std::iter::once(name.to_owned())
        .chain(shared.iter().filter_map(alias))
        .collect()
}

/// Whether a checkpoint has the tensors of a model, and no other. Floating-point numbers may be of another precision, and
/// files without `num_batches_tracked` are taken, as torch takes them. `shared` has pairs of paths: the first stands for the
/// second, which has the same weights.
///
/// # Errors
///
/// All differences.
pub fn fit<'a>(
    wanted: &[Wanted],
    checkpoint: &'a Checkpoint,
    shared: &[(&str, &str)],
) -> Result<Fit<'a>, Misfit> {
    let mut unused: BTreeMap<_, _> = checkpoint.tensors().map(|it| (it.name(), it)).collect();
    let mut problems = Vec::new();
    let mut pairs = Vec::new();
    let mut converted: BTreeMap<(Dtype, Dtype), usize> = BTreeMap::new();
    let mut uncounted = Vec::new();
    for (place, tensor) in wanted.iter().enumerate() {
        let Wanted { name, shape, dtype } = tensor;
        // All names are taken out of what is unused, the first that is there counts.
        let mut found = None;
        for name in names(name, shared) {
            let entry = checkpoint
                .get(&name)
                .and_then(|it| unused.remove(it.name()));
            found = found.or(entry);
        }
        let Some(entry) = found else {
            if is_counter(name) {
                uncounted.push(name.as_str());
            } else {
                problems.push(Problem::Missing {
                    name: name.clone(),
                    model: shape.clone(),
                });
            }
            continue;
        };
        if shape != entry.shape() {
            problems.push(Problem::Shape {
                name: name.clone(),
                model: shape.clone(),
                file: entry.shape().to_vec(),
            });
        }
        let file = entry.dtype();
        match dtype {
            Ok(model) if *model == file => pairs.push((place, entry)),
            Ok(model) if converts(name, *model, file) => {
                *converted.entry((file, *model)).or_default() += 1;
                pairs.push((place, entry));
            }
            _ => problems.push(Problem::Dtype {
                name: name.clone(),
                model: dtype
                    .as_ref()
                    .map_or_else(Clone::clone, ToString::to_string),
                file: file.to_string(),
            }),
        }
    }
    problems.extend(unused.values().map(|it| Problem::Unexpected {
        name: it.name().to_owned(),
        file: it.shape().to_vec(),
    }));
    if !problems.is_empty() {
        problems.sort_by(|a, b| a.rank().cmp(&b.rank()).then(natural(a.name(), b.name())));
        let path = checkpoint.path().to_owned();
        return Err(Misfit { path, problems });
    }
    let mut notes = Vec::new();
    for ((from, to), count) in converted {
        let tensors = if count == 1 { "tensor" } else { "tensors" };
        notes.push(format!("{count} {tensors} converted from {from} to {to}"));
    }
    if let Some(first) = uncounted.first() {
        let more = match uncounted.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        notes.push(format!(
            "`{first}`{more} not in the file, left as in the model"
        ));
    }
    Ok(Fit { pairs, notes })
}

/// The counter of a batch norm, which files of old torch lack and which matters only without momentum.
fn is_counter(name: &str) -> bool {
    name.rsplit('.').next() == Some("num_batches_tracked")
}

/// Floating-point numbers become each other. A model cast as a whole has floating-point counters.
fn converts(name: &str, model: Dtype, file: Dtype) -> bool {
    is_floating(model) && is_floating(file) || is_counter(name)
}

fn is_floating(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16)
}

impl Problem {
    /// The tensor that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name, .. }
            | Self::Unexpected { name, .. }
            | Self::Shape { name, .. }
            | Self::Dtype { name, .. } => name,
        }
    }

    fn rank(&self) -> usize {
        match self {
            Self::Missing { .. } => 0,
            Self::Unexpected { .. } => 1,
            Self::Shape { .. } => 2,
            Self::Dtype { .. } => 3,
        }
    }
}

/// What problems of each rank are called in the sum.
const RANKS: [&str; 4] = [
    "missing",
    "unexpected",
    "of another shape",
    "of another type",
];

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names come from the file and may hold anything.
        let name = self.name().escape_debug();
        match self {
            Self::Missing { model, .. } => write!(f, "missing: `{name}` {model:?}"),
            Self::Unexpected { file, .. } => write!(f, "unexpected: `{name}` {file:?}"),
            Self::Shape { model, file, .. } => {
                write!(f, "another shape: `{name}` {model:?}, in the file {file:?}")
            }
            Self::Dtype { model, file, .. } => {
                write!(f, "another type: `{name}` {model}, in the file {file}")
            }
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = RANKS
            .iter()
            .enumerate()
            .filter_map(|(rank, what)| {
                let count = self.problems.iter().filter(|it| it.rank() == rank).count();
                (count > 0).then(|| format!("{count} {what}"))
            })
            .collect();
        let path = self.path.display();
        write!(f, "`{path}` does not fit the model: {}", counts.join(", "))?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}
