//! Blocks and what goes into them, at random.

use std::{collections::BTreeMap, fmt};

use narchi_codegen::{LayerDef, ParamDef, probe::Operand};
use narchi_runtime::tch::{Device, Kind, Tensor};
use serde_json::{Map, Value};

/// Layers that read sequences.
const RECURRENT: [&str; 3] = ["RNN", "LSTM", "GRU"];

/// A block and its inputs.
pub(super) struct Case {
    pub(super) block: Value,
    pub(super) inputs: Vec<Input>,
    values: BTreeMap<&'static str, i64>,
}

#[derive(Clone)]
pub(super) struct Input {
    dims: Vec<Dim>,
    is_whole: bool,
}

/// A size as the file has it, and what it is here.
#[derive(Clone)]
pub(super) struct Dim {
    text: String,
    size: i64,
}

/// A source of numbers that are the same in each run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(class: &str, seed: u64) -> Self {
        let start = class.bytes().fold(seed, |all, it| {
            all.wrapping_mul(0x100_0000_01b3) ^ u64::from(it)
        });
        let mut this = Self(start);
        this.next();
        this
    }

    /// The splitmix generator.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

impl Case {
    pub(super) fn new(class: &LayerDef, random: &mut Random) -> Self {
        // Where every value may be wrong, nearly no block is right.
        let is_sober = random.below(4) > 0;
        let mut block = Map::new();
        block.insert("_class".to_owned(), class.name.into());
        for param in class.params {
            if param.default.is_none() || random.below(5) < 2 {
                block.insert(param.name.to_owned(), sample(param, is_sober, random));
            }
        }
        let block = Value::Object(block);
        let mut values = BTreeMap::from(["H", "W", "D"].map(|it| (it, size(random))));
        values.insert("N", *random.of(&[1, 2, 3]));
        let mut this = Self {
            block,
            inputs: Vec::new(),
            values,
        };
        let mut rank = this.rank(class.name, random);
        if random.one_in(20) {
            rank = 1 + random.below(5);
        }
        let first = this.input(rank, random);
        let merges = matches!(class.name, "Add" | "Concatenate");
        let mut count = if merges { 2 + random.below(2) } else { 1 };
        if random.one_in(30) {
            count = random.below(3);
        }
        for _ in 0..count {
            let input = if merges {
                this.other(&first, random)
            } else {
                first.clone()
            };
            this.inputs.push(input);
        }
        this
    }

    /// How many dimensions the input of a class has, the batch included.
    fn rank(&self, class: &str, random: &mut Random) -> usize {
        let spec = self.block.get("reshape_spec");
        match class.strip_suffix('d').and_then(|it| it.chars().last()) {
            Some('1') if class.starts_with("BatchNorm") => 2 + random.below(2),
            Some('1') => 3,
            Some('2') => 4,
            Some('3') => 5,
            _ if RECURRENT.contains(&class) => 3,
            _ if class == "CRF" => 3 + random.below(2),
            _ => match spec {
                // As many as the highest number says, which stands where it may.
                Some(spec @ Value::Array(_)) => {
                    let text = spec.to_string();
                    let named = |it: &usize| {
                        ["", "\""]
                            .iter()
                            .any(|quote| text.contains(&format!("{quote}{it}{quote}")))
                    };
                    2 + (0..3).filter(named).max().unwrap_or(0)
                }
                _ => 2 + random.below(4),
            },
        }
    }

    fn input(&self, rank: usize, random: &mut Random) -> Input {
        let class = self.block["_class"].as_str().unwrap();
        let has_weights = ["Conv", "BatchNorm"].iter().any(|it| class.starts_with(it));
        let mut dims = vec![Dim {
            text: "N".to_owned(),
            size: self.values["N"],
        }];
        for axis in 1..rank {
            let mut dim = self.dim(random);
            let is_channels = axis == 1 && rank > 2 && !RECURRENT.contains(&class);
            if is_channels && random.below(4) > 0 {
                dim = fixed(*random.of(&[1, 2, 3, 4, 6, 8, 12]));
            }
            // Weights need a number. A number is none of the values of a symbol, so it is not
            // split into numbers.
            let fix = (has_weights && axis == 1)
                || (["Linear", "CRF", "RNN", "LSTM", "GRU"].contains(&class) && axis == rank - 1)
                || self.splits_into_numbers();
            if fix {
                dim = fixed(dim.size);
            }
            dims.push(dim);
        }
        // Where most take floating point numbers, these are looked up.
        let is_index = class == "Embedding";
        Input {
            dims,
            is_whole: random.one_in(16) ^ is_index,
        }
    }

