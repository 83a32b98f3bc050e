//! The check of a model's inputs, once per call and before anything runs.

use std::fmt::Write as _;

use tch::{Device, Kind, TchError, Tensor};

use crate::{
    Error, Result,
    shape::{self, Room},
};

/// What the `I` inputs of a model must be, in terms of `S` symbolic sizes.
///
/// ```
/// use narchi_runtime::prelude::*;
///
/// const INPUTS: Inputs<1, 3> = Inputs {
///     symbols: ["N", "H", "W"],
///     tensors: [Input {
///         name: "image",
///         kind: Kind::Float,
///         shape: &[Symbol(0), Fixed(3), Symbol(1), Symbol(2)],
///     }],
///     facts: &[Fact {
///         text: "H ≥ 63",
///         block: "features.12",
///         holds: |[_, h, _]| h >= 63,
///     }],
/// };
/// ```
#[derive(Debug)]
pub struct Inputs<const I: usize, const S: usize> {
    /// Names of the symbols. The first is the batch where it is called `N`, and may be 0; every other size is at least 1.
    pub symbols: [&'static str; S],
    /// The inputs, in the order of the model's arguments.
    pub tensors: [Input; I],
    /// What else must hold of the symbols.
    pub facts: &'static [Fact<S>],
}

/// What one input must be.
#[derive(Debug)]
pub struct Input {
    /// Name in the architecture.
    pub name: &'static str,
    /// `Kind::Float` stands for floating point and takes `Float`, `Double`, `Half` and `BFloat16` alike:
    /// a model may be cast as a whole. Every other kind must be met exactly.
    pub kind: Kind,
    /// One entry per dimension, the batch included.
    pub shape: &'static [Size],
}

/// One dimension of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Exactly this.
    Fixed(i64),
    /// The symbol with this index in [`Inputs::symbols`]; wherever it occurs, the size is the same.
    Symbol(usize),
}

/// What a block of the model requires of the symbols.
#[derive(Debug)]
pub struct Fact<const S: usize> {
    /// For people: `H ≥ 63`.
    pub text: &'static str,
    /// The block that would fail.
    pub block: &'static str,
    /// Given the size of every symbol, whether the fact holds.
    pub holds: fn([i64; S]) -> bool,
}

impl<const I: usize, const S: usize> Inputs<I, S> {
    /// Checks the inputs of a call where every symbol is bound by an input.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] with the input, the expected shape, the given one, and for a fact the block that
    /// would have failed.
    pub fn check(&self, tensors: [&Tensor; I]) -> Result<()> {
        self.check_with(tensors, [])
    }

    /// Checks the inputs of a call where the last `K` symbols are known since the model was made.
    ///
    /// # Errors
    ///
    /// As [`Inputs::check`].
    pub fn check_with<const K: usize>(&self, tensors: [&Tensor; I], known: [i64; K]) -> Result<()> {
        let mut bound = [None; S];
        for (slot, value) in bound.iter_mut().rev().zip(known.into_iter().rev()) {
            *slot = Some(value);
        }
        for (input, tensor) in self.tensors.iter().zip(tensors) {
            let mut room = Room::default();
            let (kind, rank) =
                shape::read(tensor, &mut room).map_err(|error| unreadable(input, tensor, error))?;
            if !accepts(input.kind, kind) {
                return Err(wrong_kind(input, kind));
            }
            if rank != input.shape.len() {
                return Err(self.wrong_rank(input, &tensor.size()));
            }
            let many;
            let given = match room.get(..rank) {
                Some(few) => few,
                None => {
                    many = tensor.size();
                    &many
                }
            };
            for (axis, (&expected, &size)) in input.shape.iter().zip(given).enumerate() {
                match expected {
                    Size::Fixed(fixed) if fixed == size => {}
                    Size::Fixed(fixed) => {
                        let why = format!("dimension {axis} is {size}, not {fixed}");
                        return Err(self.wrong_shape(input, given, &why));
                    }
                    Size::Symbol(symbol) => match bound[symbol] {
                        Some(value) if value == size => {}
                        Some(value) => {
                            let why = self.disagreement(input, axis, size, symbol, value);
                            return Err(self.wrong_shape(input, given, &why));
                        }
                        None if size >= 1 || self.is_batch(symbol) => {
                            bound[symbol] = Some(size);
                        }
                        None => {
                            let why = format!("dimension {axis} is {size}, at least 1 is needed");
                            return Err(self.wrong_shape(input, given, &why));
                        }
                    },
                }
            }
        }
        if let Some(symbol) = bound.iter().position(Option::is_none) {
            return Err(Error::Input(format!(
                "no input says what {} is",
                self.symbols[symbol]
            )));
        }
        let sizes = bound.map(Option::unwrap_or_default);
        if self.facts.iter().all(|it| (it.holds)(sizes)) {
            return Ok(());
        }
        Err(self.wrong_sizes(&tensors, sizes))
    }

