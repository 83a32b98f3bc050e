//! What PyTorch makes of a block: the checks of its classes in Python, and libtorch.

use narchi_runtime::tch::{Device, Kind, TchError, Tensor};
use serde_json::Value;

use super::{
    cases::Case,
    sequences::{crf, recurrent},
};

/// What comes out.
pub(super) struct Verdict {
    pub(super) shape: Vec<i64>,
    /// The shapes of further outputs.
    pub(super) states: Vec<Vec<i64>>,
    /// The windows that slid along axes.
    pub(super) windows: Vec<Window>,
}

/// A window that slid along an axis.
pub(super) struct Window {
    size: i64,
    output: i64,
    kernel: i64,
    stride: i64,
    padding: i64,
    dilation: i64,
}

impl Window {
    /// The elements that are left beside the first window.
    fn slack(&self) -> i64 {
        self.size + 2 * self.padding - self.dilation * (self.kernel - 1) - 1
    }

    pub(super) fn is_inexact(&self) -> bool {
        self.slack() % self.stride != 0
    }

    pub(super) fn is_dilated(&self) -> bool {
        self.dilation > 1 && self.kernel > 1
    }

    pub(super) fn is_rounded_up(&self) -> bool {
        self.output > self.slack().div_euclid(self.stride) + 1
    }
}

/// Why there is nothing: what PyTorch says, or that a value is not what its documentation asks for.
pub(super) type Result<T> = std::result::Result<T, String>;

/// What comes out of a block.
///
/// Three things are ours: all inputs have a batch, although libtorch takes some without; an empty
/// tensor is a mistake; and a list has a number for each axis.
pub(super) fn shape(case: &Case) -> Result<Verdict> {
    let class = case.block["_class"].as_str().unwrap();
    let block = Block(&case.block);
    let tensors: Vec<Tensor> = case
        .inputs
        .iter()
        .map(super::cases::Input::tensor)
        .collect();
    let mut states = Vec::new();
    let (output, windows) = match (class, tensors.as_slice()) {
        ("Add", [first, others @ ..]) if !others.is_empty() => (add(first, others)?, Vec::new()),
        ("Concatenate", [_, others @ ..]) if !others.is_empty() => {
            (cat(&block, &tensors)?, Vec::new())
        }
        ("Add" | "Concatenate", _) => return Err("too few inputs".to_owned()),
        ("RNN" | "LSTM" | "GRU", [input]) => {
            let mut outputs = recurrent(class, &block, input)?;
            states = outputs.split_off(1);
            (outputs.remove(0), Vec::new())
        }
        ("CRF", [input]) => (crf(input)?, Vec::new()),
        (_, [input]) => one(class, &block, input)?,
        _ => return Err("not one input".to_owned()),
    };
    let shape = output.size();
    if shape.contains(&0) {
        Err("empty".to_owned())
    } else {
        let states = states.iter().map(Tensor::size).collect();
        Ok(Verdict {
            shape,
            states,
            windows,
        })
    }
}

