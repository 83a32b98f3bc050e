//! The models as a user of tch writes them.

use narchi_runtime::{
    Device, Tensor,
    tch::{
        nn::{self, ModuleT, RNN},
        vision,
    },
};

/// A model and its weights.
pub(crate) struct ByHand {
    _weights: nn::VarStore,
    forward: Box<dyn Fn(&Tensor) -> Tensor>,
}

impl ByHand {
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        (self.forward)(x)
    }

    fn module<M: ModuleT + 'static>(new: impl Fn(&nn::Path<'_>) -> M) -> Self {
        let weights = nn::VarStore::new(Device::Cpu);
        let model = new(&weights.root());
        Self {
            _weights: weights,
            forward: Box::new(move |x| model.forward_t(x, false)),
        }
    }
}

pub(crate) fn mlp() -> ByHand {
    ByHand::module(|vs| {
        nn::seq()
            .add(nn::linear(
                vs / "hidden",
                8,
                64,
                nn::LinearConfig::default(),
            ))
            .add_fn(Tensor::relu)
            .add(nn::linear(
                vs / "output",
                64,
                32,
                nn::LinearConfig::default(),
            ))
    })
}

fn conv(
    vs: nn::Path<'_>,
    c_in: i64,
    c_out: i64,
    kernel: i64,
    stride: i64,
    groups: i64,
) -> nn::Conv2D {
    let config = nn::ConvConfig {
        stride,
        padding: (kernel - 1) / 2,
        groups,
        bias: false,
        ..Default::default()
    };
    nn::conv2d(vs, c_in, c_out, kernel, config)
}

fn norm(vs: nn::Path<'_>, feats: i64) -> nn::BatchNorm {
    nn::batch_norm2d(vs, feats, nn::BatchNormConfig::default())
}

fn stage(vs: &nn::Path<'_>, c_in: i64, feats: i64) -> impl ModuleT + 'static {
    let down = conv(vs / "down", c_in, feats, 3, 2, 1);
    let bn = norm(vs / "bn", feats);
    let conv1 = conv(vs / "conv1", feats, feats, 3, 1, 1);
    let bn1 = norm(vs / "bn1", feats);
    let conv2 = conv(vs / "conv2", feats, feats, 3, 1, 1);
    let bn2 = norm(vs / "bn2", feats);
    nn::func_t(move |x, train| {
        let shortcut = x.apply(&down).apply_t(&bn, train).relu();
        let x = shortcut.apply(&conv1).apply_t(&bn1, train).relu();
        (x.apply(&conv2).apply_t(&bn2, train) + shortcut).relu()
    })
}

pub(crate) fn digits() -> ByHand {
    ByHand::module(|vs| {
        nn::seq_t()
            .add(conv(vs / "conv", 1, 12, 3, 1, 1))
            .add(norm(vs / "bn", 12))
            .add_fn(Tensor::relu)
            .add(stage(&(vs / "stage1"), 12, 24))
            .add(stage(&(vs / "stage2"), 24, 48))
            .add_fn(|x| x.adaptive_avg_pool2d([1, 1]).flat_view())
            .add(nn::linear(vs / "fc", 48, 10, nn::LinearConfig::default()))
    })
}

pub(crate) fn resnet18() -> ByHand {
    ByHand::module(|vs| vision::resnet::resnet18(vs, 1000))
}

pub(crate) fn resnet50() -> ByHand {
    ByHand::module(|vs| vision::resnet::resnet50(vs, 1000))
}

pub(crate) fn squeezenet() -> ByHand {
    ByHand::module(|vs| vision::squeezenet::v1_1(vs, 1000))
}

/// As the one that comes with tch, but with `ReLU` in the place of `ReLU6`.
pub(crate) fn mobilenet() -> ByHand {
    fn conv_norm(
        vs: &nn::Path<'_>,
        c_in: i64,
        c_out: i64,
        kernel: i64,
        stride: i64,
        groups: i64,
    ) -> nn::SequentialT {
        nn::seq_t()
            .add(conv(vs / 0, c_in, c_out, kernel, stride, groups))
            .add(norm(vs / 1, c_out))
            .add_fn(Tensor::relu)
    }
    fn residual(
        vs: &nn::Path<'_>,
        c_in: i64,
        expand: i64,
        c_out: i64,
        stride: i64,
    ) -> impl ModuleT + 'static {
        let vs = vs / "conv";
        let hidden = c_in * expand;
        let mut layers = nn::seq_t();
        let mut next = 0;
        if expand != 1 {
            layers = layers.add(conv_norm(&(&vs / next), c_in, hidden, 1, 1, 1));
            next += 1;
        }
        layers = layers
            .add(conv_norm(&(&vs / next), hidden, hidden, 3, stride, hidden))
            .add(conv(&vs / (next + 1), hidden, c_out, 1, 1, 1))
            .add(norm(&vs / (next + 2), c_out));
        nn::func_t(move |x, train| {
            let y = x.apply_t(&layers, train);
            if stride == 1 && c_in == c_out {
                x + y
            } else {
                y
            }
        })
    }
    const STAGES: [(i64, i64, i64, i64); 7] = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];
    ByHand::module(|vs| {
        let features = vs / "features";
        let mut layers = nn::seq_t().add(conv_norm(&(&features / 0), 3, 32, 3, 2, 1));
        let (mut c_in, mut index) = (32, 1);
        for (expand, c_out, count, first_stride) in STAGES {
            for place in 0..count {
                let stride = if place == 0 { first_stride } else { 1 };
                layers = layers.add(residual(&(&features / index), c_in, expand, c_out, stride));
                (c_in, index) = (c_out, index + 1);
            }
        }
        layers
            .add(conv_norm(&(&features / index), c_in, 1280, 1, 1, 1))
            .add_fn(|x| x.adaptive_avg_pool2d([1, 1]).flat_view())
            .add(nn::linear(
                vs / "classifier" / 1,
                1280,
                1000,
                nn::LinearConfig::default(),
            ))
    })
}

pub(crate) fn bilstm() -> ByHand {
    ByHand::module(|vs| {
        let config = nn::RNNConfig {
            num_layers: 3,
            bidirectional: true,
            batch_first: true,
            ..Default::default()
        };
        let lstm = nn::lstm(&(vs / "lstm"), 256, 256, config);
        nn::func(move |x| lstm.seq(x).0)
    })
}
