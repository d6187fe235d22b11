# SPDX-License-Identifier: Apache-2.0
"""Runs the first Python block of README.md as a reader would, in the root of the checkout, and keeps what it prints.

python benchmarks/quickstart.py --out benchmarks/results/quickstart.json
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

from monai_medglip.evaluation import result_head, write_result
from monai_medglip.inference import Bundle

CHECKOUT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def main() -> int:
    """Run the block and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/quickstart.json"), metavar="FILE")
    arguments = parser.parse_args()
    block = _BLOCK.search((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    if block is None:
        raise SystemExit("expected a Python block in README.md, found none")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", block[1]], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the block of README.md failed:\n{done.stderr}")
    bundle = Bundle(CHECKOUT / "bundles" / "medglip_2d")
    head = result_head(shlex.join(["python", *sys.argv]), bundle=bundle.provenance(), data=None)
    write_result(arguments.out, head, {"output": done.stdout})
    return 0


if __name__ == "__main__":
    sys.exit(main())
