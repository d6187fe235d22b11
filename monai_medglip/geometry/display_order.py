# SPDX-License-Identifier: Apache-2.0
"""How a 2D image lies when it is displayed as radiologists display it; volumes are not cut here.

A file may store a slice in any order: a NIfTI slice often has its first row at the patient's feet or back. Networks and
people see it as displayed: columns run to the patient's left (in a sagittal plane to the back), rows to the feet or the
back. Axes whose direction is not known stay as they are stored, as do pictures without a place in space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError
from monai_medglip.geometry.frames import Frame

__all__ = ["DisplayOrder", "display_order"]


@dataclass(frozen=True)
class DisplayOrder:
    """The array axes of columns and rows, and in which direction they are displayed.

    Attributes:
        axes: the array axes that become columns and rows.
        reversed_axes: whether columns and rows run against the array.
    """

    axes: tuple[int, int] = (0, 1)
    reversed_axes: tuple[bool, bool] = (False, False)

    def apply(self, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Give an image (C, x, y) as (C, columns, rows); a view, not a copy."""
        steps = (slice(None, None, -1 if backwards else 1) for backwards in self.reversed_axes)
        index = (slice(None), *steps)
        displayed: npt.NDArray[np.generic] = array.transpose(0, *(axis + 1 for axis in self.axes))[index]
        return displayed

    def affine(self, frame: Frame) -> npt.NDArray[np.float64]:
        """Give the affine (4, 4) of the displayed image, so that every pixel keeps its place in the world."""
        stored_from_displayed = np.eye(4)
        stored_from_displayed[:2, :2] = 0.0
        for displayed, (axis, backwards) in enumerate(zip(self.axes, self.reversed_axes, strict=True)):
            stored_from_displayed[axis, displayed] = -1.0 if backwards else 1.0
            stored_from_displayed[axis, 3] = frame.shape[axis] - 1.0 if backwards else 0.0
        affine: npt.NDArray[np.float64] = frame.affine @ stored_from_displayed
        return affine


def display_order(frame: Frame) -> DisplayOrder:
    """Give how a 2D image is displayed.

    Args:
        frame: of a 2D image.

    Returns:
        The order; that of the file where the image's axes in the patient are not known.

    Raises:
        GeometryError: for a volume.
    """
    if frame.spatial_dims != 2:
        raise GeometryError(f"expected the frame of a 2D image, got one of shape {frame.shape}; cut a slice first")
    pairs = frame.axes
    known = [pair in frame.known_axes for pair in pairs]
    axes = (0, 1)
    # columns are left-right where the plane has that axis, else front-back: the smaller value of the two
    if all(known) and pairs[0].value > pairs[1].value:
        axes = (1, 0)
    backwards = [known[axis] and frame.affine[pairs[axis].value, axis] > 0 for axis in axes]
    return DisplayOrder(axes, (bool(backwards[0]), bool(backwards[1])))
