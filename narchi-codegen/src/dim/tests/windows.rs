//! Lengths recorded from libtorch by windows.py.

use crate::dim::{Dim, Env, Result, Window};

#[test]
fn lengths_of_libtorch() {
    let (mut lines, mut lengths) = (0, 0);
    for line in include_str!("windows.txt").lines() {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        let mut number = || words.next().unwrap().parse::<i64>().unwrap();
        let [kernel, stride, padding, dilation, extra] =
            [number(), number(), number(), number(), number()];
        let window = || Window {
            kernel,
            stride,
            padding,
            dilation,
        };
        let apply = |dim: &Dim| -> Result<Dim> {
            match name {
                "conv" => dim.conv(window()),
                "max_pool" | "max_pool2d" | "avg_pool" => dim.pool(window(), extra == 1),
                _ => panic!("{name}"),
            }
        };
        let symbolic = apply(&Dim::symbol("H"));
        for (n, recorded) in (1..).zip(words) {
            let context = || format!("{line}\nat {n}: {symbolic:?}");
            let fixed = apply(&Dim::from(n)).map(|it| it.as_fixed().unwrap());
            let symbolic = symbolic
                .as_ref()
                .map(|it| it.eval_int(&Env::from_iter([("H", n)])).unwrap());
            assert_eq!(fixed.as_ref().ok(), symbolic.as_ref().ok(), "{}", context());
            match recorded.parse::<i64>() {
                Ok(length) => assert_eq!(fixed, Ok(length), "{}", context()),
                // libtorch has no empty results, and takes no window larger than the padded input.
                Err(_) => assert!(fixed.as_ref().map_or(true, |it| *it < 1), "{}", context()),
            }
            lengths += 1;
        }
        lines += 1;
    }
    println!("{lines} windows, {lengths} lengths");
    assert!(lines > 400);
}
