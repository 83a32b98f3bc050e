//! `compare` against brute force.

use super::{
    dim,
    random::{Random, Tree, cases},
};
use crate::dim::{Dim, Env, Fact, Facts, Relation, Symbol, compare, lower_bounds};

/// Checks a verdict at every point of `points`; says whether there was one.
pub(crate) fn check(a: &Dim, b: &Dim, facts: &Facts, points: &[Env]) -> &'static str {
    let relation = compare(a, b, facts);
    if a == b {
        return "equal";
    }
    let context = || format!("{a} and {b}: {relation:?}, {facts:?}");
    let equal = |env: &Env| a.eval(env).unwrap() == b.eval(env).unwrap();
    let is_defined = |env: &Env| a.eval(env).is_ok() && b.eval(env).is_ok();
    let is_allowed = |it: &&Env| facts.hold(it) && is_defined(it);
    let allowed: Vec<&Env> = points.iter().filter(is_allowed).collect();
    let is_allowed = |env: &Env| assert!(is_allowed(&env), "{env} is not allowed; {}", context());
    // If they agree for finitely many values only, these are not far out.
    let matter = a.minus(b).unwrap().symbols();
    let is_far_equal = |symbol: &Symbol| {
        let far = points.iter().take(2).flat_map(|point| {
            (5_000..5_100).map(move |value| {
                let mut far = point.clone();
                far.set(symbol.clone(), value);
                far
            })
        });
        far.into_iter()
            .any(|env| facts.hold(&env) && is_defined(&env) && equal(&env))
    };
    let is_finite = || !matter.iter().all(is_far_equal);
    match &relation {
        Relation::Same => {
            assert!(allowed.iter().all(|it| equal(it)), "{}", context());
            "same"
        }
        Relation::Never { example } => {
            is_allowed(example);
            assert!(!equal(example), "{}", context());
            assert!(!allowed.iter().any(|it| equal(it)), "{}", context());
            "never"
        }
        Relation::OnlyWhere {
            facts,
            exact,
            finite,
            equal: here,
            counterexample,
        } => {
            is_allowed(here);
            assert!(equal(here), "{}", context());
            assert!(!finite || is_finite(), "{}", context());
            is_allowed(counterexample);
            assert!(!equal(counterexample), "{}", context());
            let hold = |env: &Env| facts.iter().all(|it| it.holds(env).unwrap());
            assert!(!hold(counterexample), "{}", context());
            for env in allowed {
                assert!(!hold(env) || equal(env), "at {env}; {}", context());
                assert!(
                    !exact || hold(env) || !equal(env),
                    "at {env}; {}",
                    context()
                );
            }
            if *exact { "only where" } else { "where" }
        }
        Relation::Sometimes {
            finite,
            equal: here,
            different,
        } => {
            assert!(!finite || is_finite(), "{}", context());
            is_allowed(here);
            is_allowed(different);
            assert!(equal(here) && !equal(different), "{}", context());
            "sometimes"
        }
        Relation::Unknown { different } => {
            if let Some(different) = different {
                is_allowed(different);
                assert!(!equal(different), "{}", context());
            }
            "unknown"
        }
    }
}

