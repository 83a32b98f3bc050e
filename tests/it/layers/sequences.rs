//! What PyTorch makes of sequences: recurrent networks, and the search for the best tags.

use narchi_runtime::nn::{Crf, VarStore};
use narchi_runtime::tch::{Device, Kind, Tensor};

use super::torch::{Block, Result, batched, said};

/// `torch.nn.RNN`, `LSTM` or `GRU` with the batch first: the output, and the states if they are asked for,
/// which have the batch second.
pub(super) fn recurrent(class: &str, block: &Block<'_>, x: &Tensor) -> Result<Vec<Tensor>> {
    let out = block.size("output_feats")?;
    let layers = block.int("num_layers", 1)?;
    let has_bias = block.flag("bias", true)?;
    let dropout = block.number("dropout", 0.0)?;
    let is_bidirectional = block.flag("bidirectional", false)?;
    let with_state = block.flag("output_state", false)?;
    let nonlinearity = block.optional("nonlinearity", |it| {
        it.as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("nonlinearity {it}"))
    })?;
    // It is overwritten, but must be one.
    if block
        .optional("hidden_size", super::torch::int)?
        .is_some_and(|it| it < 1)
    {
        return Err("hidden_size must be greater than zero".to_owned());
    }
    if !block.flag("batch_first", true)? {
        return Err("the batch is first".to_owned());
    }
    if layers < 1 {
        return Err("num_layers must be greater than zero".to_owned());
    }
    if !(0.0..=1.0).contains(&dropout) {
        return Err("dropout should be a number in range [0, 1]".to_owned());
    }
    let directions = 1 + i64::from(is_bidirectional);
    if out % directions != 0 {
        return Err("output_feats must be even".to_owned());
    }
    batched(x, 3)?;
    let (hidden, features) = (out / directions, x.size()[2]);
    let gates = match class {
        "LSTM" => 4,
        "GRU" => 3,
        _ => 1,
    };
    let zeros = |size: &[i64]| said(Tensor::f_zeros(size, (Kind::Float, Device::Cpu)));
    let mut weights = Vec::new();
    for layer in 0..layers {
        for _ in 0..directions {
            let inputs = if layer == 0 { features } else { out };
            weights.push(zeros(&[gates * hidden, inputs])?);
            weights.push(zeros(&[gates * hidden, hidden])?);
            if has_bias {
                weights.push(zeros(&[gates * hidden])?);
                weights.push(zeros(&[gates * hidden])?);
            }
        }
    }
    let start = zeros(&[layers * directions, x.size()[0], hidden])?;
    let refs: Vec<&Tensor> = weights.iter().collect();
    let (output, states) = if class == "LSTM" {
        let (output, hidden, cell) = said(x.f_lstm(
            &[&start, &start],
            &refs,
            has_bias,
            layers,
            dropout,
            true,
            is_bidirectional,
            true,
        ))?;
        (output, vec![hidden, cell])
    } else {
        let run = match (class, nonlinearity.as_deref()) {
            ("GRU", _) => Tensor::f_gru::<&Tensor>,
            (_, None | Some("tanh")) => Tensor::f_rnn_tanh::<&Tensor>,
            (_, Some("relu")) => Tensor::f_rnn_relu::<&Tensor>,
            (_, Some(other)) => return Err(format!("Unknown nonlinearity '{other}'")),
        };
        let (output, hidden) = said(run(
            x,
            &start,
            &refs,
            has_bias,
            layers,
            dropout,
            true,
            is_bidirectional,
            true,
        ))?;
        (output, vec![hidden])
    };
    let mut outputs = vec![output];
    if with_state {
        // Ours have the batch first.
        outputs.extend(states.iter().map(|it| it.transpose(0, 1)));
    }
    Ok(outputs)
}

/// The best tags, of which PyTorch has no class.
pub(super) fn crf(x: &Tensor) -> Result<Tensor> {
    let [_, .., _, tags] = x.size()[..] else {
        return Err("rank".to_owned());
    };
    if x.dim() < 3 {
        return Err("no batch of sequences".to_owned());
    }
    let vs = VarStore::new(Device::Cpu);
    // Whole numbers would be taken for scores.
    if x.kind() != Kind::Float {
        return Err("emissions are no whole numbers".to_owned());
    }
    Crf::new(vs.root(), tags)
        .forward(x)
        .map_err(|error| error.to_string())
}
