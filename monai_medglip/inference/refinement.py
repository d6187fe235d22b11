# SPDX-License-Identifier: Apache-2.0
"""The second look at a volume: each box that was found is looked at again at a finer spacing.

The first look shows the network the whole volume on its working grid, so nothing is cut and glued. What was found there
is a window small enough for its native resolution. The window keeps the coordinates of the whole volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monai_medglip.geometry.overlap import pairwise_iou
from monai_medglip.inference.candidates import CandidateSettings, select_candidates
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.networks import MedGLIP
from monai_medglip.phrases import Phrase

__all__ = ["Refinement", "Refiner"]

_WINDOW_GROWTH = 0.5
"""Share of a box's size that its window shows beyond each side."""

_CORE_GROWTH = 0.25
"""Share of a box's size beyond each side where the second look's mask replaces the first one's."""

_LEAST_GAIN = 1.25
"""How much finer a window must be than the working grid to be worth a look."""

_SAME_REGION = 0.3
"""IoU from which a box of the second look is the one that was looked for."""


@dataclass(frozen=True)
class Refinement:
    """What the second look at one box says.

    Attributes:
        window: the part of the scan that was shown.
        core: ``(2D,)`` voxel edges of the scan where ``logits`` replace those of the first look.
        box: ``(2D,)`` voxel edges of the scan.
        logits: ``(x/s, y/s, z/s)`` mask on the window's grid.
    """

    window: PlacedScan
    core: NDArray[np.float64]
    box: NDArray[np.float64]
    logits: Tensor


class Refiner:
    """Looks at boxes in a volume again.

    Args:
        network: in evaluation mode.
        voxels: of the grid of a window.
    """

    def __init__(self, network: MedGLIP, *, voxels: int = 64**3) -> None:
        self.network = network
        self.voxels = voxels
        self._settings = CandidateSettings(before_suppression=100, per_phrase=10)

    @torch.inference_mode()
    def __call__(self, placed: PlacedScan, phrase: Phrase, box: NDArray[np.float64]) -> Refinement | None:
        """Look at one box again.

        Args:
            placed: the scan as the first look saw it.
            phrase: what was found, in the words that the network gets.
            box: ``(2D,)`` voxel edges of the scan.

        Returns:
            What the second look says; None where the volume has no finer detail to show.
        """
        window = placed.window(_grown(box, _WINDOW_GROWTH), self.voxels)
        if window.spacing * _LEAST_GAIN > placed.spacing:
            return None
        device = self.network.modality_classifier.weight.device
        modality = torch.tensor([placed.modality.index], device=device)
        pixels, whole = window.pixels[None].to(device), window.whole_image[None].to(device)
        encoded = self.network.encode(pixels, modality, whole, predict_unknown=True)
        prediction = self.network.ground(encoded, self.network.embed([[phrase]])[0])
        found = next(iter(select_candidates(prediction, window.valid_region[None].to(device), self._settings)))
        seen = _same_region(window.boxes_in_scan(found.boxes), box)
        return Refinement(window, _grown(box, _CORE_GROWTH), seen, prediction["masks"][0, 0])


def _grown(box: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    dims = len(box) // 2
    reach = share * (box[dims:] - box[:dims])
    return np.concatenate([box[:dims] - reach, box[dims:] + reach])


def _same_region(candidates: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best candidate ``(2D,)`` that overlaps a box; the box itself where none does."""
    overlap = pairwise_iou(torch.from_numpy(candidates), torch.from_numpy(box)[None])[:, 0].numpy()
    same = np.flatnonzero(overlap >= _SAME_REGION)
    best: NDArray[np.float64] = candidates[same[0]] if len(same) else box
    return best
