use tch::{Device, Kind};

use super::*;

fn random(size: &[i64]) -> Tensor {
    Tensor::randn(size, (Kind::Float, Device::Cpu))
}

fn channels_last(tensor: &Tensor) -> Tensor {
    let last = tensor.permute([0, 2, 3, 1]).contiguous();
    last.permute([0, 3, 1, 2])
}

/// A convolution with random weights.
struct Case {
    winograd: Winograd,
    weight: Tensor,
    bias: Tensor,
    padding: [i64; 2],
}

fn case(inputs: i64, outputs: i64, padding: [i64; 2]) -> Case {
    let (weight, bias) = (random(&[outputs, inputs, 3, 3]), random(&[outputs]));
    let config = ConvConfig {
        padding,
        ..Default::default()
    };
    let shared = |it: &Tensor| Shared(it.shallow_clone());
    let winograd = Winograd::new(&config, &(shared(&weight), Some(shared(&bias))));
    Case {
        winograd: winograd.unwrap(),
        weight,
        bias,
        padding,
    }
}

impl Case {
    fn run(&self, x: &Tensor, other: Option<&Tensor>, epilogue: Epilogue, over: bool) -> Tensor {
        let sizes = Sizes::of(x).unwrap();
        let mut outputs = sizes;
        outputs.as_mut_slice()[1] = self.weight.size()[0];
        for axis in 0..2 {
            outputs.as_mut_slice()[2 + axis] += 2 * self.padding[axis] - 2;
        }
        let call = Call {
            input: x,
            sizes: &sizes,
            outputs: &outputs,
            other,
            epilogue,
        };
        self.winograd.run(&call, over).unwrap()
    }

    /// In double precision.
    fn exact(&self, x: &Tensor) -> Tensor {
        let double = |it: &Tensor| it.to_kind(Kind::Double);
        let bias = Some(double(&self.bias));
        double(x).conv2d(&double(&self.weight), bias, [1, 1], self.padding, [1, 1], 1)
    }
}

/// The largest difference, of what the largest number is.
fn error(found: &Tensor, exact: &Tensor) -> f64 {
    let difference = (found.to_kind(Kind::Double) - exact).abs().max();
    (difference / exact.abs().max()).double_value(&[])
}

#[test]
fn all_sizes_give_the_convolution() {
    for (inputs, outputs) in [(16, 16), (16, 48), (48, 32), (160, 80)] {
        for padding in [[0, 0], [1, 1], [2, 0]] {
            let case = case(inputs, outputs, padding);
            for size in [[1, 3, 3], [2, 7, 6], [1, 16, 31], [3, 13, 4]] {
                let x = random(&[size[0], inputs, size[1], size[2]]);
                let y = case.run(&x, None, Epilogue::None, false);
                let error = error(&y, &case.exact(&x));
                assert!(
                    error < 1e-6,
                    "{inputs} -> {outputs}, {padding:?}, {size:?}: {error}"
                );
            }
        }
    }
}

#[test]
fn narrower_registers_give_the_same() {
    let mut case = case(64, 48, [1, 1]);
    let x = channels_last(&random(&[2, 64, 9, 12]));
    let widest = case.run(&x, None, Epilogue::Relu, false);
    case.winograd.instructions = Instructions::Avx2;
    let narrow = case.run(&x, None, Epilogue::Relu, false);
    assert_eq!(widest, narrow);
}

#[test]
fn the_result_is_the_same_with_any_number_of_threads() {
    let case = case(32, 160, [1, 1]);
    for size in [4, 20] {
        let x = channels_last(&random(&[1, 32, size, size]));
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

#[test]
fn sums_and_activations_are_part_of_it() {
    let case = case(32, 32, [1, 1]);
    let x = channels_last(&random(&[2, 32, 5, 5]));
    let other = random(&[2, 32, 5, 5]);
    let plain = case.run(&x, None, Epilogue::None, false);
    for other in [
        other.shallow_clone(),
        channels_last(&other),
        random(&[32, 1, 1]),
    ] {
        for epilogue in [Epilogue::Relu, Epilogue::Silu, Epilogue::Clamp(-0.5, 0.5)] {
            let expected = epilogue.applied(&plain + &other).unwrap();
            let found = case.run(&x, Some(&other), epilogue, false);
            assert!(found.allclose(&expected, 1e-6, 1e-6, false));
        }
    }
}

#[test]
fn a_sum_is_written_over_the_addend_where_that_is_allowed() {
    let case = case(32, 32, [1, 1]);
    let x = channels_last(&random(&[1, 32, 6, 6]));
    let other = channels_last(&random(&[1, 32, 6, 6]));
    let expected = case.run(&x, Some(&other), Epilogue::Relu, false);
    let found = case.run(&x, Some(&other), Epilogue::Relu, true);
    assert_eq!(found, expected);
    assert_eq!(found.data_ptr(), other.data_ptr());
}

#[test]
fn other_convolutions_have_none() {
    let with = |size: [i64; 4], config: ConvConfig<2>| {
        let weight = (Shared(random(&size)), None);
        Winograd::new(&config, &weight).is_some()
    };
    let usual = ConvConfig::default;
    assert!(with([16, 16, 3, 3], usual()));
    assert!(!with([16, 16, 3, 5], usual()));
    assert!(!with([16, 3, 3, 3], usual()));
    let stride = [2, 1];
    assert!(!with([16, 16, 3, 3], ConvConfig { stride, ..usual() }));
    let dilation = [1, 2];
    assert!(!with(
        [16, 16, 3, 3],
        ConvConfig {
            dilation,
            ..usual()
        }
    ));
}
