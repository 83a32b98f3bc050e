//! What `torch.save` writes: a zip archive of one pickle, and one member for each storage.

use crate::archive::Archive;
use crate::checkpoint::{Contents, Entry, Source};
use crate::dtype::Dtype;
use crate::error::{Result, listed, quoted};
use crate::layout::Layout;
use crate::pickle::{self, Global, Id, Pickle, Value};
use crate::state_dict::{self, StateDict};

const PICKLE: &str = "data.pkl";
/// The pickle of a model with thousands of tensors has less than a megabyte.
const LARGEST_PICKLE: u64 = 128 << 20;

/// `NAME/data.pkl`, or `data.pkl` where the folder was lost by packing it again.
pub(crate) fn is_pickle(member: &str) -> bool {
    member == PICKLE
        || member
            .split_once('/')
            .is_some_and(|(_, rest)| rest == PICKLE)
}

pub(crate) fn contents(archive: &Archive) -> Result<Contents> {
    let mut pickles = archive
        .members()
        .iter()
        .enumerate()
        .filter(|(_, member)| is_pickle(&member.name));
    let Some((index, member)) = pickles.next() else {
        let names: Vec<_> = archive
            .members()
            .iter()
            .map(|member| &member.name)
            .collect();
        return Err(format!(
            "is a zip archive, but not of torch.save or numpy.savez; it holds {}",
            listed(&names)
        ));
    };
    if let Some((_, other)) = pickles.next() {
        return Err(format!(
            "is a zip archive with two pickles, {} and {}",
            quoted(&member.name),
            quoted(&other.name)
        ));
    }
    let folder = member.name.strip_suffix(PICKLE).unwrap_or_default();
    if archive.find(&format!("{folder}constants.pkl")).is_some() {
        return Err("is a TorchScript archive; in python, save `torch.jit.load(path).state_dict()` with torch.save".into());
    }
    if let Some(index) = archive.find(&format!("{folder}byteorder"))
        && archive.read_all(index, 64)?.trim_ascii() == b"big"
    {
        return Err("was saved on a big-endian machine, which is not read; save it again on a little-endian one".into());
    }

    let bytes = archive.read_all(index, LARGEST_PICKLE)?;
    let pickle = pickle::read(&bytes)?;
    let StateDict { tensors, notes } = state_dict::find(&pickle)?;
    let entries = tensors
        .into_iter()
        .map(|(name, id)| {
            entry(archive, folder, &pickle, name, id)
                .map_err(|reason| format!("has a tensor {} that {reason}", quoted(name)))
        })
        .collect::<Result<_>>()?;
    Ok(Contents { entries, notes })
}

/// Whether the value is a tensor that [`entry`] can read, or says why it can't.
pub(crate) fn is_tensor(pickle: &Pickle, id: Id) -> bool {
    dense(pickle, id).is_some()
}

/// The arguments of `_rebuild_tensor_v2` or `_v3` that a value comes to.
fn dense<'p>(pickle: &'p Pickle, mut id: Id) -> Option<&'p [Id]> {
    // A parameter wraps a tensor, and a tensor with attributes wraps that; deeper it does not go.
    const DEEPEST: usize = 4;
    for _ in 0..DEEPEST {
        let Value::Object(object) = pickle.get(id) else {
            return None;
        };
        let (mut function, mut args) = (global(pickle, object.class)?, object.args);
        if is(function, "torch._tensor", "_rebuild_from_type_v2") {
            let [wrapped, _class, wrapped_args, ..] = tuple(pickle, args)? else {
                return None;
            };
            (function, args) = (global(pickle, *wrapped)?, *wrapped_args);
        }
        let args = tuple(pickle, args)?;
        if function.module != "torch._utils" {
            return None;
        }
        match function.name {
            "_rebuild_tensor_v2" | "_rebuild_tensor_v3" => return Some(args),
            "_rebuild_parameter" | "_rebuild_parameter_with_state" => id = *args.first()?,
            _ => return None,
        }
    }
    None
}

fn entry(archive: &Archive, folder: &str, pickle: &Pickle, name: &str, id: Id) -> Result<Entry> {
    let malformed = || "is described in a way that torch does not write".to_owned();
    let [storage, offset, shape, strides, rest @ ..] = dense(pickle, id).ok_or_else(malformed)?
    else {
        return Err(malformed());
    };
    let Value::Int(offset) = *pickle.get(*offset) else {
        return Err(malformed());
    };
    let shape = ints(pickle, *shape).ok_or_else(malformed)?;
    let strides = ints(pickle, *strides).ok_or_else(malformed)?;

    // ("storage", class, key, device, elements)
    let Value::Persistent(storage) = *pickle.get(*storage) else {
        return Err(malformed());
    };
    let [tag, class, key, _device, ..] = tuple(pickle, storage).ok_or_else(malformed)? else {
        return Err(malformed());
    };
    let (Value::Str("storage"), Value::Str(key)) = (pickle.get(*tag), pickle.get(*key)) else {
        return Err(malformed());
    };
    let class = global(pickle, *class).ok_or_else(malformed)?;
    // An untyped storage comes with `_rebuild_tensor_v3`, which says the dtype after requires_grad and the hooks.
    let (dtype, called) = match rest {
        [_, _, dtype, ..] if class.name == "UntypedStorage" => {
            let dtype = global(pickle, *dtype).ok_or_else(malformed)?;
            (Dtype::from_torch(dtype.name), dtype.name)
        }
        _ => (
            Dtype::from_torch_storage(class.name),
            class.name.trim_end_matches("Storage"),
        ),
    };
    let dtype = dtype.ok_or_else(|| {
        format!(
            "is of dtype {}, which is not read; convert it to float32 or another common type",
            quoted(called)
        )
    })?;

    let member = format!("{folder}data/{key}");
    let member = archive
        .find(&member)
        .ok_or_else(|| format!("lies in {}, which is not in the archive", quoted(&member)))?;
    let stored = archive
        .members()
        .get(member)
        .map_or(0, |member| member.size);
    let layout = Layout::view(dtype, &shape, offset, &strides, stored)?;
    Ok(Entry::new(
        name.into(),
        dtype,
        shape,
        Source::Member(member),
        layout,
    ))
}

pub(crate) fn is(global: Global, module: &str, name: &str) -> bool {
    global == Global { module, name }
}

pub(crate) fn global<'p>(pickle: &'p Pickle, id: Id) -> Option<Global<'p>> {
    match *pickle.get(id) {
        Value::Global(global) => Some(global),
        _ => None,
    }
}

fn tuple<'p>(pickle: &'p Pickle, id: Id) -> Option<&'p [Id]> {
    match pickle.get(id) {
        Value::Tuple(items) => Some(items),
        _ => None,
    }
}

fn ints(pickle: &Pickle, id: Id) -> Option<Vec<i64>> {
    let items = match pickle.get(id) {
        Value::Tuple(items) | Value::List(items) => items,
        // torch.Size((2, 3))
        Value::Object(object) => match tuple(pickle, object.args)? {
            [items] => tuple(pickle, *items)?,
            _ => return None,
        },
        _ => return None,
    };
    items
        .iter()
        .map(|&item| match *pickle.get(item) {
            Value::Int(int) => Some(int),
            _ => None,
        })
        .collect()
}
