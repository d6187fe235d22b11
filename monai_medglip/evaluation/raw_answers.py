# SPDX-License-Identifier: Apache-2.0
"""What a network says before any threshold, temperature or rule: what an operating point is fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from monai_medglip.imaging import Scan
from monai_medglip.inference import CandidateSettings, PlacedScan, select_candidates
from monai_medglip.networks import MedGLIP
from monai_medglip.phrases import Phrase

__all__ = ["NetworkAsker", "RawAnswer", "RawPredictor"]


@dataclass(frozen=True)
class RawAnswer:
    """What a network says of P phrases in one image.

    Attributes:
        boxes: ``(N, 2D)`` edges in the pixels of the image.
        scores: ``(N,)`` raw scores in [0, 1], presence left out.
        phrase_index: ``(N,)`` int64.
        presence: ``(P,)`` raw scores in [0, 1].
        mask: gives the mask of a phrase in the grid of the image, from a phrase's position and the probability from
            which a voxel belongs to it.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    phrase_index: NDArray[np.int64]
    presence: NDArray[np.float64]
    mask: Callable[[int, float], NDArray[np.bool_]]


RawPredictor = Callable[[Scan, Sequence[Phrase]], RawAnswer]
"""Answers phrases in an image with raw scores."""


class NetworkAsker:
    """Asks a network on a canvas of one size.

    Args:
        network: in evaluation mode.
        canvas: size (x, y[, z]) [voxels].
    """

    def __init__(self, network: MedGLIP, canvas: Sequence[int]) -> None:
        self._network = network
        self._canvas = tuple(canvas)
        self._device = network.modality_classifier.weight.device

    @torch.inference_mode()
    def __call__(self, scan: Scan, phrases: Sequence[Phrase]) -> RawAnswer:
        """Return the raw answer to phrases in an image."""
        placed = PlacedScan.on_canvas(scan, self._canvas)
        pixels, whole = (part[None].to(self._device) for part in (placed.pixels, placed.whole_image))
        modality = torch.tensor([scan.modality.index], device=self._device)
        encoded = self._network.encode(pixels, modality, whole, predict_unknown=True)
        prediction = self._network.ground(encoded, self._network.embed([list(phrases)])[0])
        region = placed.valid_region[None].to(self._device)
        found = next(iter(select_candidates(prediction, region, CandidateSettings())))
        boxes = placed.boxes_in_scan(found.boxes)
        dims = scan.spatial_dims
        solid = (boxes[:, dims:] > boxes[:, :dims]).all(axis=1)
        masks = prediction["masks"][0]
        return RawAnswer(
            boxes=boxes[solid],
            scores=found.scores.double().cpu().numpy()[solid],
            phrase_index=found.phrase.cpu().numpy()[solid],
            presence=prediction["presence"][0].double().sigmoid().cpu().numpy(),
            mask=lambda index, threshold: placed.mask_in_scan(masks[index], threshold),
        )
