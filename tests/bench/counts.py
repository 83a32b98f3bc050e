"""What `narchi-codegen summary` counts beside what fvcore and torchinfo count in torchvision's models.

    python3 tests/bench/counts.py [models…]

Compared block by block: parameters and output shapes with torchinfo, multiply-adds of convolutions and linear maps with
fvcore; and the totals of both. It ends with an error where anything differs. The packages are installed into the virtual
environment of `peers.py`.
"""

import argparse
import json
import subprocess
import sys

import peers

RESNET = "examples/resnet/resnet.jsonnet"
FILES = {
    **{f"resnet{depth}": [RESNET, "--ext-code", f"depth={depth}"] for depth in (18, 34, 50, 101, 152)},
    "squeezenet": ["tests/arch/squeezenet.jsonnet"],
    "mobilenet": ["tests/arch/mobilenet.jsonnet"],
}
# What narchi calls multiply-adds; both of the others count more than that in their totals.
OPERATORS = ("conv", "linear")


def count_here(model):
    """What the others count, as JSON; runs in the virtual environment."""
    import torch
    import torchinfo
    import torchvision
    from fvcore.nn import FlopCountAnalysis

    make = {"squeezenet": "squeezenet1_1", "mobilenet": "mobilenet_v2"}.get(model, model)
    module = getattr(torchvision.models, make)(weights=None).eval()
    image = torch.zeros(1, 3, 224, 224)

    analysis = FlopCountAnalysis(module, image).unsupported_ops_warnings(False)
    multiply_adds = {
        path: sum(int(operators.get(it, 0)) for it in OPERATORS)
        for path, operators in analysis.by_module_and_operator().items()
    }

    info = torchinfo.summary(module, input_data=image, verbose=0, depth=99)
    blocks, path = {}, []
    for layer in info.summary_list[1:]:
        path[layer.depth - 1 :] = [layer.var_name]
        blocks[".".join(path)] = {"parameters": layer.num_params, "output": list(layer.output_size)}
    print(json.dumps({"blocks": blocks, "multiply_adds": multiply_adds, "parameters": info.total_params}))


def others(model):
    done = peers.run([peers.PYTHON, __file__, "--count", model])
    if done.returncode:
        sys.exit(f"error: {peers.last_line(done.stderr)}")
    return json.loads(done.stdout)


def narchi(model):
    command = ["cargo", "run", "--quiet", "-p", "narchi-codegen", "--", "summary", *FILES[model]]
    command += ["--at", "N=1,H=224,W=224", "--format", "json"]
    done = subprocess.run(command, cwd=peers.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def compare(model):
    """Prints a line; gives what differs."""
    theirs, ours = others(model), narchi(model)
    problems, compared = [], 0
    for block in ours["blocks"]:
        path = block["path"]
        known = theirs["blocks"].get(path)
        # Additions, and the views that are methods of tensors in torchvision, are no modules there.
        if known is None:
            if block["parameters"] or block["multiply_adds"]:
                problems.append(f"{path}: only narchi has it")
            continue
        compared += 1
        pairs = {
            "parameters": (block["parameters"], known["parameters"]),
            "multiply-adds": (block["multiply_adds"], theirs["multiply_adds"].get(path, 0)),
            "output": (block["outputs"], [str(known["output"])]),
        }
        problems += [f"{path}: {what} {a} and {b}" for what, (a, b) in pairs.items() if a != b]
    missing = {it for it, block in theirs["blocks"].items() if block["parameters"]} - {it["path"] for it in ours["blocks"]}
    problems += [f"{it}: narchi does not have it" for it in sorted(missing)]

    total = ours["total"]
    parameters, multiply_adds = total["parameters"], total["multiply_adds"]
    if (parameters, multiply_adds) != (theirs["parameters"], theirs["multiply_adds"][""]):
        problems.append(f"in all {theirs['parameters']:,} and {theirs['multiply_adds']['']:,}")
    verdict = "the same" if not problems else f"{len(problems)} differ"
    print(f"{model:12} {parameters:14,} {multiply_adds:16,} {compared:8}  {verdict}")
    return problems


def main():
    if sys.argv[1:2] == ["--count"]:
        return count_here(sys.argv[2])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(FILES)}; all by default")
    wish = parser.parse_args()
    unknown = set(wish.models) - set(FILES)
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}")
    peers.prepare()
    try:
        peers.install(["fvcore", "torchinfo"])
    except peers.Missing as error:
        sys.exit(f"error: {error}")
    print(f"{'model':12} {'parameters':>14} {'multiply-adds':>16} {'blocks':>8}  beside torchinfo and fvcore")
    problems = {model: compare(model) for model in wish.models or FILES}
    for model, found in problems.items():
        for problem in found[:20]:
            print(f"{model}: {problem}", file=sys.stderr)
    return "error: counts differ" if any(problems.values()) else None


if __name__ == "__main__":
    sys.exit(main())
