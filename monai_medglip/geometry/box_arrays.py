# SPDX-License-Identifier: Apache-2.0
"""Bare arrays of boxes: checked, and clipped to a region.

A box array is float64 of shape ``(N, 2D)``, ``[lo_0..lo_D-1, hi_0..hi_D-1]`` in voxel-edge coordinates. It has no
frame; :class:`~monai_medglip.geometry.boxes.Boxes` is the array with its frame.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError

__all__ = ["box_array", "clip_boxes"]

FloatArray = npt.NDArray[np.float64]


def box_array(boxes: npt.ArrayLike) -> FloatArray:
    """Returns the boxes as a checked float64 copy.

    Args:
        boxes: ``(N, 4)`` or ``(N, 6)``, numbers of any kind; N may be 0, a box may have no size.

    Returns:
        ``(N, 2D)`` float64.

    Raises:
        GeometryError: Another shape, a coordinate that is not finite, or a box whose high edge lies below its low edge.
    """
    array = _as_float64(boxes)
    if array.ndim != 2 or array.shape[1] not in (4, 6):
        raise GeometryError(
            f"boxes must have shape (N, 4) in 2D or (N, 6) in 3D, got {array.shape}; "
            "give a single box a leading axis, and an empty set the shape (0, 4) or (0, 6)"
        )
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise GeometryError(f"box coordinates must be finite, got {array[row].tolist()} in row {row}")
    dims = array.shape[1] // 2
    inverted = np.flatnonzero((array[:, dims:] < array[:, :dims]).any(axis=1))
    if inverted.size:
        row = int(inverted[0])
        raise GeometryError(
            f"a box is [lo_0.., hi_0..] with hi >= lo on every axis, got {array[row].tolist()} in row {row}; "
            "check that it is not [x, y, width, height] or [x_lo, x_hi, y_lo, y_hi]"
        )
    return array


def clip_boxes(boxes: npt.ArrayLike, region: npt.ArrayLike) -> FloatArray:
    """Returns the part of each box that lies inside a region.

    Args:
        boxes: ``(N, 2D)`` voxel edges.
        region: ``(2D,)`` voxel edges in the same frame, such as ``Frame.extent`` or the valid region of a padded image.

    Returns:
        ``(N, 2D)`` float64. A box that lies wholly outside becomes a box without size on the region's border.

    Raises:
        GeometryError: The boxes or the region are no boxes, or they differ in dimension.
    """
    array = box_array(boxes)
    bounds = box_array(np.atleast_2d(_as_float64(region)))
    if bounds.shape != (1, array.shape[1]):
        raise GeometryError(f"the region must have shape ({array.shape[1]},) as the boxes do, got {np.shape(region)}")
    dims = array.shape[1] // 2
    return np.clip(array, np.tile(bounds[0, :dims], 2), np.tile(bounds[0, dims:], 2))


def _as_float64(values: npt.ArrayLike) -> FloatArray:
    try:
        return np.asarray(values).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"boxes must be an array of numbers, got {type(values).__name__}: {error}") from error