fn one(class: &str, block: &Block<'_>, x: &Tensor) -> Result<(Tensor, Vec<Window>)> {
    let plain = |it: std::result::Result<Tensor, TchError>| Ok((said(it)?, Vec::new()));
    let greatest =
        |it: std::result::Result<(Tensor, Tensor), TchError>| Ok((said(it)?.0, Vec::new()));
    match class {
        "Conv1d" => conv::<1>(block, x),
        "Conv2d" => conv::<2>(block, x),
        "Conv3d" => conv::<3>(block, x),
        "Linear" => {
            let out = block.size("output_feats")?;
            block.flag("bias", true)?;
            let [.., _, features] = x.size()[..] else {
                return Err("rank".to_owned());
            };
            let weight = said(Tensor::f_zeros([out, features], (Kind::Float, Device::Cpu)))?;
            plain(x.f_linear(&weight, None::<Tensor>))
        }
        "BatchNorm1d" => Ok((batch_norm(block, x, &[2, 3])?, Vec::new())),
        "BatchNorm2d" => Ok((batch_norm(block, x, &[4])?, Vec::new())),
        "BatchNorm3d" => Ok((batch_norm(block, x, &[5])?, Vec::new())),
        "ReLU" => {
            block.flag("inplace", false)?;
            plain(x.f_relu())
        }
        "Identity" => plain(Ok(x.shallow_clone())),
        "Softmax" => plain(x.f_softmax(softmax_dim(block, x)?, None)),
        "LogSoftmax" => plain(x.f_log_softmax(softmax_dim(block, x)?, None)),
        "Dropout" => {
            block.flag("inplace", false)?;
            // libtorch scales nothing where all or none is dropped, and so takes whole numbers then.
            if x.kind() != Kind::Float {
                return Err("whole numbers cannot be scaled".to_owned());
            }
            plain(x.f_dropout(block.number("p", 0.5)?, true))
        }
        "LeakyReLU" => {
            block.flag("inplace", false)?;
            block.number("negative_slope", 0.01)?;
            plain(x.f_leaky_relu())
        }
        "LogSigmoid" => plain(x.f_log_sigmoid()),
        // libtorch would make single precision of whole numbers, whatever the weights have.
        "Sigmoid" | "Tanh" if x.kind() != Kind::Float => Err("whole numbers".to_owned()),
        "Sigmoid" => plain(x.f_sigmoid()),
        "Tanh" => plain(x.f_tanh()),
        "Embedding" => Ok((embedding(block, x)?, Vec::new())),
        "MaxPool1d" => max_pool::<1>(block, x),
        "MaxPool2d" => max_pool::<2>(block, x),
        "MaxPool3d" => max_pool::<3>(block, x),
        "AvgPool1d" => avg_pool::<1>(block, x),
        "AvgPool2d" => avg_pool::<2>(block, x),
        "AvgPool3d" => avg_pool::<3>(block, x),
        "AdaptiveAvgPool1d" => plain(x.f_adaptive_avg_pool1d(adaptive::<1>(block, x)?)),
        "AdaptiveAvgPool2d" => plain(x.f_adaptive_avg_pool2d(adaptive::<2>(block, x)?)),
        "AdaptiveAvgPool3d" => plain(x.f_adaptive_avg_pool3d(adaptive::<3>(block, x)?)),
        "AdaptiveMaxPool1d" => greatest(x.f_adaptive_max_pool1d(adaptive::<1>(block, x)?)),
        "AdaptiveMaxPool2d" => greatest(x.f_adaptive_max_pool2d(adaptive::<2>(block, x)?)),
        "AdaptiveMaxPool3d" => greatest(x.f_adaptive_max_pool3d(adaptive::<3>(block, x)?)),
        "Reshape" => Ok((reshape(block, x)?, Vec::new())),
        _ => panic!("say here what PyTorch has for {class}"),
    }
}

/// `torch.nn.ConvNd`
fn conv<const D: usize>(block: &Block<'_>, x: &Tensor) -> Result<(Tensor, Vec<Window>)> {
    let out = block.size("output_feats")?;
    let kernel = block.axes::<D>("kernel_size", None)?;
    let stride = block.axes::<D>("stride", Some(1))?;
    let dilation = block.axes::<D>("dilation", Some(1))?;
    let groups = block.int("groups", 1)?;
    block.flag("bias", true)?;
    let is_same = block.0.get("padding").is_some_and(|it| it == "same");
    let padding = match block.0.get("padding").and_then(Value::as_str) {
        Some("valid" | "same") => [0; D],
        Some(other) => return Err(format!("padding {other}")),
        None => block.axes::<D>("padding", Some(0))?,
    };
    let mode = match block.0.get("padding_mode") {
        None => "zeros",
        Some(Value::String(mode)) => mode,
        Some(other) => return Err(format!("padding_mode {other}")),
    };
    batched(x, D + 2)?;
    let channels = x.size()[1];
    if groups <= 0 || channels % groups != 0 || out % groups != 0 {
        return Err("groups must divide the channels".to_owned());
    }
    if is_same && stride != [1; D] {
        return Err("padding='same' is not supported for strided convolutions".to_owned());
    }
    // With another mode than zeros it would cut the input instead, by accident.
    if padding.iter().any(|it| *it < 0) {
        return Err("negative padding is not supported".to_owned());
    }
    let mut size = vec![out, channels / groups];
    size.extend(kernel);
    let weight = said(Tensor::f_zeros(&size, (Kind::Float, Device::Cpu)))?;
    let weight = &weight;
    let by_word = |x: &Tensor, word| match D {
        1 => x.f_conv1d_padding(weight, None::<Tensor>, stride, word, dilation, groups),
        2 => x.f_conv2d_padding(weight, None::<Tensor>, stride, word, dilation, groups),
        _ => x.f_conv3d_padding(weight, None::<Tensor>, stride, word, dilation, groups),
    };
    let by_number = |x: &Tensor, padding: [i64; D]| match D {
        1 => x.f_conv1d(weight, None::<Tensor>, stride, padding, dilation, groups),
        2 => x.f_conv2d(weight, None::<Tensor>, stride, padding, dilation, groups),
        _ => x.f_conv3d(weight, None::<Tensor>, stride, padding, dilation, groups),
    };
    let output = match mode {
        "zeros" if is_same => by_word(x, "same"),
        "zeros" => by_number(x, padding),
        "reflect" | "replicate" | "circular" => {
            // The last axis comes first, with what it gets at its start and at its end.
            let mut pad = Vec::new();
            for axis in (0..D).rev() {
                let total = dilation[axis] * (kernel[axis] - 1);
                let (start, end) = (total / 2, total - total / 2);
                pad.extend(if is_same {
                    [start, end]
                } else {
                    [padding[axis]; 2]
                });
            }
            said(x.f_pad(pad, mode, None)).map(|x| by_number(&x, [0; D]))?
        }
        other => return Err(format!("padding_mode {other}")),
    };
    let output = said(output)?;
    if is_same {
        return Ok((output, Vec::new()));
    }
    let windows = windows(x, &output, kernel, stride, padding, dilation);
    Ok((output, windows))
}

