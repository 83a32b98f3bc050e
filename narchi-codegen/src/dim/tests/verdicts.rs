//! The five verdicts, and facts that grow.

use super::dim;
use crate::dim::{Dim, Fact, Facts, Symbol, Verdict, compare, unify};

fn list(facts: &[Fact]) -> String {
    facts
        .iter()
        .map(Fact::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

#[track_caller]
fn check(a: &str, b: &str, expected: &str) {
    let text = match compare(&dim(a), &dim(b), &Facts::default()).verdict() {
        Verdict::Always => "always".to_owned(),
        Verdict::Where {
            facts, different, ..
        } => format!("where {}; not {different}", list(&facts)),
        Verdict::Finite {
            facts,
            equal,
            different,
        } => {
            format!("finite {}; {equal}; not {different}", list(&facts))
        }
        Verdict::Never { example } => format!("never: {example}"),
        Verdict::Unknown { equal, different } => {
            let text = |it: Option<crate::dim::Env>| it.map_or("?".to_owned(), |it| it.to_string());
            format!("unknown: {}; not {}", text(equal), text(different))
        }
    };
    assert_eq!(text, expected);
}

#[test]
fn verdicts_in_words() {
    check("⌊H/2⌋+⌈H/2⌉", "H", "always");
    check("W/8", "⌈W/8⌉", "where W % 8 == 0; not W = 1");
    check("H", "W", "where H == W; not H = 2, W = 1");
    check("H", "2*W+1", "where H == 2*W+1; not H = 1, W = 1");
    check("H", "32", "finite H == 32; H = 32; not H = 1");
    check("⌈H/8⌉", "⌈H/4⌉", "finite H ≤ 4; H = 1; not H = 5");
    check("⌊H/32⌋", "7", "finite H ≥ 224, H ≤ 255; H = 224; not H = 1");
    check(
        "H+W",
        "20",
        "finite H == 20-W; H = 10, W = 10; not H = 1, W = 1",
    );
    check("(H-2)*(H-5)", "0", "finite ; H = 2; not H = 1");
    check(
        "512*⌊H/32⌋*⌊W/32⌋",
        "25088",
        "finite ; H = 224, W = 224; not H = 1, W = 1",
    );
    check("H*W", "H", "unknown: H = 1, W = 1; not H = 1, W = 2");
    check("⌈H/2⌉", "⌈W/2⌉", "unknown: H = 1, W = 1; not H = 3, W = 1");
    check("2*H", "2*W+1", "never: H = 1, W = 1");
    check("128", "64", "never: ");
    check("W/K", "4", "where W == 4*K; not K = 1, W = 1");
}

#[test]
fn the_batch_is_no_symbol_of_the_user() {
    let batch = Dim::symbol(Symbol::batch());
    assert_eq!(batch.to_string(), "N");
    assert_ne!(batch, dim("N"));
    assert_eq!(batch.plus(dim("N")).unwrap().symbols().len(), 2);
    assert!(Symbol::batch().is_batch() && !Symbol::new("N").is_batch());
    let verdict = compare(&batch, &dim("N"), &Facts::default()).verdict();
    assert!(matches!(verdict, Verdict::Where { .. }), "{verdict:?}");
    // Inside a nested module the batch may be something else.
    let pairs = [
        (batch.clone(), batch.times(2).unwrap()),
        (dim("N"), dim("H")),
    ];
    let found = unify(&pairs).unwrap();
    assert_eq!(found.values[&Symbol::batch()], batch.times(2).unwrap());
    assert_eq!(found.values[&Symbol::new("N")], dim("H"));
}

#[test]
fn symbols_may_be_named_like_expressions() {
    let opaque = Dim::symbol("H+W");
    assert_eq!(opaque.to_string(), "H+W");
    assert_eq!(
        opaque.times(2).unwrap().minus(1).unwrap().to_string(),
        "2*(H+W)-1"
    );
}

#[test]
fn facts_are_added_once() {
    let mut facts = Facts::default();
    let h = || Symbol::new("H");
    let mut add = |fact: Fact| {
        let is_new = facts.add(fact).unwrap();
        (is_new, list(&facts.iter().cloned().collect::<Vec<_>>()))
    };
    let mut check = |fact: Fact, is_new: bool, all: &str| {
        assert_eq!(add(fact), (is_new, all.to_owned()));
    };
    check(Fact::divisible(dim("H"), 4), true, "H % 4 == 0");
    check(Fact::divisible(dim("H"), 2), false, "H % 4 == 0");
    check(Fact::divisible(dim("H*W"), 2), false, "H % 4 == 0");
    check(Fact::divisible(dim("H"), 8), true, "H % 8 == 0");
    check(Fact::AtLeast(h(), 3), false, "H % 8 == 0");
    check(Fact::AtLeast(h(), 63), true, "H % 8 == 0, H ≥ 63");
    check(Fact::AtLeast(h(), 64), false, "H % 8 == 0, H ≥ 63");
    check(Fact::AtLeast(h(), 65), true, "H % 8 == 0, H ≥ 65");
    check(
        Fact::Equal(dim("H"), dim("2*W")),
        true,
        "H % 8 == 0, H ≥ 65, H == 2*W",
    );
    check(
        Fact::divisible(dim("W"), 4),
        false,
        "H % 8 == 0, H ≥ 65, H == 2*W",
    );
    check(
        Fact::AtLeast("W".into(), 36),
        false,
        "H % 8 == 0, H ≥ 65, H == 2*W",
    );
    check(
        Fact::Equal(dim("⌈H/2⌉"), dim("W")),
        false,
        "H % 8 == 0, H ≥ 65, H == 2*W",
    );
    let divides = |a, b| Fact::Divides {
        dividend: dim(a),
        divisor: dim(b),
    };
    check(
        divides("W", "K"),
        true,
        "H % 8 == 0, H ≥ 65, H == 2*W, W % K == 0",
    );
    check(
        divides("2*W*T", "2*K*T"),
        false,
        "H % 8 == 0, H ≥ 65, H == 2*W, W % K == 0",
    );
    check(
        divides("H", "8"),
        false,
        "H % 8 == 0, H ≥ 65, H == 2*W, W % K == 0",
    );
    assert!(facts.add(Fact::AtMost(h(), 9)).is_err());
    assert!(facts.implies(&divides("W", "K")) && !facts.implies(&divides("K", "W")));
}

#[test]
fn an_equation_once_assumed_is_known() {
    let equation = Fact::Equal(dim("⌈H/2⌉"), dim("⌈W/2⌉"));
    let facts = Facts::new([equation.clone()]).unwrap();
    let is_known = |a, b| matches!(compare(&dim(a), &dim(b), &facts).verdict(), Verdict::Always);
    assert!(is_known("⌈H/2⌉", "⌈W/2⌉"));
    assert!(is_known("64*⌈H/2⌉*T+1", "64*⌈W/2⌉*T+1"));
    assert!(!is_known("H", "W"));
    assert!(facts.implies(&equation));
}
