use super::*;

/// A convolution, a batch norm, and a shortcut around them.
#[derive(Debug)]
struct Block {
    conv: nn::Conv2d,
    bn: nn::BatchNorm2d,
}
nn::weights!(Block: conv, bn);

#[derive(Debug)]
struct Net<const N: usize> {
    stem: nn::Conv2d,
    blocks: [Block; N],
    fc: nn::Linear,
}
nn::weights!(Net<N>: stem, blocks, fc);

struct FrozenBlock {
    conv: frozen::Conv2d,
}
frozen::blocks!(FrozenBlock: conv);

struct FrozenNet<const N: usize> {
    stem: frozen::Conv2d,
    blocks: [FrozenBlock; N],
    fc: frozen::Linear,
}
frozen::blocks!(FrozenNet<N>: stem, blocks, fc);

struct Empty {}
nn::weights!(Empty:);

fn config() -> nn::ConvConfig<2> {
    nn::ConvConfig {
        padding: [1, 1],
        ..Default::default()
    }
}

impl Block {
    fn new(vs: &nn::Path) -> Self {
        Self {
            conv: nn::Conv2d::new(vs / "conv", 8, 8, [3, 3], config()),
            bn: nn::BatchNorm2d::new(vs / "bn", 8, nn::BatchNormConfig::default()),
        }
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.conv.forward(x)?;
        Ok((self.bn.forward_t(&y, false)? + x).relu())
    }
}

