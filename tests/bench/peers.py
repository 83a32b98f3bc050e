"""What frozen models take beside PyTorch, ONNX Runtime and OpenVINO.

    python3 tests/bench/peers.py [models…] [--batch 1,8] [--threads 2] [--rounds 30]

The first run makes a virtual environment in the user's cache folder and installs the peers there: five gigabytes, since
PyPI's torch comes with CUDA. With PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu it is less.

Every peer is a process of its own, so that no two share a pool of threads, and computes only while it is asked to; so
is narchi, as `cargo bench --bench speed -- serve`. In each round all contenders have a turn, each with a pause before
it, in which the threads of the one before stop spinning, and with some calls that are not timed. No library's way of
waiting is changed. What counts are the ratios of a round; printed are their median and its 95 % interval. Peers are
called from Python, which costs each call some microseconds: that matters for `mlp` alone. Every process keeps the
memory that it frees, on large pages, as `frozen::reserve_memory` does.
"""

import argparse
import importlib.util
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "narchi" / "peers"
PYTHON = CACHE / "bin" / "python"

# The libtorch of the project is that of this torch.
TORCH = ["torch==2.13.0", "torchvision==0.28.0"]
# What each peer needs beside.
PEERS = {
    "PyTorch eager": [],
    "TorchScript frozen": [],
    "torch.compile frozen": [],
    "ONNX Runtime": ["onnx", "onnxruntime"],
    "OpenVINO": ["onnx", "openvino"],
}
# The shape of one input.
MODELS = {
    "mlp": (8,),
    "resnet18": (3, 224, 224),
    "resnet50": (3, 224, 224),
    "squeezenet": (3, 224, 224),
    "mobilenet": (3, 224, 224),
    "bilstm": (128, 256),
}
# A turn takes at least so many seconds, and so long is the pause before it: libgomp spins for up to some 20 ms.
TURN = 0.05
PAUSE = 0.03
# Outputs may differ so much, relative to the greatest.
TOLERANCE = 1e-3


class Missing(Exception):
    """Why a contender cannot take part."""


# The virtual environment.


def prepare():
    """Makes the virtual environment, or completes it; says why peers are missing."""
    if installed() is None:
        if not all(importlib.util.find_spec(it) for it in ("venv", "ensurepip")):
            sys.exit("error: this Python has no venv module (on Debian and Ubuntu `apt install python3-venv`)")
        print(f"making a virtual environment in {CACHE}", file=sys.stderr)
        made = run([sys.executable, "-m", "venv", "--clear", CACHE])
        if made.returncode:
            sys.exit(f"error: no virtual environment in {CACHE}: {last_line(made.stdout + made.stderr)}")
    try:
        install(TORCH)
    except Missing as error:
        sys.exit(f"error: {error}\nall peers need it; PyPI has it for some versions of Python only")
    missing = {}
    for peer, packages in PEERS.items():
        try:
            install(packages)
        except Missing as error:
            missing[peer] = str(error)
    return missing


def run(command):
    return subprocess.run(command, capture_output=True, text=True)


def installed():
    """What the virtual environment has, each as `name` and as `name==version`; None if it is of no use."""
    listed = PYTHON.exists() and run([PYTHON, "-m", "pip", "list", "--format=json"])
    if not listed or listed.returncode:
        return None
    have = {it["name"]: it["version"].split("+")[0] for it in json.loads(listed.stdout)}
    return {*have, *(f"{name}=={version}" for name, version in have.items())}


def install(packages):
    """Installs what is not there yet, so that a complete environment needs no network."""
    wanted = [it for it in packages if it not in (installed() or ())]
    if not wanted:
        return
    what = ", ".join(wanted)
    print(f"installing {what}", file=sys.stderr)
    done = run([PYTHON, "-m", "pip", "install", "--no-cache-dir", "--only-binary=:all:", *wanted])
    if done.returncode:
        offline = "Failed to establish a new connection" in done.stdout + done.stderr
        reason = "pip does not reach its index; see whether the network is up" if offline else last_line(done.stderr)
        raise Missing(f"{what} cannot be installed: {reason}")


def last_line(text):
    """The line of a log that says most: its last error, else its last line."""
    lines = [it.strip() for it in text.splitlines() if it.strip()]
    errors = [it for it in lines if it.split(":")[0].lower().endswith(("error", "exception"))]
    return (errors or lines or ["it said nothing"])[-1][:300]


# Contenders as the one who times them sees them: processes that answer a line with a line.


