use super::*;

struct Net<const D: usize> {
    conv: nn::Conv<D>,
    bn: nn::BatchNorm<D>,
}
nn::weights!(Net<D>: conv, bn);

type Config<const D: usize> = nn::ConvConfig<D>;

fn net<const D: usize>(
    vs: &nn::Path,
    channels: [i64; 2],
    kernel: [i64; D],
    config: Config<D>,
) -> Net<D> {
    Net {
        conv: nn::Conv::new(vs / "conv", channels[0], channels[1], kernel, config),
        bn: nn::BatchNorm::new(vs / "bn", channels[1], nn::BatchNormConfig::default()),
    }
}

/// Alone, with a batch norm, with each kind of sum, of inputs that lie differently.
fn agrees<const D: usize>(
    what: &str,
    channels: [i64; 2],
    kernel: [i64; D],
    config: Config<D>,
    input: &[i64],
) {
    for (name, activation) in activations() {
        for with_norm in [false, true] {
            let (single, truth) = twins(|vs| net(vs, channels, kernel, config));
            let conv = frozen(&single, "conv", |vs| {
                let Net { conv, bn } = net(vs, channels, kernel, config);
                let conv = frozen::Conv::new(conv);
                let conv = if with_norm {
                    conv.batch_norm(&bn)
                } else {
                    conv
                };
                with_activation!(conv, name).pack()
            });
            assert!(conv.choice().ends_with(", packed"), "{what}");
            let before = |net: &Net<D>, x: &Tensor| {
                let y = net.conv.forward(x).unwrap();
                if with_norm {
                    net.bn.forward_t(&y, false).unwrap()
                } else {
                    y
                }
            };
            let x = random(input);
            let strided = random(&[input, &[2]].concat()).select(-1, 1);
            for x in [&x, &channels_last(&x), &strided] {
                let what = format!("{what}, {name}, norm {with_norm}, {:?}", x.stride());
                let (y, z) = (before(&single, x), before(&truth, &double(x)));
                check(
                    &what,
                    &conv.forward(x).unwrap(),
                    &activation(&y),
                    &activation(&z),
                );
                let other = random(&z.size());
                let (y, z) = (activation(&(y + &other)), activation(&(z + double(&other))));
                let kept = other.copy();
                check(&what, &conv.forward_add(x, &other).unwrap(), &y, &z);
                assert_eq!(other, kept, "{what}");
                let over = channels_last(&other.copy());
                let sum = conv.forward_add_(x, &over).unwrap();
                check(&what, &sum, &y, &z);
                check(&what, &conv.forward_add_(x, &other).unwrap(), &y, &z);
            }
        }
    }
}

#[test]
fn plain_convolutions() {
    let _turn = seeded(1);
    agrees(
        "2d",
        [5, 7],
        [3, 3],
        Config {
            padding: [1, 1],
            ..Default::default()
        },
        &[2, 5, 9, 8],
    );
    agrees(
        "16 channels",
        [16, 48],
        [3, 3],
        Config {
            padding: [1, 1],
            ..Default::default()
        },
        &[2, 16, 9, 8],
    );
    agrees("1 × 1", [16, 32], [1, 1], Config::default(), &[1, 16, 6, 6]);
    agrees(
        "no bias",
        [3, 16],
        [7, 7],
        Config {
            stride: [2, 2],
            padding: [3, 3],
            bias: false,
            ..Default::default()
        },
        &[1, 3, 20, 17],
    );
    agrees(
        "dilated",
        [4, 8],
        [3, 2],
        Config {
            dilation: [2, 3],
            ..Default::default()
        },
        &[2, 4, 11, 12],
    );
    agrees(
        "one pixel",
        [8, 8],
        [1, 1],
        Config::default(),
        &[3, 8, 1, 1],
    );
    agrees(
        "one channel",
        [1, 1],
        [3, 3],
        Config {
            padding: [1, 1],
            ..Default::default()
        },
        &[2, 1, 5, 5],
    );
}

