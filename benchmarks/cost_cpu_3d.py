# SPDX-License-Identifier: Apache-2.0
"""What grounding a volume costs on a CPU with two threads, beside forward passes of MONAI's networks, in one run.

Each round runs every system once on the same 128x128x128 CT. Ours is the product path at the bundle's own operating
point: working grid, encoder, then ten phrases that it has never seen, second looks and masks in the grid of the volume
included; and the same with and without second looks, whatever the bundle says. Of SegResNet and SwinUNETR it is one
forward over the whole grid, with a channel for each of ten classes and the background and random weights; scaling the
values and everything after the logits is not counted for them. All candidates and the masks of all ten phrases are
asked for (threshold 0), whatever the volume shows. A CT of 512x512x300 is then read from its file and asked the same,
in rounds of its own. Peak memory is that of a fresh process per system.

    python benchmarks/cost_cpu_3d.py --bundle bundles/medglip_3d --out benchmarks/results/cost_cpu_3d.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import torch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cost_cpu import forget_phrases, report_memory, training_cost
from benchmarks.timing import Stages, interleaved_seconds, peak_memory_of, timed
from monai_medglip import read_image
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.inference import Grounder

SHAPE = (128, 128, 128)
"""Voxels of the volume that all systems get."""

LARGE_SHAPE = (512, 512, 300)
"""Voxels of the volume that shows that memory is bounded."""

PHRASES = (
    "brainstem", "spinal cord", "left parotid gland", "right parotid gland", "esophagus", "larynx", "mandible",
    "left atrium", "brain tumor", "soft tissue sarcoma",
)  # fmt: skip

THREADS = 2


def write_volume(path: Path, shape: Sequence[int]) -> Path:
    """Write a CT of smooth noise, the same each time, and return its path.

    Args:
        path: NIfTI file.
        shape: voxels (x, y, z), each of 1 mm.
    """
    cells = tuple(-(-size // 32) for size in shape)
    coarse = np.random.default_rng(0).integers(-1000, 1000, cells).astype(np.int16)
    voxels = np.kron(coarse, np.ones((32, 32, 32), np.int16))[tuple(slice(size) for size in shape)]
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    return path


def product(bundle: Path, volume: Path, *, second_look: bool | None = None) -> Stages:
    """Return the way that a user takes, the reading left out: a scan and ten phrases in, boxes and masks out.

    Args:
        bundle: folder of the bundle.
        volume: file of the volume.
        second_look: whether what is found is looked at again; None as the bundle says.
    """
    grounder = _grounder(bundle, second_look)
    scan = read_image(volume, modality="CT")

    def run() -> dict[str, float]:
        forget_phrases(grounder)
        encoded, encode = timed(lambda: grounder.encode(scan))
        _, ask = timed(lambda: grounder.ask(encoded, PHRASES, threshold=0.0))
        return {"encode": encode, "ten_new_phrases": ask}

    return run


def product_from_file(bundle: Path, volume: Path) -> Stages:
    """Return the way that a user takes: a file and ten phrases in, boxes and masks out."""
    grounder = _grounder(bundle)

    def run() -> dict[str, float]:
        forget_phrases(grounder)
        scan, read = timed(lambda: read_image(volume, modality="CT"))
        encoded, encode = timed(lambda: grounder.encode(scan))
        _, ask = timed(lambda: grounder.ask(encoded, PHRASES, threshold=0.0))
        return {"read": read, "encode": encode, "ten_new_phrases": ask}

    return run


def segresnet(bundle: Path, volume: Path) -> Stages:
    """Return one forward of MONAI's SegResNet with the layout of the Model Zoo's whole-body bundle."""
    from monai.networks.nets.segresnet import SegResNet

    del bundle
    network = SegResNet(
        init_filters=32, in_channels=1, out_channels=len(PHRASES) + 1, blocks_down=(1, 2, 2, 4), blocks_up=(1, 1, 1)
    )
    return _forward(network, volume)


def swin_unetr(bundle: Path, volume: Path) -> Stages:
    """Return one forward of MONAI's SwinUNETR with the usual 48 features."""
    from monai.networks.nets.swin_unetr import SwinUNETR

    del bundle
    return _forward(SwinUNETR(in_channels=1, out_channels=len(PHRASES) + 1, feature_size=48), volume)


SYSTEMS: dict[str, Callable[[Path, Path], Stages]] = {
    "medglip_128": product,
    "medglip_128_one_look": lambda bundle, volume: product(bundle, volume, second_look=False),
    "medglip_128_two_looks": lambda bundle, volume: product(bundle, volume, second_look=True),
    "segresnet_128": segresnet,
    "swin_unetr_128": swin_unetr,
}
"""What is measured on the volume of `SHAPE`, by the name that the result file uses."""

LARGE_SYSTEMS: dict[str, Callable[[Path, Path], Stages]] = {"medglip_512x512x300": product_from_file}
"""What is measured on the volume of `LARGE_SHAPE`."""


