#!/usr/bin/env python3
"""Uses pages of `narchi-codegen render` in headless Chromium, as people do: python3 narchi-codegen/tests/page.py

Folds and unfolds scopes by mouse and keys, searches, and looks whether anything is over anything else. Chromium has to be
installed. With --shots FOLDER it leaves pictures of what it saw.
"""

import argparse
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
CARGO = ["cargo", "run", "-q", "--manifest-path", str(ROOT / "Cargo.toml"), "-p", "narchi-codegen", "--"]
FILES = {
    "resnet18": [ROOT / "examples/resnet/resnet.jsonnet", "--ext-code", "depth=18", "--at", "H=224,W=224"],
    "filled": [
        *[ROOT / "examples/resnet/resnet.jsonnet", "--ext-code", "depth=18", "--fill", "Conv2d=#ffd8a8"],
        *["--fill", "BatchNorm2d=#777", "--fill", "ResBlock=#1f3a5f", "--fill", "Sequential=#d3f9d8"],
    ],
    "resnet50": [ROOT / "examples/resnet/resnet.jsonnet", "--ext-code", "depth=50", "--depth", "1"],
    "mlp": [ROOT / "examples/mlp/mlp.jsonnet"],
    "squeezenet": [ROOT / "tests/arch/squeezenet.jsonnet"],
    "mobilenet": [ROOT / "tests/arch/mobilenet.jsonnet", "--depth", "0"],
    "two": [HERE / "models/two_in_two_out.jsonnet"],
    "nested": [HERE / "models/nested.jsonnet"],
    "modules": [HERE / "models/modules.jsonnet"],
    "sequences": [HERE / "models/sequences.jsonnet"],
    "crowded": [HERE / "pictures/crowded.jsonnet"],
    "tickets": [ROOT / "docs/files/src/tickets.jsonnet"],
}
# What only colours differ in is looked at where users choose some.
SCHEMES = {
    "light": "--blink-settings=preferredColorScheme=1",
    "dark": "--blink-settings=preferredColorScheme=0",
}


def chromium():
    found = next((it for it in ("chromium", "chromium-browser", "google-chrome") if shutil.which(it)), None)
    if found is None:
        sys.exit("there is no Chromium here")
    return [found, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000", "--hide-scrollbars"]


def checked(browser, page, folder):
    """What the checks in page.js say of a page."""
    text = page.read_text()
    checks = "<script>\n" + (HERE / "page.js").read_text() + "</script>\n</body>"
    under_test = folder / "checked.html"
    under_test.write_text(text.replace("</body>", checks))
    command = [*browser, "--virtual-time-budget=20000", "--dump-dom", under_test.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    said = re.search(r'<pre id="checked">(.*?)</pre>', dom, re.DOTALL)
    if said is None:
        return {"count": 0, "problems": ["the checks did not end"]}
    return json.loads(html.unescape(said.group(1)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shots", type=pathlib.Path, metavar="FOLDER", help="where to leave pictures of the pages")
    parser.add_argument("command", nargs="*", default=CARGO, help="what runs narchi-codegen, if not cargo")
    arguments = parser.parse_args()
    command, shots = arguments.command, arguments.shots
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    browser, failed = chromium(), False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, options in FILES.items():
            page = folder / f"{name}.html"
            render = [*command, "render", *map(str, options), "-o", str(page)]
            subprocess.run(render, check=True, stderr=subprocess.DEVNULL)
            for kind, scheme in SCHEMES.items():
                if kind == "dark" and "--fill" not in options:
                    continue
                result = checked([*browser, scheme], page, folder)
                problems = result["problems"]
                print(f"{name}, {kind}: {result['count']} checks, {len(problems)} problems", flush=True)
                for problem in problems[:10]:
                    print(f"  {problem}")
                failed |= bool(problems) or result["count"] == 0
                if shots:
                    shot = [*browser, scheme, f"--screenshot={shots / name}-{kind}.png", page.as_uri()]
                    subprocess.run(shot, check=True, stderr=subprocess.DEVNULL)
    sys.exit(failed)


main()
