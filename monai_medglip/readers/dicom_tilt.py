# SPDX-License-Identifier: Apache-2.0
"""A stack that a tilted gantry sheared, resampled to an orthogonal grid; nothing is interpolated between slices."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.readers.dicom_place import affine_of
from monai_medglip.readers.dicom_stack import PlaneStack

__all__ = ["Tilt", "straight_frame", "straighten"]

FloatArray = npt.NDArray[np.float64]

WHOLE_PIXEL = 1e-4
"""A shift [pixels] nearer than this to a whole number moves pixels without interpolation."""


class Tilt(str, Enum):
    """What is done with a series whose slices are shifted against each other by a tilted gantry."""

    REFUSE = "refuse"
    """An error, as nothing is done to pixels unasked."""
    RESAMPLE = "resample"
    """Every slice is moved in its own plane, by linear interpolation, so that the grid becomes orthogonal."""


def straight_frame(stack: PlaneStack) -> Frame:
    """Give the orthogonal grid that holds every pixel of a sheared stack; its slices are the stack's planes.

    Args:
        stack: evenly spaced.

    Returns:
        The frame; wider than the stack's planes by the whole shift.
    """
    place, offsets = stack.places[0], _offsets(stack)
    steps = place.directions * place.spacing[:, None]
    origin = place.position - offsets[0] @ steps
    distance = float(stack.step @ stack.normal)
    columns, rows = np.array(stack.planes[0].instance.shape) + np.ceil(offsets.max(axis=0) - WHOLE_PIXEL).astype(int)
    affine = affine_of(steps[0], steps[1], stack.normal * distance, origin)
    return Frame(affine, (int(columns), int(rows), len(stack.planes)), frozenset(AxisPair), True)


def straighten(stack: PlaneStack, slices: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Resample the slices of a sheared stack to `straight_frame`.

    Args:
        stack: evenly spaced.
        slices: (z, y, x), NaN where there is no value.

    Returns:
        (z, y, x) on the straight grid; NaN outside the slices, and where a pixel would take part of its value from
        outside.
    """
    columns, rows, count = straight_frame(stack).shape
    straight = np.full((count, rows, columns), np.nan, dtype=np.float32)
    for target, pixels, (x_offset, y_offset) in zip(straight, slices, _offsets(stack), strict=True):
        moved = _moved(_moved(pixels, y_offset).T, x_offset).T
        row, column = _whole(y_offset)[0], _whole(x_offset)[0]
        target[row : row + moved.shape[0], column : column + moved.shape[1]] = moved
    return straight


def _offsets(stack: PlaneStack) -> FloatArray:
    """(z, 2) where on the straight grid each plane's first pixel lies [pixels along x and y], the lowest ones 0."""
    place = stack.places[0]
    shift = place.directions @ stack.step / place.spacing
    offsets = np.outer(np.arange(len(stack.planes)), shift)
    lowest: FloatArray = offsets - offsets.min(axis=0)
    return lowest


def _whole(offset: float) -> tuple[int, float]:
    """An offset as whole pixels up to the first target pixel that has a value, and the share of the pixel before."""
    nearest = round(offset)
    if abs(offset - nearest) < WHOLE_PIXEL:
        return nearest, 0.0
    below = int(np.floor(offset))
    return below + 1, offset - below


def _moved(pixels: npt.NDArray[np.float32], offset: float) -> npt.NDArray[np.float32]:
    """Move along the first axis by the part of ``offset`` that is no whole pixel."""
    share = np.float32(_whole(offset)[1])
    if share == 0:
        return pixels
    # Target pixel u lies between source pixels u - 1 and u; the first target pixel is 1.
    moved: npt.NDArray[np.float32] = pixels[1:] * (1 - share) + pixels[:-1] * share
    return moved
