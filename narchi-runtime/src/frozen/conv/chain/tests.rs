use tch::{Device, Kind};

use super::*;
use crate::nn::{self, ConvConfig, VarStore};

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

fn channels_last(size: [i64; 4]) -> Tensor {
    let [images, channels, height, width] = size;
    random(&[images, height, width, channels]).permute([0, 3, 1, 2])
}

fn conv(inputs: i64, outputs: i64, kernel: [i64; 2], config: ConvConfig<2>) -> Conv2d {
    let vs = VarStore::new(Device::Cpu);
    Conv2d::new(nn::Conv2d::new(
        vs.root() / "conv",
        inputs,
        outputs,
        kernel,
        config,
    ))
}

fn pointwise(inputs: i64, outputs: i64) -> Conv2d {
    conv(inputs, outputs, [1, 1], ConvConfig::default())
}

fn depthwise(channels: i64, kernel: [i64; 2], config: ConvConfig<2>) -> Conv2d {
    let groups = channels;
    conv(channels, channels, kernel, ConvConfig { groups, ..config })
}

/// As in `MobileNet`.
fn block(inputs: i64, outputs: i64, config: ConvConfig<2>) -> [Conv2d; 3] {
    [
        pointwise(inputs, 48).relu().pack(),
        depthwise(48, [3, 3], config).clamp(0., 2.).pack(),
        pointwise(48, outputs).pack(),
    ]
}

fn usual() -> ConvConfig<2> {
    let padding = [1, 1];
    ConvConfig {
        padding,
        ..Default::default()
    }
}

/// One after the other.
fn apart(convs: &[&Conv2d], x: &Tensor) -> Tensor {
    let each = |x: Tensor, conv: &&Conv2d| conv.forward(&x).unwrap();
    convs.iter().fold(x.shallow_clone(), each)
}

/// With so many threads.
fn together_with(threads: i32, convs: &[&Conv2d], x: &Tensor, sum: Sum<'_>) -> Option<Tensor> {
    let before = tch::get_num_threads();
    tch::set_num_threads(threads);
    let output = together(convs, x, sum);
    tch::set_num_threads(before);
    output.unwrap()
}

#[test]
fn rows_that_go_through_all_are_the_same() {
    for (kernel, stride, padding, dilation) in [
        ([3, 3], [1, 1], [1, 1], [1, 1]),
        ([3, 3], [2, 2], [1, 1], [1, 1]),
        ([5, 3], [3, 1], [2, 0], [1, 1]),
        ([3, 3], [1, 2], [4, 1], [2, 1]),
        ([1, 1], [1, 1], [0, 0], [1, 1]),
        ([2, 2], [4, 4], [0, 0], [1, 1]),
    ] {
        let config = ConvConfig {
            stride,
            padding,
            dilation,
            ..Default::default()
        };
        let (expand, project) = (pointwise(20, 96).relu().pack(), pointwise(96, 40).pack());
        let filter = depthwise(96, kernel, config).relu().pack();
        // Of the last one, rows are more than a band.
        for [images, height, width] in [[1, 9, 5], [3, 12, 7], [4, 7, 30], [2, 50, 64]] {
            let x = channels_last([images, 20, height, width]);
            let middle = channels_last([images, 96, height, width]);
            for (convs, x) in [
                (&[&expand, &filter, &project][..], &x),
                (&[&expand, &filter], &x),
                (&[&filter, &project], &middle),
            ] {
                let expected = apart(convs, x);
                for threads in [1, 2] {
                    let found = together_with(threads, convs, x, Sum::None);
                    let is_cut = threads == 2 && images % 2 == 1;
                    match found {
                        Some(found) => {
                            assert_eq!(found, expected, "{kernel:?} {stride:?} {height}");
                        }
                        None => assert!(is_cut),
                    }
                }
                assert_eq!(chain(convs, x).unwrap(), expected);
            }
        }
    }
}

#[test]
fn sums_are_added_before_the_last_activation() {
    let [expand, filter, project] = block(24, 24, usual());
    for project in [
        project,
        pointwise(48, 24).relu().pack(),
        pointwise(48, 24).silu().pack(),
    ] {
        let convs = [&expand, &filter, &project];
        let x = channels_last([2, 24, 14, 14]);
        let between = apart(&convs[..2], &x);
        for other in [&x, &channels_last([2, 24, 14, 14]), &random(&[24, 1, 1])] {
            let expected = project.forward_add(&between, other).unwrap();
            let kept = other.copy();
            assert_eq!(chain_add(&convs, &x, other).unwrap(), expected);
            assert_eq!(*other, kept);
        }
    }
}

