use tch::{Device, Kind};

use super::*;
use crate::frozen::epilogue::Epilogue;

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

fn channels_last(tensor: &Tensor) -> Tensor {
    let last = tensor.permute([0, 2, 3, 1]).contiguous();
    last.permute([0, 3, 1, 2])
}

/// A convolution with random weights.
struct Case {
    wide: Wide,
    weight: Tensor,
    bias: Tensor,
    config: ConvConfig<2>,
}

impl Case {
    fn new(size: [i64; 4], config: ConvConfig<2>) -> Self {
        let (weight, bias) = (random(&size), random(&size[..1]));
        let shared = |it: &Tensor| Shared(it.shallow_clone());
        let wide = Wide::new(&config, &(shared(&weight), Some(shared(&bias))));
        Self {
            wide: wide.expect("there is a way"),
            weight,
            bias,
            config,
        }
    }

    fn winograd(inputs: i64, outputs: i64, padding: [i64; 2]) -> Self {
        let config = ConvConfig {
            padding,
            ..Default::default()
        };
        Self::new([outputs, inputs, 3, 3], config)
    }

    fn pointwise(inputs: i64, outputs: i64, stride: [i64; 2]) -> Self {
        let config = ConvConfig {
            stride,
            ..Default::default()
        };
        Self::new([outputs, inputs, 1, 1], config)
    }

    fn depthwise(channels: i64, kernel: [i64; 2], config: ConvConfig<2>) -> Self {
        let groups = channels;
        let [height, width] = kernel;
        Self::new(
            [channels, 1, height, width],
            ConvConfig { groups, ..config },
        )
    }

    /// One of each way.
    fn each() -> [Self; 4] {
        let padding = [1, 1];
        let usual = ConvConfig {
            padding,
            ..Default::default()
        };
        let cases = [
            Self::winograd(32, 80, [1, 1]),
            Self::pointwise(40, 72, [1, 1]),
            Self::depthwise(48, [3, 3], usual),
            Self::new([48, 3, 3, 3], usual),
        ];
        assert_eq!(
            cases.each_ref().map(|it| it.wide.name()),
            ["Winograd", "pointwise", "depthwise", "direct"]
        );
        cases
    }

    fn inputs(&self) -> i64 {
        self.weight.size()[1] * self.config.groups
    }

    fn run(&self, x: &Tensor, other: Option<&Tensor>, epilogue: Epilogue, over: bool) -> Tensor {
        let sizes = Sizes::of(x).unwrap();
        let outputs = Sizes::of(&self.exact(x)).unwrap();
        let call = Call {
            input: x,
            sizes: &sizes,
            outputs: &outputs,
            other,
            epilogue,
        };
        self.wide.run(&call, over).unwrap()
    }

    /// In double precision.
    fn exact(&self, x: &Tensor) -> Tensor {
        let double = |it: &Tensor| it.to_kind(Kind::Double);
        let (weight, bias) = (double(&self.weight), Some(double(&self.bias)));
        let ConvConfig {
            stride,
            padding,
            dilation,
            groups,
            ..
        } = self.config;
        double(x).conv2d(&weight, bias, stride, padding, dilation, groups)
    }

    /// That it computes what it should, for an input of these images.
    fn check(&self, [images, height, width]: [i64; 3]) {
        let x = random(&[images, self.inputs(), height, width]);
        let y = self.run(&x, None, Epilogue::None, false);
        let exact = self.exact(&x);
        assert_eq!(y.size(), exact.size());
        let difference = (y.to_kind(Kind::Double) - &exact).abs().max();
        let error = (difference / exact.abs().max()).double_value(&[]);
        let (size, config) = (self.weight.size(), &self.config);
        assert!(
            error < 1e-6,
            "{size:?}, {config:?}, {height} x {width}: {error}"
        );
    }
}

