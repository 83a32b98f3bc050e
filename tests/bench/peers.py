"""What frozen models take beside PyTorch, ONNX Runtime and OpenVINO.

    python3 tests/bench/peers.py [models…] [--batch 1,8] [--threads 2] [--rounds 30]

The first run makes a virtual environment in the user's cache folder and installs the peers there: five gigabytes, since
PyPI's torch comes with CUDA. With PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu it is less.

Every contender is a process of its own, so that no two share a pool of threads, and computes only while it is asked to.
In each round all have a turn, each with a pause before it, in which the threads of the one before stop spinning, and
with some calls that are not timed. No waiting policy of any library is changed. What counts are the ratios of a round;
printed are their median and its 95 % interval. Peers are called from Python, which costs each call some microseconds:
that matters for `mlp` alone. Every process keeps the memory that it frees, as `frozen::keep_freed_memory` does.
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
TORCH = ["torch==2.13.0", "torchvision==0.28.0", "onnx"]
# What each peer needs beside.
PEERS = {
    "PyTorch eager": None,
    "TorchScript frozen": None,
    "torch.compile frozen": None,
    "ONNX Runtime": "onnxruntime",
    "OpenVINO": "openvino",
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
    if sys.version_info < (3, 10):
        sys.exit("error: Python 3.10 or later is needed")
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
    for peer, package in PEERS.items():
        try:
            install([package] if package else [])
        except Missing as error:
            missing[peer] = str(error)
    return missing


def run(command):
    return subprocess.run(command, capture_output=True, text=True)


def installed():
    """What the virtual environment has, each as `name` and as `name==version`; None if it is of no use."""
    if not PYTHON.exists():
        return None
    listed = run([PYTHON, "-m", "pip", "list", "--format=json"])
    if listed.returncode:
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
        said = done.stdout + done.stderr
        offline = any(it in said for it in ("NewConnectionError", "Connection refused", "ConnectTimeout"))
        reason = "pip does not reach its index; see whether the network is up" if offline else last_line(done.stderr)
        raise Missing(f"{what} cannot be installed: {reason}")


def last_line(text):
    """The line of a log that says most: its last error, else its last line."""
    lines = [it.strip() for it in text.splitlines() if it.strip()]
    errors = [it for it in lines if it.split(":")[0].endswith(("ERROR", "Error", "error", "Exception"))]
    return (errors or lines or ["it said nothing"])[-1][:300]


# Contenders, as the one who times them sees them: processes that answer a line with a line.


def environment(threads):
    """The same for every process."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        # What mallopt(3) sets in `frozen::keep_freed_memory`.
        "MALLOC_MMAP_THRESHOLD_": str(2**31 - 1),
        "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
        "TORCHINDUCTOR_CACHE_DIR": str(CACHE / "inductor"),
    }


class Process:
    """A process on pipes."""

    def __init__(self, command, threads, log=None):
        self.log = log
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=environment(threads),
        )

    def ask(self, line):
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            said = ""
            if self.log:
                self.log.seek(0)
                said = self.log.read()
            raise Missing(last_line(said))
        return line

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start_own(threads):
    """Builds and starts `serve` of the benchmark `speed`."""
    if not shutil.which("cargo"):
        sys.exit("error: there is no cargo to build narchi's contenders with")
    libtorch = ["cargo", "run", "--quiet", "-p", "narchi-codegen", "--", "libtorch", "exec", "--install", "--"]
    bench = ["cargo", "bench", "-p", "narchi-tests", "--bench", "speed", "--", "serve"]
    own = Process([*libtorch, *bench], threads)
    try:
        own.ask(f"floor mlp 1 {threads}")
    except Missing:
        sys.exit("error: narchi's contenders do not start; what is above says why")
    return own


