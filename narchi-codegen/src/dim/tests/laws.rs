//! Random expressions: values, ring laws, normal form, text.

use super::random::{Random, Tree, cases};
use crate::dim::{Dim, Env, Error};

const SYMBOLS: [&str; 3] = ["H", "W", "T"];

fn random_dim(random: &mut Random, depth: u32) -> Dim {
    loop {
        if let Ok(dim) = Tree::random(random, depth, &SYMBOLS).dim() {
            return dim;
        }
    }
}

#[test]
fn operations_agree_with_their_values() {
    let mut random = Random(1);
    let (mut checked, mut gave_up) = (0, 0);
    while checked < cases(30_000) {
        let depth = random.range(1, 5) as u32;
        let tree = Tree::random(&mut random, depth, &SYMBOLS);
        let dim = match tree.dim() {
            Ok(dim) => dim,
            Err(Error::Overflow | Error::TooLarge) => {
                gave_up += 1;
                continue;
            }
            Err(error) => panic!("{error} in {tree:?}"),
        };
        let env: Env = SYMBOLS
            .map(|it| (it, random.range(1, 100)))
            .into_iter()
            .collect();
        let (numer, denom) = tree.eval(&env).unwrap();
        let value = dim.eval(&env).unwrap();
        assert_eq!(
            (i128::from(value.numer()), i128::from(value.denom())),
            (numer, denom),
            "{tree:?} = {dim} at {env}"
        );
        checked += 1;
    }
    println!("{checked} checked, {gave_up} too large");
    assert!(gave_up < checked / 50);
}

#[test]
fn ring_laws() {
    let mut random = Random(2);
    for _ in 0..cases(5_000) / 4 {
        let [a, b, c] = [2, 2, 2].map(|depth| random_dim(&mut random, depth));
        let laws = || {
            assert_eq!(a.plus(&b)?, b.plus(&a)?);
            assert_eq!(a.times(&b)?, b.times(&a)?);
            assert_eq!(a.plus(&b)?.plus(&c)?, a.plus(b.plus(&c)?)?);
            assert_eq!(a.times(&b)?.times(&c)?, a.times(b.times(&c)?)?);
            assert_eq!(a.times(b.plus(&c)?)?, a.times(&b)?.plus(a.times(&c)?)?);
            assert_eq!(a.minus(&a)?, Dim::from(0));
            assert_eq!(a.plus(0)?, a);
            assert_eq!(a.times(1)?, a);
            assert_eq!(a.times(0)?, Dim::from(0));
            if b != Dim::from(0) {
                assert_eq!(a.times(&b)?.divide(&b)?, a);
            }
            // The rules of floors.
            let n = 1 + c.constant_for_test();
            let whole = a.floor()?;
            assert_eq!(whole.floor()?, whole);
            assert_eq!(b.plus(&whole)?.floor()?, b.floor()?.plus(&whole)?);
            assert_eq!(
                b.plus(whole.times(n)?)?.floor_div(n)?.minus(&whole)?,
                b.floor_div(n)?
            );
            Ok::<_, Error>(())
        };
        match laws() {
            Ok(()) | Err(Error::Overflow | Error::TooLarge) => {}
            Err(error) => panic!("{error}: {a}, {b}, {c}"),
        }
    }
}

trait ConstantForTest {
    fn constant_for_test(&self) -> i64;
}

impl ConstantForTest for Dim {
    fn constant_for_test(&self) -> i64 {
        let env: Env = SYMBOLS.map(|it| (it, 7)).into_iter().collect();
        self.eval(&env).map_or(3, |it| it.floor().rem_euclid(12))
    }
}

#[test]
fn nested_floors_flatten() {
    let mut random = Random(3);
    for _ in 0..cases(5_000) {
        let a = Dim::symbol("H")
            .times(random.range(1, 9))
            .unwrap()
            .plus(random.range(-20, 20))
            .unwrap();
        let (m, n) = (random.range(1, 40), random.range(1, 40));
        assert_eq!(
            a.floor_div(m).unwrap().floor_div(n).unwrap(),
            a.floor_div(m * n).unwrap(),
            "{a} / {m} / {n}"
        );
    }
}

#[test]
fn normal_form_is_stable_and_reads_back() {
    let mut random = Random(4);
    for _ in 0..cases(10_000) {
        let depth = random.range(1, 5) as u32;
        let dim = random_dim(&mut random, depth);
        assert_eq!(
            dim.substitute(&std::collections::BTreeMap::default())
                .as_ref(),
            Ok(&dim),
            "{dim}"
        );
        let (text, ascii) = (dim.to_string(), format!("{dim:#}"));
        assert_eq!(text.parse().as_ref(), Ok(&dim), "{text}");
        assert_eq!(ascii.parse().as_ref(), Ok(&dim), "{ascii}");
        assert!(ascii.is_ascii(), "{ascii}");
    }
}

#[test]
fn substitution_agrees_with_values() {
    let mut random = Random(5);
    for _ in 0..cases(5_000) {
        let outer = random_dim(&mut random, 3);
        let inner = SYMBOLS.map(|it| (it.into(), random_dim(&mut random, 2).floor().unwrap()));
        let env: Env = SYMBOLS
            .map(|it| (it, random.range(1, 50)))
            .into_iter()
            .collect();
        let values: Env = inner
            .iter()
            .map(|(name, it): &(crate::dim::Symbol, Dim)| {
                (name.clone(), it.eval_int(&env).unwrap())
            })
            .collect();
        if let Ok(dim) = outer.substitute(&inner.into_iter().collect()) {
            assert_eq!(dim.eval(&env), outer.eval(&values), "{outer}");
        }
    }
}
