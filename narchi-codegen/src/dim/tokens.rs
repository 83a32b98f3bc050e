//! Rust expressions in `i64`, for the checks that generated code makes: `h % 8 == 0`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{
    Dim, Fact, Result, Symbol,
    fact::all_but_one,
    monomial::{Atom, Monomial},
    ratio::lcm,
};

impl Dim {
    /// The value as a Rust expression, with what `symbol` gives for each symbol: `(h + 1) / 2`.
    ///
    /// That must be an atom of the Rust grammar, such as `h` or `sizes[2]`. Divisions are
    /// exact or round down, like those of the dim. A sum is not in parentheses.
    pub(crate) fn to_tokens_with(
        &self,
        symbol: impl Fn(&Symbol) -> TokenStream,
    ) -> Result<TokenStream> {
        Ok(value(self, &symbol)?.tokens)
    }
}

impl Fact {
    /// The condition as a Rust expression, which never divides by zero.
    pub(crate) fn to_tokens_with(
        &self,
        symbol: impl Fn(&Symbol) -> TokenStream,
    ) -> Result<TokenStream> {
        let condition = match self {
            Fact::AtLeast(it, least) => {
                let (it, least) = (symbol(it), number(*least));
                quote!(#it >= #least)
            }
            Fact::AtMost(it, most) => {
                let (it, most) = (symbol(it), number(*most));
                quote!(#it <= #most)
            }
            Fact::Remainder { of, modulus, among } => remainder(of, *modulus, among, &symbol)?,
            Fact::Divides { dividend, divisor } => {
                // Both may have fractions, which cancel.
                let scale = lcm(dividend.denominator()?, divisor.denominator()?)?;
                let dividend = value(&dividend.scale(scale.into())?, &symbol)?.factor();
                let divisor = value(&divisor.scale(scale.into())?, &symbol)?.factor();
                quote!(#dividend % #divisor == 0)
            }
            Fact::Equal(a, b) => {
                let scale = lcm(a.denominator()?, b.denominator()?)?;
                let a = value(&a.scale(scale.into())?, &symbol)?.tokens;
                let b = value(&b.scale(scale.into())?, &symbol)?.tokens;
                quote!(#a == #b)
            }
        };
        let mut guards = TokenStream::new();
        for divisor in self.divisors() {
            let divisor = value(&divisor.scale(divisor.denominator()?.into())?, &symbol)?.tokens;
            guards.extend(quote!(#divisor != 0 &&));
        }
        Ok(quote!(#guards #condition))
    }

    /// What is divided by, if it is no number.
    fn divisors(&self) -> Vec<Dim> {
        let mut divisors = Vec::new();
        let mut add = |dim: &Dim| {
            dim.visit_quotients(&mut |it| {
                if !divisors.contains(&it.divisor) {
                    divisors.push(it.divisor.clone());
                }
            });
        };
        match self {
            Fact::AtLeast(..) | Fact::AtMost(..) => {}
            Fact::Remainder { of, .. } => add(of),
            Fact::Divides {
                dividend: a,
                divisor: b,
            }
            | Fact::Equal(a, b) => {
                add(a);
                add(b);
            }
        }
        match self {
            Fact::Divides { divisor, .. } if !divisors.contains(divisor) => {
                divisors.push(divisor.clone());
            }
            _ => {}
        }
        divisors
    }
}

/// An expression, and how tightly it holds together.
struct Expression {
    tokens: TokenStream,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Atom,
    Product,
    /// Also what starts with a sign.
    Sum,
}

impl Expression {
    /// For the right of `*`, `/` and `%`.
    fn factor(self) -> TokenStream {
        match (self.kind, self.tokens) {
            (Kind::Atom, tokens) => tokens,
            (Kind::Product | Kind::Sum, tokens) => quote!((#tokens)),
        }
    }

    /// For the left of `*`, `/` and `%`: Rust reads `3 * h / 2` as `(3 * h) / 2`.
    fn product(self) -> TokenStream {
        match (self.kind, self.tokens) {
            (Kind::Atom | Kind::Product, tokens) => tokens,
            (Kind::Sum, tokens) => quote!((#tokens)),
        }
    }
}

fn value(dim: &Dim, symbol: &impl Fn(&Symbol) -> TokenStream) -> Result<Expression> {
    let steps = dim.denominator()?;
    let numerator = sum(&dim.scale(steps.into())?, symbol)?;
    if steps == 1 {
        return Ok(numerator);
    }
    let (numerator, steps) = (numerator.product(), number(steps));
    Ok(Expression {
        tokens: quote!(#numerator / #steps),
        kind: Kind::Product,
    })
}

/// A sum with whole coefficients, those that are added first.
fn sum(dim: &Dim, symbol: &impl Fn(&Symbol) -> TokenStream) -> Result<Expression> {
    let (up, down): (Vec<_>, Vec<_>) = dim.terms().iter().partition(|(_, it)| it.numer() > 0);
    let mut all: Option<Expression> = None;
    for (monomial, coefficient) in up.into_iter().chain(down) {
        let term = product(monomial, coefficient.numer().unsigned_abs(), symbol)?;
        let is_added = coefficient.numer() > 0;
        all = Some(match (all, is_added) {
            (None, true) => term,
            (None, false) => {
                let term = term.product();
                Expression {
                    tokens: quote!(-#term),
                    kind: Kind::Sum,
                }
            }
            (Some(sum), is_added) => {
                let (sum, term) = (sum.tokens, term.product());
                let tokens = if is_added {
                    quote!(#sum + #term)
                } else {
                    quote!(#sum - #term)
                };
                Expression {
                    tokens,
                    kind: Kind::Sum,
                }
            }
        });
    }
    Ok(all.unwrap_or(Expression {
        tokens: quote!(0),
        kind: Kind::Atom,
    }))
}

fn product(
    monomial: &Monomial,
    coefficient: u64,
    symbol: &impl Fn(&Symbol) -> TokenStream,
) -> Result<Expression> {
    let mut factors = Vec::new();
    if coefficient != 1 || monomial.is_one() {
        let tokens = TokenStream::from(proc_macro2::TokenTree::from(Literal::u64_unsuffixed(
            coefficient,
        )));
        factors.push(Expression {
            tokens,
            kind: Kind::Atom,
        });
    }
    for (atom, power) in monomial.powers() {
        for _ in 0..*power {
            factors.push(match atom {
                Atom::Symbol(it) => Expression {
                    tokens: symbol(it),
                    kind: Kind::Atom,
                },
                Atom::Floor(floor) => rounded(&floor.inside, symbol)?,
                Atom::Quotient(quotient) => {
                    let dividend = value(&quotient.dividend, symbol)?.product();
                    let divisor = value(&quotient.divisor, symbol)?.factor();
                    Expression {
                        tokens: quote!(#dividend / #divisor),
                        kind: Kind::Product,
                    }
                }
            });
        }
    }
    let mut factors = factors.into_iter();
    let first = factors.next().unwrap_or(Expression {
        tokens: quote!(1),
        kind: Kind::Atom,
    });
    Ok(factors.fold(first, |product, factor| {
        let (product, factor) = (product.product(), factor.factor());
        Expression {
            tokens: quote!(#product * #factor),
            kind: Kind::Product,
        }
    }))
}

/// `⌊inside⌋`
fn rounded(inside: &Dim, symbol: &impl Fn(&Symbol) -> TokenStream) -> Result<Expression> {
    // Nothing in a floor is subtracted, so only quotients could make it negative.
    if !inside.has_quotients() {
        return value(inside, symbol);
    }
    let steps = inside.denominator()?;
    let numerator = sum(&inside.scale(steps.into())?, symbol)?.factor();
    let steps = number(steps);
    Ok(Expression {
        tokens: quote!(#numerator.div_euclid(#steps)),
        kind: Kind::Atom,
    })
}

/// `of % modulus in among`
fn remainder(
    of: &Dim,
    modulus: i64,
    among: &[i64],
    symbol: &impl Fn(&Symbol) -> TokenStream,
) -> Result<TokenStream> {
    // A fraction must be whole, too: `H/2 % 3 == 1` is `H % 6 == 2`.
    let scale = of.denominator()?;
    let scaled = |it: i64| it.checked_mul(scale).ok_or(super::Error::Overflow);
    let of = of.scale(scale.into())?;
    let is_positive = !of.has_quotients() && of.terms().iter().all(|(_, it)| it.numer() > 0);
    let of = sum(&of, symbol)?;
    let modulus_tokens = number(scaled(modulus)?);
    let rest = if is_positive || among == [0] {
        let of = of.product();
        quote!(#of % #modulus_tokens)
    } else {
        let of = of.factor();
        quote!(#of.rem_euclid(#modulus_tokens))
    };
    if let [only] = among {
        let only = number(scaled(*only)?);
        return Ok(quote!(#rest == #only));
    }
    if let Some(missing) = all_but_one(modulus, among).filter(|_| scale == 1) {
        let missing = number(missing);
        return Ok(quote!(#rest != #missing));
    }
    let among = among
        .iter()
        .map(|it| Ok(number(scaled(*it)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(quote!(matches!(#rest, #(#among)|*)))
}

fn number(number: i64) -> TokenStream {
    let digits = Literal::u64_unsuffixed(number.unsigned_abs());
    if number < 0 {
        quote!(-#digits)
    } else {
        quote!(#digits)
    }
}

#[cfg(test)]
mod tests {

    use syn::{BinOp, Expr, Lit};

    use super::*;
    use crate::dim::{
        Env,
        tests::{Random, Tree, grid},
    };

    fn name(symbol: &Symbol) -> TokenStream {
        symbol.name().to_lowercase().parse().unwrap()
    }

    /// What the expression gives, read by the rules of Rust.
    fn eval(expression: &Expr, env: &Env) -> i128 {
        match expression {
            Expr::Paren(it) => eval(&it.expr, env),
            Expr::Lit(it) => match &it.lit {
                Lit::Int(it) => it.base10_parse().unwrap(),
                _ => panic!("a literal"),
            },
            Expr::Path(it) => {
                let name = it.path.get_ident().unwrap().to_string().to_uppercase();
                env.get(&Symbol::new(&name)).unwrap().into()
            }
            Expr::Unary(it) => -eval(&it.expr, env),
            Expr::MethodCall(it) => {
                let (of, by) = (eval(&it.receiver, env), eval(&it.args[0], env));
                match it.method.to_string().as_str() {
                    "div_euclid" => of.div_euclid(by),
                    "rem_euclid" => of.rem_euclid(by),
                    other => panic!("{other}"),
                }
            }
            Expr::Macro(it) => {
                let text = it.mac.tokens.to_string();
                let (value, among) = text.split_once(',').unwrap();
                let value = eval(&syn::parse_str(value).unwrap(), env);
                i128::from(among.split('|').any(|it| it.trim().parse() == Ok(value)))
            }
            Expr::Binary(it) => {
                let left = eval(&it.left, env);
                if matches!(it.op, BinOp::And(_)) && left == 0 {
                    return 0;
                }
                let right = eval(&it.right, env);
                match it.op {
                    BinOp::Add(_) => left + right,
                    BinOp::Sub(_) => left - right,
                    BinOp::Mul(_) => left * right,
                    BinOp::Div(_) => left / right,
                    BinOp::Rem(_) => left % right,
                    BinOp::Eq(_) => (left == right).into(),
                    BinOp::Ne(_) => (left != right).into(),
                    BinOp::Ge(_) => (left >= right).into(),
                    BinOp::Le(_) => (left <= right).into(),
                    BinOp::And(_) => right,
                    _ => panic!("an operator"),
                }
            }
            _ => panic!("an expression"),
        }
    }

    #[track_caller]
    fn check(tokens: Result<TokenStream>, expected: &str) {
        let expected: TokenStream = expected.parse().unwrap();
        assert_eq!(tokens.unwrap().to_string(), expected.to_string());
    }

    #[test]
    fn sizes_read_like_written_by_hand() {
        #[track_caller]
        fn dim(text: &str, expected: &str) {
            check(text.parse::<Dim>().unwrap().to_tokens_with(name), expected);
        }
        dim("64", "64");
        dim("0", "0");
        dim("H", "h");
        dim("-H", "-h");
        dim("1-H", "1 - h");
        dim("⌈H/2⌉", "(h + 1) / 2");
        dim("⌊H/32⌋", "h / 32");
        dim("3*H*W/2", "3 * h * w / 2");
        dim("H/2+W/3", "(3 * h + 2 * w) / 6");
        dim("512*⌊H/32⌋*⌊W/32⌋", "512 * (h / 32) * (w / 32)");
        dim("⌊(H-7)/8⌋", "(h + 1) / 8 - 1");
        dim("H*H-2", "h * h - 2");
        dim("H*(W/K)", "h * (w / k)");
        dim("(H+W)/(2*K)", "(h + w) / (2 * k)");
        dim("⌊((W-1)/K)/2⌋", "((w - 1) / k).div_euclid(2)");
    }

    #[test]
    fn facts_read_like_written_by_hand() {
        #[track_caller]
        fn fact(fact: Fact, expected: &str) {
            check(fact.to_tokens_with(name), expected);
        }
        let dim = |text: &str| text.parse::<Dim>().unwrap();
        let among = |of, modulus, among: &[i64]| Fact::Remainder {
            of: dim(of),
            modulus,
            among: among.to_vec(),
        };
        fact(Fact::AtLeast("H".into(), 63), "h >= 63");
        fact(Fact::AtMost("H".into(), 4), "h <= 4");
        fact(Fact::divisible(dim("H"), 8), "h % 8 == 0");
        fact(Fact::divisible(dim("H+W"), 2), "(h + w) % 2 == 0");
        fact(Fact::divisible(dim("H-W"), 2), "(h - w) % 2 == 0");
        fact(among("H-W", 3, &[1]), "(h - w).rem_euclid(3) == 1");
        fact(among("H", 4, &[0, 2, 3]), "h % 4 != 1");
        fact(among("H", 6, &[0, 1]), "matches!(h % 6, 0 | 1)");
        fact(Fact::Equal(dim("H"), dim("2*W")), "h == 2 * w");
        fact(Fact::Equal(dim("H"), dim("3*W/2")), "2 * h == 3 * w");
        fact(
            Fact::Divides {
                dividend: dim("W"),
                divisor: dim("K"),
            },
            "k != 0 && w % k == 0",
        );
        fact(Fact::divisible(dim("W/K"), 2), "k != 0 && w / k % 2 == 0");
    }

    #[test]
    fn expressions_have_the_values_of_their_dims() {
        let mut random = Random(31);
        let points = grid(&["H", "K", "W"], 5);
        let (mut values, mut conditions) = (0, 0);
        for round in 0..600 {
            let tree = if round % 2 == 0 {
                Tree::random
            } else {
                Tree::with_quotients
            };
            let Ok(dim) = tree(&mut random, 3, &["H", "K", "W"]).dim() else {
                continue;
            };
            let tokens = dim.to_tokens_with(name).unwrap();
            let expression: Expr = syn::parse2(tokens.clone()).unwrap();
            let modulus = random.range(1, 5);
            let among = (0..modulus).filter(|_| random.range(0, 2) > 0).collect();
            let fact = Fact::Remainder {
                of: dim.clone(),
                modulus,
                among,
            };
            let condition: Expr = syn::parse2(fact.to_tokens_with(name).unwrap()).unwrap();
            for env in &points {
                let Ok(value) = dim.eval(env) else { continue };
                if value.is_integer() {
                    assert_eq!(
                        eval(&expression, env),
                        value.numer().into(),
                        "{tokens} at {env}"
                    );
                    values += 1;
                }
                let found = eval(&condition, env) != 0;
                assert_eq!(Ok(found), fact.holds(env), "{fact} at {env}");
                conditions += usize::from(found);
            }
        }
        assert!(
            values > 5_000 && conditions > 2_000,
            "{values}, {conditions}"
        );
    }
}
