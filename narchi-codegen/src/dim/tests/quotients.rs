//! Quotients by symbols, such as `W/K`.

use super::{
    dim,
    random::{Random, Tree, cases},
    relations::{check, grid},
};
use crate::dim::{Dim, Env, Error, Fact, Facts, compare, lower_bounds};

fn texts(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(Fact::to_string).collect()
}

#[test]
fn normal_form() {
    #[track_caller]
    fn check(input: &str, normal_form: &str) {
        assert_eq!(dim(input).to_string(), normal_form);
        assert_eq!(dim(normal_form), dim(input), "does not read back");
    }
    check("W/K", "W/K");
    check("6*W/(4*K)", "3*W/(2*K)");
    check("(H*W)/(H*K)", "W/K");
    check("(H*K+W)/K", "H+W/K");
    check("K*(W/K)", "W");
    check("K*H*(W/K)", "H*W");
    check("2*K*(W/(2*K))", "W");
    check("H*(W/K)", "H*(W/K)");
    check("H*W/K", "H*W/K");
    check("-W/K", "-W/K");
    check("W/-K", "-W/K");
    check("3-W/K", "3-W/K");
    check("(W/K)**2", "(W/K)**2");
    check("W/K/T", "W/K/T");
    check("W/(K-1)", "W/(K-1)");
    check("(H+W)/K**2", "(H+W)/K**2");
    check("(W/K)/2", "(W/K)/2");
    check("⌊(W/K)/2⌋", "⌊(W/K)/2⌋");
    check("⌊H/2⌋/K", "⌊H/2⌋/K");
    check("W/⌊H/2⌋", "W/⌊H/2⌋");
    assert_eq!(
        dim("W/K").substitute(&[("K".into(), dim("8"))].into()),
        Ok(dim("W/8"))
    );
    assert_eq!(
        dim("W/K").substitute(&[("W".into(), dim("4*K"))].into()),
        Ok(dim("4"))
    );
    let zero = [("K".into(), dim("0"))].into();
    assert_eq!(dim("W/K").substitute(&zero), Err(Error::DivisionByZero));
}

#[test]
fn values_are_exact() {
    let at = |w, k| dim("W/K").eval_int(&Env::from_iter([("W", w), ("K", k)]));
    assert_eq!((at(12, 4), at(12, 5)), (Ok(3), Err(Error::NotInteger)));
    assert_eq!(at(12, 0), Err(Error::DivisionByZero));
}

#[test]
fn division_tells_what_it_needs() {
    #[track_caller]
    fn check(dividend: &str, divisor: &str, quotient: &str, needs: &[&str]) {
        let (found, facts) = dim(dividend).exact_div(dim(divisor)).unwrap();
        assert_eq!(
            (found, texts(&facts)),
            (
                dim(quotient),
                needs.iter().map(|it| (*it).to_owned()).collect()
            )
        );
    }
    check("W", "K", "W/K", &["W % K == 0"]);
    check("W", "8", "W/8", &["W % 8 == 0"]);
    check("H-1", "2", "(H-1)/2", &["H % 2 == 1"]);
    check("H*(H+1)", "2", "H*(H+1)/2", &[]);
    check("H*W", "4", "H*W/4", &["H*W % 4 == 0"]);
    check("H*K", "K", "H", &[]);
    check("H*K", "2*K", "H/2", &["H % 2 == 0"]);
    check("512*⌊H/32⌋", "K", "512*⌊H/32⌋/K", &["512*⌊H/32⌋ % K == 0"]);
    check("H+W", "2*K", "(H+W)/(2*K)", &["(H+W) % (2*K) == 0"]);
    check("W/K", "2", "(W/K)/2", &["W % K == 0", "(W/K) % 2 == 0"]);
    assert_eq!(dim("2*H+1").exact_div(2), Err(Error::NotInteger));
    assert_eq!(dim("W").exact_div(0), Err(Error::DivisionByZero));
}

