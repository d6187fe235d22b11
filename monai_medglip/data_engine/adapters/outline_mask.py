# SPDX-License-Identifier: Apache-2.0
"""The mask of one outline in an image, filled in its own window, because an image may have thousands of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.contour_fill import fill_contours

__all__ = ["outline_mask"]


def outline_mask(points: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Give the pixels whose middle an outline encloses.

    Args:
        points: (N, 2), pixel edges along x and y; the last point joins the first one.
        shape: size (x, y) of the image; what lies outside of it is cut off.

    Returns:
        Bool (x, y); nothing is set where the outline goes round no pixel's middle.

    Example:
        >>> outline_mask(np.array([[1.0, 1], [3, 1], [3, 2], [1, 2]]), (4, 3)).astype(int).tolist()
        [[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]
    """
    mask = np.zeros(shape, bool)
    low = np.clip(np.floor(points.min(axis=0)), 0, shape).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)), 0, shape).astype(int)
    if (low < high).all():
        width, height = (high - low).tolist()
        # `fill_contours` counts from the middles of pixels.
        mask[low[0] : high[0], low[1] : high[1]] = fill_contours([points - low - 0.5], (width, height))
    return mask
