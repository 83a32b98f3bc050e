//! Numbers as tokens.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::{
    dim::Symbol,
    layer::{Argument, Value},
};

/// From so many digits on, groups of three are set apart.
const LONG: usize = 6;

/// A value that the code knows.
pub(super) fn literal(value: &Value, symbol: &dyn Fn(&Symbol) -> TokenStream) -> Argument {
    let tokens = match value {
        Value::Dim(dim) => match dim.as_fixed() {
            Some(number) => int(number),
            // A size that is too large to compute with was refused when it was made.
            None => dim.to_tokens_with(symbol).unwrap_or_default(),
        },
        Value::Axes(values) => {
            let values = values.iter().map(|it| int(*it));
            quote!([#(#values),*])
        }
        Value::Float(bits) => float(f64::from_bits(*bits)),
    };
    Argument {
        tokens,
        literal: Some(value.clone()),
    }
}

/// `1_000_000`
pub(super) fn int(value: i64) -> TokenStream {
    let literal = unsigned(value.unsigned_abs());
    if value < 0 {
        quote!(-#literal)
    } else {
        quote!(#literal)
    }
}

/// An index or a length.
pub(super) fn index(value: usize) -> TokenStream {
    let literal = unsigned(u64::try_from(value).unwrap_or(u64::MAX));
    quote!(#literal)
}

fn unsigned(value: u64) -> Literal {
    let digits = value.to_string();
    if digits.len() < LONG {
        return Literal::u64_unsuffixed(value);
    }
    grouped(&digits)
        .parse()
        .unwrap_or_else(|_| Literal::u64_unsuffixed(value))
}

/// `11,689,512` with another separator.
fn grouped(digits: &str) -> String {
    separated(digits, '_')
}

/// `11,689,512`
pub(super) fn separated(digits: &str, separator: char) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

fn float(value: f64) -> TokenStream {
    if !value.is_finite() {
        return match () {
            () if value.is_nan() => quote!(f64::NAN),
            () if value > 0.0 => quote!(f64::INFINITY),
            () => quote!(f64::NEG_INFINITY),
        };
    }
    // As Rust writes it for people: `1e-5`.
    let text = format!("{:?}", value.abs());
    let literal: Literal = text
        .parse()
        .unwrap_or_else(|_| Literal::f64_unsuffixed(value.abs()));
    if value.is_sign_negative() {
        quote!(-#literal)
    } else {
        quote!(#literal)
    }
}

/// The type of an argument.
pub(super) fn ty(value: &Value) -> TokenStream {
    match value {
        Value::Dim(_) => quote!(i64),
        Value::Axes(values) => {
            let axes = Literal::usize_unsuffixed(values.len());
            quote!([i64; #axes])
        }
        Value::Float(_) => quote!(f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tokens: &TokenStream, expected: &str) {
        assert_eq!(tokens.to_string().replace(' ', ""), expected);
    }

    #[test]
    fn numbers_read_as_written() {
        check(&int(64), "64");
        check(&int(-1), "-1");
        check(&int(50257), "50257");
        check(&int(100_352), "100_352");
        check(&int(i64::MIN), "-9_223_372_036_854_775_808");
        check(&float(1e-5), "1e-5");
        check(&float(0.5), "0.5");
        check(&float(-2.0), "-2.0");
        check(&float(1e300), "1e300");
        check(&float(f64::INFINITY), "f64::INFINITY");
    }
}
