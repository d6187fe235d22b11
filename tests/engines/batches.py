# SPDX-License-Identifier: Apache-2.0
"""Collated batches made by hand, as the engines get them."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from monai_medglip.phrases import Phrase
from tests.losses.loss_phantoms import target_of

SIDE = 64


def batch_of(*targets, sources=None, phrases=None, image=None):
    """A batch of images on a canvas of 64; the phrases of an image are a, b, c, ... when none are given."""
    whole = torch.tensor([[0.0, 0.0, SIDE, SIDE]] * len(targets))
    counts = [len(target["presence"]) for target in targets]
    modality = torch.stack([target["modality"] for target in targets])
    return {
        "image": torch.zeros(len(targets), 3, SIDE, SIDE) if image is None else image,
        "phrases": phrases or [[Phrase(letter) for letter in "abcdefgh"[:count]] for count in counts],
        "modality": modality,
        "valid_region": whole,
        "whole_image": whole,
        "targets": [{key: value for key, value in target.items() if key != "modality"} for target in targets],
        "records": [SimpleNamespace(source=source) for source in sources or ["made"] * len(targets)],
    }


def shapes_batch():
    """One picture of a bright square and a dark bar on gray, and a phrase that is not in it."""
    square, bar = (8.0, 8.0, 32.0, 32.0), (40.0, 12.0, 48.0, 60.0)
    image = torch.zeros(1, 3, SIDE, SIDE)
    image[:, :, 8:32, 8:32] = 1.0
    image[:, :, 40:48, 12:60] = -1.0
    target = target_of(presence=(1.0, 1.0, 0.0), boxes=[(0, square), (1, bar)])
    phrases = [[Phrase("bright square"), Phrase("dark bar"), Phrase("ghost")]]
    return batch_of(target, phrases=phrases, image=image)
