"""What frozen models take beside time: memory while they compute, and how long they take to load.

    python3 tests/bench/costs.py [models…] [--batch 1,8] [--threads 2] [--rounds 9]

It needs Linux, whose kernel counts the pages of a process. Memory is what a call takes at most beyond what is there before
it, weights and all; each contender has a process of its own, in which freed memory goes back at once, so that what is
counted is in use. Loading is compared with what one writes in PyTorch, the model of torchvision and `load_state_dict`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers

# Blocks of this size are mapped, and unmapped when they are freed.
MAPPED = {"MALLOC_MMAP_THRESHOLD_": 2**16, "MALLOC_TRIM_THRESHOLD_": 2**16, "GLIBC_TUNABLES": ""}
MODELS = [it for it in peers.MODELS if it not in ("mlp", "bilstm")]


def memory_of_eager(model, batch, threads):
    command = [peers.PYTHON, __file__, "--memory", model, str(batch), str(threads)]
    environment = {**os.environ, **{key: str(value) for key, value in MAPPED.items()}}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"error: {peers.last_line(done.stderr)}")
    return int(done.stdout)


def memory_here(model, batch, threads):
    """The bytes that a call in PyTorch takes, as `peak` in `speed/serve.rs` counts them."""
    compute, _ = peers.peer("PyTorch eager", None, model, int(batch), int(threads))
    compute()

    def counter(name):
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(it.split()[1]) for it in lines if it.startswith(name))

    Path("/proc/self/clear_refs").write_text("5")
    before = counter("VmRSS:")
    compute()
    print(counter("VmHWM:") - before)


def load_here(file):
    """The seconds that PyTorch takes."""
    import torch
    import torchvision

    start = time.perf_counter()
    model = torchvision.models.resnet152()
    model.load_state_dict(torch.load(file, weights_only=True))
    model.eval()
    print(time.perf_counter() - start)


def save_here(file):
    import torch
    import torchvision

    torch.save(torchvision.models.resnet152().state_dict(), file)


def python(*words):
    return subprocess.run([peers.PYTHON, __file__, *words], capture_output=True, text=True, check=True).stdout


def memory(models, batches, threads):
    print("memory of one call, MB          tch by hand   generated      frozen     PyTorch   frozen/PyTorch")
    for model in models:
        for batch in batches:
            taken = []
            for contender in ("tch", "generated", "frozen"):
                process = peers.start_own(threads, "frugal", **MAPPED)
                taken.append(int(process.ask(f"memory {model} {batch} {threads} {contender}")))
                process.close()
            taken.append(memory_of_eager(model, batch, threads))
            numbers = "".join(f"{it / 1e6:>12.1f}" for it in taken)
            print(f"  {model:12} batch {batch:<3}      {numbers}   × {taken[2] / taken[3]:.2f}", flush=True)


def loading(threads, rounds):
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "resnet152.pth")
        python("--save", file)
        process = peers.start_own(threads)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(float(process.ask(f"load resnet152 1 {threads} {file}")))
            theirs.append(float(python("--load", file)))
        process.close()
    low, middle, high = peers.interval([a / b for a, b in zip(ours, theirs)])
    print(f"loading ResNet-152, frozen: {statistics.median(ours):.3f} s; torchvision: {statistics.median(theirs):.3f} s")
    print(f"  × {middle:.3f} [{low:.3f}, {high:.3f}]")


def main():
    parts = {"--memory": memory_here, "--load": load_here, "--save": save_here}
    if sys.argv[1:] and sys.argv[1] in parts:
        return parts[sys.argv[1]](*sys.argv[2:])

    def numbers(text):
        return [int(it) for it in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(MODELS)}; all by default")
    parser.add_argument("--batch", type=numbers, default=[1, 8])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    wish = parser.parse_args()
    unknown = set(wish.models) - set(MODELS)
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}")
    peers.prepare()
    memory(wish.models or MODELS, wish.batch, wish.threads)
    loading(wish.threads, wish.rounds)


if __name__ == "__main__":
    sys.exit(main())
