//! Batch normalisation.

use tch::nn::Path;
use tch::{Kind, Tensor};

use super::name::{Name, Of};
use super::variable::{Fill, buffer, parameter};
use crate::{Error, Result};

/// `torch.nn.BatchNorm1d`
pub type BatchNorm1d = BatchNorm<1>;
/// `torch.nn.BatchNorm2d`
pub type BatchNorm2d = BatchNorm<2>;
/// `torch.nn.BatchNorm3d`
pub type BatchNorm3d = BatchNorm<3>;

/// `torch.nn.BatchNorm1d`, `BatchNorm2d` or `BatchNorm3d`: brings every channel to mean 0 and variance 1, then
/// scales and shifts it.
///
/// In training by mean and variance of the batch, otherwise by those gathered in training.
#[derive(Debug)]
pub struct BatchNorm<const D: usize> {
    /// `[features]`, the scale; none without `affine`.
    pub weight: Option<Tensor>,
    /// `[features]`, the shift; none without `affine`.
    pub bias: Option<Tensor>,
    /// What was gathered in training; none without `track_running_stats`.
    pub running: Option<RunningStats>,
    /// What `new` was given.
    pub config: BatchNormConfig,
    pub(crate) name: Name,
}

/// The buffers of [`BatchNorm`].
#[derive(Debug)]
pub struct RunningStats {
    /// `[features]`
    pub mean: Tensor,
    /// `[features]`, unbiased.
    pub var: Tensor,
    /// How many batches were seen in training; one integer.
    pub num_batches_tracked: Tensor,
}

/// Options of [`BatchNorm`], by default those of torch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormConfig {
    /// Added to the variance before it divides.
    pub eps: f64,
    /// The weight of a new batch in the running mean and variance; with `None` all batches weigh the same.
    pub momentum: Option<f64>,
    /// Whether to scale and shift by learned numbers.
    pub affine: bool,
    /// Whether to gather mean and variance; without, those of the batch are used out of training too.
    pub track_running_stats: bool,
}

impl Default for BatchNormConfig {
    fn default() -> Self {
        Self {
            eps: 1e-5,
            momentum: Some(0.1),
            affine: true,
            track_running_stats: true,
        }
    }
}

impl<const D: usize> BatchNorm<D> {
    /// Registers under the path `weight` (ones) and `bias` (zeros), and the buffers `running_mean` (zeros),
    /// `running_var` (ones) and `num_batches_tracked` (0, of kind `Int64`).
    ///
    /// # Panics
    ///
    /// If libtorch cannot create the tensors, as for a negative number of features.
    #[track_caller]
    pub fn new(vs: Path<'_>, features: i64, config: BatchNormConfig) -> Self {
        let parameter = |name, value| {
            config
                .affine
                .then(|| parameter(&vs, name, &[features], Fill::Const(value)))
        };
        let weight = parameter("weight", 1.);
        let bias = parameter("bias", 0.);
        let running = config.track_running_stats.then(|| RunningStats {
            mean: buffer(&vs, "running_mean", &[features], 0., vs.kind()),
            var: buffer(&vs, "running_var", &[features], 1., vs.kind()),
            num_batches_tracked: buffer(&vs, "num_batches_tracked", &[], 0., Kind::Int64),
        });
        Self {
            weight,
            bias,
            running,
            config,
            name: Name::of(&vs),
        }
    }

    /// `[N, features, …]` → the same shape, with `D` dimensions after the features; with `D` = 1 also
    /// `[N, features]`. In training the buffers are updated.
    ///
    /// # Errors
    ///
    /// [`Error::Module`] if the number of dimensions is wrong, or mean and variance of the batch are needed and
    /// it has one value per channel; otherwise what libtorch refuses: other features, kind or device.
    #[track_caller]
    pub fn forward_t(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        self.normalized(input, train).of(&self.name)
    }