pub(crate) fn grid(symbols: &[&'static str], to: i64) -> Vec<Env> {
    symbols.iter().fold(vec![Env::default()], |all, symbol| {
        let extend = |env: &Env| {
            let env = env.clone();
            (1..=to).map(move |value| {
                let mut env = env.clone();
                env.set(*symbol, value);
                env
            })
        };
        all.iter().flat_map(extend).collect()
    })
}

/// Two dims that have something to do with each other.
fn pair(random: &mut Random, symbols: &[&'static str]) -> Option<(Dim, Dim)> {
    let depth = random.range(1, 3) as u32;
    let a = Tree::random(random, depth, symbols).dim().ok()?;
    let b = match random.range(0, 4) {
        0 => Tree::random(random, depth, symbols).dim(),
        1 => a.floor(),
        2 => a.ceil(),
        // ⌈x/n⌉ against ⌊x/n⌋ + c, and so on.
        3 => a.plus(Tree::random(random, 1, symbols).dim().ok()?),
        _ => a.floor_div(2).and_then(|it| it.times(2)),
    };
    Some((a, b.ok()?))
}

fn brute_force(
    seed: u64,
    symbols: &[&'static str],
    to: i64,
    count: u64,
) -> [(&'static str, u64); 7] {
    let mut random = Random(seed);
    let points = grid(symbols, to);
    let mut tally = [
        "equal",
        "same",
        "never",
        "only where",
        "where",
        "sometimes",
        "unknown",
    ]
    .map(|it| (it, 0));
    for _ in 0..count {
        let Some((a, b)) = pair(&mut random, symbols) else {
            continue;
        };
        let mut facts = Vec::new();
        if random.range(0, 2) == 0 {
            let of = Dim::symbol(random.pick(symbols));
            let modulus = random.range(2, 8);
            facts.push(Fact::Remainder {
                of,
                modulus,
                among: vec![random.range(0, modulus - 1)],
            });
        }
        match random.range(0, 5) {
            0 => facts.push(Fact::AtLeast(
                (random.pick(symbols)).into(),
                random.range(1, 30),
            )),
            1 => facts.push(Fact::AtMost(
                (random.pick(symbols)).into(),
                random.range(30, 60),
            )),
            _ => {}
        }
        let verdict = check(&a, &b, &Facts::new(facts).unwrap(), &points);
        tally
            .iter_mut()
            .filter(|it| it.0 == verdict)
            .for_each(|it| it.1 += 1);
    }
    println!("{} symbols: {tally:?}", symbols.len());
    tally
}

#[test]
fn one_symbol() {
    let tally = brute_force(11, &["H"], 200, cases(2_000) / 4);
    assert_eq!(tally[6].1, 0, "one symbol is always decided");
}

#[test]
fn two_symbols() {
    brute_force(12, &["H", "W"], 40, cases(2_000) / 50);
}

#[test]
fn three_symbols() {
    brute_force(13, &["H", "W", "T"], 12, cases(2_000) / 100);
}

#[test]
fn equalities() {
    let facts = |it: Vec<Fact>| Facts::new(it).unwrap();
    let points = grid(&["H", "W"], 60);
    let same = |a, b, all: &[(&str, &str)]| {
        let all = all
            .iter()
            .map(|(a, b)| Fact::Equal(dim(a), dim(b)))
            .collect();
        assert_eq!(
            check(&dim(a), &dim(b), &facts(all), &points),
            "same",
            "{a} and {b}"
        );
    };
    same("H", "W", &[("H", "W")]);
    same("⌈H/4⌉", "⌈W/2⌉", &[("H", "2*W")]);
    same("H/3", "W/2", &[("2*H", "3*W")]);
    same("⌊H/3⌋", "H/3", &[("2*H", "3*W")]);
    same("H*W", "7*H", &[("W+3", "10")]);
    let with = facts(vec![Fact::Equal(dim("H+W"), dim("20"))]);
    assert_eq!(check(&dim("H"), &dim("W"), &with, &points), "only where");
    assert_eq!(check(&dim("H"), &dim("25-W"), &with, &points), "never");
    let with = facts(vec![Fact::divisible(dim("H+W"), 2)]);
    assert_eq!(
        check(&dim("⌊(H+W)/2⌋"), &dim("(H+W)/2"), &with, &points),
        "same"
    );
    assert_eq!(
        check(&dim("⌊H/2⌋+⌊W/2⌋"), &dim("(H+W)/2"), &with, &points),
        "only where"
    );
    for most in [50, 5_000, 500_000, i64::MAX] {
        let with = facts(vec![
            Fact::AtMost("H".into(), most),
            Fact::AtMost("W".into(), most),
        ]);
        assert_eq!(
            check(&dim("(⌊H/2⌋+⌈H/2⌉)*W"), &dim("H*W"), &with, &points),
            "same"
        );
        assert_eq!(
            check(&dim("⌊H/2⌋*W+1"), &dim("⌈H/2⌉*W+W+2"), &with, &points),
            "never"
        );
    }
    assert!(
        Facts::new([
            Fact::Equal(dim("H"), dim("4")),
            Fact::AtLeast("H".into(), 5)
        ])
        .is_err()
    );
}

#[test]
fn lower_bounds_agree_with_brute_force() {
    let mut random = Random(14);
    let (mut bounded, mut unmet) = (0, 0);
    for _ in 0..cases(2_000) {
        let depth = random.range(1, 4) as u32;
        let Ok(dim) = Tree::random(&mut random, depth, &["H"]).dim() else {
            continue;
        };
        let modulus = random.range(1, 6);
        let among = vec![random.range(0, modulus - 1)];
        let facts = Facts::new([Fact::Remainder {
            of: "H".parse().unwrap(),
            modulus,
            among,
        }])
        .unwrap();
        let at = |value| Env::from_iter([("H", value)]);
        let is_allowed = |it: &i64| facts.hold(&at(*it));
        let is_met = |it: &i64| dim.eval(&at(*it)).is_ok_and(|it| it >= 1.into());
        let bounds = lower_bounds(std::slice::from_ref(&dim), &facts).unwrap();
        if !bounds.unmet.is_empty() {
            // It fails far out, too.
            let far = (100_000..101_000).filter(is_allowed);
            assert!(!far.clone().all(|it| is_met(&it)), "{dim}");
            unmet += 1;
            continue;
        }
        let Some(least) = bounds.least.get(&"H".into()) else {
            continue;
        };
        assert!(
            (least.value..400).filter(is_allowed).all(|it| is_met(&it)),
            "{dim}: {least:?}"
        );
        assert!(is_allowed(&least.value));
        if let Some((_, last)) = least.breaks {
            assert!(!is_met(&last) && last < least.value, "{dim}: {least:?}");
            assert!(
                !(last + 1..least.value).any(|it| is_allowed(&it)),
                "{dim}: {least:?}"
            );
            bounded += 1;
        }
    }
    println!("{bounded} bounded, {unmet} unmet");
}

#[test]
fn deep_and_wide_dims_are_errors_not_crashes() {
    let work = || {
        let h = Dim::symbol("H");
        let mut deep = h.clone();
        let step = |deep: &mut Dim| -> crate::dim::Result<()> {
            *deep = deep
                .times(3)?
                .plus(1)?
                .floor_div(5)?
                .times(3)?
                .floor_div(7)?;
            Ok(())
        };
        assert!((0..1000).any(|_| step(&mut deep).is_err()));
        assert!(deep.to_string().len() > 100);
        assert_eq!(deep.to_string().parse().as_ref(), Ok(&deep));
        let _ = compare(&deep, &h, &Facts::default());
        let _ = lower_bounds(&[deep.clone()], &Facts::default());
        let wide = "(H+W+T+A+1)**5".parse::<Dim>().unwrap();
        let floors = wide
            .floor_div(30)
            .unwrap()
            .times(h.floor_div(7).unwrap())
            .unwrap();
        let _ = compare(&wide, &floors, &Facts::default());
        assert!("(H+W+T+A+B+C+D+1)**64".parse::<Dim>().is_err());
    };
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}
