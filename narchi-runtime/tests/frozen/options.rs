use super::*;

struct Net {
    conv1: nn::Conv2d,
    bn1: nn::BatchNorm2d,
    conv2: nn::Conv2d,
    lstm: nn::Lstm,
    fc: nn::Linear,
}
nn::weights!(Net: conv1, bn1, conv2, lstm, fc);

struct Frozen {
    conv1: frozen::Conv2d,
    conv2: frozen::Conv2d,
    lstm: frozen::Lstm,
    fc: frozen::Linear,
}
frozen::blocks!(Frozen: conv1, conv2, lstm, fc);

impl Net {
    fn new(vs: &nn::Path) -> Self {
        let config = nn::ConvConfig {
            padding: [1, 1],
            ..Default::default()
        };
        Self {
            conv1: nn::Conv2d::new(vs / "conv1", 3, 16, [3, 3], config),
            bn1: nn::BatchNorm2d::new(vs / "bn1", 16, nn::BatchNormConfig::default()),
            conv2: nn::Conv2d::new(vs / "conv2", 16, 16, [3, 3], config),
            lstm: nn::Lstm::new(vs / "lstm", 8, 12, nn::RecurrentConfig::default()),
            fc: nn::Linear::new(vs / "fc", 12, 5, nn::LinearConfig::default()),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.conv1.forward(x).unwrap();
        let x = self.bn1.forward_t(&x, false).unwrap().relu();
        let x = (self.conv2.forward(&x).unwrap() + x).relu();
        let x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        let x = self.lstm.forward(&x.mean_dim(2, false, None)).unwrap();
        self.fc.forward(&x).unwrap()
    }
}

impl Frozen {
    fn new(vs: &nn::Path) -> Self {
        let Net {
            conv1,
            bn1,
            conv2,
            lstm,
            fc,
        } = Net::new(vs);
        Self {
            conv1: frozen::Conv2d::new(conv1).batch_norm(&bn1).relu().pack(),
            conv2: frozen::Conv2d::new(conv2).relu().pack(),
            lstm: frozen::Lstm::new(lstm).pack(),
            fc: frozen::Linear::new(fc).pack(),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.conv1.forward(x).unwrap();
        let x = self.conv2.forward_add(&x, &x).unwrap();
        let x = frozen::max_pool2d(&x, [2, 2], [2, 2], [0, 0], [1, 1], false).unwrap();
        let x = self.lstm.forward(&x.mean_dim(2, false, None)).unwrap();
        self.fc.forward(&x).unwrap()
    }
}

#[test]
fn sixteen_bits_are_about_right() {
    let _turn = seeded(51);
    let (single, truth) = twins(Net::new);
    let x = random(&[2, 3, 16, 16]);
    let truth = truth.forward(&double(&x));
    for (options, allowed) in [
        (frozen::Options::new(), 1e-5),
        (frozen::Options::new().bf16(), 3e-2),
        (frozen::Options::new().f16(), 4e-3),
    ] {
        let kind = options.kind();
        let made = frozen::freeze_with(&single, "conv1", options, Frozen::new);
        let model = match made {
            Ok(model) => model,
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.starts_with(&format!("cannot freeze in {kind:?}: ")),
                    "{text}"
                );
                continue;
            }
        };
        let y = model.forward(&x);
        assert_eq!(y.kind(), kind);
        let (error, scale) = distance(&y, &truth);
        assert!(error < allowed * scale, "{kind:?}: {error} of {scale}");
        let cast = frozen::cast(&x, kind).unwrap();
        assert_eq!(model.forward(&cast), y);
        assert_eq!(frozen::cast(&y, Kind::Float).unwrap().kind(), Kind::Float);
        let table = frozen::describe(&model);
        assert_eq!(table.contains("packed in"), kind != Kind::Float, "{table}");
        // The wish ends with the call.
        let model = frozen(&single, "conv1", Frozen::new);
        assert_eq!(model.forward(&x).kind(), Kind::Float);
        assert!(model.conv1.forward(&x.to_kind(Kind::BFloat16)).is_err());
    }
    let whole = Tensor::from_slice(&[1_i64, 2]);
    assert_eq!(frozen::cast(&whole, Kind::BFloat16).unwrap(), whole);
}

#[test]
fn a_checkpoint_is_loaded_in_sixteen_bits() {
    let _turn = seeded(52);
    let vs = nn::VarStore::new(Device::Cpu);
    let trained = Net::new(&vs.root());
    train(&vs);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    vs.save(&path).unwrap();
    let options = frozen::Options::new().bf16();
    let Ok(by_copy) = frozen::freeze_with(&trained, "conv1", options, Frozen::new) else {
        return;
    };
    let loaded = frozen::load_with(&path, &[], options, Net::new, Frozen::new).unwrap();
    let x = random(&[1, 3, 8, 16]);
    assert_eq!(loaded.forward(&x), by_copy.forward(&x));
}