#[test]
fn three_by_three_taps_give_the_convolution() {
    for (inputs, outputs) in [(16, 16), (16, 48), (48, 32), (160, 80)] {
        for padding in [[0, 0], [1, 1], [2, 0]] {
            let case = Case::winograd(inputs, outputs, padding);
            for images in [[1, 3, 3], [2, 7, 6], [1, 16, 31], [3, 13, 4]] {
                case.check(images);
            }
        }
    }
}

#[test]
fn one_tap_gives_the_convolution() {
    for (inputs, outputs) in [(1, 8), (3, 16), (16, 24), (24, 33), (100, 70), (160, 64)] {
        for stride in [[1, 1], [2, 2], [3, 1]] {
            let case = Case::pointwise(inputs, outputs, stride);
            for images in [[1, 1, 1], [2, 7, 6], [1, 16, 31], [3, 13, 4]] {
                case.check(images);
            }
        }
    }
}

#[test]
fn each_channel_alone_gives_the_convolution() {
    for kernel in [[1, 1], [3, 3], [5, 2], [1, 7]] {
        for stride in [[1, 1], [2, 2], [1, 3]] {
            for (padding, dilation) in [([0, 0], [1, 1]), ([1, 1], [1, 1]), ([4, 3], [2, 2])] {
                let config = ConvConfig {
                    stride,
                    padding,
                    dilation,
                    ..Default::default()
                };
                let case = Case::depthwise(32, kernel, config);
                for images in [[2, 13, 7], [1, 16, 31], [1, 9, 20]] {
                    case.check(images);
                }
            }
        }
    }
}

#[test]
fn few_channels_give_the_convolution_in_either_order() {
    for (inputs, outputs) in [(1, 16), (2, 48), (3, 64), (4, 80)] {
        for (kernel, stride) in [
            ([3, 3], [1, 1]),
            ([3, 3], [2, 2]),
            ([1, 5], [1, 3]),
            ([7, 7], [2, 1]),
        ] {
            for (padding, dilation) in [([0, 0], [1, 1]), ([1, 1], [1, 1]), ([4, 3], [2, 2])] {
                let config = ConvConfig {
                    stride,
                    padding,
                    dilation,
                    ..Default::default()
                };
                let case = Case::new([outputs, inputs, kernel[0], kernel[1]], config);
                assert_eq!(case.wide.name(), "direct");
                for [images, height, width] in [[2, 13, 16], [1, 16, 31], [1, 14, 60]] {
                    case.check([images, height, width]);
                    let x = random(&[images, inputs, height, width]);
                    let run = |it: &Tensor| case.run(it, None, Epilogue::Relu, false);
                    assert_eq!(run(&x), run(&channels_last(&x)));
                }
            }
        }
    }
}

#[test]
fn taps_that_are_all_outside_add_nothing() {
    let config = ConvConfig {
        padding: [6, 6],
        ..Default::default()
    };
    Case::depthwise(16, [3, 3], config).check([1, 1, 1]);
    Case::depthwise(16, [3, 3], config).check([1, 4, 9]);
    Case::new([16, 3, 3, 3], config).check([1, 1, 1]);
    Case::new([16, 3, 3, 3], config).check([1, 4, 9]);
}

#[test]
fn narrower_registers_give_the_same() {
    for mut case in Case::each() {
        let x = channels_last(&random(&[2, case.inputs(), 9, 12]));
        let widest = case.run(&x, None, Epilogue::Relu, false);
        case.wide.instructions = Instructions::narrower().unwrap();
        let narrow = case.run(&x, None, Epilogue::Relu, false);
        assert_eq!(widest, narrow, "{}", case.wide.name());
    }
}

#[test]
fn the_result_is_the_same_with_any_number_of_threads() {
    for case in Case::each() {
        for size in [4, 64] {
            let x = channels_last(&random(&[1, case.inputs(), size, size]));
            let y = case.run(&x, None, Epilogue::Relu, false);
            let before = tch::get_num_threads();
            for threads in [1, 3, 16] {
                tch::set_num_threads(threads);
                let again = case.run(&x, None, Epilogue::Relu, false);
                tch::set_num_threads(before);
                assert_eq!(y, again, "{threads} threads, {size} x {size}");
            }
        }
    }
}

