# SPDX-License-Identifier: Apache-2.0
"""The place in the patient of one DICOM plane; stacks of planes are `dicom_stack`.

DICOM's world is LPS, frames are RAS+. ImageOrientationPatient gives the directions of a row and of a column, that is
of increasing x and of increasing y. PixelSpacing is the distance between rows first, that is along y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging import Modality
from monai_medglip.readers.dicom_plane import ImagePlane

__all__ = ["PlanePlace", "affine_of", "place_of", "plane_frame"]

FloatArray = npt.NDArray[np.float64]

DIRECTION_TOLERANCE = 1e-3
"""Most deviation of a direction from unit length and right angles: headers round to few digits."""

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


@dataclass(frozen=True, eq=False)
class PlanePlace:
    """Where a plane lies, in RAS+ [mm].

    Args:
        position: (3,) of the middle of the first pixel.
        directions: (2, 3), unit vectors of increasing x and of increasing y.
        spacing: (2,) distance of pixels along x and along y.
    """

    position: FloatArray
    directions: FloatArray
    spacing: FloatArray


def place_of(plane: ImagePlane) -> PlanePlace | None:
    """Give a plane's whole place, None where position, orientation or spacing is not told.

    Raises:
        ImageReadError: when the header contradicts itself.
    """
    if plane.is_clip_frame:
        return None
    position, directions = plane.numbers("ImagePositionPatient", 3), _directions(plane)
    spacing = _spacing(plane)
    if position is None or directions is None or spacing is None:
        return None
    return PlanePlace(position * _LPS_TO_RAS, directions, spacing)


def plane_frame(plane: ImagePlane) -> Frame:
    """Give the frame of a single image, with as much of its place as the header tells.

    Args:
        plane: the image.

    Returns:
        A 2D frame. Axes are known from ImageOrientationPatient, or by their main letters from PatientOrientation
        (films). Millimeters are known from PixelSpacing, unless it is only that of a film's detector.

    Raises:
        ImageReadError: when the header contradicts itself.
    """
    directions, position = None, None
    if not plane.is_clip_frame:
        directions, position = _directions(plane), plane.numbers("ImagePositionPatient", 3)
    known = frozenset(AxisPair)
    if directions is None:
        directions, known = _directions_by_letters(plane)
        position = None
    spacing = _spacing(plane)
    steps = np.ones(2) if spacing is None else spacing
    origin = np.zeros(3) if position is None else position * _LPS_TO_RAS
    normal = np.cross(*directions) * _thickness(plane)
    affine = affine_of(directions[0] * steps[0], directions[1] * steps[1], normal, origin)
    return Frame(affine, plane.instance.shape, known, spacing is not None)


def affine_of(x_step: FloatArray, y_step: FloatArray, z_step: FloatArray, origin: FloatArray) -> FloatArray:
    """Give the affine (4, 4) of a grid by its three steps and the middle of its first voxel, each (3,)."""
    affine = np.eye(4)
    affine[:3] = np.stack([x_step, y_step, z_step, origin], axis=1)
    return affine


def _directions(plane: ImagePlane) -> FloatArray | None:
    cosines = plane.numbers("ImageOrientationPatient", 6)
    if cosines is None:
        return None
    directions = cosines.reshape(2, 3)
    lengths = np.linalg.norm(directions, axis=1)
    if np.abs(lengths - 1).max() > DIRECTION_TOLERANCE or abs(np.dot(*directions)) > DIRECTION_TOLERANCE:
        raise ImageReadError(
            f"{plane.path}: expected ImageOrientationPatient to be two unit vectors at a right angle, "
            f"got {cosines.tolist()}; correct the header"
        )
    in_ras: FloatArray = directions / lengths[:, None] * _LPS_TO_RAS
    return in_ras


def _directions_by_letters(plane: ImagePlane) -> tuple[FloatArray, frozenset[AxisPair]]:
    """Directions by the first letters of PatientOrientation, or those of the pixel grid and nothing known."""
    words = plane.text("PatientOrientation").split("\\")
    found = [_LETTERS[word[0]] for word in words if word and word[0] in _LETTERS]
    if len(found) != 2 or found[0][1] is found[1][1]:
        return np.eye(3)[:2], frozenset()
    return np.stack([direction for direction, _ in found]), frozenset(axis for _, axis in found)


def _spacing(plane: ImagePlane) -> FloatArray | None:
    """The distance of pixels along x and along y [mm], None where it is not known to be that in the patient.

    In a film PixelSpacing may be that of the detector, which is too large by the unknown magnification. It is that in
    the patient where it says how it was calibrated, or differs from the detector's (PS3.3 10.7.1.3).
    """
    spacing = plane.numbers("PixelSpacing", 2)
    if spacing is None or spacing.min() <= 0:
        return None
    if Modality.from_dicom(plane.text("Modality")) is Modality.XR and not plane.text("PixelSpacingCalibrationType"):
        detector = plane.numbers("ImagerPixelSpacing", 2)
        if detector is None or np.allclose(detector, spacing):
            return None
    return spacing[::-1]


def _thickness(plane: ImagePlane) -> float:
    """A length for the normal of a single plane; it takes part in no measurement inside the plane."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        value = plane.numbers(keyword, 1)
        if value is not None and value[0] > 0:
            return float(value[0])
    return 1.0
