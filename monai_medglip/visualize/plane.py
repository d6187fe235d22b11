# SPDX-License-Identifier: Apache-2.0
"""The upright plane of a scan that a picture shows: a 2D image as displayed, or one slice of a volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry import Boxes, Frame, display_order

__all__ = ["Plane", "image_plane"]


@dataclass(frozen=True)
class Plane:
    """Which array axes become the columns and rows of a picture, and in which direction.

    Attributes:
        axes: the array axes of the columns and of the rows.
        reversed_axes: whether columns and rows run against the array.
        pixel_size: width and height of a pixel, in any common unit.
        slice_axis: the array axis that the plane cuts, None for a 2D image.
        slice_index: the voxel on that axis.
        letters: the patient's directions at the left, right, top and bottom edge, "" where one is not known.
    """

    axes: tuple[int, int]
    reversed_axes: tuple[bool, bool]
    pixel_size: tuple[float, float]
    slice_axis: int | None = None
    slice_index: int = 0
    letters: tuple[str, str, str, str] = ("", "", "", "")

    @property
    def is_stored_order(self) -> bool:
        """Whether this is a 2D image just as it is stored."""
        return self.slice_axis is None and self.axes == (0, 1) and not any(self.reversed_axes)

    def cut(self, grid: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Give the plane ``(..., columns, rows)`` of an array whose last axes are the scan's; a view, not a copy."""
        dims = 2 if self.slice_axis is None else 3
        leading = grid.ndim - dims
        plane = grid if self.slice_axis is None else np.moveaxis(grid, leading + self.slice_axis, 0)[self.slice_index]
        if self.axes[0] > self.axes[1]:
            plane = np.swapaxes(plane, -1, -2)
        return plane[..., _step(self.reversed_axes[0]), _step(self.reversed_axes[1])]

    def cut_boxes(self, boxes: Boxes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Give which boxes reach the plane, and those as ``(n, 4)`` column and row edges ``[x0, y0, x1, y1]``."""
        low, high = np.split(boxes.data, 2, axis=1)
        rows = np.arange(len(boxes))
        if self.slice_axis is not None:
            center = self.slice_index + 0.5
            rows = rows[(low[:, self.slice_axis] < center) & (high[:, self.slice_axis] > center)]
        return rows, self.project(boxes.data[rows], boxes.frame)

    def project(self, boxes: npt.NDArray[np.float64], frame: Frame) -> npt.NDArray[np.float64]:
        """Give boxes ``(n, 2D)`` as ``(n, 4)`` column and row edges of the plane, whether they reach it or not."""
        low, high = np.split(boxes, 2, axis=1)
        picture = np.empty((len(boxes), 4))
        for column, (axis, is_reversed) in enumerate(zip(self.axes, self.reversed_axes, strict=True)):
            start, stop = low[:, axis], high[:, axis]
            size = frame.shape[axis]
            picture[:, column] = size - stop if is_reversed else start
            picture[:, column + 2] = size - start if is_reversed else stop
        return picture

    def size(self, frame: Frame) -> tuple[int, int]:
        """Give the number of columns and rows."""
        return frame.shape[self.axes[0]], frame.shape[self.axes[1]]


def image_plane(frame: Frame) -> Plane:
    """Give the plane of a 2D image: as displayed where its axes in the patient are known, else as stored."""
    order = display_order(frame)
    return Plane(axes=order.axes, reversed_axes=order.reversed_axes, pixel_size=(1.0, 1.0))


def _step(is_reversed: bool) -> slice:
    return slice(None, None, -1 if is_reversed else 1)
