# SPDX-License-Identifier: Apache-2.0
"""Closed contours in the plane of an image, filled: a pixel is inside where its middle is; not COCO's convention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["fill_contours"]


def fill_contours(contours: Sequence[npt.NDArray[np.float64]], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Fill contours by the even-odd rule.

    A contour inside of another one is a hole, and a contour that runs in and out along one line (a keyhole) leaves out
    what it goes round. Of two contours that share an edge each pixel belongs to one.

    Args:
        contours: each (N, 2), voxel-center indices along x and y; the last point joins the first one.
        shape: size (x, y) of the image; what lies outside of it is cut off.

    Returns:
        Bool (x, y).

    Example:
        >>> square = np.array([[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]])
        >>> fill_contours([square], (4, 4)).astype(int).tolist()
        [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    columns, rows = shape
    # How many edges cross a row of pixel middles before each pixel; an odd number means inside.
    crossings = np.zeros((rows, columns + 1), np.int64)
    for contour in contours:
        row, column = _crossings(contour, columns, rows)
        np.add.at(crossings, (row, column), 1)
    inside: npt.NDArray[np.bool_] = (np.cumsum(crossings, axis=1)[:, :columns] % 2).astype(bool).T
    return inside


def _crossings(
    contour: npt.NDArray[np.float64], columns: int, rows: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the row of each crossing of an edge with a row of pixel middles, and the first pixel behind it."""
    start, end = contour, np.roll(contour, -1, axis=0)
    # An edge takes the row of its lower end and leaves that of its upper end to the next edge.
    first = np.clip(np.ceil(np.minimum(start[:, 1], end[:, 1])), 0, rows).astype(np.int64)
    past = np.clip(np.ceil(np.maximum(start[:, 1], end[:, 1])), 0, rows).astype(np.int64)
    counts = past - first
    edge = np.repeat(np.arange(len(contour)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    slope = (end[edge, 0] - start[edge, 0]) / (end[edge, 1] - start[edge, 1])
    column = np.ceil(start[edge, 0] + (row - start[edge, 1]) * slope)
    return row, np.clip(column, 0, columns).astype(np.int64)