    #[inline]
    #[track_caller]
    fn normalized(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        let dims = input.dim();
        if dims != D + 2 && (D != 1 || dims != 2) {
            let expected = match D {
                1 => "2 or 3",
                2 => "4",
                _ => "5",
            };
            let size = input.size();
            return Err(Error::module(format!(
                "batch norm takes {expected} dimensions, not {size:?}"
            )));
        }
        let by_batch = train || self.running.is_none();
        if by_batch {
            let size = input.size();
            // The channels are in between.
            if size[0] * size[2..].iter().product::<i64>() == 1 {
                return Err(Error::module(format!(
                    "batch norm in training needs more than one value per channel, not {size:?}"
                )));
            }
        }
        let mut weight_of_batch = self.config.momentum.unwrap_or(0.);
        if let (true, Some(running)) = (train, &self.running) {
            let count = running
                .num_batches_tracked
                .shallow_clone()
                .f_add_scalar_(1)?;
            if self.config.momentum.is_none() {
                weight_of_batch = 1. / count.f_double_value(&[])?;
            }
        }
        let running = self.running.as_ref();
        Ok(input.f_batch_norm(
            self.weight.as_ref(),
            self.bias.as_ref(),
            running.map(|it| &it.mean),
            running.map(|it| &it.var),
            by_batch,
            weight_of_batch,
            self.config.eps,
            true,
        )?)
    }
}

#[cfg(test)]
mod tests {

    use tch::Device;

    use super::*;
    use crate::nn::VarStore;

    /// Two channels with the values 1, 3 | 5, 7 and 10, 10 | 20, 20 of two examples.
    fn input() -> Tensor {
        Tensor::from_slice(&[1_f32, 3., 10., 10., 5., 7., 20., 20.]).view([2, 2, 2])
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        Vec::try_from(tensor.to_kind(Kind::Float).view(-1)).unwrap()
    }

    fn check(what: &str, tensor: &Tensor, expected: &[f32]) {
        let values = values(tensor);
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * b.abs().max(1.);
        assert!(
            values.len() == expected.len() && values.iter().zip(expected).all(close),
            "{what}: {values:?}, expected {expected:?}"
        );
    }

    fn batch_norm(config: BatchNormConfig) -> (VarStore, BatchNorm1d) {
        let vs = VarStore::new(Device::Cpu);
        let bn = BatchNorm1d::new(vs.root(), 2, config);
        (vs, bn)
    }

    fn fill(tensor: &Tensor, values: [f32; 2]) {
        tch::no_grad(|| tensor.shallow_clone().copy_(&Tensor::from_slice(&values)));
    }

    #[test]
    fn training_normalises_by_the_batch_and_gathers() {
        let (_vs, bn) = batch_norm(BatchNormConfig {
            eps: 0.,
            ..Default::default()
        });
        let running = bn.running.as_ref().unwrap();
        // Channel 0: mean 4, variance 5 (unbiased 20/3). Channel 1: mean 15, variance 25 (unbiased 100/3).
        let output = bn.forward_t(&input(), true).unwrap();
        let (a, b) = (3. / 5_f32.sqrt(), 1. / 5_f32.sqrt());
        check("output", &output, &[-a, -b, -1., -1., b, a, 1., 1.]);
        check("mean", &running.mean, &[0.4, 1.5]);
        check("var", &running.var, &[0.9 + 2. / 3., 0.9 + 10. / 3.]);
        let _ = bn.forward_t(&input(), true).unwrap();
        check("mean", &running.mean, &[0.76, 2.85]);
        assert_eq!(running.num_batches_tracked.int64_value(&[]), 2);
    }

    #[test]
    fn evaluation_uses_what_was_gathered_and_changes_nothing() {
        let (_vs, bn) = batch_norm(BatchNormConfig {
            eps: 1.,
            ..Default::default()
        });
        let running = bn.running.as_ref().unwrap();
        fill(&running.mean, [1., 10.]);
        fill(&running.var, [3., 99.]);
        fill(bn.weight.as_ref().unwrap(), [2., 1.]);
        fill(bn.bias.as_ref().unwrap(), [0., 100.]);
        let output = bn.forward_t(&input(), false).unwrap();
        check("output", &output, &[0., 2., 100., 100., 4., 6., 101., 101.]);
        check("mean", &running.mean, &[1., 10.]);
        check("var", &running.var, &[3., 99.]);
        assert_eq!(running.num_batches_tracked.int64_value(&[]), 0);
    }

