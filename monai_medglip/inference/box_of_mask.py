# SPDX-License-Identifier: Apache-2.0
"""The box of the part of a mask that a predicted box points at, to fractions of a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["box_of_mask"]

_GROWTH = 0.5
"""Share of a box's size that the mask may reach beyond each side of it."""


def box_of_mask(above: NDArray[np.float32], box: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Give the bounds of the connected part of a mask that has most cells inside a box.

    A side lies where the values, linear between the centers of cells, pass through 0: the end of the surface that
    marching cubes would draw. It depends on the mask alone, not on the voxels of the file in which it will be shown.

    Args:
        above: ``(x, y[, z])``, above 0 in the mask of a phrase and at most 0 outside: logits less their threshold.
        box: ``(2D,)`` cell edges of one instance.

    Returns:
        ``(2D,)`` cell edges; None where the mask is empty there.
    """
    import cc3d

    dims = above.ndim
    reach = _GROWTH * (box[dims:] - box[:dims])
    low = np.maximum(np.floor(box[:dims] - reach), 0).astype(int)
    high = np.minimum(np.ceil(box[dims:] + reach), above.shape).astype(int)
    near = above[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    labels = cc3d.connected_components(np.ascontiguousarray(near > 0), connectivity=8 if dims == 2 else 26)
    inside = tuple(
        slice(max(0, int(np.floor(a)) - o), max(0, int(np.ceil(b)) - o))
        for a, b, o in zip(box[:dims], box[dims:], low, strict=True)
    )
    counts = np.bincount(labels[inside].ravel(), minlength=2)
    counts[0] = 0
    if not counts.any():
        return None
    part = labels == counts.argmax()
    ends = [_ends(np.moveaxis(part, axis, 0), np.moveaxis(near, axis, 0)) for axis in range(dims)]
    bounds: NDArray[np.float64] = np.array(ends).T.ravel() + np.tile(low, 2)
    return bounds


def _ends(part: NDArray[np.bool_], above: NDArray[np.float32]) -> tuple[float, float]:
    """Where a part ends along the first axis, both ways."""
    planes = np.flatnonzero(part.any(axis=tuple(range(1, part.ndim))))
    first, last = int(planes[0]), int(planes[-1])
    low = first + 0.5 - _beyond(above[first], above[first - 1] if first else None, part[first])
    after = above[last + 1] if last + 1 < len(above) else None
    return low, last + 0.5 + _beyond(above[last], after, part[last])


def _beyond(inside: NDArray[np.float32], outside: NDArray[np.float32] | None, part: NDArray[np.bool_]) -> float:
    """How far beyond the centers of its last plane a part reaches [cells]; half a cell where nothing follows."""
    if outside is None:
        return 0.5
    values = inside[part].astype(np.float64)
    return float(np.max(values / (values - outside[part])))
