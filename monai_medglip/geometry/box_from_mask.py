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
    ids = _instance_values(instances)
    touched = [np.zeros((size, len(ids)), dtype=bool) for size in instances.shape]
    # Plane by plane: the coordinates of all voxels at once take twelve times as long and gigabytes.
    for first, plane in enumerate(instances):
        positions = np.nonzero(plane)
        owner = np.searchsorted(ids, plane[positions])
        touched[0][first, owner] = True
        for along, coordinate in zip(touched[1:], positions, strict=True):
            along[coordinate, owner] = True
    low = [along.argmax(axis=0) for along in touched]
    high = [len(along) - along[::-1].argmax(axis=0) for along in touched]
    return ids, np.stack(low + high, axis=1).astype(np.float64)


def _instance_values(instances: npt.NDArray[Any]) -> IntArray:
    """The values of an instance map in ascending order, without the background."""
    values = np.unique(np.concatenate([np.unique(plane) for plane in instances]))
    if values.dtype.kind not in "biu" and not (np.isfinite(values) & (values == np.round(values))).all():
        raise GeometryError("an instance map must hold whole numbers; it was probably resampled with interpolation")
    ids: IntArray = values[values != 0].astype(np.int64)
    return ids


def _spatial_array(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.ndim not in (2, 3):
        raise GeometryError(f"{name} must have shape (x, y) or (x, y, z), got {array.shape}; drop the channel axis")
    return array
