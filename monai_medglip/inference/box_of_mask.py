# SPDX-License-Identifier: Apache-2.0
"""The box of the part of a mask that a predicted box points at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_medglip.geometry.box_from_mask import box_from_mask

__all__ = ["box_of_mask"]

_GROWTH = 0.5
"""Share of a box's size that the mask may reach beyond each side of it."""


def box_of_mask(mask: NDArray[np.bool_], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the bounds of the connected part of a mask that has most voxels inside a box.

    Args:
        mask: ``(x, y[, z])`` of all of a phrase.
        box: ``(2D,)`` voxel edges of one instance.

    Returns:
        ``(2D,)`` voxel edges; the given box where the mask is empty there.
    """
    import cc3d

    dims = mask.ndim
    reach = _GROWTH * (box[dims:] - box[:dims])
    low = np.maximum(np.floor(box[:dims] - reach), 0).astype(int)
    high = np.minimum(np.ceil(box[dims:] + reach), mask.shape).astype(int)
    part = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    labels = cc3d.connected_components(np.ascontiguousarray(part), connectivity=8 if dims == 2 else 26)
    inside = tuple(
        slice(max(0, int(np.floor(a)) - o), max(0, int(np.ceil(b)) - o))
        for a, b, o in zip(box[:dims], box[dims:], low, strict=True)
    )
    counts = np.bincount(labels[inside].ravel(), minlength=2)
    counts[0] = 0
    if not counts.any():
        return box
    bounds: NDArray[np.float64] = box_from_mask(labels == counts.argmax()) + np.tile(low, 2)
    return bounds