class Contender:
    """A way to compute a model: what it is called, the process, and how it is asked."""

    def __init__(self, name, process, words=""):
        self.name, self.process, self.words = name, process, words
        self.calls, self.seconds = 1, []

    def output(self):
        return [float(it) for it in self.process.ask(f"output{self.words}").split()]

    def turn(self, calls):
        return float(self.process.ask(f"time{self.words} {calls}"))

    def calibrate(self):
        """Finds how many calls make a turn, while everything gets warm."""
        for _ in range(3):
            self.turn(1)
        while self.turn(self.calls) * self.calls < TURN:
            self.calls *= 2

    def take_turn(self):
        time.sleep(PAUSE)
        self.turn(1 + self.calls // 10)
        self.seconds.append(self.turn(self.calls))


# One table.


def compare(own, model, batch, threads, rounds, missing):
    """Runs all contenders in turn, and prints what they take."""
    words = f" {model} {batch} {threads}"
    contenders = [Contender(f"narchi {it}", own, f"{words} {it}") for it in ("frozen", "generated")]
    missing = dict(missing)
    with tempfile.TemporaryDirectory() as folder:
        for name in [it for it in PEERS if it not in missing]:
            worker = [PYTHON, __file__, "--worker", name, folder, model, str(batch), str(threads)]
            process = Process(worker, threads, tempfile.TemporaryFile("w+"))
            try:
                process.answer()
                contenders.append(Contender(name, process))
            except Missing as error:
                missing[name] = str(error)
    expected = contenders[0].output()
    differences = [difference(it.output(), expected) for it in contenders]
    for it in contenders:
        it.calibrate()
    for turn in range(rounds):
        # Who comes after whom stays, who is first does not.
        first = turn % len(contenders)
        for it in contenders[first:] + contenders[:first]:
            it.take_turn()
    rate, floor = map(float, own.ask(f"floor{words}").split())
    for it in contenders:
        if it.process is not own:
            it.process.close()
    show(f"{model}, batch {batch}, {threads} threads, {rounds} rounds", contenders, differences)
    print(f"  {threads} threads: {2e-9 * rate:.0f} GFLOP/s in one large convolution", end="")
    share = floor / statistics.median(contenders[0].seconds)
    print(f"; frozen is at {100 * share:.0f} % of that rate" if math.isfinite(share) else "")
    for peer, reason in missing.items():
        print(f"  {peer} is missing: {reason}")
    print(flush=True)
    return all(it < TOLERANCE for it in differences)


def difference(output, expected):
    """The greatest there is, relative to the greatest number."""
    if len(output) != len(expected):
        return math.inf
    return max(abs(a - b) for a, b in zip(output, expected)) / max(map(abs, expected))


def show(title, contenders, differences):
    print(f"{title:42}   median   frozen/it          95 %       differs by")
    frozen = contenders[0].seconds
    for it, off in zip(contenders, differences):
        ratios = sorted(a / b for a, b in zip(frozen, it.seconds))
        # Between which of them their true median is: as many are below it as heads fall in so many throws of a coin.
        count = len(ratios)
        low = max(math.floor(count / 2 - 1.96 * math.sqrt(count) / 2), 0)
        high = max(count - 1 - low, low)
        verdict = "" if off < TOLERANCE else "  WRONG"
        print(
            f"  {it.name:34} {1e3 * statistics.median(it.seconds):>9.4f} ms"
            f"   × {ratios[count // 2]:.3f} [{ratios[low]:.3f}, {ratios[high]:.3f}]   {off:.0e}{verdict}"
        )
    quarters = statistics.quantiles(frozen, n=4)
    spread = (quarters[2] - quarters[0]) / quarters[1]
    print(f"  half of frozen's turns are within {100 * spread:.0f} % of each other; load {os.getloadavg()[0]:.1f}")


# The peers, in processes of their own, which have the packages of the virtual environment.


def formula():
    """What weights and inputs are made by; `examples/resnet/formula.rs` is the same in Rust."""
    sys.path.append(str(ROOT / "tests" / "reference" / "torchvision"))
    import record

    return record


def example(model, batch):
    """The input that belongs to the weights."""
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

        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        request = openvino.Core().compile_model(onnx, "CPU", settings).create_infer_request()
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
        exporter = [sys.executable, __file__, "--export", onnx, x, model, str(batch)]
        if subprocess.run(exporter).returncode:
            sys.exit(1)
    return onnx, numpy.load(x)


def export_here(onnx, x, model, batch):
    import numpy
    import torch

    example_input = example(model, batch)
    inputs = (torch.from_numpy(example_input),)
    torch.onnx.export(build(model), inputs, onnx, input_names=["input"], output_names=["output"], dynamo=False)
    numpy.save(x, example_input)


def work(name, folder, model, batch, threads):
    """Answers lines until there are none."""
    # Libraries print, too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    compute, numpy = peer(name, folder, model, batch, threads)
    compute()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        command, *calls = line.split()
        if command == "output":
            print(*numpy(compute()).flatten().tolist(), file=answers, flush=True)
            continue
        count = int(calls[0])
        start = time.perf_counter()
        for _ in range(count):
            compute()
        print((time.perf_counter() - start) / count, file=answers, flush=True)


def main():
    if sys.argv[1:2] == ["--worker"]:
        name, folder, model, batch, threads = sys.argv[2:]
        return work(name, folder, model, int(batch), int(threads))
    if sys.argv[1:2] == ["--export"]:
        onnx, x, model, batch = sys.argv[2:]
        return export_here(onnx, x, model, int(batch))
    numbers = lambda text: [int(it) for it in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(MODELS)}; all by default")
    parser.add_argument("--batch", type=numbers, default=[1, 8])
    parser.add_argument("--threads", type=numbers, default=[2])
    parser.add_argument("--rounds", type=int, default=30)
    wish = parser.parse_args()
    unknown = set(wish.models) - set(MODELS)
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}")
    if wish.rounds < 2:
        parser.error("an interval needs two rounds at least")
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
