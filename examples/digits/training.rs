//! Trains a model of digits, and asks it.

use std::{
    f64::consts::PI,
    time::{Duration, Instant},
};

use narchi_runtime::{Device, Kind, Tensor, nn, nn::OptimizerConfig, tch};

use super::{Digits, Images};
use crate::{Result, screen};

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Training {
    /// How often every image is seen.
    pub epochs: i64,
    /// How many images make a step.
    pub batch: i64,
    /// The greatest step size on the way.
    pub rate: f64,
    /// How much images are turned, stretched and shifted, at most, as a part of their size.
    pub distortion: f64,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            epochs: 30,
            batch: 64,
            rate: 0.01,
            distortion: 0.15,
        }
    }
}

/// What is known after an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// How many epochs are done.
    pub epoch: i64,
    /// The mean loss of the last one.
    pub loss: f64,
}

impl Training {
    /// Trains the model, whose weights are in `vs`.
    ///
    /// Random numbers are those of libtorch: after [`tch::manual_seed`] they are the same each time.
    ///
    /// # Errors
    ///
    /// If libtorch fails.
    pub fn run(
        &self,
        model: &Digits,
        vs: &nn::VarStore,
        images: &Images,
        mut report: impl FnMut(Progress),
    ) -> Result<()> {
        let count = images.labels.size()[0];
        let steps = self.epochs * (count + self.batch - 1) / self.batch;
        let mut optimizer = nn::AdamW::default().wd(0.01).build(vs, self.rate)?;
        let mut step = 0;
        for epoch in 1..=self.epochs {
            let order = Tensor::f_randperm(count, (Kind::Int64, Device::Cpu))?;
            let mut losses = Vec::new();
            for indices in order.f_split(self.batch, 0)? {
                optimizer.set_lr(self.rate * schedule(step, steps));
                step += 1;
                let pixels = self.distorted(&images.pixels.f_index_select(0, &indices)?)?;
                let labels = images.labels.f_index_select(0, &indices)?;
                let logits = model.forward_t(&pixels, true)?;
                let loss = logits.f_cross_entropy_loss(
                    &labels,
                    None::<Tensor>,
                    tch::Reduction::Mean,
                    -100,
                    0.0,
                )?;
                optimizer.backward_step(&loss);
                losses.push(loss.f_detach()?);
            }
            let loss = Tensor::f_stack(&losses, 0)?.f_mean(Kind::Double)?;
            report(Progress {
                epoch,
                loss: loss.f_double_value(&[])?,
            });
        }
        Ok(())
    }

    /// Trains behind a progress bar. Gives the time it took.
    ///
    /// # Errors
    ///
    /// If libtorch fails.
    pub fn run_shown(
        &self,
        model: &Digits,
        vs: &nn::VarStore,
        images: &Images,
    ) -> Result<Duration> {
        let bar = screen::progress(self.epochs.unsigned_abs());
        let begin = Instant::now();
        self.run(model, vs, images, |it| {
            bar.set_position(it.epoch.unsigned_abs());
            bar.set_message(format!("epochs, loss {:.4}", it.loss));
        })?;
        bar.finish_and_clear();
        Ok(begin.elapsed())
    }

    /// Every image a bit different each time, as if written once more.
    fn distorted(&self, pixels: &Tensor) -> Result<Tensor> {
        let options = (Kind::Float, pixels.device());
        let identity = Tensor::f_eye_m(2, 3, options)?;
        let random = Tensor::f_empty([pixels.size()[0], 2, 3], options)?
            .f_uniform_(-self.distortion, self.distortion)?;
        let grid =
            Tensor::f_affine_grid_generator(&random.f_add(&identity)?, pixels.size(), false)?;
        // Interpolated, with paper beyond the edges.
        Ok(pixels.f_grid_sampler(&grid, 0, 0, false)?)
    }
}

/// What part of the greatest step size to use: it grows fast, then goes to zero.
#[expect(clippy::cast_precision_loss, reason = "there are some hundred steps")]
fn schedule(step: i64, steps: i64) -> f64 {
    let done = step as f64 / steps as f64;
    let warm_up = (done / 0.15 + 0.02).min(1.0);
    warm_up * f64::midpoint(1.0, (PI * done).cos())
}

/// Which digits the images show, `[N, 1, 8, 8]` → `[N]`.
///
/// # Errors
///
/// If libtorch fails.
pub fn classify(model: &Digits, pixels: &Tensor) -> Result<Tensor> {
    let logits = tch::no_grad(|| model.forward_t(pixels, false))?;
    Ok(logits.f_argmax(1, false)?)
}

/// The part of the images that the model classifies as they are labelled.
///
/// # Errors
///
/// If libtorch fails.
pub fn accuracy(model: &Digits, images: &Images) -> Result<f64> {
    let right = classify(model, &images.pixels)?.f_eq_tensor(&images.labels)?;
    Ok(right
        .f_to_kind(Kind::Double)?
        .f_mean(Kind::Double)?
        .f_double_value(&[])?)
}
