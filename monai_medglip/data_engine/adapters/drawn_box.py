# SPDX-License-Identifier: Apache-2.0
"""Boxes as data sets write them, turned into pixel edges; whether they lie inside the image is a quality check's."""

from __future__ import annotations

import math
from enum import Enum

from monai_medglip.errors import DataError

__all__ = ["PixelCounting", "box_between", "checked_box"]


class PixelCounting(str, Enum):
    """What the coordinates of a box's corners are."""

    EDGES = "edges"
    """Places between pixels; the first pixel goes from 0 to 1."""
    FROM_ZERO = "from_zero"
    """Numbers of the first and last pixel inside, counted from 0."""
    FROM_ONE = "from_one"
    """Numbers of the first and last pixel inside, counted from 1, as in Pascal VOC."""


def box_between(
    low: tuple[float, float], high: tuple[float, float], counting: PixelCounting, where: str
) -> tuple[float, ...]:
    """Give the box (4,) in pixel edges between two corners.

    Raises:
        DataError: when it has no size, or a number is not finite.
    """
    first = 1.0 if counting is PixelCounting.FROM_ONE else 0.0
    past = 1.0 if counting is PixelCounting.FROM_ZERO else 0.0
    return checked_box((low[0] - first, low[1] - first, high[0] + past, high[1] + past), where)


def checked_box(box: tuple[float, ...], where: str) -> tuple[float, ...]:
    """Give a box (2D,) again.

    Raises:
        DataError: when it has no size, or a number is not finite.
    """
    middle = len(box) // 2
    if not all(math.isfinite(edge) for edge in box) or not all(
        low < high for low, high in zip(box[:middle], box[middle:], strict=True)
    ):
        raise DataError(
            f"{where}: expected a box of a size above 0, got {list(box[:middle])} to {list(box[middle:])}; is it width "
            "and height where corners are meant?"
        )
    return box
