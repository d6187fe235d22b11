# SPDX-License-Identifier: Apache-2.0
"""Boxes that never look at the image: what any model must beat before its figures mean anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from monai_medglip.data_engine import GroundingData, Record
from monai_medglip.evaluation.predictions import PhrasePrediction

__all__ = ["Baseline", "CenterBox", "MedianBox"]


class Baseline(Protocol):
    """Something that answers without seeing the image."""

    def __call__(self, record: Record, name: str) -> PhrasePrediction:
        """Return the answer for a phrase in an image, of which only the source and the size may be used."""
        ...


class CenterBox:
    """One box in the middle, half as wide and half as high (and half as deep) as the image."""

    def __call__(self, record: Record, name: str) -> PhrasePrediction:
        """Return the box in the middle."""
        share = np.repeat([0.25, 0.75], record.spatial_dims)
        return _one_box(share, record.shape)


class MedianBox:
    """One box per label of a source: the median of each edge over the training boxes, relative to the image.

    Args:
        boxes: for each ``(source, label)`` the median box relative to the image, ``(2D,)`` in [0, 1].
    """

    def __init__(self, boxes: Mapping[tuple[str, str], NDArray[np.float64]]) -> None:
        self._boxes = dict(boxes)

    @classmethod
    def fit(cls, folder: GroundingData, records: Sequence[Record]) -> MedianBox:
        """Return the baseline of training images.

        Args:
            folder: gives the regions.
            records: the training images.
        """
        found: dict[tuple[str, str], list[NDArray[np.float64]]] = defaultdict(list)
        for record in tqdm(records, desc="median boxes", unit="image"):
            for region in folder.regions(record):
                if not region.ignored:
                    found[record.source, region.concept].append(np.array(region.box) / np.tile(record.shape, 2))
        return cls({key: np.median(boxes, axis=0) for key, boxes in found.items()})

    def __call__(self, record: Record, name: str) -> PhrasePrediction:
        """Return the median box of the label in this source; no box where training images do not have it."""
        share = self._boxes.get((record.source, name))
        if share is None:
            return PhrasePrediction(np.zeros((0, 2 * record.spatial_dims)), np.zeros(0))
        return _one_box(share, record.shape)


def _one_box(share: NDArray[np.float64], shape: tuple[int, ...]) -> PhrasePrediction:
    return PhrasePrediction((share * np.tile(shape, 2))[None], np.ones(1))
