# SPDX-License-Identifier: Apache-2.0
"""Boxes of masks and of instance maps: the tightest voxel edges around what is set.

No connected components and no thresholds here: a mask is what is not zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError

__all__ = ["box_from_mask", "boxes_from_instances"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def box_from_mask(mask: npt.ArrayLike) -> FloatArray:
    """Returns the tightest box around a mask.

    Args:
        mask: ``(x, y)`` or ``(x, y, z)``; voxels that are not zero are inside (threshold a soft mask first).

    Returns:
        ``(2D,)`` voxel edges: ``[min, .., max + 1, ..]``, because voxel i covers ``[i, i + 1)``.

    Raises:
        GeometryError: The mask has another number of axes, or no voxel is set.
    """
    inside = _spatial_array(mask, "a mask") != 0
    low, high = [], []
    for axis in range(inside.ndim):
        set_along = np.flatnonzero(inside.any(axis=tuple(other for other in range(inside.ndim) if other != axis)))
        if not set_along.size:
            raise GeometryError("an empty mask has no box; ask mask.any() first")
        low.append(float(set_along[0]))
        high.append(float(set_along[-1]) + 1)
    return np.array(low + high)


def boxes_from_instances(instance_map: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
    """Returns the tightest box around each instance of an instance map.

    Args:
        instance_map: ``(x, y)`` or ``(x, y, z)``, whole numbers; 0 is background, every other value one instance.

    Returns:
        The values ``(K,)`` in ascending order, and their boxes ``(K, 2D)`` in voxel edges; K is 0 for background alone.

    Raises:
        GeometryError: The map has another number of axes, or values that are not whole numbers.
    """
    instances = _spatial_array(instance_map, "an instance map")
    positions = np.nonzero(instances)
    values = instances[positions]
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and np.array_equal(values, np.round(values))):
        raise GeometryError("an instance map must hold whole numbers; it was probably resampled with interpolation")
    ids, owner = np.unique(values.astype(np.int64), return_inverse=True)
    low = np.full((instances.ndim, len(ids)), np.inf)
    high = np.full((instances.ndim, len(ids)), -np.inf)
    for axis, coordinate in enumerate(positions):
        np.minimum.at(low[axis], owner, coordinate)
        np.maximum.at(high[axis], owner, coordinate + 1)
    return ids, np.concatenate([low, high]).T


def _spatial_array(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.ndim not in (2, 3):
        raise GeometryError(f"{name} must have shape (x, y) or (x, y, z), got {array.shape}; drop the channel axis")
    return array
