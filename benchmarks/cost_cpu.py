# SPDX-License-Identifier: Apache-2.0
"""What grounding costs on a CPU with two threads, beside ``transformers``' GroundingDINO, in one run.

Each round runs every system once: our network on a canvas of 512x512 (encode, then ten phrases that it has never seen,
text encoder, boxes and masks in the grid of the image included), the product path at the bundle's own canvas, and
GroundingDINO, in float32 and in bfloat16. All candidates and the masks of all ten phrases are asked for (threshold 0),
whatever the image shows. Peak memory is that of a fresh process per system.

    python benchmarks/cost_cpu.py --bundle bundles/medglip_2d --out benchmarks/results/cost_cpu.json
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.grounding_dino import GroundingDino
from benchmarks.timing import Stages, interleaved_seconds, peak_memory_of, peak_memory_of_this_process, timed
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.inference import Grounder

SIDE = 512
"""Side of the image and of the canvas [pixels]."""

PHRASES = (
    "left lung", "heart", "polyp", "esophagus", "malignant breast tumor", "fetal head", "cell nucleus", "glioma",
    "lower left first molar", "spinal cord",
)  # fmt: skip

THREADS = 2
_EPOCH_LINE = re.compile(r"epoch (\d+): ([\d.]+) ms per image, ([\d.]+) % of the time waiting for data")


def image() -> np.ndarray:
    """Return the image ``(rows, columns)`` that every system gets: smooth noise, the same each time."""
    coarse = np.random.default_rng(0).random((SIDE // 32, SIDE // 32))
    return (255 * np.kron(coarse, np.ones((32, 32)))).astype(np.uint8)


def network_512(bundle: Path, *, bfloat16: bool = False) -> Stages:
    """Return our network on a canvas of 512x512: encode, then ten phrases that are new to it."""
    grounder = _grounder(bundle, canvas=(SIDE, SIDE))
    picture = image()

    def run() -> dict[str, float]:
        forget_phrases(grounder)
        with _precision(bfloat16):
            encoded, encode = timed(lambda: grounder.encode(picture, modality="CT"))
            _, ask = timed(lambda: grounder.ask(encoded, PHRASES, threshold=0.0))
        return {"encode": encode, "ten_new_phrases": ask}

    return run


def product(bundle: Path) -> Stages:
    """Return the way that a user takes: an array and ten phrases in, boxes and masks out, at the bundle's canvas."""
    grounder = Grounder(bundle, device="cpu")
    picture = image()

    def run() -> dict[str, float]:
        forget_phrases(grounder)
        return {"ground": timed(lambda: grounder.ground(picture, PHRASES, modality="CT", threshold=0.0))[1]}

    return run


def grounding_dino(bundle: Path, *, bfloat16: bool = False) -> Stages:
    """Return GroundingDINO (tiny) with all ten phrases in one prompt; it can only do both stages together."""
    network = GroundingDino(bundle / "models" / "text_encoder")
    pixels = torch.from_numpy(image()).float().div(127.5).sub(1).expand(1, 3, SIDE, SIDE).contiguous()

    def run() -> dict[str, float]:
        with _precision(bfloat16):
            return {"ground": timed(lambda: network(pixels, PHRASES))[1]}

    return run


SYSTEMS: dict[str, Callable[[Path], Stages]] = {
    "medglip_512": network_512,
    "grounding_dino_tiny_512": grounding_dino,
    "medglip_512_bfloat16": lambda bundle: network_512(bundle, bfloat16=True),
    "grounding_dino_tiny_512_bfloat16": lambda bundle: grounding_dino(bundle, bfloat16=True),
    "medglip_product": product,
}
"""What is measured, by the name that the result file uses."""


