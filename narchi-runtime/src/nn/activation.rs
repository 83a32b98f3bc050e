//! Activations that tch has only in part.

use tch::Tensor;

use crate::{Error, Result};

/// `torch.nn.functional.leaky_relu`: multiplies negative values by a slope. tch's own has no slope but 0.01.
///
/// # Errors
///
/// If the elements are no floating point numbers.
#[track_caller]
pub fn leaky_relu(input: &Tensor, negative_slope: f64) -> Result<Tensor> {
    // tch panics where a function that takes a number fails.
    if !input.is_floating_point() {
        let message = format!(
            "leaky_relu takes floating point numbers, not {:?}",
            input.kind()
        );
        return Err(Error::module(message));
    }
    // The function is linear on either side of zero, so that it is its own gradient times its input: the kernel
    // of the gradient computes it, and has in turn the right gradient of its own.
    let side = input.f_detach()?;
    Ok(side.f_leaky_relu_backward(input, negative_slope, false)?)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    const VALUES: [f32; 7] = [-3., -0.1, -0., 0., 0.7, f32::INFINITY, f32::NEG_INFINITY];

    /// Values and gradients, which are the slope on one side and 1 on the other.
    fn check(slope: f64, kind: Kind) {
        let x = Tensor::from_slice(&VALUES)
            .to_kind(kind)
            .set_requires_grad(true);
        let y = leaky_relu(&x, slope).unwrap();
        let is_positive = x.gt(0.);
        assert_eq!(
            y.detach(),
            x.where_self(&is_positive, &(&x * slope)).detach()
        );
        assert_eq!(y.kind(), kind);
        y.sum(kind).backward();
        let ones = Tensor::ones_like(&x);
        assert_eq!(
            x.grad(),
            ones.where_self(&is_positive, &(&ones * slope)).detach()
        );
    }

    #[test]
    fn negative_values_have_the_slope() {
        for slope in [0.01, 0.2, 1., 2.5, -0.5] {
            check(slope, Kind::Float);
            check(slope, Kind::Double);
        }
    }

    #[test]
    fn the_usual_slope_is_that_of_libtorch() {
        let x = Tensor::randn([1000], (Kind::Float, Device::Cpu));
        assert_eq!(leaky_relu(&x, 0.01).unwrap(), x.leaky_relu());
    }

    #[test]
    fn gradients_have_gradients() {
        let x = Tensor::from_slice(&[-3_f64, 2.]).set_requires_grad(true);
        let y = leaky_relu(&x, 0.5).unwrap() * &x;
        let first = Tensor::run_backward(&[y.sum(Kind::Double)], &[&x], true, true);
        // The first derivative of 0.5·x² is x, that of x² is 2·x.
        assert_eq!(first[0].detach(), Tensor::from_slice(&[-3_f64, 4.]));
        let second = Tensor::run_backward(&[first[0].sum(Kind::Double)], &[&x], false, false);
        assert_eq!(second[0], Tensor::from_slice(&[1_f64, 2.]));
    }

    #[test]
    fn whole_numbers_are_an_error() {
        assert!(leaky_relu(&Tensor::from_slice(&[1_i64]), 0.5).is_err());
    }
}