impl<const N: usize> Net<N> {
    fn new(vs: &nn::Path) -> Self {
        Self {
            stem: nn::Conv2d::new(vs / "stem" / "conv", 3, 8, [3, 3], config()),
            blocks: array::from_fn(|it| Block::new(&(vs / "layer" / it))),
            fc: nn::Linear::new(vs / "fc", 8, 5, nn::LinearConfig::default()),
        }
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor> {
        let mut x = self.stem.forward(image)?.relu();
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        self.fc.forward(&x.mean_dim(&[2_i64, 3][..], false, None))
    }
}

impl<const N: usize> FrozenNet<N> {
    fn new(vs: &nn::Path) -> Self {
        let Net { stem, blocks, fc } = Net::<N>::new(vs);
        Self {
            stem: frozen::Conv2d::new(stem).relu().pack(),
            blocks: blocks.map(|Block { conv, bn }| FrozenBlock {
                conv: frozen::Conv2d::new(conv).batch_norm(&bn).relu().pack(),
            }),
            fc: frozen::Linear::new(fc).pack(),
        }
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor> {
        let mut x = self.stem.forward(image)?;
        for block in &self.blocks {
            x = block.conv.forward_add(&x, &x)?;
        }
        self.fc.forward(&x.mean_dim(&[2_i64, 3][..], false, None))
    }
}

fn close(a: &Tensor, b: &Tensor) {
    let (error, scale) = distance(a, b);
    assert!(error < 1e-5 * scale, "{error}");
}

#[test]
fn a_model_is_frozen_from_wherever_it_is() {
    let _turn = seeded(51);
    for inner in [false, true] {
        let vs = nn::VarStore::new(Device::Cpu);
        let root = vs.root();
        let path = if inner { &root / "eye" / "left" } else { root };
        let net = Net::<2>::new(&path);
        train(&vs);
        let frozen = frozen(&net, "stem.conv", FrozenNet::<2>::new);
        let image = random(&[2, 3, 10, 12]);
        close(
            &frozen.forward(&image).unwrap(),
            &net.forward(&image).unwrap(),
        );
        // What becomes of the trained form does not matter any more.
        let before = frozen.forward(&image).unwrap();
        train(&vs);
        assert_eq!(frozen.forward(&image).unwrap(), before);
        assert!(!before.requires_grad());
        assert!(vs.trainable_variables().iter().all(Tensor::requires_grad));
    }
}

#[test]
fn a_checkpoint_is_loaded_frozen() {
    let _turn = seeded(52);
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("net.safetensors");
    let vs = nn::VarStore::new(Device::Cpu);
    let net = Net::<3>::new(&vs.root());
    train(&vs);
    narchi_runtime::save(&vs, &path).unwrap();
    let frozen = frozen::load(&path, Net::<3>::new, FrozenNet::<3>::new).unwrap();
    let image = random(&[2, 3, 10, 12]);
    close(
        &frozen.forward(&image).unwrap(),
        &net.forward(&image).unwrap(),
    );
    let error = frozen::load(&path, Net::<2>::new, FrozenNet::<2>::new)
        .err()
        .unwrap();
    assert!(matches!(error, narchi_runtime::Error::Misfit(_)), "{error}");
    let error = frozen::load(&path, Net::<3>::new, FrozenNet::<4>::new)
        .err()
        .unwrap();
    assert!(
        error.to_string().starts_with("the frozen form has "),
        "{error}"
    );
    // New models get their random numbers as before.
    let drawn = nn::Linear::new(vs.root() / "new", 50, 50, nn::LinearConfig::default());
    let largest = drawn.weight.abs().max().double_value(&[]);
    assert!((0.12..=0.1415).contains(&largest), "{largest}");
}

#[test]
fn other_weights_are_refused() {
    let _turn = seeded(53);
    let vs = nn::VarStore::new(Device::Cpu);
    let net = Net::<1>::new(&(vs.root() / "eye"));
    for first in ["conv1", "m.conv", "eye.stem"] {
        let error = frozen::freeze(&net, first, |_| ()).unwrap_err().to_string();
        assert!(
            error.starts_with("`eye.stem.conv.weight` is not a weight of"),
            "{error}"
        );
        assert!(error.contains("model.rs:"), "{error}");
    }
    let error = frozen::freeze(&net, "stem.conv", FrozenNet::<2>::new)
        .err()
        .unwrap();
    let start = "the frozen form has 18 weights, the model 11";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn a_model_may_be_one_module_or_none() {
    let _turn = seeded(54);
    let vs = nn::VarStore::new(Device::Cpu);
    let make = |vs: nn::Path| nn::Linear::new(vs, 3, 2, nn::LinearConfig::default());
    for path in [vs.root(), vs.root() / "eye"] {
        let fc = make(path);
        let frozen = frozen(&fc, "", |vs| frozen::Linear::new(make(vs.clone())).pack());
        let _ = frozen;
    }
    assert_eq!(frozen(&Empty {}, "", |vs| vs.components().count()), 0);
}

#[test]
fn kinds_are_kept() {
    let _turn = seeded(55);
    let mut vs = nn::VarStore::new(Device::Cpu);
    vs.set_kind(Kind::Double);
    let net = Net::<1>::new(&vs.root());
    let frozen = frozen(&net, "stem.conv", FrozenNet::<1>::new);
    let image = double(&random(&[1, 3, 8, 8]));
    let found = frozen.forward(&image).unwrap();
    assert_eq!(found.kind(), Kind::Double);
    close(&found, &net.forward(&image).unwrap());
}

#[test]
fn what_was_chosen_can_be_read() {
    let _turn = seeded(56);
    let vs = nn::VarStore::new(Device::Cpu);
    let net = Net::<2>::new(&vs.root());
    let frozen = frozen(&net, "stem.conv", FrozenNet::<2>::new);
    let expected = "\
stem.conv      oneDNN, packed, relu
layer.0.conv   oneDNN, packed, relu
layer.1.conv   oneDNN, packed, relu
fc             Rust up to 1250 rows, libtorch
";
    // From how many rows on the other kernel is faster depends on the processor.
    let found = frozen::describe(&frozen);
    assert!(found.starts_with(expected.trim_end()), "{found}");
    assert!(found.ends_with(" rows on oneDNN, packed\n"), "{found}");
}

#[test]
fn memory_can_be_kept() {
    frozen::keep_freed_memory();
    assert_eq!(random(&[1000, 1000]).numel(), 1_000_000);
}
