# SPDX-License-Identifier: Apache-2.0
"""Boxes that leave their image, or are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark

__all__ = ["BoxOutside"]


class BoxOutside:
    """A box that reaches over the image's edge, lies wholly outside, or has no extent."""

    name = "box outside"
    stage = Stage.REGIONS

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the boxes that do not lie inside."""
        shape = np.asarray(image.scan.spatial_shape)
        for index, region in enumerate(image.regions):
            low, high = np.asarray(region.box).reshape(2, -1)
            told = f"{region.concept}: box {_text(low)} to {_text(high)} in an image of {_text(shape)}"
            if not np.isfinite(region.box).all() or (high <= low).any():
                yield Remark(f"{told} has no extent", index)
            elif (high <= 0).any() or (low >= shape).any():
                yield Remark(f"{told} lies outside", index)
            elif (low < 0).any() or (high > shape).any():
                yield Remark(f"{told} reaches outside", index)


def _text(numbers: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    return "(" + ", ".join(f"{number:g}" for number in numbers) + ")"
