# SPDX-License-Identifier: Apache-2.0
"""Runs what the pages show as a reader would, in the root of the checkout, and keeps what it prints.

That is the first Python block of README.md, and of the page on grounding from the shell each command that names a file
of `examples`, by the name of the file.

python benchmarks/quickstart.py --out benchmarks/results/quickstart.json
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from monai_medglip.evaluation import result_head, write_result
from monai_medglip.inference import Bundle

CHECKOUT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^medglip (ground examples/\S*?([^/\s.]+)\.\S+ .*)$", re.MULTILINE)


def printed(*words: str) -> str:
    """Return what Python prints when it is run with some words in the root of the checkout."""
    command = [sys.executable, "-W", "ignore", *words]
    environment = {**os.environ, "MEDGLIP_BUNDLE": "bundles/medglip_2d"}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)} failed:\n{done.stderr}")
    return done.stdout


def main() -> int:
    """Run block and commands and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/quickstart.json"), metavar="FILE")
    arguments = parser.parse_args()
    block = _BLOCK.search((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    if block is None:
        raise SystemExit("expected a Python block in README.md, found none")
    results = {"output": printed("-c", block[1])}
    page = (CHECKOUT / "docs" / "how-to" / "ground-images.md").read_text(encoding="utf-8")
    for words, name in _COMMAND.findall(page):
        with TemporaryDirectory() as folder:
            given = [folder if word == "out/" else word for word in shlex.split(words)]
            results[name] = printed("-m", "monai_medglip.cli.main", *given)
    bundles = [Bundle(CHECKOUT / "bundles" / name).provenance() for name in ("medglip_2d", "medglip_3d")]
    head = result_head(shlex.join(["python", *sys.argv]), bundle={"bundles": bundles}, data=None)
    write_result(arguments.out, head, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
