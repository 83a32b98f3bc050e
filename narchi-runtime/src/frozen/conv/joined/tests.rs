use tch::Device;

use super::*;
use crate::nn::{self, ConvConfig, VarStore};

fn images(size: [i64; 4]) -> Tensor {
    let [images, channels, height, width] = size;
    let kind = (Kind::Float, Device::Cpu);
    Tensor::randn([images, height, width, channels], kind).permute([0, 3, 1, 2])
}

fn conv(inputs: i64, outputs: i64, kernel: i64) -> Conv2d {
    let vs = VarStore::new(Device::Cpu);
    let config = ConvConfig {
        padding: [kernel / 2; 2],
        ..Default::default()
    };
    let conv = nn::Conv2d::new(vs.root() / "conv", inputs, outputs, [kernel; 2], config);
    Conv2d::new(conv).relu()
}

fn apart(parts: &[(&Conv2d, &Tensor)]) -> Tensor {
    let outputs = parts.iter().map(|(conv, x)| conv.forward(x).unwrap());
    cat(&outputs.collect::<Vec<_>>(), 1).unwrap()
}

#[test]
fn outputs_are_written_where_the_whole_is() {
    let (a, b) = (conv(32, 48, 1).pack(), conv(32, 80, 3).pack());
    let (few, odd) = (conv(3, 16, 3).pack(), conv(32, 37, 1).clamp(0., 1.).pack());
    for [count, height, width] in [[1, 7, 9], [3, 28, 28], [1, 1, 1], [2, 64, 33]] {
        let x = images([count, 32, height, width]);
        let image = images([count, 3, height, width]);
        for parts in [
            &[(&a, &x), (&b, &x)][..],
            &[(&b, &x), (&odd, &x), (&few, &image), (&a, &x)],
            &[(&few, &image)],
        ] {
            let found = together(parts).unwrap().unwrap();
            assert_eq!(found, apart(parts));
            assert_eq!(joined(parts).unwrap(), found);
        }
    }
}

#[test]
fn other_parts_are_copied() {
    let x = images([2, 32, 10, 10]);
    let a = conv(32, 48, 1).pack();
    let (bare, late) = (conv(32, 16, 3), conv(32, 16, 3).sigmoid().pack());
    let large = conv(32, 16, 5).pack();
    let depthwise = {
        let vs = VarStore::new(Device::Cpu);
        let config = ConvConfig {
            groups: 32,
            padding: [1, 1],
            ..Default::default()
        };
        Conv2d::new(nn::Conv2d::new(vs.root(), 32, 32, [3, 3], config)).pack()
    };
    for other in [&bare, &late, &large, &depthwise] {
        let parts = [(&a, &x), (other, &x)];
        assert!(together(&parts).unwrap().is_none());
        assert_eq!(joined(&parts).unwrap(), apart(&parts));
    }
    let none = x.narrow(0, 0, 0);
    assert_eq!(joined(&[(&a, &none)]).unwrap().size(), [0, 48, 10, 10]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (a, b) = (conv(32, 48, 1).pack(), conv(32, 16, 3).pack());
    let (x, small) = (images([2, 32, 10, 10]), images([2, 32, 9, 10]));
    assert!(joined(&[(&a, &x), (&b, &small)]).is_err());
    assert!(joined(&[(&a, &images([2, 16, 10, 10]))]).is_err());
    assert!(joined(&[]).is_err());
}
