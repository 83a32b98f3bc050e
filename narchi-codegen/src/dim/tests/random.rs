//! Random expressions, with an evaluator that shares no code with the library.

use crate::dim::{Dim, Env, Result};

/// How many random cases; `DIMS_CASES=1000000 cargo test --release dim` for the long run.
pub(crate) fn cases(few: u64) -> u64 {
    std::env::var("DIMS_CASES")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(few)
}

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    pub(crate) fn range(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from + 1) as u64) as i64
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.next() as usize % from.len()]
    }
}

/// An expression as written, not in normal form.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Symbol(&'static str),
    Number(i64),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
    Mul(Box<Tree>, Box<Tree>),
    Over(Box<Tree>, i64),
    Floor(Box<Tree>, i64),
    Ceil(Box<Tree>, i64),
    Quotient(Box<Tree>, Box<Tree>),
}

impl Tree {
    pub(crate) fn random(random: &mut Random, depth: u32, symbols: &[&'static str]) -> Tree {
        Tree::any(random, depth, symbols, 12)
    }

    pub(crate) fn with_quotients(
        random: &mut Random,
        depth: u32,
        symbols: &[&'static str],
    ) -> Tree {
        Tree::any(random, depth, symbols, 16)
    }

    fn any(random: &mut Random, depth: u32, symbols: &[&'static str], kinds: i64) -> Tree {
        let sub = |random: &mut Random| Box::new(Tree::any(random, depth - 1, symbols, kinds));
        match if depth == 0 {
            random.range(0, 3)
        } else {
            random.range(1, kinds)
        } {
            0..=2 => Tree::Symbol(random.pick(symbols)),
            3 => Tree::Number(random.range(-9, 9)),
            4 | 5 => Tree::Add(sub(random), sub(random)),
            6 => Tree::Sub(sub(random), sub(random)),
            7 => Tree::Mul(sub(random), sub(random)),
            8 => Tree::Over(sub(random), random.range(1, 6)),
            9 | 10 => Tree::Floor(sub(random), random.range(1, 8)),
            11 | 12 => Tree::Ceil(sub(random), random.range(1, 8)),
            _ => Tree::Quotient(sub(random), sub(random)),
        }
    }

    pub(crate) fn dim(&self) -> Result<Dim> {
        match self {
            Tree::Symbol(name) => Ok(Dim::symbol(*name)),
            Tree::Number(number) => Ok((*number).into()),
            Tree::Add(a, b) => a.dim()?.plus(b.dim()?),
            Tree::Sub(a, b) => a.dim()?.minus(b.dim()?),
            Tree::Mul(a, b) => a.dim()?.times(b.dim()?),
            Tree::Over(a, n) => a.dim()?.over(*n),
            Tree::Floor(a, n) => a.dim()?.floor_div(*n),
            Tree::Ceil(a, n) => a.dim()?.ceil_div(*n),
            Tree::Quotient(a, b) => a.dim()?.quotient(&b.dim()?),
        }
    }

    /// Numerator and positive denominator; nothing where a quotient is not whole.
    pub(crate) fn eval(&self, env: &Env) -> Option<(i128, i128)> {
        Some(match self {
            Tree::Symbol(name) => (env.get(&(*name).into())?.into(), 1),
            Tree::Number(number) => ((*number).into(), 1),
            Tree::Add(a, b) => {
                let ((a, x), (b, y)) = (a.eval(env)?, b.eval(env)?);
                reduce(a * y + b * x, x * y)
            }
            Tree::Sub(a, b) => {
                let ((a, x), (b, y)) = (a.eval(env)?, b.eval(env)?);
                reduce(a * y - b * x, x * y)
            }
            Tree::Mul(a, b) => {
                let ((a, x), (b, y)) = (a.eval(env)?, b.eval(env)?);
                reduce(a * b, x * y)
            }
            Tree::Over(a, n) => {
                let (a, x) = a.eval(env)?;
                reduce(a, x * i128::from(*n))
            }
            Tree::Floor(a, n) => {
                let (a, x) = a.eval(env)?;
                (a.div_euclid(x * i128::from(*n)), 1)
            }
            Tree::Ceil(a, n) => {
                let (a, x) = a.eval(env)?;
                (-(-a).div_euclid(x * i128::from(*n)), 1)
            }
            Tree::Quotient(a, b) => {
                let ((a, x), (b, y)) = (a.eval(env)?, b.eval(env)?);
                let (a, b) = (a * y, b * x);
                if b == 0 || a % b != 0 {
                    return None;
                }
                (a / b, 1)
            }
        })
    }
}

fn reduce(n: i128, d: i128) -> (i128, i128) {
    let (mut a, mut b) = (n.abs(), d);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (n / a.max(1), d / a.max(1))
}
