# SPDX-License-Identifier: Apache-2.0
"""A box and a mask of one region that do not speak of the same place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark

__all__ = ["BoxMaskDisagreement"]

LEAST_IOU = 0.8
"""IoU of the drawn box and the bounds of the mask below which they disagree; a pixel's rounding stays above it."""


class BoxMaskDisagreement:
    """A source that gives both draws them apart, or one of them belongs to another region."""

    name = "box and mask disagree"
    stage = Stage.REGIONS

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the regions whose box is not that of their mask."""
        for index, region in enumerate(image.regions):
            if region.mask is None or region.mask.area == 0:
                continue
            iou = _iou(np.asarray(region.box), region.mask.box)
            if iou < LEAST_IOU:
                yield Remark(f"{region.concept}: box and bounds of the mask have an IoU of {iou:.2f}", index)


def _iou(
    first: np.ndarray[tuple[int, ...], np.dtype[np.float64]], second: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> float:
    dims = len(first) // 2
    common = np.prod(np.maximum(np.minimum(first[dims:], second[dims:]) - np.maximum(first[:dims], second[:dims]), 0))
    both = np.prod(first[dims:] - first[:dims]) + np.prod(second[dims:] - second[:dims])
    return float(common / (both - common))
