# SPDX-License-Identifier: Apache-2.0
"""Sizes and volumes of a grounding in the patient's units; None wherever the image does not tell its spacing.

Nothing is made up: a PNG has no millimeters, and a 2D image has no volume. Voxel counts are `MaskRLE.area`.
"""

from __future__ import annotations

import math

import numpy as np

from monai_medglip.geometry import Frame
from monai_medglip.grounding.result import Grounding
from monai_medglip.imaging import MaskRLE

__all__ = ["box_sizes_mm", "mask_volume_ml", "phrase_volumes_ml", "region_volumes_ml", "size_text", "volume_text"]

_CUBIC_MILLIMETERS_PER_ML = 1000.0


def mask_volume_ml(mask: MaskRLE | None, frame: Frame) -> float | None:
    """Give the volume of a mask [ml].

    Args:
        mask: on the frame's grid; None has no volume.
        frame: the grid of the image.

    Returns:
        Its voxels times the volume of one, also where axes are not at right angles; None for a 2D image, or where the
        spacing is not known.

    Example:
        >>> frame = Frame(np.diag([2.0, 2.0, 5.0, 1.0]), (10, 10, 4), spacing_known=True)
        >>> round(mask_volume_ml(MaskRLE.encode(np.ones((10, 10, 4))), frame), 6)
        8.0
    """
    if mask is None or frame.spatial_dims != 3 or not frame.spacing_known:
        return None
    return mask.area * abs(float(np.linalg.det(frame.affine[:3, :3]))) / _CUBIC_MILLIMETERS_PER_ML


def phrase_volumes_ml(grounding: Grounding) -> tuple[float | None, ...]:
    """Give for each of the P phrases the volume of all that it names [ml], None without mask or known spacing."""
    return tuple(mask_volume_ml(mask, grounding.frame) for mask in grounding.phrase_masks)


def region_volumes_ml(grounding: Grounding) -> tuple[float | None, ...]:
    """Give for each of the N regions the volume of its own mask [ml], None without mask or known spacing."""
    return tuple(mask_volume_ml(mask, grounding.frame) for mask in grounding.instance_masks)


def box_sizes_mm(grounding: Grounding) -> tuple[tuple[float, ...] | None, ...]:
    """Give for each of the N boxes its side lengths along the image's own axes [mm], None without known spacing."""
    if not grounding.frame.spacing_known:
        return (None,) * len(grounding)
    return tuple(tuple(sizes) for sizes in grounding.boxes.sizes_mm().tolist())


def size_text(size_mm: tuple[float, ...] | None) -> str:
    """Give side lengths in words, "" where they are not known.

    Example:
        >>> size_text((41.2, 32.0, 8.25))
        '41 x 32 x 8.2 mm'
    """
    return "" if size_mm is None else " x ".join(_rounded(length) for length in size_mm) + " mm"


def volume_text(volume_ml: float | None) -> str:
    """Give a volume in words, "" where it is not known.

    Example:
        >>> volume_text(1432.4), volume_text(2.347), volume_text(0.0123)
        ('1432 ml', '2.3 ml', '0.012 ml')
    """
    return "" if volume_ml is None else f"{_rounded(volume_ml)} ml"


def _rounded(value: float) -> str:
    """Give two digits that count, and all before the point."""
    if value == 0:
        return "0"
    decimals = max(0, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"
