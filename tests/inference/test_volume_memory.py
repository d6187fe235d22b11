# SPDX-License-Identifier: Apache-2.0
"""The memory that a large volume takes on its way to the network and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GIBIBYTE = 2**30

# In a process of its own, whose peak nothing else has raised; that of getrusage() starts with the parent's.
SCRIPT = """
import json, pathlib
import numpy as np, torch
torch.set_num_threads(1)
from monai_medglip.inference import PlacedScan
from tests.inference.volume_scans import random_volume, volume_scan

def memory(kind):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))

def placed_and_masked(array, affine):
    placed = PlacedScan.on_canvas(volume_scan(array, affine), (80, 80, 80))
    logits = torch.full([side // 2 for side in placed.pixels.shape[1:]], 3.0)
    window = placed.window(np.array([100.0, 100, 50, 400, 400, 250]) * array.shape[0] / 512, 64**3)
    return placed, placed.mask_in_scan(logits, 0.5), window

affine = np.diag([-0.8, -0.8, 1.5, 1.0])
placed_and_masked(random_volume(64, 64, 40), affine)  # libraries that are loaded when first used
array = np.zeros((512, 512, 300), np.int16)
array[::7] = 40
before = memory("VmRSS")
placed, mask, window = placed_and_masked(array, affine)
print(json.dumps({
    "array": array.nbytes, "more": memory("VmHWM") - before, "inside": float(mask.mean()),
    "seen": [list(placed.pixels.shape), list(window.pixels.shape)],
}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process's memory")
def test_a_volume_of_150_megabytes_is_placed_and_masked_in_bounded_memory(repository):
    environment = {"OMP_NUM_THREADS": "1", "PATH": "", "PYTHONPATH": str(repository)}
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, env=environment, cwd=repository
    )
    assert process.returncode == 0, process.stderr[-3000:]
    told = json.loads(process.stdout)
    assert told["array"] == 512 * 512 * 300 * 2
    assert told["inside"] > 0.95
    assert told["seen"] == [[3, 80, 80, 96], [3, 64, 64, 80]]
    assert told["more"] < 1.5 * GIBIBYTE, f"{told['more'] / GIBIBYTE:.2f} GiB more than before"
