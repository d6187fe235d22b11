# SPDX-License-Identifier: Apache-2.0
"""The directions of an image's rows and columns in the patient, as DICOM's letters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

__all__ = ["orientation_letters"]

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_NAMED_FROM = 0.1
"""Share of a direction from which it is named, as the second or third letter too."""


def orientation_letters(source: Dataset) -> list[str]:
    """Give the value of PatientOrientation (0020,0020) for an image on the grid of a source, [] where unknown.

    Example:
        >>> source = Dataset()
        >>> source.ImageOrientationPatient = [1, 0, 0, 0, 0.8, -0.6]
        >>> orientation_letters(source)
        ['L', 'PF']
    """
    if source.get("ImageOrientationPatient"):
        return [_letters(direction) for direction in np.reshape(source.ImageOrientationPatient, (2, 3)).astype(float)]
    return list(source.get("PatientOrientation") or [])


def _letters(direction: npt.NDArray[np.float64]) -> str:
    """The letters of a direction in LPS, the main one first."""
    axes = [axis for axis in np.argsort(-np.abs(direction)) if abs(direction[axis]) > _NAMED_FROM]
    return "".join(_LETTERS[axis][0 if direction[axis] > 0 else 1] for axis in axes)
