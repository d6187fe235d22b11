# SPDX-License-Identifier: Apache-2.0
"""The place in space of a DICOM plane or of a stack of planes, and the reasons why a stack is no regular grid.

DICOM's world is LPS, frames are RAS+. ImageOrientationPatient gives the directions of a row and of a column, that is
of increasing x and of increasing y. PixelSpacing is the distance between rows first, that is along y.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.readers.dicom_attributes import attribute, numbers, text

__all__ = ["plane_frame", "stack_frame"]

FloatArray = npt.NDArray[np.float64]

DIRECTION_TOLERANCE = 1e-3
"""Most deviation of a direction from unit length and right angles: headers round to few digits."""

SAME_PLANE_TOLERANCE = 1e-4
"""Most difference between the directions of two slices of one stack."""

SAME_POSITION_MM = 1e-2
"""Slices nearer than this along the normal [mm] lie at one position."""

STEP_TOLERANCE_MM, STEP_TOLERANCE_SHARE = 0.1, 0.01
"""Most difference of a slice distance from the median: the larger of [mm] and share of it."""

TILT_TOLERANCE_DEGREES = 0.5
"""Most angle between the stack's direction and the slices' normal."""

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])

# PatientOrientation's letters as directions in RAS+, with the axis that they tell.
_LETTERS = {
    "R": (np.array([1.0, 0, 0]), AxisPair.LEFT_RIGHT),
    "L": (np.array([-1.0, 0, 0]), AxisPair.LEFT_RIGHT),
    "A": (np.array([0, 1.0, 0]), AxisPair.POSTERIOR_ANTERIOR),
    "P": (np.array([0, -1.0, 0]), AxisPair.POSTERIOR_ANTERIOR),
    "H": (np.array([0, 0, 1.0]), AxisPair.INFERIOR_SUPERIOR),
    "F": (np.array([0, 0, -1.0]), AxisPair.INFERIOR_SUPERIOR),
}


def plane_frame(path: Path, dataset: Any, shape: tuple[int, int]) -> Frame:
    """Give the frame of a single image, with as much of its place as the header tells.

    Args:
        path: the file, named in messages.
        dataset: its header.
        shape: (columns, rows).

    Returns:
        A 2D frame. Axes are known from ImageOrientationPatient, or by their main letters from PatientOrientation
        (films). Millimeters are known from PixelSpacing, unless it is only that of a film's detector.

    Raises:
        ImageReadError: when the header contradicts itself.
    """
    directions, position = _directions(path, dataset), numbers(path, dataset, "ImagePositionPatient", 3)
    known = frozenset(AxisPair)
    if directions is None:
        directions, known = _directions_by_letters(dataset)
        position = None
    spacing = _spacing(path, dataset)
    steps = np.ones(2) if spacing is None else spacing
    origin = np.zeros(3) if position is None else position * _LPS_TO_RAS
    normal = np.cross(*directions) * _thickness(path, dataset)
    affine = _affine(directions[0] * steps[0], directions[1] * steps[1], normal, origin)
    return Frame(affine, shape, known, spacing is not None)


def stack_frame(folder: Path, datasets: Sequence[Any], shape: tuple[int, int]) -> tuple[list[int], Frame]:
    """Give the order of the slices of a series along their normal, and the frame of the volume.

    Args:
        folder: the series, named in messages.
        datasets: at least two headers of one series.
        shape: (columns, rows) of all of them.

    Returns:
        The indices into ``datasets`` in the order of the last axis, and the frame (x, y, z).

    Raises:
        ImageReadError: when a header contradicts itself.
        UnsupportedImageError: when the slices are not a regular orthogonal grid; all that was found is named.
    """
    positions = _LPS_TO_RAS * _of_all(
        folder, "ImagePositionPatient", [numbers(folder, dataset, "ImagePositionPatient", 3) for dataset in datasets]
    )
    directions = _of_all(folder, "ImageOrientationPatient", [_directions(folder, dataset) for dataset in datasets])
    spacings = _of_all(folder, "PixelSpacing", [_spacing(folder, dataset) for dataset in datasets])
    normal = np.cross(*directions[0])
    order = np.argsort(positions @ normal, kind="stable")
    problems = _differences(directions, spacings) or _irregularities(positions[order], normal)
    if problems:
        raise UnsupportedImageError(
            f"{folder}: expected slices on one regular grid, found {'; '.join(problems)}. "
            "Resample the series to a regular grid first, or give single slices"
        )
    step = (positions[order[-1]] - positions[order[0]]) / (len(datasets) - 1)
    (x_axis, y_axis), (x_step, y_step) = directions[0], spacings[0]
    affine = _affine(x_axis * x_step, y_axis * y_step, step, positions[order[0]])
    return [int(index) for index in order], Frame(affine, (*shape, len(datasets)), frozenset(AxisPair), True)


def _affine(x_step: FloatArray, y_step: FloatArray, z_step: FloatArray, origin: FloatArray) -> FloatArray:
    affine = np.eye(4)
    affine[:3] = np.stack([x_step, y_step, z_step, origin], axis=1)
    return affine


def _directions(path: Path, dataset: Any) -> FloatArray | None:
    """Unit vectors (2, 3) in RAS+ of increasing x and increasing y."""
    cosines = numbers(path, dataset, "ImageOrientationPatient", 6)
    if cosines is None:
        return None
    directions = cosines.reshape(2, 3)
    lengths = np.linalg.norm(directions, axis=1)
    if np.abs(lengths - 1).max() > DIRECTION_TOLERANCE or abs(np.dot(*directions)) > DIRECTION_TOLERANCE:
        raise ImageReadError(
            f"{path}: expected ImageOrientationPatient to be two unit vectors at a right angle, "
            f"got {cosines.tolist()}; correct the header"
        )
    in_ras: FloatArray = directions / lengths[:, None] * _LPS_TO_RAS
    return in_ras


def _directions_by_letters(dataset: Any) -> tuple[FloatArray, frozenset[AxisPair]]:
    """Directions by the first letters of PatientOrientation, or those of the pixel grid and nothing known."""
    letters = attribute(dataset, "PatientOrientation")
    words = [str(letter) for letter in letters] if letters is not None and not isinstance(letters, str) else []
    found = [_LETTERS[word[0]] for word in words if word and word[0] in _LETTERS]
    if len(found) != 2 or found[0][1] is found[1][1]:
        return np.eye(3)[:2], frozenset()
    return np.stack([direction for direction, _ in found]), frozenset(axis for _, axis in found)


def _spacing(path: Path, dataset: Any) -> FloatArray | None:
    """The distance of pixels along x and along y [mm], None where it is not known to be that in the patient.

    A film's spacing that equals that of the detector is not in the patient: it is too large by the unknown
    magnification (PS3.3 10.7.1.3).
    """
    spacing = numbers(path, dataset, "PixelSpacing", 2)
    if spacing is None or spacing.min() <= 0:
        return None
    detector = numbers(path, dataset, "ImagerPixelSpacing", 2)
    calibrated = bool(text(dataset, "PixelSpacingCalibrationType"))
    if detector is not None and np.allclose(detector, spacing) and not calibrated:
        return None
    return spacing[::-1]


def _thickness(path: Path, dataset: Any) -> float:
    """A length for the normal of a single plane; it takes part in no measurement inside the plane."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        value = numbers(path, dataset, keyword, 1)
        if value is not None and value[0] > 0:
            return float(value[0])
    return 1.0