class Process:
    def __init__(self, command, threads, log=None, **others):
        settings = {
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            # What `frozen::reserve_memory` does: freed memory stays, and lies on large pages.
            "MALLOC_MMAP_THRESHOLD_": 2**31 - 1,
            "MALLOC_TRIM_THRESHOLD_": 2**31 - 1,
            "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
            "TORCHINDUCTOR_CACHE_DIR": CACHE / "inductor",
            "PYTHONDONTWRITEBYTECODE": 1,
            **others,
        }
        environment = {**os.environ, **{key: str(value) for key, value in settings.items()}}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        self.log = log
        self.process = subprocess.Popen(command, **pipes, text=True, cwd=ROOT, env=environment)

    def ask(self, line):
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            # Then there is no answer, either.
            pass
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            said = ""
            if self.log:
                self.log.seek(0)
                said = self.log.read()
            raise Missing(f"{last_line(said)} (status {status})")
        return line

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Contender:
    """What it is called, its process, and the words that mean it there."""

    def __init__(self, name, process, words=""):
        self.name, self.process, self.words = name, process, words
        self.calls, self.seconds = 1, []

    def output(self):
        return [float(it) for it in self.process.ask(f"output{self.words}").split()]

    def time(self, calls):
        return float(self.process.ask(f"time{self.words} {calls}"))

    def calibrate(self):
        """Finds how many calls make a turn, while everything gets warm."""
        for _ in range(3):
            self.time(1)
        while self.time(self.calls) * self.calls < TURN:
            self.calls *= 2

    def take_turn(self):
        time.sleep(PAUSE)
        self.time(1 + self.calls // 10)
        self.seconds.append(self.time(self.calls))


def start_own(threads, *words, **settings):
    """Builds and starts `serve` of the benchmark `speed`."""
    if not shutil.which("cargo"):
        sys.exit("error: there is no cargo to build narchi's contenders with")
    libtorch = ["cargo", "run", "--quiet", "-p", "narchi-codegen", "--", "libtorch", "exec", "--install", "--"]
    bench = ["cargo", "bench", "-p", "narchi-tests", "--bench", "speed", "--", "serve", *words]
    own = Process([*libtorch, *bench], threads, **settings)
    try:
        own.ask(f"floor mlp 1 {threads}")
    except Missing:
        sys.exit("error: narchi's contenders do not start; what is above says why")
    return own


def start_peers(model, batch, threads, missing):
    """The peers that can take part; those that cannot are added to `missing`."""
    peers = []
    with tempfile.TemporaryDirectory() as folder:
        for name in [it for it in PEERS if it not in missing]:
            worker = [PYTHON, __file__, "--worker", name, folder, model, str(batch), str(threads)]
            process = Process(worker, threads, tempfile.TemporaryFile("w+"))
            try:
                process.answer()
                peers.append(Contender(name, process))
            except Missing as error:
                missing[name] = str(error)
    return peers


def compare(own, model, batch, threads, rounds, missing):
    """Lets all contenders take turns, and prints what they take; returns whether they agree."""
    words = f" {model} {batch} {threads}"
    missing = dict(missing)
    peers = start_peers(model, batch, threads, missing)
    contenders = [*(Contender(f"narchi {it}", own, f"{words} {it}") for it in ("frozen", "generated")), *peers]
    expected = contenders[0].output()
    differences = [difference(it.output(), expected) for it in contenders]
    for it in contenders:
        it.calibrate()
    for number in range(rounds):
        # Who comes after whom stays, who is first does not.
        first = number % len(contenders)
        for it in contenders[first:] + contenders[:first]:
            it.take_turn()
    for it in peers:
        it.process.close()
    rate, floor = map(float, own.ask(f"floor{words}").split())

    frozen = contenders[0].seconds
    title = f"{model}, batch {batch}, {threads} threads"
    print(f"{title:32}   fastest       median   frozen/it          95 %        differs by")
    for it, off in zip(contenders, differences):
        low, middle, high = interval([a / b for a, b in zip(frozen, it.seconds)])
        times = f"{1e3 * min(it.seconds):>10.4f}   {1e3 * statistics.median(it.seconds):>10.4f} ms"
        verdict = "" if off < TOLERANCE else ", WRONG"
        print(f"  {it.name:26} {times}   × {middle:.3f} [{low:.3f}, {high:.3f}]   {off:.0e}{verdict}")
    for name, reason in missing.items():
        print(f"  {name} is missing: {reason}")
    print(f"  {threads} threads: {2e-9 * rate:.0f} GFLOP/s in one large convolution", end="")
    share = floor / statistics.median(frozen)
    print(f"; frozen is at {100 * share:.0f} % of that rate" if math.isfinite(share) else "")
    below, middle, above = statistics.quantiles(frozen, n=4)
    load = f"the load of the machine is {os.getloadavg()[0]:.1f}"
    print(f"  half of frozen's {rounds} turns are within {100 * (above - below) / middle:.0f} %; {load}\n", flush=True)
    return all(it < TOLERANCE for it in differences)


def difference(output, expected):
    """The greatest there is, relative to the greatest number."""
    if len(output) != len(expected) or not all(map(math.isfinite, output)):
        return math.inf
    return max(abs(a - b) for a, b in zip(output, expected)) / max(1e-30, *map(abs, expected))


def interval(ratios):
    """The median, and between what the true one is: as many are below it as heads fall in so many throws of a coin."""
    count = len(ratios)
    low = max(math.floor(count / 2 - 1.96 * math.sqrt(count) / 2), 0)
    ratios = sorted(ratios)
    return ratios[low], ratios[count // 2], ratios[max(count - 1 - low, low)]


# The peers, in processes of their own, which have the packages of the virtual environment.


def formula():
    """What weights and inputs are made by; `examples/resnet/formula.rs` is the same in Rust."""
    sys.path.append(str(ROOT / "tests" / "reference" / "torchvision"))
    import record

    return record


def example(model, batch):
    shape = (batch, *MODELS[model])
    return (2 * formula().uniform("input", math.prod(shape)) - 1).reshape(shape).astype("float32")


def build(name):
    """The model in PyTorch, with the names and weights that narchi's has."""
    from collections import OrderedDict

    import torchvision
    from torch import nn

    class Bilstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(256, 256, num_layers=3, bidirectional=True, batch_first=True)

        def forward(self, x):
            return self.lstm(x)[0]

    if name == "mlp":
        layers = {"hidden": nn.Linear(8, 64), "relu": nn.ReLU(), "output": nn.Linear(64, 32)}
        model = nn.Sequential(OrderedDict(layers))
    elif name == "bilstm":
        model = Bilstm()
    else:
        torchvisions = {"squeezenet": "squeezenet1_1", "mobilenet": "mobilenet_v2"}
        model = getattr(torchvision.models, torchvisions.get(name, name))()
    for module in list(model.modules()):
        for child, layer in module.named_children():
            # As in `tests/arch/mobilenet.jsonnet`.
            if isinstance(layer, nn.ReLU6):
                setattr(module, child, nn.ReLU(inplace=True))
    model.load_state_dict({key: formula().hash_v1(key, it) for key, it in model.state_dict().items()})
    return model.eval()


def peer(name, folder, model, batch, threads):
    """A function of nothing that computes, and what makes numpy of its result."""
    if name in ("ONNX Runtime", "OpenVINO"):
        onnx, x = export(folder, model, batch)
    if name == "ONNX Runtime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"input": x})[0], lambda y: y
    if name == "OpenVINO":
        import openvino

        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
        request = openvino.Core().compile_model(onnx, "CPU", hints).create_infer_request()
        return lambda: request.infer([x], share_inputs=True, share_outputs=True)[0], lambda y: y

    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    x = torch.from_numpy(example(model, batch))
    compute = build(model)
    if name == "TorchScript frozen":
        compute = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(compute, x)))
    if name == "torch.compile frozen":
        import torch._inductor.config

        torch._inductor.config.freezing = True
        compute = torch.compile(compute, backend="inductor", dynamic=False)
    return lambda: compute(x), lambda y: y.numpy()


