# SPDX-License-Identifier: Apache-2.0
"""A copy of the 2D bundle with a small network and random weights, and data made for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_medglip.inference import OperatingPoint, ValidatedPhrases, stamp_bundle
from monai_medglip.networks import build_network
from tests.phantoms import PhantomFolder, blocks, write_grey

SIDE = 64
TINY = {
    "canvas": [SIDE, SIDE],
    "batch_size": 2,
    "epoch_length": 2,
    "max_epochs": 1,
    "val_interval": 1,
    "warmup_steps": 1,
    "num_workers": 0,
    "dtype": "float32",
    "image_weights": "$None",  # MONAI takes a bare None on the command line for "not given"
    "network_def#width": 32,
}
WORDS = [word for key, value in TINY.items() for word in (f"--{key}", str(value))]
RunBundle = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def bundle_2d(repository: Path) -> Path:
    """The committed bundle."""
    return repository / "bundles" / "medglip_2d"


def write_tiny_bundle(target: Path, bundle: Path, text_encoder: Path) -> Path:
    """Copy a bundle's files, with a network of width 32 and random weights in place of its own."""
    for name in ("configs", "docs"):
        shutil.copytree(bundle / name, target / name)
    (target / "models").mkdir()
    (target / "models" / "text_encoder").symlink_to(text_encoder)
    definition = json.loads((bundle / "models" / "network.json").read_text(encoding="utf-8"))
    definition |= {"width": 32, "canvas": [SIDE, SIDE]}
    (target / "models" / "network.json").write_text(json.dumps(definition), encoding="utf-8")
    torch.manual_seed(0)
    network = build_network(target / "models" / "network.json")
    torch.save(network.state_dict(), target / "models" / "model.pt")
    OperatingPoint(canvas=(SIDE, SIDE), box_threshold=0.1).write(target / "models" / "operating_point.json")
    ValidatedPhrases().write(target / "configs" / "validated_phrases.json")
    stamp_bundle(target)
    return target


@pytest.fixture(scope="session")
def tiny_bundle(bundle_2d: Path, tiny_text_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose network runs in milliseconds; nobody trains it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny") / "medglip_2d", bundle_2d, tiny_text_encoder)


@pytest.fixture(scope="session")
def trainable_bundle(bundle_2d: Path, tiny_text_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a bundle to train, so that its weights change."""
    return write_tiny_bundle(tmp_path_factory.mktemp("trained") / "medglip_2d", bundle_2d, tiny_text_encoder)


@pytest.fixture(scope="session")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of seven images with one block each."""
    folder = tmp_path_factory.mktemp("data")
    made = PhantomFolder(folder, [{"value": 1, "label": "heart", "mirror": "fixed"}])
    for number, split in enumerate(["train"] * 4 + ["val"] * 2 + ["test"]):
        place = np.s_[5 + number : 30 + number, 8:30]
        made.add_labelmap(f"image{number}", blocks((60, 44), (1, place)), split=split)
    return folder


@pytest.fixture(scope="session")
def made_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wide and a tall picture, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("images")
    noise = np.random.default_rng(0)
    for name, shape in (("wide", (90, 50)), ("tall", (40, 80))):
        write_grey(folder / f"{name}.png", noise.integers(0, 255, shape))
    (folder / "notes.txt").write_text("not an image", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def run_bundle(tmp_path_factory: pytest.TempPathFactory) -> RunBundle:
    """``python -m monai.bundle run WORDS`` in a process of its own, from a folder that is not the bundle's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "monai.bundle", "run", *(str(word) for word in words)]
        process = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-6000:]
        return process

    return run
