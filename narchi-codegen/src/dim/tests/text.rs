//! What people see, and what they write.

use super::dim;
use crate::dim::{Dim, Env, Fact, Facts, Relation, Window, compare, lower_bounds, unify};

#[track_caller]
fn check(input: &str, normal_form: &str) {
    assert_eq!(dim(input).to_string(), normal_form);
    assert_eq!(dim(normal_form), dim(input), "does not read back");
}

#[test]
fn polynomials() {
    check("64", "64");
    check("W/8", "W/8");
    check("-1+H/2", "H/2-1");
    check("T*3/2", "3*T/2");
    check("2*W - W - W", "0");
    check("(H-2)*(W-2)", "H*W-2*H-2*W+4");
    check("H*W + W**2 + 1 + W*H", "2*H*W+W**2+1");
    check("8*(a-1)-16*a", "-8*a-8");
    check("3-8*a", "3-8*a");
    check("(H*W+W)/W", "H+1");
    check("(H**2-1)/(H+1)", "H-1");
    check("-W**2", "-W**2");
}

#[test]
fn floors() {
    check("ceil(H/2)", "⌈H/2⌉");
    check("(H+1)//2", "⌈H/2⌉");
    check("floor((H-1)/2)+1", "⌈H/2⌉");
    check("(H-7)//4+1", "⌊(H-3)/4⌋");
    check("(H+2*3-7)//3+1", "⌈H/3⌉");
    check("H//2//2//2", "⌊H/8⌋");
    check("(6*H+3)//4", "⌈3*H/2⌉");
    check("(6*H+1)//4", "⌊3*H/2⌋");
    check("(4*H+3)//4", "H");
    check("(2*H+3)//4", "⌈H/2⌉");
    check("512*(H//32)*(W//32)", "512*⌊H/32⌋*⌊W/32⌋");
    check("(H+2)//2 - 3", "⌊H/2⌋-2");
    check("H + H//2", "⌊3*H/2⌋");
    check("(H+W)//2", "⌊(H+W)/2⌋");
    check("floor(H/2+W/3)", "⌊(3*H+2*W)/6⌋");
    check("(3*(H//2)+1)//5", "⌊(3*⌊H/2⌋+1)/5⌋");
    check("(H//2 + 3*W)//4", "⌊(H+6*W)/8⌋");
    check("-H//2", "⌊-H/2⌋");
    check("-(H//2)", "-⌊H/2⌋");
    check("H-(H//2)", "H-⌊H/2⌋");
    check("2-(H//2)", "2-⌊H/2⌋");
    check("(H//2)*W+H//2-3", "W*⌊H/2⌋+⌊H/2⌋-3");
    assert_eq!(format!("{:#}", dim("⌈H/2⌉*⌊W/3⌋")), "ceil(H/2)*floor(W/3)");
    assert_eq!(format!("{:>8}", dim("⌈H/2⌉")), "   ⌈H/2⌉");
}

#[test]
fn rejects_with_a_place() {
    let place = |text: &str| {
        let error = text.parse::<Dim>().unwrap_err();
        (error.at, error.message)
    };
    assert_eq!(place("W/0"), (1..3, "division by zero".to_owned()));
    assert_eq!(
        place("H+W//K"),
        (3..6, "W is not a multiple of K".to_owned())
    );
    assert_eq!(place("2W"), (1..2, "unexpected `W`".to_owned()));
    assert_eq!(place("W+"), (2..2, "a size is missing here".to_owned()));
    assert_eq!(place("(W"), (2..2, "`)` is missing here".to_owned()));
    assert_eq!(
        place("sin(W)"),
        (0..3, "there is no function `sin`".to_owned())
    );
    assert_eq!(place("W**K").1, "the power must be a number");
    assert_eq!(
        place("99999999999999999999").1,
        "a size does not fit 64 bits"
    );
    for deep in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "W**64**64*".repeat(1000),
    ] {
        assert!(deep.parse::<Dim>().is_err());
    }
}

/// A chain of layers, as torchvision has them.
fn alexnet(mut x: Dim) -> Vec<Dim> {
    let window = |kernel, stride, padding| Window {
        kernel,
        stride,
        padding,
        dilation: 1,
    };
    let mut dims = vec![];
    for it in [
        window(11, 4, 2),
        window(3, 2, 0),
        window(5, 1, 2),
        window(3, 2, 0),
        window(3, 1, 1),
        window(3, 2, 0),
    ] {
        x = x.conv(it).unwrap();
        dims.push(x.clone());
    }
    dims
}