#[test]
fn random_quotients_agree_with_their_values() {
    let mut random = Random(21);
    let points = grid(&["H", "K", "W"], 6);
    let (mut values, mut quotients) = (0, 0);
    for _ in 0..cases(1_000) {
        let tree = Tree::with_quotients(&mut random, 3, &["H", "K", "W"]);
        let Ok(dim) = tree.dim() else { continue };
        let (text, ascii) = (dim.to_string(), format!("{dim:#}"));
        assert_eq!(text.parse().as_ref(), Ok(&dim), "{text}");
        assert_eq!(ascii.parse().as_ref(), Ok(&dim), "{ascii}");
        assert_eq!(dim.substitute(&[].into()).as_ref(), Ok(&dim), "{dim}");
        let needs = dim.needs();
        quotients += usize::from(dim.has_quotients());
        for env in &points {
            let value = dim.eval(env);
            if let Some((numer, denom)) = tree.eval(env) {
                let value = value
                    .as_ref()
                    .unwrap_or_else(|error| panic!("{error}: {dim}, {env}"));
                let found = (i128::from(value.numer()), i128::from(value.denom()));
                assert_eq!(found, (numer, denom), "{tree:?} = {dim} at {env}");
                values += 1;
            }
            let is_whole = value.is_ok_and(super::super::ratio::Ratio::is_integer);
            let met = |all: &Vec<Fact>| all.iter().all(|it| it.holds(env) == Ok(true));
            assert_eq!(
                needs.as_ref().is_ok_and(met),
                is_whole,
                "{dim} at {env}: {needs:?}"
            );
        }
    }
    assert!(
        values > 10_000 && quotients > 100,
        "{values} values, {quotients} quotients"
    );
}

#[test]
fn random_quotients_compare_as_brute_force_says() {
    let mut random = Random(22);
    let points = grid(&["H", "K", "W"], 8);
    let mut tally = std::collections::BTreeMap::new();
    for _ in 0..cases(300) {
        let a = Tree::with_quotients(&mut random, 2, &["H", "K", "W"]).dim();
        let Ok(a) = a else { continue };
        let b = match random.range(0, 3) {
            0 => Tree::with_quotients(&mut random, 2, &["H", "K", "W"]).dim(),
            1 => a.floor(),
            2 => Tree::with_quotients(&mut random, 1, &["H", "K", "W"])
                .dim()
                .and_then(|it| a.plus(it)),
            _ => a
                .times(Dim::symbol("K"))
                .and_then(|it| it.quotient(&dim("K"))),
        };
        let Ok(b) = b else { continue };
        if !a.has_quotients() && !b.has_quotients() {
            continue;
        }
        let divides = Fact::Divides {
            dividend: dim("W"),
            divisor: dim("K"),
        };
        let facts = if random.range(0, 1) == 0 {
            vec![divides]
        } else {
            vec![]
        };
        *tally
            .entry(check(&a, &b, &Facts::new(facts).unwrap(), &points))
            .or_insert(0) += 1;
    }
    println!("{tally:?}");
    assert!(
        tally.contains_key("never") && tally.contains_key("only where"),
        "{tally:?}"
    );
}

#[track_caller]
fn relation(a: &str, b: &str, facts: &[Fact], points: &[Env], expected: &str) {
    let facts = Facts::new(facts.iter().cloned()).unwrap();
    assert_eq!(
        check(&dim(a), &dim(b), &facts, points),
        expected,
        "{a} and {b}: {:?}",
        compare(&dim(a), &dim(b), &facts)
    );
}

#[test]
fn relations_look_through_quotients() {
    let points = grid(&["H", "K", "W"], 12);
    let divides = Fact::Divides {
        dividend: dim("W"),
        divisor: dim("K"),
    };
    relation("(H*W)/K", "H*(W/K)", &[], &points, "same");
    relation("(K-1)*(W/(K-1))", "W", &[], &points, "same");
    relation("(W/K)*(K/H)", "W/H", &[], &points, "same");
    relation(
        "W/K",
        "W/K+1",
        std::slice::from_ref(&divides),
        &points,
        "never",
    );
    relation("W/K", "4", &[], &points, "only where");
    relation("⌊(W/K)/2⌋", "(W/K)/2", &[], &points, "only where");
    relation("H*(W/K)", "2*⌈H/2⌉*(W/K)", &[], &points, "only where");
    relation("2*(W/K)", "2*⌊(W/K)/2⌋+1", &[], &points, "never");
    let four = Fact::Equal(dim("W/K"), dim("4"));
    relation("W/2", "2*K", std::slice::from_ref(&four), &points, "same");
    relation("⌈W/4⌉", "K", &[four], &points, "same");
    let even = Fact::divisible(dim("W/K"), 2);
    relation("⌊(W/K)/2⌋", "(W/K)/2", &[divides, even], &points, "same");
}

#[test]
fn bounds_of_quotients() {
    let bounds = |dims: &[&str], facts: Vec<Fact>| {
        let dims: Vec<Dim> = dims.iter().map(|it| dim(it)).collect();
        lower_bounds(&dims, &Facts::new(facts).unwrap())
            .unwrap()
            .unmet
    };
    assert_eq!(
        bounds(&["W/K", "H*(W/K)", "W/K-1", "⌊(W/K)/2⌋", "(W-1)/K"], vec![]),
        [2, 3, 4]
    );
}