    /// Inputs of zeros on the CPU, for these sizes of the symbols.
    ///
    /// # Errors
    ///
    /// If libtorch cannot make them, as for sizes below zero.
    pub fn zeros(&self, sizes: [i64; S]) -> Result<[Tensor; I]> {
        let mut zeros = [const { None }; I];
        for (slot, input) in zeros.iter_mut().zip(&self.tensors) {
            let size = |it: &Size| match *it {
                Size::Fixed(fixed) => fixed,
                Size::Symbol(symbol) => sizes[symbol],
            };
            let shape: Vec<i64> = input.shape.iter().map(size).collect();
            *slot = Some(Tensor::f_zeros(&shape[..], (input.kind, Device::Cpu))?);
        }
        // Each slot is filled.
        Ok(zeros.map(Option::unwrap_or_default))
    }

    /// The batch comes first; a later `N` is one of the architecture's own.
    fn is_batch(&self, symbol: usize) -> bool {
        symbol == 0 && self.symbols[symbol] == "N"
    }

    #[cold]
    fn wrong_rank(&self, input: &Input, given: &[i64]) -> Error {
        let (is, should) = (given.len(), input.shape.len());
        let mut why = format!("{is} dimensions instead of {should}");
        let batched = matches!(input.shape.first(), Some(Size::Symbol(it)) if self.is_batch(*it));
        if batched && is + 1 == should {
            why.push_str("; `unsqueeze(0)` makes a batch of one");
        }
        self.wrong_shape(input, given, &why)
    }

    #[cold]
    fn wrong_shape(&self, input: &Input, given: &[i64], why: &str) -> Error {
        let (name, expected) = (input.name, self.shape(input));
        Error::Input(format!(
            "input `{name}` has shape {given:?}, expected {expected}: {why}"
        ))
    }

    /// Says where else the symbol got its value: in this input, in another one, or when the model was made.
    #[cold]
    fn disagreement(
        &self,
        input: &Input,
        axis: usize,
        size: i64,
        symbol: usize,
        value: i64,
    ) -> String {
        let name = self.symbols[symbol];
        let start = format!("dimension {axis} is {size}, but {name} is {value}");
        let place = self.tensors.iter().find_map(|it| {
            let axis = it.shape.iter().position(|it| *it == Size::Symbol(symbol))?;
            Some((it.name, axis))
        });
        match place {
            Some((other, at)) if other != input.name => {
                format!("{start} in dimension {at} of `{other}`")
            }
            Some((_, at)) if at != axis => format!("{start} in dimension {at}"),
            _ => format!("{start} in this model"),
        }
    }