#[test]
fn alexnet_needs_63() {
    let dims = alexnet(Dim::symbol("H"));
    let texts: Vec<_> = dims.iter().map(Dim::to_string).collect();
    assert_eq!(
        texts,
        [
            "⌊(H-3)/4⌋",
            "⌊(H-7)/8⌋",
            "⌊(H-7)/8⌋",
            "⌊(H-15)/16⌋",
            "⌊(H-15)/16⌋",
            "⌊(H-31)/32⌋"
        ]
    );
    let bounds = lower_bounds(&dims, &Facts::default()).unwrap();
    let least = bounds.least[&"H".into()];
    assert_eq!(
        (least.value, least.breaks, bounds.unmet),
        (63, Some((5, 62)), vec![])
    );
    let even = Facts::new([Fact::divisible(dim("H"), 8)]).unwrap();
    assert_eq!(
        lower_bounds(&dims, &even).unwrap().least[&"H".into()].value,
        64
    );
    let dims = [
        "H-W",
        "H*W-20",
        "9-H",
        "(H-5)*(H-9)+1",
        "H//2",
        "H//2+W//2-3",
    ]
    .map(dim);
    let bounds = lower_bounds(&dims, &Facts::default()).unwrap();
    assert_eq!(bounds.least[&"H".into()].value, 9);
    assert_eq!(bounds.least[&"W".into()].value, 1);
    assert_eq!(bounds.unmet, [0, 1, 2]);
}

