use super::*;

#[test]
fn windows_are_those_of_libtorch() {
    let _turn = seeded(31);
    let mut compared = 0;
    for size in [[1, 64, 112, 112], [2, 3, 9, 8], [3, 1, 5, 7], [1, 17, 1, 6]] {
        let x = channels_last(&random(&size));
        for kernel in [[3, 3], [2, 2], [1, 4], [5, 1]] {
            for stride in [[1, 1], [2, 2], [3, 2], [7, 9]] {
                for padding in [[0, 0], [1, 1], [0, 2], [2, 0]] {
                    for dilation in [[1, 1], [2, 1]] {
                        for ceil_mode in [false, true] {
                            let expected =
                                x.f_max_pool2d(kernel, stride, padding, dilation, ceil_mode);
                            let found = frozen::max_pool2d(
                                &x, kernel, stride, padding, dilation, ceil_mode,
                            );
                            let what = format!(
                                "{size:?} {kernel:?} {stride:?} {padding:?} {dilation:?} {ceil_mode}"
                            );
                            match (expected, found) {
                                (Ok(expected), Ok(found)) => {
                                    compared += 1;
                                    assert_eq!(found, expected, "{what}");
                                }
                                (Err(_), Err(_)) => {}
                                (expected, found) => panic!("{what}: {found:?}, not {expected:?}"),
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn nan_is_larger_than_any_number() {
    let _turn = seeded(32);
    let x = random(&[2, 8, 11, 12]);
    let x = x.where_self(&x.lt(1.5), &Tensor::from(f32::NAN));
    let x =
        channels_last(&x.where_self(&x.le(-1.5).logical_not(), &Tensor::from(f32::NEG_INFINITY)));
    let found = frozen::max_pool2d(&x, [3, 3], [2, 2], [1, 1], [1, 1], false).unwrap();
    let expected = x.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false);
    assert!(found.isnan().any().int64_value(&[]) == 1);
    assert!(found.allclose(&expected, 0., 0., true));
}

#[test]
fn other_inputs_are_libtorch_s() {
    let _turn = seeded(33);
    for x in [
        random(&[2, 3, 8, 8]),
        random(&[3, 8, 8]),
        channels_last(&double(&random(&[2, 3, 8, 8]))),
        random(&[2, 3, 8, 16]).slice(3, 0, 16, 2),
    ] {
        let found = frozen::max_pool2d(&x, [2, 2], [2, 2], [0, 0], [1, 1], false).unwrap();
        assert_eq!(found, x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false));
    }
    for x in [random(&[8]), random(&[1, 2, 3, 4, 5]), Tensor::new()] {
        let error = frozen::max_pool2d(&x, [2, 2], [2, 2], [0, 0], [1, 1], false).unwrap_err();
        assert!(error.to_string().contains("pool.rs:"), "{error}");
    }
    let empty = channels_last(&random(&[0, 3, 8, 8]));
    let found = frozen::max_pool2d(&empty, [2, 2], [2, 2], [0, 0], [1, 1], false).unwrap();
    assert_eq!(found.size(), [0, 3, 4, 4]);
}