#[test]
fn grouped_convolutions() {
    let _turn = seeded(2);
    agrees(
        "groups",
        [8, 12],
        [3, 3],
        Config {
            groups: 4,
            ..Default::default()
        },
        &[2, 8, 6, 7],
    );
    agrees(
        "depthwise",
        [16, 16],
        [3, 3],
        Config {
            groups: 16,
            padding: [1, 1],
            stride: [2, 1],
            ..Default::default()
        },
        &[1, 16, 9, 9],
    );
    agrees(
        "depthwise 1d",
        [6, 12],
        [3],
        Config {
            groups: 6,
            ..Default::default()
        },
        &[2, 6, 9],
    );
}

/// More than plain loops do.
#[test]
fn large_convolutions() {
    let _turn = seeded(11);
    let config = Config {
        padding: [1, 1],
        ..Default::default()
    };
    agrees("large", [32, 40], [3, 3], config, &[2, 32, 12, 12]);
    agrees(
        "large 1 × 1",
        [96, 64],
        [1, 1],
        Config::default(),
        &[1, 96, 21, 20],
    );
    agrees(
        "larger 1 × 1",
        [96, 64],
        [1, 1],
        Config::default(),
        &[2, 96, 31, 30],
    );
    let config = Config {
        padding: [1, 1],
        groups: 48,
        ..Default::default()
    };
    agrees(
        "large depthwise",
        [48, 48],
        [3, 3],
        config,
        &[2, 48, 25, 24],
    );
}

#[test]
fn one_and_three_dimensions() {
    let _turn = seeded(3);
    agrees(
        "1d",
        [4, 6],
        [3],
        Config {
            padding: [1],
            stride: [2],
            ..Default::default()
        },
        &[2, 4, 15],
    );
    agrees(
        "3d",
        [3, 4],
        [3, 2, 3],
        Config {
            padding: [1, 0, 1],
            stride: [1, 2, 1],
            ..Default::default()
        },
        &[2, 3, 5, 6, 7],
    );
}

#[test]
fn paddings() {
    let _turn = seeded(4);
    for padding_mode in [
        nn::PaddingMode::Zeros,
        nn::PaddingMode::Reflect,
        nn::PaddingMode::Replicate,
        nn::PaddingMode::Circular,
    ] {
        let what = format!("{padding_mode:?}");
        let config = Config {
            padding: [2, 1],
            end_padding: [0, 1],
            padding_mode,
            ..Default::default()
        };
        agrees(&what, [3, 4], [3, 4], config, &[2, 3, 6, 7]);
        let config = Config {
            padding: [2],
            end_padding: [1],
            padding_mode,
            ..Default::default()
        };
        agrees(&what, [3, 4], [4], config, &[2, 3, 9]);
    }
}

#[test]
fn a_batch_norm_before_the_convolution() {
    let _turn = seeded(5);
    for groups in [1, 3] {
        let make = |vs: &nn::Path| Net {
            bn: nn::BatchNorm2d::new(vs / "bn", 6, nn::BatchNormConfig::default()),
            conv: nn::Conv2d::new(
                vs / "conv",
                6,
                9,
                [3, 3],
                Config {
                    groups,
                    ..Default::default()
                },
            ),
        };
        let (single, truth) = twins(make);
        let conv = frozen(&single, "conv", |vs| {
            let net = make(vs);
            frozen::Conv::new(net.conv).input_norm(&net.bn).pack()
        });
        let x = random(&[2, 6, 7, 7]);
        let run = |net: &Net<2>, x: &Tensor| {
            net.conv
                .forward(&net.bn.forward_t(x, false).unwrap())
                .unwrap()
        };
        check(
            "before",
            &conv.forward(&x).unwrap(),
            &run(&single, &x),
            &run(&truth, &double(&x)),
        );
    }
}