    #[test]
    fn without_momentum_all_batches_weigh_the_same() {
        let (_vs, bn) = batch_norm(BatchNormConfig {
            momentum: None,
            ..Default::default()
        });
        for factor in [1., 2., 6.] {
            let _ = bn.forward_t(&(input() * factor), true).unwrap();
        }
        let running = bn.running.as_ref().unwrap();
        // The means of the batches are 4, 8, 24 and 15, 30, 90; the variances grow with the square.
        check("mean", &running.mean, &[12., 45.]);
        let squares = (1. + 4. + 36.) / 3.;
        check(
            "var",
            &running.var,
            &[squares * 20. / 3., squares * 100. / 3.],
        );
        assert_eq!(running.num_batches_tracked.int64_value(&[]), 3);
    }

    #[test]
    fn without_running_stats_evaluation_uses_the_batch() {
        let (vs, bn) = batch_norm(BatchNormConfig {
            track_running_stats: false,
            ..Default::default()
        });
        assert!(bn.running.is_none());
        assert_eq!(vs.len(), 2);
        let trained = bn.forward_t(&input(), true).unwrap();
        let evaluated = bn.forward_t(&input(), false).unwrap();
        check("evaluated", &evaluated, &values(&trained));
        let one = Tensor::ones([1, 2], (Kind::Float, Device::Cpu));
        assert!(bn.forward_t(&one, false).is_err());
    }

    #[test]
    fn without_affine_there_is_nothing_to_train() {
        let (vs, bn) = batch_norm(BatchNormConfig {
            affine: false,
            eps: 0.,
            ..Default::default()
        });
        assert!(vs.trainable_variables().is_empty());
        assert_eq!(vs.len(), 3);
        let output = bn.forward_t(&input(), true).unwrap();
        check(
            "mean",
            &output.mean_dim(&[0_i64, 2][..], false, None),
            &[0., 0.],
        );
    }

    #[test]
    fn gradients_are_those_of_libtorch() {
        let (_vs, bn) = batch_norm(BatchNormConfig::default());
        let input = input().set_requires_grad(true);
        let by_hand = input.shallow_clone().detach().set_requires_grad(true);
        let none = || None::<Tensor>;
        let expected = Tensor::batch_norm(
            &by_hand,
            none(),
            none(),
            none(),
            none(),
            true,
            0.1,
            1e-5,
            true,
        );
        let weights = Tensor::from_slice(&[1_f32, 2., 3., 4., 5., 7., 6., 8.]).view([2, 2, 2]);
        (bn.forward_t(&input, true).unwrap() * &weights)
            .sum(None)
            .backward();
        (expected * &weights).sum(None).backward();
        check("gradient", &input.grad(), &values(&by_hand.grad()));
        assert!(values(&input.grad()).iter().any(|it| it.abs() > 1e-3));
        let weight = bn.weight.as_ref().unwrap().grad();
        assert!(weight.defined());
    }

    #[test]
    fn the_number_of_dimensions_is_that_of_the_class() {
        fn check<const D: usize>(dims: &[usize], expected: &str) {
            let vs = VarStore::new(Device::Cpu);
            let bn = BatchNorm::<D>::new(vs.root(), 2, BatchNormConfig::default());
            for n in 1..=6 {
                let input = Tensor::ones(vec![2; n], (Kind::Float, Device::Cpu));
                let result = bn.forward_t(&input, false);
                assert_eq!(result.is_ok(), dims.contains(&n), "{n} dimensions for {D}");
                if let Err(error) = result {
                    let start = format!("batch norm takes {expected} dimensions, not [2");
                    assert!(error.to_string().starts_with(&start), "{error}");
                }
            }
        }
        check::<1>(&[2, 3], "2 or 3");
        check::<2>(&[4], "4");
        check::<3>(&[5], "5");
    }

    #[test]
    fn one_value_per_channel_cannot_be_normalised() {
        let (_vs, bn) = batch_norm(BatchNormConfig::default());
        for size in [vec![1, 2], vec![1, 2, 1]] {
            let input = Tensor::ones(&size, (Kind::Float, Device::Cpu));
            let error = bn.forward_t(&input, true).unwrap_err().to_string();
            let start = "batch norm in training needs more than one value per channel, not [1, 2";
            assert!(error.starts_with(start), "{error}");
            assert!(error.contains("batch_norm.rs:"), "{error}");
            assert!(bn.forward_t(&input, false).is_ok());
        }
        let running = bn.running.as_ref().unwrap();
        assert_eq!(running.num_batches_tracked.int64_value(&[]), 0);
    }
}
