# SPDX-License-Identifier: Apache-2.0
"""Every committed bundle, copies of it with a small network and random weights, and data made for it.

The tests of this folder that ask for `bundle`, or for anything made from it, run once for each folder of ``bundles``
that has weights, in the plane or in space as its network's canvas says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from monai_medglip.inference import OperatingPoint, ValidatedPhrases, stamp_bundle
from monai_medglip.networks import build_network
from tests.conftest import REPOSITORY
from tests.phantoms import PhantomFolder, blocks, write_grey, write_volume

SIDE = 64
#: The committed bundles.
BUNDLES = sorted(path.parents[1] for path in REPOSITORY.glob("bundles/medglip_*/models/model.pt"))
#: Settings with which a training takes seconds; the sizes are those that the bundle at hand has.
TINY = {
    "batch_size": 2,
    "epoch_length": 2,
    "max_epochs": 1,
    "val_interval": 1,
    "warmup_steps": 1,
    "num_workers": 0,
    "dtype": "float32",
    "image_weights": "$None",  # MONAI takes a bare None on the command line for "not given"
}
NETWORK = {"network_def#width": 32}
SIZES = {"canvas": [SIDE, SIDE], "window": [32, 32, 32], "grid_voxels": 32**3, "cache_voxels": 48**3}
RunBundle = Callable[..., "subprocess.CompletedProcess[str]"]


def read_json(bundle: Path, name: str) -> dict[str, Any]:
    """One of the JSON files of a bundle."""
    return json.loads((bundle / name).read_text(encoding="utf-8"))


def tiny_settings(bundle: Path) -> dict[str, Any]:
    """`TINY` and the sizes, as far as the bundle's training has such keys."""
    known = read_json(bundle, "configs/train.json")
    return {key: value for key, value in {**TINY, **SIZES}.items() if key in known} | NETWORK


def tiny_words(bundle: Path) -> list[str]:
    """`tiny_settings` as words of the command line."""
    return [word for key, value in tiny_settings(bundle).items() for word in (f"--{key}", str(value))]


def dimensions(bundle: Path) -> int:
    """2 or 3."""
    return len(read_json(bundle, "models/network.json")["canvas"])


@pytest.fixture(scope="session", params=BUNDLES, ids=lambda path: path.name)
def bundle(request: pytest.FixtureRequest) -> Path:
    """A committed bundle."""
    return request.param


@pytest.fixture(scope="session")
def bundle_2d(repository: Path) -> Path:
    """The committed bundle for pictures."""
    return repository / "bundles" / "medglip_2d"


@pytest.fixture(scope="session")
def metadata(bundle: Path) -> dict[str, Any]:
    """What the bundle says of itself."""
    return read_json(bundle, "configs/metadata.json")


def write_tiny_bundle(target: Path, bundle: Path, text_encoder: Path) -> Path:
    """Copy a bundle's files, with a network of width 32 and random weights in place of its own."""
    for name in ("configs", "docs"):
        shutil.copytree(bundle / name, target / name)
    (target / "models").mkdir()
    (target / "models" / "text_encoder").symlink_to(text_encoder)
    canvas = [SIDE] * dimensions(bundle)
    definition = read_json(bundle, "models/network.json") | {"width": 32, "canvas": canvas}
    (target / "models" / "network.json").write_text(json.dumps(definition), encoding="utf-8")
    torch.manual_seed(0)
    network = build_network(target / "models" / "network.json")
    (bias,) = (value for name, value in network.named_parameters() if name.endswith(".mask_phrase.bias"))
    bias.data[-1] = 0.0  # masks of about half the image, not none
    torch.save(network.state_dict(), target / "models" / "model.pt")
    OperatingPoint(canvas=tuple(canvas), box_threshold=0.1).write(target / "models" / "operating_point.json")
    ValidatedPhrases().write(target / "configs" / "validated_phrases.json")
    stamp_bundle(target)
    return target


@pytest.fixture(scope="session")
def tiny_bundle(bundle: Path, tiny_text_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose network runs in milliseconds; nobody trains it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny") / bundle.name, bundle, tiny_text_encoder)


@pytest.fixture(scope="module")
def trainable_bundle(bundle: Path, tiny_text_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a bundle to train, so that its weights change."""
    return write_tiny_bundle(tmp_path_factory.mktemp("trained") / bundle.name, bundle, tiny_text_encoder)


def write_data(folder: Path, splits: list[str], dims: int) -> Path:
    """A data folder with an image per split, each with one heart and one vessel.

    The vessel is scored by its mask, which even an untrained network does not miss altogether.
    """
    heart = {"value": 1, "label": "heart", "mirror": "fixed"}
    made = PhantomFolder(folder, [heart, {"value": 2, "label": "blood vessel", "instances": "mask_only"}])
    for number, split in enumerate(splits):
        depth = (slice(5, 30),) * (dims - 2)
        heart_place = (slice(5 + number, 30), slice(8, 30), *depth)
        vessel_place = (slice(30, 58), slice(5, 20 + 5 * number), *depth)
        pixels = blocks((60, 44, 40)[:dims], (1, heart_place), (2, vessel_place))
        add = made.add_labelmap if dims == 2 else made.add_volume
        add(f"image{number}", pixels, split=split)
    return folder


@pytest.fixture(scope="session")
def made_data(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of seven images."""
    splits = ["train"] * 4 + ["val"] * 2 + ["test"]
    return write_data(tmp_path_factory.mktemp("data"), splits, dimensions(bundle))


@pytest.fixture(scope="session")
def made_images(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wide and a tall image, and a file that is no image."""
    folder = tmp_path_factory.mktemp("images")
    noise = np.random.default_rng(0)
    for name, shape in (("wide", (90, 50, 40)), ("tall", (40, 80, 44))):
        write_image(folder / name, noise.integers(0, 255, shape[: dimensions(bundle)]))
    (folder / "notes.txt").write_text("not an image", encoding="utf-8")
    return folder


def write_image(path: Path, pixels: np.ndarray) -> Path:
    """Write a picture as PNG or a volume as NIfTI; gives back the path with its suffix."""
    if pixels.ndim == 2:
        return write_grey(path.with_suffix(".png"), pixels)
    return write_volume(path.with_suffix(".nii.gz"), pixels)


@pytest.fixture(scope="session")
def suffix(bundle: Path) -> str:
    """How the names of `made_images` end."""
    return ".png" if dimensions(bundle) == 2 else ".nii.gz"


@pytest.fixture(scope="session")
def run_bundle(tmp_path_factory: pytest.TempPathFactory) -> RunBundle:
    """``python -m monai.bundle run WORDS`` in a process of its own, from a folder that is not the bundle's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "monai.bundle", "run", *(str(word) for word in words)]
        quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        process = subprocess.run(command, cwd=elsewhere, env=quiet, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-6000:]
        return process

    return run
