//! Tables that are looked up by whole numbers.

use tch::nn::Path;
use tch::{TchError, Tensor};

use super::name::{Name, Of};
use super::variable::{Fill, parameter};
use crate::{Error, Result};

/// `torch.nn.Embedding`: replaces each whole number by a row of a table.
#[derive(Debug)]
pub struct Embedding {
    /// `[num_embeddings, embedding_dim]`
    pub weight: Tensor,
    /// The options, with a `padding_idx` that is counted from the start.
    pub config: EmbeddingConfig,
    pub(crate) name: Name,
}

/// Options of [`Embedding`], by default those of torch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbeddingConfig {
    /// The row that has no gradient; negative numbers count from the end.
    pub padding_idx: Option<i64>,
    /// The greatest norm of a row; `forward` shortens longer ones among those that it looks up, in the table.
    pub max_norm: Option<f64>,
    /// Which norm `max_norm` means.
    pub norm_type: f64,
    /// Whether the gradient of a row is divided by how often it was looked up.
    pub scale_grad_by_freq: bool,
    /// Whether the gradient of the table is a sparse tensor.
    pub sparse: bool,
}

impl Default for EmbeddingConfig {
    fn default() -> Self {
        Self {
            padding_idx: None,
            max_norm: None,
            norm_type: 2.,
            scale_grad_by_freq: false,
            sparse: false,
        }
    }
}

impl Embedding {
    /// Registers `weight` under the path, normally distributed around 0 with a deviation of 1, and the row of
    /// the padding zero.
    ///
    /// # Panics
    ///
    /// If libtorch cannot create the table, or it has no row `padding_idx`.
    #[track_caller]
    pub fn new(
        vs: Path<'_>,
        num_embeddings: i64,
        embedding_dim: i64,
        config: EmbeddingConfig,
    ) -> Self {
        // A table that is there already may be a trained one.
        let is_new = vs.get("weight").is_none();
        let mut weight = parameter(
            &vs,
            "weight",
            &[num_embeddings, embedding_dim],
            Fill::Normal,
        );
        let name = Name::of(&vs);
        let Some(index) = config.padding_idx else {
            return Self {
                weight,
                config,
                name,
            };
        };
        if is_new && let Err(error) = clear_row(&mut weight, index).map_err(Error::from) {
            let name = vs.path("weight");
            #[expect(clippy::panic, reason = "checked when the code is generated")]
            {
                panic!("`{name}` with {num_embeddings} rows has no row {index}: {error}")
            }
        }
        let padding_idx = if index < 0 {
            index + num_embeddings
        } else {
            index
        };
        let config = EmbeddingConfig {
            padding_idx: Some(padding_idx),
            ..config
        };
        Self {
            weight,
            config,
            name,
        }
    }

    /// `[…]` of whole numbers → `[…, embedding_dim]`
    ///
    /// # Errors
    ///
    /// If a number is no row of the table, or the input has no whole numbers or is on another device.
    #[track_caller]
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        self.rows(input).of(&self.name)
    }

    fn rows(&self, input: &Tensor) -> Result<Tensor, TchError> {
        let EmbeddingConfig {
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
        } = self.config;
        if let Some(max_norm) = max_norm {
            let mut weight = self.weight.shallow_clone();
            let _ = tch::no_grad(|| {
                let input = input.f_contiguous()?;
                weight.f_embedding_renorm_(&input, max_norm, norm_type)
            })?;
        }
        let padding = padding_idx.unwrap_or(-1);
        Tensor::f_embedding(&self.weight, input, padding, scale_grad_by_freq, sparse)
    }
}

