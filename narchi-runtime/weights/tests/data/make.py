"""Writes the checkpoints beside this file: `python make.py`, with torch, numpy and safetensors installed.

Every tensor is filled with 0, 1, 2, ... in its own logical order, so that a test knows what to expect.
"""

import collections
import datetime
import pathlib
import zipfile

import numpy
import safetensors.torch
import torch

torch.manual_seed(0)
HERE = pathlib.Path(__file__).parent


def counted(*shape, dtype=torch.float32):
    return torch.arange(max(1, torch.Size(shape).numel())).reshape(shape).to(dtype)


def net():
    layers = torch.nn.Sequential(
        collections.OrderedDict(fc=torch.nn.Linear(2, 3), bn=torch.nn.BatchNorm1d(3))
    )
    for value in layers.state_dict().values():
        value.copy_(counted(*value.shape, dtype=value.dtype))
    return layers


def save(name, value, **options):
    torch.save(value, HERE / name, **options)


def deflated(name, source):
    with zipfile.ZipFile(HERE / source) as old, zipfile.ZipFile(
        HERE / name, "w", zipfile.ZIP_DEFLATED
    ) as new:
        for member in old.infolist():
            # The date of a member would change with every run.
            new.writestr(zipfile.ZipInfo(member.filename), old.read(member), zipfile.ZIP_DEFLATED)


model = net()
state = model.state_dict()

save("state_dict.pth", state)
deflated("deflated.pth", "state_dict.pth")
save("legacy.pth", state, _use_new_zipfile_serialization=False)
save("protocol4.pth", {"w": counted(2, 2)}, pickle_protocol=4)
save("module.pth", torch.nn.Linear(2, 1))
save("module_in_dict.pth", {"epoch": 3, "model": torch.nn.ReLU()})
save("gan.pth", {"generator": {"w": counted(2)}, "discriminator": {"w": counted(2)}})
save("data_parallel.pth", torch.nn.DataParallel(torch.nn.Linear(2, 1)).state_dict())

small = torch.nn.Linear(2, 1)
small.weight.data.copy_(counted(1, 2))
small.bias.data.copy_(counted(1))
sgd = torch.optim.SGD(small.parameters(), lr=0.1, momentum=0.9)
sgd.state[small.weight]["momentum_buffer"] = counted(1, 2)
save(
    "envelope.pth",
    {
        "epoch": 3,
        "arch": "small",
        "best_acc1": torch.tensor(0.5),
        "when": datetime.date(2024, 1, 1),
        "state_dict": small.state_dict(),
        "optimizer": sgd.state_dict(),
    },
)

wide = counted(2, 3)
save("views.pth", {
    "transposed": wide.t(),
    "row": wide[1],
    "column": wide[:, 1],
    "expanded": counted(2)[:, None].expand(2, 2),
    "scalar": torch.tensor(7.0),
    "empty": torch.zeros(0, 3),
})
save("dtypes.pth", {
    "f64": counted(2, dtype=torch.float64),
    "f16": counted(2, dtype=torch.float16),
    "bf16": counted(2, dtype=torch.bfloat16),
    "i64": counted(2, dtype=torch.int64),
    "i32": counted(2, dtype=torch.int32),
    "i16": counted(2, dtype=torch.int16),
    "i8": counted(2, dtype=torch.int8),
    "u8": counted(2, dtype=torch.uint8),
    "bool": counted(2, dtype=torch.bool),
})
save("complex.pth", {"spectrum": counted(2, dtype=torch.complex64)})
save("u16.pth", {"ids": counted(2, dtype=torch.uint16)})
save("sparse.pth", {"dense": counted(2), "mask": counted(2).to_sparse()})

marked = torch.nn.Parameter(counted(2))
marked.note = "an attribute makes torch save the parameter with its state"
tagged = counted(2)
tagged.note = "and a tensor with its type"
save("parameters.pth", {"plain": torch.nn.Parameter(counted(2)), "marked": marked, "tagged": tagged, "extra": "text"})

torch.serialization.set_crc32_options(False)
save("no_crc.pth", {"w": counted(2)})
torch.serialization.set_crc32_options(True)

torch.jit.script(torch.nn.ReLU()).save(HERE / "scripted.pt")

safetensors.torch.save_file(state, HERE / "state_dict.safetensors", {"format": "pt"})

arrays = {"weight": numpy.arange(6, dtype="<f4").reshape(2, 3), "steps": numpy.int64(5)}
numpy.savez(HERE / "arrays.npz", **arrays)
numpy.savez_compressed(HERE / "compressed.npz", **arrays)
numpy.savez(HERE / "fortran.npz", weight=numpy.asfortranarray(arrays["weight"]))
numpy.savez(HERE / "big_endian.npz", weight=arrays["weight"].astype(">f4"))
numpy.savez(HERE / "objects.npz", weight=numpy.array([None, {}], dtype=object))