#[test]
fn a_sum_is_written_over_the_addend_where_nobody_reads_it() {
    let [expand, filter, project] = block(24, 24, usual());
    let convs = [&expand, &filter, &project];
    let (x, other) = (
        channels_last([2, 24, 14, 14]),
        channels_last([2, 24, 14, 14]),
    );
    let expected = chain_add(&convs, &x, &other).unwrap();
    let found = chain_add_(&convs, &x, &other).unwrap();
    assert_eq!(found, expected);
    assert_eq!(found.data_ptr(), other.data_ptr());
    // Rows of the input are read after others of the output are written.
    let expected = chain_add(&convs, &x, &x).unwrap();
    let found = chain_add_(&convs, &x, &x).unwrap();
    assert_eq!(found, expected);
    assert_ne!(found.data_ptr(), x.data_ptr());
}

#[test]
fn other_chains_are_computed_one_after_the_other() {
    let x = channels_last([2, 16, 12, 12]);
    let plain = |inputs, outputs| conv(inputs, outputs, [3, 3], usual()).pack();
    let strided = ConvConfig {
        stride: [2, 2],
        ..Default::default()
    };
    let reduced = conv(16, 32, [1, 1], strided).pack();
    let (a, b) = (pointwise(16, 32).sigmoid().pack(), pointwise(32, 8).pack());
    let filter = || depthwise(32, [3, 3], usual());
    let (packed, bare) = (filter().pack(), filter());
    let other = plain(16, 32);
    for convs in [
        &[&other][..],
        &[&a, &b],
        &[&other, &packed],
        &[&reduced, &packed],
        &[&a, &packed, &b],
        &[&a, &bare, &b],
        &[&a, &packed, &packed, &b],
    ] {
        assert!(together(convs, &x, Sum::None).unwrap().is_none());
        assert_eq!(chain(convs, &x).unwrap(), apart(convs, &x));
    }
    assert_eq!(chain(&[], &x).unwrap(), x);
    assert_eq!(chain_add(&[], &x, &x).unwrap(), &x + &x);
    // In another order, too, and with images that are not there.
    let [expand, filter, project] = block(16, 8, usual());
    let convs = [&expand, &filter, &project];
    let x = x.contiguous();
    assert!(together(&convs, &x, Sum::None).unwrap().is_none());
    assert_eq!(chain(&convs, &x).unwrap(), apart(&convs, &x));
    let none = chain(&convs, &x.narrow(0, 0, 0)).unwrap();
    assert_eq!(none.size(), [0, 8, 12, 12]);
}

#[test]
fn where_threads_would_compute_the_same_rows_they_do_not() {
    let [expand, filter, project] = block(16, 8, usual());
    let convs = [&expand, &filter, &project];
    let x = channels_last([1, 16, 14, 400]);
    assert!(together_with(1, &convs, &x, Sum::None).is_some());
    assert!(together_with(2, &convs, &x, Sum::None).is_some());
    assert!(together_with(3, &convs, &x, Sum::None).is_none());
    let x = channels_last([3, 16, 14, 400]);
    assert!(together_with(3, &convs, &x, Sum::None).is_some());
    // Without what comes before, nothing is computed twice.
    let x = channels_last([1, 48, 14, 400]);
    assert!(together_with(3, &[&filter, &project], &x, Sum::None).is_some());
}

#[test]
fn what_does_not_fit_is_an_error_of_the_convolution() {
    let [expand, filter, project] = block(16, 8, ConvConfig::default());
    // Without the line that called.
    let said = |result: Result<Tensor>| {
        let error = result.unwrap_err().to_string();
        error.split(" at ").next().unwrap_or_default().to_owned()
    };
    let refused = |convs: &[&Conv2d], x: &Tensor| said(chain(convs, x));
    let x = channels_last([1, 16, 14, 14]);
    let wrong = refused(&[&filter, &project], &x);
    assert_eq!(wrong, said(filter.forward(&x)));
    let wrong = refused(&[&expand, &project, &filter], &x);
    let between = apart(&[&expand, &project], &x);
    assert_eq!(wrong, said(filter.forward(&between)));
    // A kernel that is larger than the image.
    let x = channels_last([1, 16, 2, 2]);
    let wrong = refused(&[&expand, &filter, &project], &x);
    assert!(wrong.contains("smaller than a kernel"), "{wrong}");
}