def measure(bundle: Path, *, rounds: int) -> dict[str, Any]:
    """Return seconds, memory and ratios of all systems.

    Args:
        bundle: folder of the bundle.
        rounds: how often each system is timed.
    """
    memory = {name: peak_memory_of([__file__, "--bundle", str(bundle), "--memory-of", name]) for name in SYSTEMS}
    imports = peak_memory_of([__file__, "--bundle", str(bundle), "--memory-of", "imports"])
    seconds = interleaved_seconds({name: make(bundle) for name, make in SYSTEMS.items()}, rounds=rounds)
    return {
        "threads": THREADS,
        "image": [SIDE, SIDE],
        "phrases": len(PHRASES),
        "systems": {name: {**seconds[name], "peak_memory_mib": memory[name]} for name in SYSTEMS},
        "peak_memory_of_imports_mib": imports,
        "times_faster": ratios(seconds),
    }


def ratios(seconds: dict[str, Any]) -> dict[str, float]:
    """Return how many times faster an image with ten phrases is than GroundingDINO's, by medians."""

    def median(name: str) -> float:
        return float(seconds[name]["total"]["median_s"])

    return {
        "float32": median("grounding_dino_tiny_512") / median("medglip_512"),
        "bfloat16": median("grounding_dino_tiny_512_bfloat16") / median("medglip_512_bfloat16"),
        "product_float32": median("grounding_dino_tiny_512") / median("medglip_product"),
    }


def training_cost(log: str) -> dict[str, Any]:
    """Return the medians over the epochs of a training log, the first left out, which fills the cache.

    Args:
        log: text with the lines that `DataWaitHandler` writes.

    Raises:
        ValueError: when the log has no such line.
    """
    epochs = {int(epoch): (float(ms), float(share) / 100) for epoch, ms, share in _EPOCH_LINE.findall(log)}
    if not epochs:
        raise ValueError("expected lines 'epoch N: ... ms per image, ... % of the time waiting for data' in the log")
    counted = [figures for epoch, figures in epochs.items() if epoch > 1] or list(epochs.values())
    per_image, waiting = np.median(counted, axis=0)
    return {"ms_per_image": float(per_image), "waiting_share": float(waiting), "epochs": len(counted)}


def forget_phrases(grounder: Grounder) -> None:
    """Empty the network's memory of phrases, so that each round asks phrases that it has never seen."""
    grounder.network.text_encoder._cache.clear()


def report_memory(run: Stages | None) -> None:
    """Run a system twice, None being the imports alone, and tell the peak memory as `peak_memory_of` reads it."""
    if run is not None:
        run()
        run()
    sys.stdout.write(f"{peak_memory_of_this_process()}\n")


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="What grounding costs on a CPU, beside GroundingDINO.")
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cost_cpu.json"), metavar="FILE")
    parser.add_argument("--rounds", type=int, default=20, help="how often each system is timed (default: 20)")
    parser.add_argument("--training-log", type=Path, metavar="FILE", help="log of a training run on this machine")
    parser.add_argument("--memory-of", choices=("imports", *SYSTEMS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    if arguments.memory_of:
        make = SYSTEMS.get(arguments.memory_of)
        report_memory(None if make is None else make(arguments.bundle))
        return
    training = training_cost(arguments.training_log.read_text(encoding="utf-8")) if arguments.training_log else None
    bundle = Grounder(arguments.bundle, device="cpu").bundle.provenance()
    results = {**measure(arguments.bundle, rounds=arguments.rounds), "training": training}
    command = shlex.join(["python", "benchmarks/cost_cpu.py", *sys.argv[1:]])
    write_result(arguments.out, result_head(command, bundle=bundle, data=None), results)


def _grounder(bundle: Path, canvas: tuple[int, int]) -> Grounder:
    """The network alone at a canvas of another size than the bundle's."""
    grounder = Grounder(bundle, device="cpu", rules=False)
    grounder.operating_point = replace(grounder.operating_point, canvas=canvas)
    return grounder


def _precision(bfloat16: bool) -> contextlib.AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else contextlib.nullcontext()


if __name__ == "__main__":
    main()
