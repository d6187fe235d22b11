# SPDX-License-Identifier: Apache-2.0
"""Predictions and targets made by hand, in 2D and 3D."""

from __future__ import annotations

import torch

from monai_medglip.imaging import Modality
from monai_medglip.networks.position import grid_points

STRIDES = (8, 16, 32)


def prediction_of(images=1, phrases=1, canvas=(64, 64), alignment=-2.0):
    """What an untrained network says: everywhere the same score, round each point a box of four strides.

    Every tensor asks for a gradient.
    """
    grids = [grid_points([size // stride for size in canvas], stride) for stride in STRIDES]
    points = torch.cat(grids)
    strides = torch.cat([torch.full((len(grid),), float(s)) for s, grid in zip(STRIDES, grids, strict=True)])
    boxes = torch.cat([points - 2 * strides[:, None], points + 2 * strides[:, None]], dim=1)
    learned = {
        "alignment": torch.full((images, phrases, len(points)), alignment),
        "quality": torch.zeros(images, phrases, len(points)),
        "boxes": boxes.expand(images, phrases, -1, -1).clone(),
        "masks": torch.zeros(images, phrases, *[size // 2 for size in canvas]),
        "presence": torch.zeros(images, phrases),
        "modality": torch.zeros(images, len(Modality) - 1),
    }
    given = {"points": points, "strides": strides, "phrase_valid": torch.ones(images, phrases, dtype=torch.bool)}
    return {name: value.requires_grad_() for name, value in learned.items()} | given


def target_of(presence=(1.0,), boxes=(), ignore=(), canvas=(64, 64), masks_known=True, modality=Modality.CT):
    """Targets of one image; ``boxes`` and ``ignore`` are pairs of phrase and box, masks are the boxes' pixels."""
    width = 2 * len(canvas)
    masks = torch.zeros(len(presence), *[size // 2 for size in canvas])
    for phrase, box in boxes:
        cells = tuple(slice(int(box[axis]) // 2, int(box[axis + len(canvas)] + 1) // 2) for axis in range(len(canvas)))
        masks[(phrase, *cells)] = 1.0
    return {
        "presence": torch.tensor(presence, dtype=torch.float32),
        "boxes": torch.tensor([box for _, box in boxes], dtype=torch.float32).reshape(-1, width),
        "box_phrase": torch.tensor([phrase for phrase, _ in boxes], dtype=torch.long),
        "ignore_boxes": torch.tensor([box for _, box in ignore], dtype=torch.float32).reshape(-1, width),
        "ignore_phrase": torch.tensor([phrase for phrase, _ in ignore], dtype=torch.long),
        "masks": masks,
        "mask_known": torch.full((len(presence),), masks_known),
        "background_weight": torch.ones(len(presence)),
        "modality": torch.tensor(modality.index),
    }