fn clear_row(weight: &mut Tensor, index: i64) -> std::result::Result<(), TchError> {
    let _ = tch::no_grad(|| weight.f_select(0, index)?.f_zero_())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tch::nn::VarStore;
    use tch::{Device, Kind};

    use super::*;

    /// A table with the rows `[1, 1]`, `[2, 2]`, …
    fn table(rows: i64, config: EmbeddingConfig) -> Embedding {
        let vs = VarStore::new(Device::Cpu);
        let mut table = Embedding::new(vs.root(), rows, 2, config);
        let numbers = Tensor::arange(rows, (Kind::Float, Device::Cpu)) + 1.;
        tch::no_grad(|| {
            table
                .weight
                .copy_(&numbers.unsqueeze(1).expand([-1, 2], false));
        });
        table
    }

    fn values(tensor: &Tensor) -> Vec<f64> {
        Vec::try_from(tensor.detach().to_kind(Kind::Double).view(-1)).unwrap()
    }

    #[test]
    fn rows_are_looked_up() {
        let table = table(4, EmbeddingConfig::default());
        let rows = table
            .forward(&Tensor::from_slice2(&[[3_i64, 0], [1, 3]]))
            .unwrap();
        assert_eq!(rows.size(), [2, 2, 2]);
        assert_eq!(values(&rows), [4., 4., 1., 1., 2., 2., 4., 4.]);
    }

    #[test]
    fn what_is_no_row_is_an_error() {
        let table = table(4, EmbeddingConfig::default());
        assert!(table.forward(&Tensor::from_slice(&[4_i64])).is_err());
        assert!(table.forward(&Tensor::from_slice(&[1_f32])).is_err());
    }

    #[test]
    fn the_padding_has_no_gradient() {
        let padding_idx = Some(-4);
        let table = table(
            4,
            EmbeddingConfig {
                padding_idx,
                ..Default::default()
            },
        );
        let rows = table.forward(&Tensor::from_slice(&[0_i64, 2, 2])).unwrap();
        rows.sum(Kind::Float).backward();
        assert_eq!(
            values(&table.weight.grad()),
            [0., 0., 0., 0., 2., 2., 0., 0.]
        );
    }

    #[test]
    fn gradients_may_be_scaled_or_sparse() {
        let gradient = |scale_grad_by_freq, sparse| {
            let config = EmbeddingConfig {
                scale_grad_by_freq,
                sparse,
                ..Default::default()
            };
            let table = table(3, config);
            let rows = table.forward(&Tensor::from_slice(&[2_i64, 2])).unwrap();
            rows.sum(Kind::Float).backward();
            table.weight.grad()
        };
        assert_eq!(values(&gradient(true, false)), [0., 0., 0., 0., 1., 1.]);
        let sparse = gradient(false, true);
        assert!(sparse.is_sparse());
        assert_eq!(
            values(&sparse.to_dense(None, false)),
            [0., 0., 0., 0., 2., 2.]
        );
    }

    #[test]
    fn long_rows_that_are_looked_up_are_shortened() {
        let config = EmbeddingConfig {
            max_norm: Some(2.),
            norm_type: 1.,
            ..Default::default()
        };
        let table = table(3, config);
        let rows = table.forward(&Tensor::from_slice(&[0_i64, 1])).unwrap();
        for (value, expected) in values(&rows).iter().zip([1., 1., 1., 1.]) {
            assert!((value - expected).abs() < 1e-5, "{value}");
        }
        // The third has not been looked up.
        assert_eq!(values(&table.weight.select(0, 2)), [3., 3.]);
        rows.sum(Kind::Float).backward();
        assert_eq!(values(&table.weight.grad()), [1., 1., 1., 1., 0., 0.]);
    }

    #[test]
    fn a_padding_beyond_the_table_panics_with_the_name() {
        let panicked = std::panic::catch_unwind(|| {
            let vs = VarStore::new(Device::Cpu);
            let padding_idx = Some(3);
            let config = EmbeddingConfig {
                padding_idx,
                ..Default::default()
            };
            Embedding::new(vs.root() / "table", 3, 2, config)
        });
        let text = *panicked.unwrap_err().downcast::<String>().unwrap();
        assert!(
            text.starts_with("`table.weight` with 3 rows has no row 3: libtorch: "),
            "{text}"
        );
    }
}
