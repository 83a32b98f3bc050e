"""Records what torchvision's ResNets are and compute, for tests/it/torchvision.rs.

    pip install torch==2.13.0 torchvision==0.28.0
    python3 record.py

Writes `resnetNN.keys`, the state dict as lines `name shape dtype`, and `resnets.json`, outputs for weights and
inputs that are made by a formula (`hash_v1` below; `narchi_examples::formula` is the same in Rust).
"""

import json
import math
from pathlib import Path

import numpy
import torch
import torchvision

HERE = Path(__file__).parent

# What is recorded: the model, and the shape of its input.
CASES = {
    "resnet18": ("resnet18", (2, 3, 224, 224)),
    "resnet18_odd": ("resnet18", (1, 3, 97, 131)),
    "resnet34": ("resnet34", (1, 3, 64, 64)),
    "resnet50": ("resnet50", (1, 3, 224, 224)),
    "resnet101": ("resnet101", (1, 3, 64, 64)),
    "resnet152": ("resnet152", (1, 3, 64, 64)),
}


def uniform(key, count):
    """FNV-1a of the key, then MurmurHash3's finaliser over a Weyl sequence: numbers from 0 to 1."""
    seed = 0x811C9DC5
    for byte in key.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = (seed + numpy.arange(count, dtype=numpy.uint64) * 0x9E3779B9) & 0xFFFFFFFF
    x ^= x >> 16
    x = x * 0x85EBCA6B & 0xFFFFFFFF
    x ^= x >> 13
    x = x * 0xC2B2AE35 & 0xFFFFFFFF
    x ^= x >> 16
    return x / 2.0**32


def hash_v1(key, like):
    """The tensor that belongs to a key of the state dict."""
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.zeros_like(like)
    u = uniform(key, like.numel())
    if leaf == "running_var" or (leaf == "weight" and like.dim() == 1):
        values = 0.5 + u
    elif like.dim() >= 2:
        values = (2 * u - 1) * math.sqrt(3 / (like.numel() / like.shape[0]))
    else:
        values = (u - 0.5) * 0.2
    return torch.from_numpy(values).reshape(like.shape).to(like.dtype)


def record(name, shape):
    model = getattr(torchvision.models, name)()
    state = model.state_dict()
    lines = [
        f"{key} {','.join(map(str, tensor.shape)) or '-'} {str(tensor.dtype).removeprefix('torch.')}"
        for key, tensor in state.items()
    ]
    (HERE / f"{name}.keys").write_text("\n".join(lines) + "\n")
    model.load_state_dict({key: hash_v1(key, tensor) for key, tensor in state.items()})
    image = torch.from_numpy(2 * uniform("input", math.prod(shape)) - 1).reshape(shape).float()
    with torch.no_grad():
        output = model.eval()(image)
    return {
        "model": name,
        "input": list(shape),
        "output": list(output.shape),
        "first8": output.flatten()[:8].tolist(),
        "last8": output.flatten()[-8:].tolist(),
        "mean": output.double().mean().item(),
        "std": output.double().std().item(),
        "argmax": output.argmax(1).tolist(),
        "parameters": sum(it.numel() for it in model.parameters()),
    }


def main():
    torch.set_num_threads(1)
    records = {case: record(name, shape) for case, (name, shape) in CASES.items()}
    (HERE / "resnets.json").write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main()