#[track_caller]
fn relation(a: &str, b: &str, expected: &str) {
    let list = |all: &[Fact]| {
        all.iter()
            .map(Fact::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let text = match compare(&dim(a), &dim(b), &Facts::default()) {
        Relation::Same => "same".to_owned(),
        Relation::Never { example } => format!("never: {example}"),
        Relation::OnlyWhere {
            facts,
            exact: true,
            counterexample,
            ..
        } => {
            format!("only where {}; not {counterexample}", list(&facts))
        }
        Relation::OnlyWhere {
            facts,
            counterexample,
            ..
        } => {
            format!("where {}; not {counterexample}", list(&facts))
        }
        Relation::Sometimes {
            equal, different, ..
        } => format!("sometimes: {equal}; not {different}"),
        Relation::Unknown {
            different: Some(it),
        } => format!("unknown; not {it}"),
        Relation::Unknown { different: None } => "unknown".to_owned(),
    };
    assert_eq!(text, expected);
}

#[test]
fn relations_in_words() {
    relation("H//2 + (H+1)//2", "H", "same");
    relation("H/8", "⌈H/8⌉", "only where H % 8 == 0; not H = 1");
    relation("128", "64", "never: ");
    relation("⌈H/8⌉", "⌈H/4⌉", "only where H ≤ 4; not H = 5");
    relation("⌈H/4⌉", "⌊(H+2)/4⌋", "only where H % 4 != 1; not H = 1");
    relation("H", "W", "only where H == W; not H = 2, W = 1");
    relation("H", "224", "only where H == 224; not H = 1");
    relation("⌊H/32⌋", "7", "only where H ≥ 224, H ≤ 255; not H = 1");
    relation("2*H", "3*W", "only where H == 3*W/2; not H = 1, W = 1");
    relation("2*H", "2*W+1", "never: H = 1, W = 1");
    relation(
        "512*⌊H/32⌋*⌊W/32⌋",
        "H*W/2",
        "only where H % 32 == 0, W % 32 == 0; not H = 1, W = 1",
    );
    relation(
        "512*⌊H/32⌋*⌊W/32⌋",
        "25088",
        "sometimes: H = 224, W = 224; not H = 1, W = 1",
    );
    relation("512*⌊H/32⌋*⌊W/32⌋", "25089", "never: H = 1, W = 1");
    relation(
        "⌊(H+W)/2⌋",
        "(H+W)/2",
        "only where (H+W) % 2 == 0; not H = 2, W = 1",
    );
    relation(
        "⌊H*W/2⌋",
        "H*W/2",
        "only where H*W % 2 == 0; not H = 1, W = 1",
    );
    relation("H*H+1", "0", "never: H = 1");
    relation("H*H", "49", "only where H == 7; not H = 1");
    relation(
        "⌈H/128⌉*⌈W/128⌉*⌈T/128⌉",
        "H*W*T/2097152",
        "where H % 128 == 0, T % 128 == 0, W % 128 == 0; not H = 1, T = 1, W = 1",
    );
}

#[test]
fn unification() {
    let pairs =
        |all: &[(&str, &str)]| -> Vec<_> { all.iter().map(|(a, b)| (dim(a), dim(b))).collect() };
    let found = unify(&pairs(&[
        ("H", "⌈X/4⌉"),
        ("H+1", "⌈X/4⌉+1"),
        ("2*W", "4*X"),
        ("32", "32"),
    ]))
    .unwrap();
    assert_eq!(found.values[&"H".into()], dim("⌈X/4⌉"));
    assert_eq!(found.values[&"W".into()], dim("2*X"));
    assert!(found.compare.is_empty() && found.unsolved.is_empty());
    // Inside and outside use the same names.
    let found = unify(&pairs(&[
        ("H", "W"),
        ("W", "H+W"),
        ("H*C", "3*W*H"),
        ("H", "W+1"),
    ]))
    .unwrap();
    assert_eq!(found.values[&"W".into()], dim("H+W"));
    assert_eq!(found.values[&"C".into()], dim("3*H"));
    assert_eq!(found.compare, [(3, dim("W"), dim("W+1"))]);
    // May be no whole number.
    let found = unify(&pairs(&[("2*H+1", "X"), ("H//2", "X"), ("A+B", "X")])).unwrap();
    assert_eq!(found.values[&"H".into()], dim("(X-1)//2"));
    assert_eq!(
        found.compare,
        [
            (0, dim("2*((X-1)//2)+1"), dim("X")),
            (1, dim("(X-1)//4"), dim("X"))
        ]
    );
    assert_eq!(found.unsolved, [2]);
    let related = compare(&found.compare[0].1, &found.compare[0].2, &Facts::default());
    let Relation::OnlyWhere {
        facts, exact: true, ..
    } = related
    else {
        panic!("{related:?}")
    };
    assert_eq!(facts[0].to_string(), "X % 2 == 1");
}

#[test]
fn never_panics_on_large_numbers() {
    let big = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
    let h = Dim::symbol("H");
    for a in big {
        for b in big {
            let x = h.times(a).and_then(|it| it.plus(b));
            let Ok(x) = x else { continue };
            for c in big {
                let window = Window {
                    kernel: c,
                    stride: a,
                    padding: b,
                    dilation: c,
                };
                let _ = (
                    x.over(c),
                    x.floor_div(c),
                    x.ceil_div(c),
                    x.divide(c),
                    x.times(&x),
                );
                let _ = (
                    x.conv(window),
                    x.pool(window, true),
                    x.exact_div(c),
                    x.needs(),
                );
                let _ = Dim::from(a).exact_div(&x).map(|(it, _)| it.to_string());
                let other = x.floor_div(c).unwrap_or_default();
                let _ = (other.to_string(), compare(&x, &other, &Facts::default()));
                let _ = lower_bounds(&[x.clone(), other], &Facts::default());
                let fact = Fact::Remainder {
                    of: x.clone(),
                    modulus: c,
                    among: vec![a, b],
                };
                let facts = Facts::new([
                    fact,
                    Fact::AtLeast("H".into(), a),
                    Fact::AtMost("H".into(), b),
                ]);
                let _ = facts.map(|it| compare(&h, &5.into(), &it));
                let _ = x.eval(&Env::from_iter([("H", c)]));
            }
        }
    }
}

#[test]
fn never_panics_on_any_text() {
    let pieces = [
        "H",
        "W",
        "7",
        "9223372036854775807",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "(",
        ")",
        "⌊",
        "⌋",
        "⌈",
        "⌉",
        "floor(",
        " ",
        "é",
        "3",
    ];
    let mut random = 9_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text += pieces[(random >> 33) as usize % pieces.len()];
        }
        if let Ok(dim) = text.parse::<Dim>() {
            assert_eq!(dim.to_string().parse(), Ok(dim), "{text}");
        }
    }
}