def export(folder, model, batch):
    """A file of ONNX and an input; from a process that ends, since torch has no place beside another peer."""
    import numpy

    onnx, x = Path(folder) / "model.onnx", Path(folder) / "x.npy"
    if not x.exists():
        command = [sys.executable, __file__, "--export", onnx, x, model, str(batch)]
        if subprocess.run(command).returncode:
            sys.exit(1)
    return onnx, numpy.load(x)


def export_here(onnx, file, model, batch):
    import numpy
    import torch

    x = example(model, int(batch))
    inputs = (torch.from_numpy(x),)
    torch.onnx.export(build(model), inputs, onnx, input_names=["input"], output_names=["output"], dynamo=False)
    numpy.save(file, x)


def work(name, folder, model, batch, threads):
    """Answers lines until there are none."""
    # Libraries print, too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    compute, to_numpy = peer(name, folder, model, int(batch), int(threads))
    compute()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        command, *calls = line.split()
        if command == "output":
            print(*to_numpy(compute()).flatten().tolist(), file=answers, flush=True)
            continue
        count = int(calls[0])
        start = time.perf_counter()
        for _ in range(count):
            compute()
        print((time.perf_counter() - start) / count, file=answers, flush=True)


def main():
    parts = {"--worker": work, "--export": export_here}
    if sys.argv[1:] and sys.argv[1] in parts:
        return parts[sys.argv[1]](*sys.argv[2:])

    def numbers(text):
        return [int(it) for it in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(MODELS)}; all by default")
    parser.add_argument("--batch", type=numbers, default=[1, 8])
    parser.add_argument("--threads", type=numbers, default=[2])
    parser.add_argument("--rounds", type=int, default=30)
    wish = parser.parse_args()
    unknown = set(wish.models) - set(MODELS)
    if unknown or wish.rounds < 2:
        parser.error(f"no such model: {', '.join(unknown)}" if unknown else "an interval needs two rounds at least")
    if sys.version_info < (3, 10):
        sys.exit("error: Python 3.10 or later is needed")
    missing = prepare()
    agree = True
    for threads in wish.threads:
        own = start_own(threads)
        for model in wish.models or MODELS:
            for batch in wish.batch:
                try:
                    agree &= compare(own, model, batch, threads, wish.rounds, missing)
                except Missing as error:
                    return f"error: a contender has stopped: {error}"
        own.close()
    return None if agree else "error: outputs differ"


if __name__ == "__main__":
    sys.exit(main())
