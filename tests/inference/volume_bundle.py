# SPDX-License-Identifier: Apache-2.0
"""A bundle for volumes with the smallest network and random weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from monai_medglip.inference import CandidateSettings, OperatingPoint, ValidatedPhrases
from monai_medglip.networks import build_network

CANVAS = (32, 32, 32)


def write_volume_bundle(folder: Path, text_encoder: Path) -> Path:
    """Write all files that grounding needs; whatever the network says counts as found, three boxes of each phrase."""
    models, configs = folder / "models", folder / "configs"
    models.mkdir(parents=True)
    configs.mkdir()
    (models / "text_encoder").symlink_to(text_encoder)
    definition = {
        "network": "MedGLIP",
        "image_encoder": {"type": "ResidualEncoder", "width": 8, "blocks": [1, 1, 1, 1]},
        "text_encoder": {"folder": "text_encoder", "max_tokens": 64},
        "width": 32,
        "pixel_width": 8,
        "region_strides": [4, 8, 16],
        "canvas": list(CANVAS),
    }
    (models / "network.json").write_text(json.dumps(definition))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(build_network(models / "network.json").state_dict(), models / "model.pt")
    settings = CandidateSettings(per_phrase=3)
    point = OperatingPoint(canvas=CANVAS, box_threshold=0.0, mask_threshold=0.1, candidates=settings)
    point.write(models / "operating_point.json")
    ValidatedPhrases().write(configs / "validated_phrases.json")
    metadata = {
        "name": "tiny",
        "version": "0.0.1",
        "weights_sha256": hashlib.sha256((models / "model.pt").read_bytes()).hexdigest(),
        "weights_license": "none",
        "intended_use": "tests",
    }
    (configs / "metadata.json").write_text(json.dumps(metadata))
    return folder