fn windows<const D: usize>(
    x: &Tensor,
    output: &Tensor,
    kernel: [i64; D],
    stride: [i64; D],
    padding: [i64; D],
    dilation: [i64; D],
) -> Vec<Window> {
    let window = |axis: usize| Window {
        size: x.size()[axis + 2],
        output: output.size()[axis + 2],
        kernel: kernel[axis],
        stride: stride[axis],
        padding: padding[axis],
        dilation: dilation[axis],
    };
    (0..D).map(window).collect()
}

struct Pool<const D: usize> {
    kernel: [i64; D],
    stride: [i64; D],
    padding: [i64; D],
    ceil: bool,
}

/// Poolings with windows; `run` gives the dilation too.
fn pool<const D: usize>(
    block: &Block<'_>,
    x: &Tensor,
    run: impl FnOnce(Pool<D>) -> Result<(Tensor, [i64; D])>,
) -> Result<(Tensor, Vec<Window>)> {
    batched(x, D + 2)?;
    let kernel = block.axes::<D>("kernel_size", None)?;
    let stride = match block.0.get("stride") {
        None | Some(Value::Null) => kernel,
        Some(_) => block.axes::<D>("stride", None)?,
    };
    let padding = block.axes::<D>("padding", Some(0))?;
    let ceil = block.flag("ceil_mode", false)?;
    let (output, dilation) = run(Pool {
        kernel,
        stride,
        padding,
        ceil,
    })?;
    let windows = windows(x, &output, kernel, stride, padding, dilation);
    Ok((output, windows))
}

/// `torch.nn.MaxPoolNd`
fn max_pool<const D: usize>(block: &Block<'_>, x: &Tensor) -> Result<(Tensor, Vec<Window>)> {
    pool::<D>(block, x, |it| {
        let dilation = block.axes::<D>("dilation", Some(1))?;
        let Pool {
            kernel,
            stride,
            padding,
            ceil,
        } = it;
        let output = match D {
            1 => x.f_max_pool1d(kernel, stride, padding, dilation, ceil),
            2 => x.f_max_pool2d(kernel, stride, padding, dilation, ceil),
            _ => x.f_max_pool3d(kernel, stride, padding, dilation, ceil),
        };
        Ok((said(output)?, dilation))
    })
}

/// `torch.nn.AvgPoolNd`
fn avg_pool<const D: usize>(block: &Block<'_>, x: &Tensor) -> Result<(Tensor, Vec<Window>)> {
    pool::<D>(block, x, |it| {
        let include = block.flag("count_include_pad", true)?;
        let divisor = block.optional("divisor_override", int)?;
        let Pool {
            kernel,
            stride,
            padding,
            ceil,
        } = it;
        let output = match D {
            1 => x.f_avg_pool1d(kernel, stride, padding, ceil, include),
            2 => x.f_avg_pool2d(kernel, stride, padding, ceil, include, divisor),
            _ => x.f_avg_pool3d(kernel, stride, padding, ceil, include, divisor),
        };
        Ok((said(output)?, [1; D]))
    })
}

