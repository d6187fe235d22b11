# SPDX-License-Identifier: Apache-2.0
"""Any scan's intensities as eight-bit RGB for people to look at; not what the network sees."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging import Modality, Scan

__all__ = ["display_window", "displayed", "displayed_picture"]

# The share of the darkest and of the brightest pixels that lose their differences; a few hot pixels or a metal
# implant must not make everything else grey.
_PERCENTILES = (0.5, 99.5)
_PIXELS_MEASURED = 1_000_000
# Soft tissue with bone still told from metal, and the chest with its lungs [HU]; without air it is no Hounsfield scale.
_CT_WINDOW, _CHEST_WINDOW = (-200.0, 300.0), (-1000.0, 400.0)
_AIR_BELOW_HU = -500


def display_window(scan: Scan) -> tuple[float, float]:
    """Give the intensities shown as black and as white: all of an 8-bit scan, else the 0.5 and 99.5 percentiles.

    A CT in Hounsfield units, which air tells, has the window of soft tissue, or of the chest where it shows that.
    Padding and air at the lowest value are not counted, so that a small body in a large empty field keeps its contrast.
    """
    if scan.array.dtype == np.uint8:
        return 0.0, 255.0
    if scan.modality is Modality.CT and scan.array.min() < _AIR_BELOW_HU:
        return _CHEST_WINDOW if scan.body_region == "chest" else _CT_WINDOW
    values = scan.array.ravel()
    values = values[:: max(1, values.size // _PIXELS_MEASURED)].astype(np.float64)
    above = values[values > values.min()]
    if above.size == 0:
        return float(values[0]), float(values[0]) + max(1.0, abs(float(values[0])))
    low, high = np.percentile(above, _PERCENTILES)
    if low == high:  # nearly all of what is above the lowest is one value, as in a mask
        low, high = values.min(), above.max()
    return float(low), float(high)


def displayed(array: npt.NDArray[np.generic], window: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """Give a picture of pixels ``(C, x, y)`` as uint8 RGB ``(rows, columns, 3)``.

    Args:
        array: pixels of 1 or 3 channels; not changed.
        window: the intensities shown as black and as white.

    Returns:
        The upright picture: x becomes the columns, y the rows.

    Raises:
        ConfigurationError: when the window is empty.
    """
    low, high = window
    if not high > low:
        raise ConfigurationError(f"expected a window (low, high) with low < high, got ({low}, {high})")
    rows_columns = array.transpose(2, 1, 0)
    if rows_columns.dtype != np.uint8 or (low, high) != (0.0, 255.0):
        scaled = (rows_columns.astype(np.float64) - low) * (255.0 / (high - low))
        rows_columns = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return np.repeat(rows_columns, 3, axis=2) if array.shape[0] == 1 else np.array(rows_columns)


def displayed_picture(
    array: npt.NDArray[np.generic], window: tuple[float, float], size: tuple[int, int]
) -> Image.Image:
    """Give a picture of pixels ``(C, x, y)`` enlarged or reduced to ``size`` (columns, rows)."""
    # thinned first: a gigapixel image never becomes floats
    step = max(1, math.floor(min(array.shape[1] / size[0], array.shape[2] / size[1]) / 2))
    return Image.fromarray(displayed(array[:, ::step, ::step], window)).resize(size, Image.Resampling.LANCZOS)