def measure(bundle: Path, *, rounds: int, large_rounds: int) -> dict[str, Any]:
    """Return seconds, memory and ratios of all systems.

    Args:
        bundle: folder of the bundle.
        rounds: how often each system is timed.
        large_rounds: how often the large volume is timed.
    """
    with tempfile.TemporaryDirectory() as folder:
        volume = write_volume(Path(folder) / "volume.nii.gz", SHAPE)
        large = write_volume(Path(folder) / "large.nii.gz", LARGE_SHAPE)
        memory = {name: _memory_of(name, bundle, volume) for name in ("imports", *SYSTEMS)}
        memory |= {name: _memory_of(name, bundle, large) for name in LARGE_SYSTEMS}
        systems = {
            **_seconds(SYSTEMS, bundle, volume, rounds=rounds),
            **_seconds(LARGE_SYSTEMS, bundle, large, rounds=large_rounds),
        }
        looks = {"volume": second_looks(bundle, volume), "large_volume": second_looks(bundle, large)}
    return {
        "threads": THREADS,
        "volume": list(SHAPE),
        "large_volume": list(LARGE_SHAPE),
        "phrases": len(PHRASES),
        "bundle_looks_twice": Grounder(bundle, device="cpu").operating_point.refine,
        "phrases_looked_at_twice": looks,
        "systems": systems,
        "peak_memory_mib": memory,
        "times_faster_than_one_forward": ratios(systems),
    }


def ratios(systems: dict[str, Any]) -> dict[str, float]:
    """Return how many times faster a volume with ten phrases is than one forward of the other networks, by medians."""
    ours = systems["medglip_128"]["total"]["median_s"]
    return {name: systems[name]["total"]["median_s"] / ours for name in ("segresnet_128", "swin_unetr_128")}


def second_looks(bundle: Path, volume: Path) -> int:
    """Return for how many of the phrases a second look is taken where the bundle takes any."""
    grounder = _grounder(bundle, second_look=True)
    look_again, taken = grounder.reader.refiner, []

    def counted(*question: Any) -> Any:
        second = look_again(*question)
        taken.append(second is not None)
        return second

    grounder.reader = replace(grounder.reader, refiner=counted)
    grounder.ground(read_image(volume, modality="CT"), PHRASES, threshold=0.0)
    return sum(taken)


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="What grounding volumes costs on a CPU, beside MONAI's networks.")
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cost_cpu_3d.json"), metavar="FILE")
    parser.add_argument("--rounds", type=int, default=7, help="how often each system is timed (default: 7)")
    parser.add_argument("--large-rounds", type=int, default=3, help="the same for the large volume (default: 3)")
    parser.add_argument("--training-log", type=Path, metavar="FILE", help="log of a training run on this machine")
    parser.add_argument("--memory-of", choices=("imports", *SYSTEMS, *LARGE_SYSTEMS), help=argparse.SUPPRESS)
    parser.add_argument("--volume", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    if arguments.memory_of:
        make = {**SYSTEMS, **LARGE_SYSTEMS}.get(arguments.memory_of)
        report_memory(None if make is None else make(arguments.bundle, arguments.volume))
        return
    training = training_cost(arguments.training_log.read_text(encoding="utf-8")) if arguments.training_log else None
    bundle = Grounder(arguments.bundle, device="cpu").bundle.provenance()
    results = measure(arguments.bundle, rounds=arguments.rounds, large_rounds=arguments.large_rounds)
    command = shlex.join(["python", "benchmarks/cost_cpu_3d.py", *sys.argv[1:]])
    head = result_head(command, bundle=bundle, data=None)
    write_result(arguments.out, head, {**results, "training": training})


def _seconds(
    makers: dict[str, Callable[[Path, Path], Stages]], bundle: Path, volume: Path, *, rounds: int
) -> dict[str, Any]:
    made = {name: make(bundle, volume) for name, make in makers.items()}
    return interleaved_seconds(made, rounds=rounds, warm_up=1)


def _memory_of(system: str, bundle: Path, volume: Path) -> float:
    return peak_memory_of([__file__, "--bundle", str(bundle), "--volume", str(volume), "--memory-of", system])


def _forward(network: torch.nn.Module, volume: Path) -> Stages:
    """One forward over a whole volume, values scaled beforehand."""
    voxels = torch.from_numpy(read_image(volume, modality="CT").array.astype(np.float32) / 1000)[None]
    network.eval()

    @torch.inference_mode()
    def run() -> dict[str, float]:
        return {"forward": timed(lambda: network(voxels))[1]}

    return run


def _grounder(bundle: Path, second_look: bool | None = None) -> Grounder:
    """The network without the ontology's rules, so that every phrase costs a look whatever the modality."""
    grounder = Grounder(bundle, device="cpu", rules=False)
    if second_look is None:
        return grounder
    point = replace(grounder.operating_point, refine=second_look)
    return Grounder(bundle, device="cpu", rules=False, operating_point=point)


if __name__ == "__main__":
    main()