/// The sizes that an adaptive pooling is asked for.
fn adaptive<const D: usize>(block: &Block<'_>, x: &Tensor) -> Result<[i64; D]> {
    batched(x, D + 2)?;
    let sizes = block
        .0
        .get("output_feats")
        .ok_or("output_feats is missing")?;
    let one = std::slice::from_ref(sizes);
    let sizes = match sizes.as_array() {
        Some(sizes) if sizes.len() == D => sizes.iter(),
        Some(sizes) => return Err(format!("{} sizes", sizes.len())),
        None => one.iter(),
    };
    let given = x.size();
    let sizes = sizes.cycle().zip(&given[2..]);
    let size = |(it, kept): (&Value, &i64)| if it.is_null() { Ok(*kept) } else { int(it) };
    let sizes = sizes.map(size).collect::<Result<Vec<i64>>>()?;
    sizes.try_into().map_err(|it| format!("sizes {it:?}"))
}

/// `torch.nn.Embedding`
fn embedding(block: &Block<'_>, x: &Tensor) -> Result<Tensor> {
    let (rows, feats) = (block.size("num_embeddings")?, block.size("output_feats")?);
    let padding = block.optional("padding_idx", int)?;
    let max_norm = block.optional("max_norm", |it| it.as_f64().ok_or("no number".to_owned()))?;
    let norm_type = block.number("norm_type", 2.0)?;
    let (scale, sparse) = (
        block.flag("scale_grad_by_freq", false)?,
        block.flag("sparse", false)?,
    );
    if padding.is_some_and(|it| !(-rows..rows).contains(&it)) {
        return Err("Padding_idx must be within num_embeddings".to_owned());
    }
    // These fail late, or make no sense.
    if scale && sparse || max_norm.is_some_and(|it| it < 0.0) {
        return Err("sparse and scaled, or a negative norm".to_owned());
    }
    let mut table = said(Tensor::f_ones([rows, feats], (Kind::Float, Device::Cpu)))?;
    if let Some(max_norm) = max_norm {
        let _ = said(table.f_embedding_renorm_(x, max_norm, norm_type))?;
    }
    let padding = padding.unwrap_or(-1);
    said(Tensor::f_embedding(&table, x, padding, scale, sparse))
}

/// `torch.nn.BatchNormNd` for inference.
fn batch_norm(block: &Block<'_>, x: &Tensor, ranks: &[usize]) -> Result<Tensor> {
    let eps = block.number("eps", 1e-5)?;
    let momentum = match block.0.get("momentum") {
        Some(Value::Null) => 0.0,
        _ => block.number("momentum", 0.1)?,
    };
    let affine = block.flag("affine", true)?;
    let track = block.flag("track_running_stats", true)?;
    if !ranks.contains(&x.dim()) {
        return Err("rank".to_owned());
    }
    if eps < 0.0 {
        return Err("batch_norm eps must be non-negative".to_owned());
    }
    let ones = Tensor::ones([x.size()[1]], (Kind::Float, Device::Cpu));
    let (scale, stats) = (affine.then_some(&ones), track.then_some(&ones));
    said(x.f_batch_norm(scale, scale, stats, stats, !track, momentum, eps, true))
}

/// The dimension along which Softmax works. Without `dim`, ours are the features.
fn softmax_dim(block: &Block<'_>, x: &Tensor) -> Result<i64> {
    match (block.optional("dim", int)?, x.dim()) {
        (Some(dim), _) => Ok(dim),
        (None, 2 | 3) => Ok(-1),
        (None, 4 | 5) => Ok(1),
        (None, _) => Err("no features".to_owned()),
    }
}

/// Sums of tensors of one shape and kind.
fn add(first: &Tensor, others: &[Tensor]) -> Result<Tensor> {
    let mut sum = first.shallow_clone();
    for other in others {
        if other.size() != first.size() || other.kind() != first.kind() {
            return Err("not the same shape".to_owned());
        }
        sum = said(sum.f_add(other))?;
    }
    Ok(sum)
}

