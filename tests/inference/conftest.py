# SPDX-License-Identifier: Apache-2.0
"""A bundle with random weights, whose operating point makes such weights find something."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from monai_medglip.inference import Grounder, OperatingPoint, ValidatedPhrase, ValidatedPhrases
from monai_medglip.networks import build_network

SIDE = 64
THRESHOLD = 1e-5  # untrained scores are about 0.005


def validated(phrase, modality, body_region=None):
    return ValidatedPhrase(phrase, modality, body_region, THRESHOLD, 0.05, 0.05, 12)


def write_bundle(folder: Path, text_encoder: Path) -> Path:
    """Write all files that grounding needs."""
    models, configs = folder / "models", folder / "configs"
    models.mkdir(parents=True)
    configs.mkdir()
    shutil.copytree(text_encoder, models / "text_encoder")
    definition = {
        "network": "MedGLIP",
        "image_encoder": {"type": "MobileNetV2Encoder"},
        "text_encoder": {"folder": "text_encoder", "max_tokens": 64},
        "width": 32,
        "pixel_width": 8,
        "canvas": [SIDE, SIDE],
    }
    (models / "network.json").write_text(json.dumps(definition))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(build_network(models / "network.json").state_dict(), models / "model.pt")
    OperatingPoint(canvas=(SIDE, SIDE), box_threshold=THRESHOLD, fitted_on="nothing").write(
        models / "operating_point.json"
    )
    location = (validated("left lung", "XR", "chest"), validated("polyp", "ES"))
    absence = (validated("polyp", "ES", "colon"),)
    ValidatedPhrases(location, absence, data="nothing").write(configs / "validated_phrases.json")
    metadata = {
        "name": "tiny",
        "version": "0.0.1",
        "weights_sha256": hashlib.sha256((models / "model.pt").read_bytes()).hexdigest(),
        "weights_license": "none",
        "intended_use": "tests",
    }
    (configs / "metadata.json").write_text(json.dumps(metadata))
    return folder


@pytest.fixture(scope="session")
def random_bundle(tiny_text_encoder, tmp_path_factory):
    """The folder of the bundle; nobody may change it."""
    return write_bundle(tmp_path_factory.mktemp("bundle") / "medglip_2d", tiny_text_encoder)


@pytest.fixture
def own_bundle(random_bundle, tmp_path):
    """A copy of the bundle to break."""
    return shutil.copytree(random_bundle, tmp_path / "medglip_2d")


@pytest.fixture(scope="session")
def grounder(random_bundle):
    return Grounder(random_bundle, device="cpu")