    fn splits_into_numbers(&self) -> bool {
        let spec = self
            .block
            .get("reshape_spec")
            .map(Value::to_string)
            .unwrap_or_default();
        spec.contains('{') && !spec.contains("auto")
    }

    fn dim(&self, random: &mut Random) -> Dim {
        let (h, w) = (self.values["H"], self.values["W"]);
        match random.below(10) {
            0..3 => fixed(size(random)),
            3..5 => Dim {
                text: "H".to_owned(),
                size: h,
            },
            5..7 => Dim {
                text: "W".to_owned(),
                size: w,
            },
            7 => Dim {
                text: "⌈H/2⌉".to_owned(),
                size: (h + 1) / 2,
            },
            8 => Dim {
                text: "⌊W/3⌋+1".to_owned(),
                size: w / 3 + 1,
            },
            _ => Dim {
                text: "2*H".to_owned(),
                size: 2 * h,
            },
        }
    }

    /// Another input for a layer that wants them alike: it mostly is.
    fn other(&self, first: &Input, random: &mut Random) -> Input {
        let mut other = first.clone();
        if random.one_in(24) {
            other.is_whole ^= true;
        }
        if random.one_in(24) {
            other.dims.push(fixed(1));
        }
        for dim in other.dims.iter_mut().skip(1) {
            if !random.one_in(4) {
                continue;
            }
            let size = dim.size;
            *dim = match (dim.text.as_str(), random.below(3)) {
                // The same where `H` is even.
                ("H", 0) => Dim {
                    text: "2*⌊H/2⌋".to_owned(),
                    size: size / 2 * 2,
                },
                // The same where both are.
                ("H", 1) => Dim {
                    text: "W".to_owned(),
                    size: self.values["W"],
                },
                ("W", 0) => Dim {
                    text: "D".to_owned(),
                    size: self.values["D"],
                },
                ("2*H", _) => Dim {
                    text: "2*H+1".to_owned(),
                    size: size + 1,
                },
                (_, 2) if is_fixed(dim) => fixed(size + 1),
                _ => continue,
            };
        }
        other
    }

    pub(super) fn operands(&self) -> Vec<Operand> {
        let operand = |it: &Input| Operand {
            dims: it.dims.iter().map(|it| it.text.clone()).collect(),
            is_whole: it.is_whole,
        };
        self.inputs.iter().map(operand).collect()
    }

    pub(super) fn values(&self) -> Vec<(&str, i64)> {
        self.values
            .iter()
            .map(|(symbol, value)| (*symbol, *value))
            .collect()
    }

    /// Whether sizes other than the batch have symbols.
    pub(super) fn is_symbolic(&self) -> bool {
        self.inputs
            .iter()
            .flat_map(|it| it.dims.iter().skip(1))
            .any(|it| !is_fixed(it))
    }
}

impl Input {
    pub(super) fn tensor(&self) -> Tensor {
        let sizes: Vec<i64> = self.dims.iter().map(|it| it.size).collect();
        if self.is_whole {
            // The first row of a table, which has one at least.
            Tensor::zeros(sizes, (Kind::Int64, Device::Cpu))
        } else {
            Tensor::ones(sizes, (Kind::Float, Device::Cpu))
        }
    }
}

/// A value of the parameter; a sober one is rather one of the first, which are the usual ones.
fn sample(param: &ParamDef, is_sober: bool, random: &mut Random) -> Value {
    let draws = if is_sober { 3 } else { 1 };
    let indices = (0..draws).map(|_| random.below(param.samples.len()));
    serde_json::from_str(param.samples[indices.min().unwrap()]).unwrap()
}

fn size(random: &mut Random) -> i64 {
    1 + i64::try_from(random.below(13)).unwrap()
}

fn fixed(size: i64) -> Dim {
    Dim {
        text: size.to_string(),
        size,
    }
}

fn is_fixed(dim: &Dim) -> bool {
    dim.text.parse::<i64>().is_ok()
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.block)?;
        for Input { dims, is_whole } in &self.inputs {
            let texts: Vec<String> = dims.iter().map(|it| it.text.clone()).collect();
            let sizes: Vec<i64> = dims.iter().map(|it| it.size).collect();
            let whole = if *is_whole { " of whole numbers" } else { "" };
            write!(f, "\n  [{}] = {sizes:?}{whole}", texts.join(", "))?;
        }
        Ok(())
    }
}