    /// Several facts can fail at once; all are told, with the inputs whose symbols they are about.
    #[cold]
    fn wrong_sizes(&self, tensors: &[&Tensor; I], sizes: [i64; S]) -> Error {
        let failed: Vec<_> = self.facts.iter().filter(|it| !(it.holds)(sizes)).collect();
        let concerns = |input: &Input| {
            input.shape.iter().any(|it| match it {
                Size::Fixed(_) => false,
                Size::Symbol(symbol) => failed
                    .iter()
                    .any(|it| mentions(it.text, self.symbols[*symbol])),
            })
        };
        let mut concerned: Vec<_> = self.tensors.iter().zip(tensors).collect();
        if concerned.iter().any(|(input, _)| concerns(input)) {
            concerned.retain(|(input, _)| concerns(input));
        }
        let given: Vec<_> = concerned
            .iter()
            .map(|(input, tensor)| format!("`{}` has shape {:?}", input.name, tensor.size()))
            .collect();
        let expected: Vec<_> = concerned.iter().map(|(it, _)| self.shape(it)).collect();
        let mut message = format!(
            "input {}, expected {}",
            given.join(" and "),
            expected.join(" and ")
        );
        for (index, facts) in failed.chunk_by(|a, b| a.block == b.block).enumerate() {
            let texts: Vec<_> = facts.iter().map(|it| it.text).collect();
            let comma = if index == 0 { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(
                message,
                "{comma} with {}: `{}` would fail",
                texts.join(" and "),
                facts[0].block
            );
        }
        Error::Input(message)
    }

    fn shape(&self, input: &Input) -> String {
        let sizes: Vec<_> = input
            .shape
            .iter()
            .map(|it| match it {
                Size::Fixed(size) => size.to_string(),
                Size::Symbol(symbol) => self.symbols[*symbol].to_owned(),
            })
            .collect();
        format!("[{}]", sizes.join(", "))
    }
}

fn accepts(expected: Kind, given: Kind) -> bool {
    match expected {
        Kind::Float => matches!(
            given,
            Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16
        ),
        _ => expected == given,
    }
}

#[cold]
fn unreadable(input: &Input, tensor: &Tensor, error: TchError) -> Error {
    if tensor.defined() {
        return error.into();
    }
    Error::Input(format!("input `{}` is an undefined tensor", input.name))
}

#[cold]
fn wrong_kind(input: &Input, given: Kind) -> Error {
    let name = input.name;
    let expected = match input.kind {
        Kind::Float => "Float, Double, Half or BFloat16".to_owned(),
        other => format!("{other:?}"),
    };
    Error::Input(format!(
        "input `{name}` has elements of kind {given:?}, expected {expected}"
    ))
}

/// Whether the symbol occurs in the text as a word.
fn mentions(text: &str, symbol: &str) -> bool {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    text.match_indices(symbol).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + symbol.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {

    use tch::Device;

    use super::*;

    const IMAGE: Inputs<1, 3> = Inputs {
        symbols: ["N", "H", "W"],
        tensors: [Input {
            name: "image",
            kind: Kind::Float,
            shape: &[
                Size::Symbol(0),
                Size::Fixed(3),
                Size::Symbol(1),
                Size::Symbol(2),
            ],
        }],
        facts: &[
            Fact {
                text: "H ≥ 63",
                block: "features.12",
                holds: |[_, h, _]| h >= 63,
            },
            Fact {
                text: "W ≥ 63",
                block: "features.12",
                holds: |[_, _, w]| w >= 63,
            },
            Fact {
                text: "W % 2 = 0",
                block: "add",
                holds: |[_, _, w]| w % 2 == 0,
            },
        ],
    };

    const PAIR: Inputs<2, 4> = Inputs {
        symbols: ["N", "T", "U", "K"],
        tensors: [
            Input {
                name: "tokens",
                kind: Kind::Int64,
                shape: &[Size::Symbol(0), Size::Symbol(1)],
            },
            Input {
                name: "mask",
                kind: Kind::Bool,
                shape: &[
                    Size::Symbol(0),
                    Size::Symbol(2),
                    Size::Symbol(2),
                    Size::Symbol(3),
                ],
            },
        ],
        facts: &[
            Fact {
                text: "T ≤ U",
                block: "attend",
                holds: |[_, t, u, _]| t <= u,
            },
            Fact {
                text: "U ≤ 8",
                block: "position",
                holds: |[_, _, u, _]| u <= 8,
            },
        ],
    };

    fn tensor(size: &[i64], kind: Kind) -> Tensor {
        Tensor::zeros(size, (kind, Device::Cpu))
    }

    fn told(result: Result<()>) -> String {
        match result {
            Ok(()) => "ok".to_owned(),
            Err(Error::Input(message)) => message,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn check(size: &[i64], expected: &str) {
        let image = tensor(size, Kind::Float);
        assert_eq!(told(IMAGE.check([&image])), expected);
    }

    fn check_pair(tokens: &[i64], mask: &[i64], expected: &str) {
        let (tokens, mask) = (tensor(tokens, Kind::Int64), tensor(mask, Kind::Bool));
        assert_eq!(told(PAIR.check_with([&tokens, &mask], [5])), expected);
    }

    #[test]
    fn what_fits_passes() {
        check(&[1, 3, 63, 64], "ok");
        check(&[0, 3, 63, 64], "ok");
        check_pair(&[2, 4], &[2, 8, 8, 5], "ok");
        check_pair(&[0, 4], &[0, 8, 8, 5], "ok");
    }

    #[test]
    fn a_wrong_shape_is_named_with_the_expected_one() {
        check(
            &[2, 4, 64, 64],
            "input `image` has shape [2, 4, 64, 64], expected [N, 3, H, W]: dimension 1 is 4, not 3",
        );
        check(
            &[3, 64, 64],
            "input `image` has shape [3, 64, 64], expected [N, 3, H, W]: 3 dimensions instead of 4; \
             `unsqueeze(0)` makes a batch of one",
        );
        check(
            &[],
            "input `image` has shape [], expected [N, 3, H, W]: 0 dimensions instead of 4",
        );
        check(
            &[1, 3, 0, 64],
            "input `image` has shape [1, 3, 0, 64], expected [N, 3, H, W]: dimension 2 is 0, at least 1 is needed",
        );
    }

    #[test]
    fn a_failing_fact_names_its_block() {
        check(
            &[1, 3, 60, 64],
            "input `image` has shape [1, 3, 60, 64], expected [N, 3, H, W] with H ≥ 63: `features.12` would fail",
        );
        check(
            &[1, 3, 60, 61],
            "input `image` has shape [1, 3, 60, 61], expected [N, 3, H, W] with H ≥ 63 and W ≥ 63: \
             `features.12` would fail, with W % 2 = 0: `add` would fail",
        );
    }

    #[test]
    fn a_fact_names_the_inputs_it_is_about() {
        check_pair(
            &[2, 9],
            &[2, 8, 8, 5],
            "input `tokens` has shape [2, 9] and `mask` has shape [2, 8, 8, 5], \
             expected [N, T] and [N, U, U, K] with T ≤ U: `attend` would fail",
        );
        check_pair(
            &[2, 4],
            &[2, 9, 9, 5],
            "input `mask` has shape [2, 9, 9, 5], expected [N, U, U, K] with U ≤ 8: `position` would fail",
        );
    }

    #[test]
    fn a_symbol_is_one_size_everywhere() {
        check_pair(
            &[2, 4],
            &[3, 8, 8, 5],
            "input `mask` has shape [3, 8, 8, 5], expected [N, U, U, K]: \
             dimension 0 is 3, but N is 2 in dimension 0 of `tokens`",
        );
        check_pair(
            &[2, 4],
            &[2, 8, 7, 5],
            "input `mask` has shape [2, 8, 7, 5], expected [N, U, U, K]: dimension 2 is 7, but U is 8 in dimension 1",
        );
        check_pair(
            &[2, 4],
            &[2, 8, 8, 6],
            "input `mask` has shape [2, 8, 8, 6], expected [N, U, U, K]: dimension 3 is 6, but K is 5 in this model",
        );
    }

    #[test]
    fn any_floating_kind_passes_for_float_and_no_other() {
        for kind in [Kind::Float, Kind::Double, Kind::Half, Kind::BFloat16] {
            let image = tensor(&[1, 3, 64, 64], kind);
            assert_eq!(told(IMAGE.check([&image])), "ok");
        }
        for (kind, name) in [(Kind::Uint8, "Uint8"), (Kind::ComplexFloat, "ComplexFloat")] {
            let image = tensor(&[1, 3, 64, 64], kind);
            assert_eq!(
                told(IMAGE.check([&image])),
                format!(
                    "input `image` has elements of kind {name}, expected Float, Double, Half or BFloat16"
                )
            );
        }
    }

    #[test]
    fn other_kinds_are_exact() {
        let tokens = tensor(&[2, 4], Kind::Int);
        let mask = tensor(&[2, 8, 8, 5], Kind::Bool);
        assert_eq!(
            told(PAIR.check_with([&tokens, &mask], [5])),
            "input `tokens` has elements of kind Int, expected Int64"
        );
    }

    #[test]
    fn there_may_be_many_dimensions() {
        const MANY: Inputs<1, 1> = Inputs {
            symbols: ["N"],
            tensors: [Input {
                name: "x",
                kind: Kind::Float,
                shape: &[Size::Symbol(0); 9],
            }],
            facts: &[],
        };
        assert_eq!(told(MANY.check([&tensor(&[2; 9], Kind::Float)])), "ok");
        assert_eq!(
            told(MANY.check([&tensor(&[2, 2, 2, 2, 2, 2, 2, 2, 1], Kind::Float)])),
            "input `x` has shape [2, 2, 2, 2, 2, 2, 2, 2, 1], expected [N, N, N, N, N, N, N, N, N]: \
             dimension 8 is 1, but N is 2 in dimension 0"
        );
    }

    #[test]
    fn an_undefined_tensor_is_an_error() {
        assert_eq!(
            told(IMAGE.check([&Tensor::new()])),
            "input `image` is an undefined tensor"
        );
    }

    #[test]
    fn an_unbound_symbol_is_an_error() {
        const OPEN: Inputs<0, 1> = Inputs {
            symbols: ["K"],
            tensors: [],
            facts: &[],
        };
        assert_eq!(told(OPEN.check([])), "no input says what K is");
        assert_eq!(told(OPEN.check_with([], [3])), "ok");
    }

    #[test]
    fn symbols_are_found_as_words() {
        assert!(mentions("H + W ≥ 3", "W"));
        assert!(mentions("⌊H/2⌋ = 4", "H"));
        assert!(mentions("H + W ≥ 3", "H + W"));
        assert!(!mentions("HW ≥ 3", "H"));
        assert!(!mentions("out_H ≥ 3", "H"));
    }
}