#[test]
fn shares_of_outputs_give_the_same() {
    for case in [
        Case::winograd(512, 512, [1, 1]),
        Case::pointwise(512, 520, [1, 1]),
    ] {
        let x = channels_last(&random(&[1, 512, 7, 7]));
        let before = tch::get_num_threads();
        let outputs = [1, 3, 16].map(|threads| {
            tch::set_num_threads(threads);
            let output = case.run(&x, None, Epilogue::Relu, false);
            tch::set_num_threads(before);
            output
        });
        assert_eq!(outputs[0], outputs[1]);
        assert_eq!(outputs[0], outputs[2]);
        case.check([1, 7, 7]);
    }
}

#[test]
fn without_a_bias_nothing_is_added() {
    for case in Case::each() {
        let weight = Shared(case.weight.shallow_clone());
        let bare = Wide::new(&case.config, &(weight, None)).unwrap();
        let bias = case.bias.zeros_like();
        let case = Case {
            wide: bare,
            bias,
            ..case
        };
        case.check([2, 7, 9]);
    }
}

#[test]
fn a_bias_of_another_size_is_not_read() {
    for case in Case::each() {
        let weight = Shared(case.weight.shallow_clone());
        let bias = Shared(random(&[case.weight.size()[0] + 16]));
        assert!(Wide::new(&case.config, &(weight, Some(bias))).is_none());
    }
}

#[test]
fn sums_of_half_a_register_are_added() {
    for outputs in [8, 9, 24, 33] {
        let case = Case::pointwise(20, outputs, [1, 1]);
        let x = channels_last(&random(&[2, 20, 5, 5]));
        let other = channels_last(&random(&[2, outputs, 5, 5]));
        let plain = case.run(&x, None, Epilogue::None, false);
        let expected = (plain + &other).relu();
        assert_eq!(case.run(&x, Some(&other), Epilogue::Relu, true), expected);
    }
}

#[test]
fn nan_spreads_no_further_than_its_window() {
    for case in Case::each() {
        let x = channels_last(&random(&[1, case.inputs(), 12, 12]));
        let clean = case.run(&x, None, Epilogue::Relu, false);
        let _ = x.narrow(2, 5, 1).narrow(3, 5, 1).fill_(f64::NAN);
        let y = case.run(&x, None, Epilogue::Relu, false);
        let reach = (case.weight.size()[2] - 1) / 2;
        for (row, column) in (0..12).flat_map(|row| (0..12).map(move |it| (row, it))) {
            let at = |it: &Tensor| it.narrow(2, row, 1).narrow(3, column, 1);
            let is_near = |it: i64| (it - 5).abs() <= reach;
            if is_near(row) && is_near(column) {
                assert!(bool::try_from(at(&y).isnan().all()).unwrap());
            } else {
                assert_eq!(at(&y), at(&clean), "{row}, {column}");
            }
        }
    }
}

/// Where libtorch would not lose it.
#[test]
fn winograd_loses_small_numbers_beside_large_ones() {
    let mut case = Case::winograd(16, 16, [1, 1]);
    let taps = Tensor::zeros([16, 16, 3, 3], (Kind::Float, Device::Cpu));
    let _ = taps.narrow(2, 1, 1).narrow(3, 1, 1).fill_(1.0);
    let wide = Wide::new(&case.config, &(Shared(taps.shallow_clone()), None));
    (case.wide, case.weight) = (wide.unwrap(), taps);
    let x = Tensor::zeros([1, 16, 4, 4], (Kind::Float, Device::Cpu));
    let _ = x.narrow(2, 1, 1).narrow(3, 0, 1).fill_(1.0);
    let _ = x.narrow(2, 1, 1).narrow(3, 1, 1).fill_(1e8);
    let y = case.run(&x, None, Epilogue::None, false);
    let error = (y - &x * 16.0).abs().max().double_value(&[]);
    // All of 16 ones.
    assert!(error >= 16.0, "{error}");
    assert!(error < 1e-6 * 16.0 * 1e8, "{error}");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for case in Case::each() {
        let size = [2, case.inputs(), 1, 1];
        let zeros = Tensor::internal_efficientzerotensor(size, (Kind::Float, Device::Cpu));
        for x in [zeros.shallow_clone(), zeros.narrow(0, 1, 1)] {
            let sizes = Sizes::of(&x).unwrap();
            let call = Call {
                input: &x,
                sizes: &sizes,
                outputs: &sizes,
                other: None,
                epilogue: Epilogue::None,
            };
            assert!(case.wide.run(&call, false).is_err());
        }
    }
}

