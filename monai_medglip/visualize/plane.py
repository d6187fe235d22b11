# SPDX-License-Identifier: Apache-2.0
"""The upright plane of a scan that a picture shows: a 2D image as displayed, or an axial slice of a volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry import AxisPair, Boxes, Frame, display_order
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import MaskRLE

__all__ = ["Plane", "axial_plane", "image_plane", "planes_to_show"]


@dataclass(frozen=True)
class Plane:
    """Which array axes become the columns and rows of a picture, and in which direction.

    Attributes:
        axes: the array axes of the columns and of the rows.
        reversed_axes: whether columns and rows run against the array.
        pixel_size: width and height of a pixel, in any common unit.
        slice_axis: the array axis that the plane cuts, None for a 2D image.
        slice_index: the voxel on that axis.
    """

    axes: tuple[int, int]
    reversed_axes: tuple[bool, bool]
    pixel_size: tuple[float, float]
    slice_axis: int | None = None
    slice_index: int = 0

    def cut(self, grid: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Give the plane ``(..., columns, rows)`` of an array whose last axes are the scan's; a view, not a copy."""
        dims = 2 if self.slice_axis is None else 3
        leading = grid.ndim - dims
        plane = grid if self.slice_axis is None else np.moveaxis(grid, leading + self.slice_axis, 0)[self.slice_index]
        if self.axes[0] > self.axes[1]:
            plane = np.swapaxes(plane, -1, -2)
        return plane[..., _step(self.reversed_axes[0]), _step(self.reversed_axes[1])]

    def cut_mask(self, mask: MaskRLE) -> npt.NDArray[np.bool_]:
        """Give the mask's plane as ``(rows, columns)``."""
        return np.ascontiguousarray(self.cut(mask.decode()).T).astype(bool)

    def cut_boxes(self, boxes: Boxes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Give which boxes reach the plane, and those as ``(n, 4)`` column and row edges ``[x0, y0, x1, y1]``."""
        low, high = np.split(boxes.data, 2, axis=1)
        rows = np.arange(len(boxes))
        if self.slice_axis is not None:
            center = self.slice_index + 0.5
            rows = rows[(low[:, self.slice_axis] < center) & (high[:, self.slice_axis] > center)]
        picture = np.empty((len(rows), 4))
        for column, (axis, is_reversed) in enumerate(zip(self.axes, self.reversed_axes, strict=True)):
            size = boxes.frame.shape[axis]
            start, stop = low[rows, axis], high[rows, axis]
            picture[:, column] = size - stop if is_reversed else start
            picture[:, column + 2] = size - start if is_reversed else stop
        return rows, picture

    def size(self, frame: Frame) -> tuple[int, int]:
        """Give the number of columns and rows."""
        return frame.shape[self.axes[0]], frame.shape[self.axes[1]]


def image_plane(frame: Frame) -> Plane:
    """Give the plane of a 2D image: as displayed where its axes in the patient are known, else as stored."""
    order = display_order(frame)
    return Plane(axes=order.axes, reversed_axes=order.reversed_axes, pixel_size=(1.0, 1.0))


def axial_plane(frame: Frame, slice_index: int) -> Plane:
    """Give an axial slice in radiological convention: the patient's left at the right, anterior at the top.

    Oblique volumes are cut along the array axis nearest to the patient's long axis.
    """
    directions = frame.affine[:3, :3]
    lengths = np.linalg.norm(directions, axis=0)
    left_right, front_back, long_axis = (frame.axes.index(axis) for axis in AxisPair)
    return Plane(
        axes=(left_right, front_back),
        reversed_axes=(bool(directions[0, left_right] > 0), bool(directions[1, front_back] > 0)),
        pixel_size=(float(lengths[left_right]), float(lengths[front_back])),
        slice_axis=long_axis,
        slice_index=slice_index,
    )


def planes_to_show(frame: Frame, grounding: Grounding, most: int) -> list[Plane]:
    """Give the planes that show a grounding: the 2D image, or for each phrase the axial slice with most of it.

    Args:
        frame: the grid of the scan.
        grounding: what is to be seen.
        most: at most so many slices, of the first phrases that have regions.

    Returns:
        At least one plane; the middle slice when there is no region. A slice that serves two phrases comes once.
    """
    if frame.spatial_dims == 2:
        return [image_plane(frame)]
    long_axis = frame.axes.index(AxisPair.INFERIOR_SUPERIOR)
    fullest = (_fullest_slice(grounding, phrase, long_axis) for phrase in range(len(grounding.phrases)))
    indices = list(dict.fromkeys(index for index in fullest if index is not None))
    return [axial_plane(frame, index) for index in indices[:most] or [frame.shape[long_axis] // 2]]


def _fullest_slice(grounding: Grounding, phrase: int, axis: int) -> int | None:
    """Give the slice with most of a phrase's mask, else the middle of its best box, else None."""
    mask = grounding.phrase_masks[phrase]
    others = tuple(other for other in range(3) if other != axis)
    if mask is not None and mask.area:
        return int(mask.decode().sum(axis=others).argmax())
    rows = np.flatnonzero(grounding.phrase_index == phrase)
    if not rows.size:
        return None
    best = rows[grounding.scores[rows].argmax()]
    own = grounding.instance_masks[best]
    if own is not None and own.area:
        return int(own.decode().sum(axis=others).argmax())
    box = grounding.boxes.data[best]
    return int(np.clip((box[axis] + box[axis + 3]) / 2, 0, grounding.frame.shape[axis] - 1))


def _step(is_reversed: bool) -> slice:
    return slice(None, None, -1 if is_reversed else 1)