def _of_all(folder: Path, keyword: str, values: Sequence[FloatArray | None]) -> FloatArray:
    present = [value for value in values if value is not None]
    if len(present) < len(values):
        raise UnsupportedImageError(
            f"{folder}: expected a series of slices with {keyword}, {len(values) - len(present)} of {len(values)} "
            "images have none that is valid, so they are no volume; give the images one by one"
        )
    return np.stack(present)


def _differences(directions: FloatArray, spacings: FloatArray) -> list[str]:
    """What differs between slices that must share one plane and one pixel size."""
    problems = []
    if np.abs(directions - directions[0]).max() > SAME_PLANE_TOLERANCE:
        problems.append("slices of different orientations")
    if not np.allclose(spacings, spacings[0], rtol=1e-3):
        problems.append("slices of different pixel spacings")
    return problems


def _irregularities(positions: FloatArray, normal: FloatArray) -> list[str]:
    """What keeps sorted slices from being a regular orthogonal grid, in words with numbers."""
    along = positions @ normal
    steps = np.diff(along)
    duplicates = int(np.count_nonzero(steps < SAME_POSITION_MM))
    if duplicates:
        return [f"{duplicates} slice(s) at the position of another one (several phases, echoes or acquisitions?)"]
    problems = []
    whole = positions[-1] - positions[0]
    sideways = float(np.linalg.norm(whole - normal * (whole @ normal)))
    tilt = float(np.degrees(np.arctan2(sideways, whole @ normal)))
    if tilt > TILT_TOLERANCE_DEGREES:
        problems.append(f"a gantry tilt (shear) of {tilt:.1f} degrees")
    expected = positions[0] + whole * ((along - along[0]) / (along[-1] - along[0]))[:, None]
    shift = float(np.linalg.norm(positions - expected, axis=1).max())
    middle = float(np.median(steps))
    tolerance = max(STEP_TOLERANCE_MM, STEP_TOLERANCE_SHARE * middle)
    if shift > tolerance:
        problems.append(f"slices shifted sideways by up to {shift:.2f} mm")
    uneven = np.abs(steps - middle) > tolerance
    if uneven.any():
        problems.append(
            f"slice distances from {steps.min():.2f} to {steps.max():.2f} mm, {int(uneven.sum())} of {len(steps)} "
            f"other than {middle:.2f} mm (slices missing or unevenly spaced)"
        )
    return problems