#[test]
fn sums_and_activations_are_part_of_it() {
    for case in Case::each() {
        let x = channels_last(&random(&[2, case.inputs(), 5, 5]));
        let plain = case.run(&x, None, Epilogue::None, false);
        let other = random(&plain.size());
        for other in [
            other.shallow_clone(),
            channels_last(&other),
            random(&[plain.size()[1], 1, 1]),
        ] {
            for epilogue in [Epilogue::Relu, Epilogue::Silu, Epilogue::Clamp(-0.5, 0.5)] {
                let expected = epilogue.applied(&plain + &other).unwrap();
                let found = case.run(&x, Some(&other), epilogue, false);
                assert!(found.allclose(&expected, 1e-6, 1e-6, false));
            }
        }
    }
}

#[test]
fn a_sum_is_written_over_the_addend_where_that_is_allowed() {
    for case in Case::each() {
        let x = channels_last(&random(&[1, case.inputs(), 6, 6]));
        let other = channels_last(&random(&case.exact(&x).size()));
        let expected = case.run(&x, Some(&other), Epilogue::Relu, false);
        let found = case.run(&x, Some(&other), Epilogue::Relu, true);
        assert_eq!(found, expected);
        assert_eq!(found.data_ptr(), other.data_ptr());
    }
}

#[test]
fn nan_stays_nan() {
    for case in Case::each() {
        let x = Tensor::full(
            [1, case.inputs(), 4, 4],
            f64::NAN,
            (Kind::Float, Device::Cpu),
        );
        let y = case.run(&x, None, Epilogue::Relu, false);
        assert!(bool::try_from(y.isnan().all()).unwrap());
    }
}

#[test]
fn other_convolutions_have_none() {
    let with = |size: [i64; 4], config: ConvConfig<2>| {
        let weight = (Shared(random(&size)), None);
        Wide::new(&config, &weight).map(|it| it.name())
    };
    let usual = ConvConfig::default;
    assert_eq!(with([16, 16, 3, 3], usual()), Some("Winograd"));
    assert_eq!(with([16, 16, 3, 5], usual()), None);
    assert_eq!(with([16, 3, 3, 3], usual()), Some("direct"));
    assert_eq!(with([16, 5, 3, 3], usual()), None);
    assert_eq!(with([16, 3, 9, 11], usual()), None);
    assert_eq!(with([24, 3, 3, 3], usual()), None);
    assert_eq!(with([4, 16, 1, 1], usual()), None);
    let stride = [2, 1];
    let strided = ConvConfig { stride, ..usual() };
    assert_eq!(with([16, 16, 3, 3], strided), None);
    let dilation = [1, 2];
    let dilated = ConvConfig {
        dilation,
        ..usual()
    };
    assert_eq!(with([16, 16, 3, 3], dilated), None);
    let padding = [1, 1];
    let padded = ConvConfig { padding, ..usual() };
    assert_eq!(with([16, 16, 1, 1], padded), None);
    let groups = 2;
    let grouped = ConvConfig { groups, ..usual() };
    assert_eq!(with([16, 8, 1, 1], grouped), None);
    let groups = 24;
    let alone = ConvConfig { groups, ..usual() };
    assert_eq!(with([24, 1, 3, 3], alone), None);
}
