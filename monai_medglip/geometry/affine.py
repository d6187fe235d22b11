# SPDX-License-Identifier: Apache-2.0
"""Points and boxes carried from one voxel grid to another through their affines.

An affine maps voxel *centers* (index 0 is the middle of the first voxel) to world; box coordinates are voxel *edges*.
This module owns the half voxel between the two. It moves coordinates only; nothing is resampled here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError
from monai_medglip.geometry.box_arrays import box_array

__all__ = ["LPS_FROM_RAS", "check_affine", "index_map", "map_boxes", "map_points"]

FloatArray = npt.NDArray[np.float64]

LPS_FROM_RAS: FloatArray = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Turns a RAS+ affine (or homogeneous point) into the LPS+ of DICOM and ITK, and back: it is its own inverse."""
LPS_FROM_RAS.flags.writeable = False

SINGULAR_BELOW = 1e-6
"""An affine is singular if its columns, scaled to length one, span less than this volume (1 for orthogonal axes)."""

IN_PLANE_VOXELS = 0.5
"""A mapped 2D point belongs to the target's plane if it is at most this many steps of the plane's normal axis away."""


def check_affine(affine: npt.ArrayLike, *, sizes: tuple[int, ...] = (4,)) -> FloatArray:
    """Returns the affine as a checked float64 copy.

    Args:
        affine: ``(4, 4)``, or ``(3, 3)`` where 3 is among the sizes; voxel-center index to world.
        sizes: The matrix sizes that are accepted.

    Raises:
        GeometryError: Another shape, an entry that is not finite, a last row other than 0..0 1, or a singular matrix.
    """
    try:
        matrix = np.asarray(affine).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"an affine must be a matrix of numbers, got {type(affine).__name__}: {error}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] not in sizes:
        expected = " or ".join(f"({size}, {size})" for size in sizes)
        raise GeometryError(f"the affine must have shape {expected}, got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise GeometryError(f"the affine must be finite, got {matrix.tolist()}; the image header is damaged")
    last_row = np.eye(len(matrix))[-1]
    if not np.array_equal(matrix[-1], last_row):
        raise GeometryError(f"the affine's last row must be {last_row.tolist()}, got {matrix[-1].tolist()}")
    _check_invertible(matrix)
    return matrix


def index_map(edge_map: npt.ArrayLike) -> FloatArray:
    """Turns a map of voxel edges into the same map of voxel-center indices, such as an affine is composed with.

    Args:
        edge_map: ``(D+1, D+1)``, from edges of one grid to edges of another.

    Returns:
        ``(D+1, D+1)``, from indices of the one grid to indices of the other.

    Raises:
        GeometryError: The map cannot be.

    Example:
        >>> index_map(np.diag([2, 3, 1])).tolist()  # each voxel of the one is 2 x 3 voxels of the other
        [[2.0, 0.0, 0.5], [0.0, 3.0, 1.0], [0.0, 0.0, 1.0]]
    """
    matrix = check_affine(edge_map, sizes=(3, 4))
    matrix[:-1, -1] += (matrix[:-1, :-1].sum(axis=1) - 1) / 2
    return matrix


def map_points(points: npt.ArrayLike, source_affine: npt.ArrayLike, target_affine: npt.ArrayLike) -> FloatArray:
    """Carries points from one grid to another.

    Args:
        points: ``(N, D)`` voxel-center indices of the source grid (0 is the middle of the first voxel).
        source_affine: ``(4, 4)`` or ``(D+1, D+1)``, index to world.
        target_affine: ``(4, 4)`` or ``(D+1, D+1)``, index to the same world.

    Returns:
        ``(N, D)`` voxel-center indices of the target grid.

    Raises:
        GeometryError: Bad points or affines, or 2D grids that do not lie in one plane.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        raise GeometryError(f"points must have shape (N, 2) or (N, 3), got {array.shape}")
    linear, offset = _between(source_affine, target_affine, array.shape[1])
    return _in_plane(array @ linear.T + offset, array.shape[1])


def map_boxes(boxes: npt.ArrayLike, source_affine: npt.ArrayLike, target_affine: npt.ArrayLike) -> FloatArray:
    """Carries boxes from one grid to another: the axis-aligned bounds of their ``2**D`` mapped corners.

    The bounds contain everything that the box contained. A turn by other than 90 degrees therefore makes a box larger;
    where the mask is at hand, take the box from the mask instead.

    Args:
        boxes: ``(N, 2D)`` voxel edges of the source grid.
        source_affine: ``(4, 4)`` or ``(D+1, D+1)``, voxel-center index to world.
        target_affine: ``(4, 4)`` or ``(D+1, D+1)``, voxel-center index to the same world.

    Returns:
        ``(N, 2D)`` voxel edges of the target grid, not clipped to it.

    Raises:
        GeometryError: Bad boxes or affines, or 2D grids that do not lie in one plane.

    Example:
        >>> flipped = [[-1, 0, 9], [0, 1, 0], [0, 0, 1]]  # a flip along x of a grid 10 voxels wide
        >>> map_boxes([[0, 0, 2, 5]], np.eye(3), flipped).tolist()
        [[8.0, 0.0, 10.0, 5.0]]
    """
    array = box_array(boxes)
    dims = array.shape[1] // 2
    linear, offset = _between(source_affine, target_affine, dims)
    # Every mapped coordinate is a sum of one term per axis, so its least value over the 2**D corners is the sum of the
    # least terms: all corners are looked at without listing them.
    low_terms = linear * (array[:, None, :dims] - 0.5)
    high_terms = linear * (array[:, None, dims:] - 0.5)
    low = _in_plane(np.minimum(low_terms, high_terms).sum(axis=2) + offset, dims)
    high = _in_plane(np.maximum(low_terms, high_terms).sum(axis=2) + offset, dims)
    return np.concatenate([low, high], axis=1) + 0.5


def _check_invertible(matrix: FloatArray) -> None:
    linear = matrix[:-1, :-1]
    lengths = np.linalg.norm(linear, axis=0)
    if not lengths.all() or abs(np.linalg.det(linear / lengths)) < SINGULAR_BELOW:
        raise GeometryError(
            f"the affine must be invertible, got the singular {matrix.tolist()}: "
            "an axis has no length, or two axes run along one line; the image header is damaged"
        )


def _between(source_affine: npt.ArrayLike, target_affine: npt.ArrayLike, dims: int) -> tuple[FloatArray, FloatArray]:
    """The linear part ``(K, D)`` and offset ``(K,)`` from source index to target index; K is 3 for a plane in space."""
    sizes = (4,) if dims == 3 else (3, 4)
    source, target = check_affine(source_affine, sizes=sizes), check_affine(target_affine, sizes=sizes)
    if len(source) != len(target):
        source, target = _without_space(source), _without_space(target)
    matrix: FloatArray = np.linalg.solve(target, source).astype(np.float64, copy=False)
    return matrix[:-1, :dims], matrix[:-1, -1]


def _without_space(affine: FloatArray) -> FloatArray:
    """The ``(3, 3)`` affine of a 2D image whose plane is the world's x-y plane."""
    if len(affine) == 3:
        return affine
    if affine[:2, 2].any() or affine[2, :2].any():
        raise GeometryError(
            "one affine is (3, 3), the other is (4, 4) and its plane is not the world's x-y plane, "
            f"got {affine.tolist()}; give both as (4, 4)"
        )
    return affine[np.ix_([0, 1, 3], [0, 1, 3])]


def _in_plane(points: FloatArray, dims: int) -> FloatArray:
    """The first D coordinates of points ``(N, K)``; a third one of a 2D image must be (nearly) none."""
    away = np.abs(points[:, dims:])
    if away.size and away.max() > IN_PLANE_VOXELS:
        raise GeometryError(
            f"the two 2D images must lie in one plane, got positions {away.max():.3g} slices off the target's plane; "
            "carry them through the volume that both slices belong to"
        )
    return points[:, :dims]
