# SPDX-License-Identifier: Apache-2.0
"""How a volume lies when it is displayed: towards the patient's left, back and feet, as radiologists look at it.

Axes are permuted and turned about, never rotated: an oblique volume is cut along its own axes, and each direction is
named by the nearest one of the patient. What the frame does not know stays as it is stored and gets no letter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.visualize.plane import Plane

__all__ = ["VolumeOrder", "volume_order"]

# The letters at the first and at the last voxel of an axis that runs to the patient's left, back and feet.
_ENDS = {
    AxisPair.LEFT_RIGHT: ("R", "L"),
    AxisPair.POSTERIOR_ANTERIOR: ("A", "P"),
    AxisPair.INFERIOR_SUPERIOR: ("S", "I"),
}
# The plane across each of these axes.
_PLANES = {
    AxisPair.LEFT_RIGHT: "sagittal",
    AxisPair.POSTERIOR_ANTERIOR: "coronal",
    AxisPair.INFERIOR_SUPERIOR: "axial",
}


@dataclass(frozen=True)
class VolumeOrder:
    """The three array axes in the order in which they are displayed.

    Attributes:
        axes: the array axes that run to the left, to the back and to the feet, as far as that is known.
        reversed_axes: whether each is displayed against the array.
        shape: voxels along each.
        pixel_size: the length of a voxel along each; in millimeters only where the frame knows its spacing.
        ends: the letters of the patient's directions where each begins and ends, ("", "") where it is not known.
        plane_names: the name of the plane across each, "" where it is not known which that is.
    """

    axes: tuple[int, int, int]
    reversed_axes: tuple[bool, bool, bool]
    shape: tuple[int, int, int]
    pixel_size: tuple[float, float, float]
    ends: tuple[tuple[str, str], ...]
    plane_names: tuple[str, ...]

    def apply(self, grid: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Give an array ``(..., x, y, z)`` in this order; a view, not a copy."""
        leading = grid.ndim - 3
        order = (*range(leading), *(leading + axis for axis in self.axes))
        steps = (slice(None, None, -1 if is_reversed else 1) for is_reversed in self.reversed_axes)
        index = (..., *steps)
        displayed: npt.NDArray[np.generic] = grid.transpose(order)[index]
        return displayed

    def apply_boxes(self, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give boxes ``(N, 6)`` as voxel edges of the array in this order."""
        low, high = boxes[:, list(self.axes)], boxes[:, [axis + 3 for axis in self.axes]]
        turned_low = np.where(self.reversed_axes, self.shape - high, low)
        turned_high = np.where(self.reversed_axes, self.shape - low, high)
        return np.concatenate([turned_low, turned_high], axis=1)

    def plane(self, across: int, index: int) -> Plane:
        """Give one of the three planes.

        Args:
            across: which of the axes it cuts: 0 gives the sagittal, 1 the coronal, 2 the axial plane.
            index: the voxel on that axis, as it is displayed.
        """
        columns, rows = (place for place in range(3) if place != across)
        return Plane(
            axes=(self.axes[columns], self.axes[rows]),
            reversed_axes=(self.reversed_axes[columns], self.reversed_axes[rows]),
            pixel_size=(self.pixel_size[columns], self.pixel_size[rows]),
            slice_axis=self.axes[across],
            slice_index=self.shape[across] - 1 - index if self.reversed_axes[across] else index,
            letters=(*self.ends[columns], *self.ends[rows]),
        )

    def plane_title(self, across: int) -> str:
        """Give the name of a plane for people; by the axis that it cuts where it has none."""
        return self.plane_names[across] or f"axis {self.axes[across] + 1}"


def volume_order(frame: Frame) -> VolumeOrder:
    """Give how a volume is displayed.

    Two known axes tell which the third one is, though not which of its ends is which.

    Args:
        frame: of a volume.

    Returns:
        The order; axes of which nothing is known keep the order in which they are stored.

    Raises:
        GeometryError: for a 2D image.
    """
    if frame.spatial_dims != 3:
        raise GeometryError(f"expected the frame of a volume, got one of shape {frame.shape}; a 2D image has one plane")
    pairs = frame.axes
    is_told = [pair in frame.known_axes for pair in pairs]
    is_named = [told or sum(is_told) >= 2 for told in is_told]
    places = {pair.value: axis for axis, pair in enumerate(pairs) if is_named[axis]}
    rest = iter(axis for axis in range(3) if not is_named[axis])
    axes = tuple(places[place] if place in places else next(rest) for place in range(3))
    lengths = np.linalg.norm(frame.affine[:3, :3], axis=0)
    return VolumeOrder(
        axes=(axes[0], axes[1], axes[2]),
        reversed_axes=_reversed(frame, axes, is_told),
        shape=(frame.shape[axes[0]], frame.shape[axes[1]], frame.shape[axes[2]]),
        pixel_size=(float(lengths[axes[0]]), float(lengths[axes[1]]), float(lengths[axes[2]])),
        ends=tuple(_ENDS[pairs[axis]] if is_told[axis] else ("", "") for axis in axes),
        plane_names=tuple(_PLANES[pairs[axis]] if is_named[axis] else "" for axis in axes),
    )


def _reversed(frame: Frame, axes: tuple[int, ...], is_told: list[bool]) -> tuple[bool, bool, bool]:
    # RAS+ grows to the right, the front and the head: the other way round than all three are displayed.
    turned = [is_told[axis] and bool(frame.affine[frame.axes[axis].value, axis] > 0) for axis in axes]
    return turned[0], turned[1], turned[2]
