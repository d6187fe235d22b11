# SPDX-License-Identifier: Apache-2.0
"""Masks that are drawn slice by slice, brought into the order of a scan's axes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry.box_from_mask import box_from_mask
from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = ["mask_of_slices"]


def mask_of_slices(slices: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> MaskRLE | None:
    """Give the mask of a stack of slices, None where nothing is set.

    Args:
        slices: (z, y, x), in the order in which DICOM stores pixels.
        shape: of the scan, (x, y, z), or (x, y) for one slice.
    """
    if not slices.any():
        return None
    # Turning the axes round is the slow part, and most of a scan is background.
    low, high = np.split(box_from_mask(slices).astype(int), 2)
    drawn = tuple(slice(*ends) for ends in zip(low, high, strict=True))
    mask = np.zeros(slices.shape[::-1], bool)
    mask[drawn[::-1]] = slices[drawn].T
    return MaskRLE.encode(mask.reshape(shape))
