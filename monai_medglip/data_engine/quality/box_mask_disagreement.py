# SPDX-License-Identifier: Apache-2.0
"""A box and a mask of one region that do not speak of the same place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark
from monai_medglip.data_engine.record import Region

__all__ = ["BoxMaskDisagreement"]

FloatArray = npt.NDArray[np.float64]

LEAST_IOU = 0.8
"""IoU of the drawn box and the bounds of the mask below which they disagree."""

ROUNDING = 1.0
"""Pixels between the faces of both up to which they agree whatever their IoU, which rounding spoils in small ones."""


class BoxMaskDisagreement:
    """A source that gives both draws them apart, or one of them belongs to another region.

    A box that the source drew is held against all regions that came of the mask beside it, because one box may go round
    several parts.
    """

    name = "box and mask disagree"
    stage = Stage.REGIONS

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the regions whose box is not that of their mask; of several parts with one box the first."""
        for parts in _drawn_together(image.regions):
            index, first = parts[0]
            box = np.asarray(first.box if first.drawn_box is None else first.drawn_box)
            bounds = _bounds([region.mask.box for _, region in parts if region.mask is not None])
            iou = _iou(box, bounds)
            if iou < LEAST_IOU and np.abs(box - bounds).max() > ROUNDING:
                yield Remark(f"{first.concept}: box and bounds of the mask have an IoU of {iou:.2f}", index)


def _drawn_together(regions: Sequence[Region]) -> list[list[tuple[int, Region]]]:
    """Give the regions that have a mask with their positions; those that share a drawn box together."""
    groups: dict[object, list[tuple[int, Region]]] = {}
    for index, region in enumerate(regions):
        if region.mask is not None and region.mask.area > 0:
            key = index if region.drawn_box is None else (region.concept, region.drawn_box)
            groups.setdefault(key, []).append((index, region))
    return list(groups.values())


def _bounds(boxes: Sequence[FloatArray]) -> FloatArray:
    dims = len(boxes[0]) // 2
    stacked = np.stack(boxes)
    return np.concatenate([stacked[:, :dims].min(axis=0), stacked[:, dims:].max(axis=0)])


def _iou(first: FloatArray, second: FloatArray) -> float:
    dims = len(first) // 2
    common = np.prod(np.maximum(np.minimum(first[dims:], second[dims:]) - np.maximum(first[:dims], second[:dims]), 0))
    both = np.prod(first[dims:] - first[:dims]) + np.prod(second[dims:] - second[:dims])
    return float(common / (both - common))