/// `torch.cat` along any dimension but the batch, which is not counted.
fn cat(block: &Block<'_>, tensors: &[Tensor]) -> Result<Tensor> {
    let dim = block
        .0
        .get("dim")
        .ok_or("dim is missing")
        .map_err(str::to_owned)
        .and_then(int)?;
    let rank = i64::try_from(tensors[0].dim()).unwrap();
    let dim = if dim < 0 { dim + rank } else { dim + 1 };
    if dim < 1 || tensors.iter().any(|it| it.kind() != tensors[0].kind()) {
        return Err("the batch, or other kinds".to_owned());
    }
    said(Tensor::f_cat(tensors, dim))
}

/// `permute`, then `reshape`.
fn reshape(block: &Block<'_>, x: &Tensor) -> Result<Tensor> {
    let size = x.size();
    let spec = match block.0.get("reshape_spec") {
        Some(Value::Array(spec)) => spec,
        Some(Value::String(flatten)) if flatten == "flatten" && size.len() > 1 => {
            return said(x.f_flatten(1, -1));
        }
        _ => return Err("reshape_spec".to_owned()),
    };
    let at = |it: i64| size.get(usize::try_from(it).ok()? + 1).copied();
    let at = |it: i64| at(it).ok_or("no such dimension".to_owned());
    let (mut order, mut sizes) = (vec![0], vec![size[0]]);
    for entry in spec {
        match entry {
            Value::Null => sizes.push(1),
            Value::Array(merged) if merged.len() > 1 => {
                let mut product = 1;
                for dim in merged {
                    order.push(int(dim)? + 1);
                    product *= at(int(dim)?)?;
                }
                sizes.push(product);
            }
            Value::Object(split) => {
                let (dim, parts) = split.iter().next().ok_or("an empty split")?;
                let dim: i64 = dim.parse().map_err(|_| "not a dimension")?;
                order.push(dim + 1);
                let parts = parts.as_array().ok_or("no sizes")?;
                let part = |it: &Value| if it == "<<auto>>" { Ok(-1) } else { int(it) };
                let parts = parts.iter().map(part).collect::<Result<Vec<i64>>>()?;
                let split = Tensor::zeros([at(dim)?], (Kind::Float, Device::Cpu));
                sizes.extend(said(split.f_reshape(parts))?.size());
            }
            dim => {
                order.push(int(dim)? + 1);
                sizes.push(at(int(dim)?)?);
            }
        }
    }
    said(said(x.f_permute(order))?.f_reshape(sizes))
}

/// The parameters of a block, read as PyTorch documents them.
pub(super) struct Block<'a>(&'a Value);

impl Block<'_> {
    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64> {
        self.0.get(name).map_or(Ok(default), int)
    }

    /// A number of channels, of which there is one at least.
    pub(super) fn size(&self, name: &str) -> Result<i64> {
        let size = self
            .0
            .get(name)
            .ok_or_else(|| format!("{name} is missing"))
            .and_then(int)?;
        if size < 1 {
            Err(format!("{name} is {size}"))
        } else {
            Ok(size)
        }
    }

    pub(super) fn number(&self, name: &str, default: f64) -> Result<f64> {
        let Some(value) = self.0.get(name) else {
            return Ok(default);
        };
        value
            .as_f64()
            .ok_or_else(|| format!("{value} is no number"))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        let Some(value) = self.0.get(name) else {
            return Ok(default);
        };
        value
            .as_bool()
            .ok_or_else(|| format!("{value} is no boolean"))
    }

    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: fn(&Value) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some),
        }
    }

    fn axes<const D: usize>(&self, name: &str, default: Option<i64>) -> Result<[i64; D]> {
        let wrong = |value: &Value| format!("{name} is {value}");
        match self.0.get(name) {
            None => default
                .map(|it| [it; D])
                .ok_or_else(|| format!("{name} is missing")),
            Some(Value::Array(all)) => {
                let all = all.iter().map(int).collect::<Result<Vec<i64>>>()?;
                all.try_into().map_err(|all| format!("{name} is {all:?}"))
            }
            Some(value) => int(value).map(|it| [it; D]).map_err(|_| wrong(value)),
        }
    }
}

pub(super) fn int(value: &Value) -> Result<i64> {
    value
        .as_i64()
        .ok_or_else(|| format!("{value} is no whole number"))
}

pub(super) fn batched(x: &Tensor, rank: usize) -> Result<()> {
    if x.dim() == rank {
        Ok(())
    } else {
        Err(format!("{} dimensions", x.dim()))
    }
}

pub(super) fn said<T>(result: std::result::Result<T, TchError>) -> Result<T> {
    result.map_err(|error| {
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    })
}
