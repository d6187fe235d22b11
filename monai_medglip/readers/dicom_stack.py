# SPDX-License-Identifier: Apache-2.0
"""Parallel DICOM planes as a stack: their order, their steps, and why a stack is no regular grid."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.readers.dicom_place import PlanePlace, affine_of
from monai_medglip.readers.dicom_plane import ImagePlane

__all__ = ["PlaneStack"]

FloatArray = npt.NDArray[np.float64]

SAME_POSITION_MM = 1e-2
"""Planes nearer than this along the normal [mm] lie at one position."""

STEP_TOLERANCE_MM, STEP_TOLERANCE_SHARE = 0.1, 0.01
"""Most difference of a slice distance from the median: the larger of [mm] and share of it."""

TILT_TOLERANCE_DEGREES = 0.5
"""Most angle between the stack's direction and the slices' normal."""


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """Planes of one orientation, size and pixel spacing, sorted along their normal.

    Args:
        planes: the images.
        places: where each of them lies.
        told_apart: what tells this stack from others at the same place, such as "EchoTime 4.6"; may be empty.
    """

    planes: tuple[ImagePlane, ...]
    places: tuple[PlanePlace, ...]
    told_apart: str = ""

    @classmethod
    def sorted(cls, planes: Sequence[ImagePlane], places: Sequence[PlanePlace], told_apart: str = "") -> PlaneStack:
        """Make a stack of planes in any order."""
        along = np.stack([place.position for place in places]) @ np.cross(*places[0].directions)
        order = np.argsort(along, kind="stable")
        return cls(tuple(planes[i] for i in order), tuple(places[i] for i in order), told_apart)

    @functools.cached_property
    def positions(self) -> FloatArray:
        """(N, 3) the middle of each plane's first pixel, RAS+ [mm]."""
        return np.stack([place.position for place in self.places])

    @functools.cached_property
    def normal(self) -> FloatArray:
        """(3,) the unit vector along which the planes are sorted."""
        normal: FloatArray = np.cross(*self.places[0].directions)
        return normal

    @functools.cached_property
    def steps(self) -> FloatArray:
        """(N - 1,) distances of the planes along the normal [mm]."""
        steps: FloatArray = np.diff(self.positions @ self.normal)
        return steps

    @property
    def position_indices(self) -> npt.NDArray[np.int64]:
        """(N,) the number of each plane's position; planes at the same position have the same one."""
        numbers: npt.NDArray[np.int64] = np.concatenate([[0], np.cumsum(self.steps >= SAME_POSITION_MM)])
        return numbers

    @property
    def step(self) -> FloatArray:
        """(3,) the mean step from plane to plane [mm]."""
        step: FloatArray = (self.positions[-1] - self.positions[0]) / (len(self.planes) - 1)
        return step

    @functools.cached_property
    def tilt_degrees(self) -> float:
        """The angle between the step and the normal."""
        sideways = np.linalg.norm(self.step - self.normal * (self.step @ self.normal))
        return float(np.degrees(np.arctan2(sideways, self.step @ self.normal)))

    @property
    def is_tilted(self) -> bool:
        """Whether the stack is sheared, as by a tilted gantry."""
        return self.tilt_degrees > TILT_TOLERANCE_DEGREES

    @property
    def frame(self) -> Frame:
        """The grid of a stack that is neither irregular nor tilted."""
        (x_axis, y_axis), (x_step, y_step) = self.places[0].directions, self.places[0].spacing
        affine = affine_of(x_axis * x_step, y_axis * y_step, self.step, self.positions[0])
        return Frame(affine, (*self.planes[0].instance.shape, len(self.planes)), frozenset(AxisPair), True)

    def irregularities(self) -> list[str]:
        """Say in words with numbers what keeps the planes from being evenly spaced along one line; empty if nothing."""
        duplicates = int(np.count_nonzero(self.steps < SAME_POSITION_MM))
        if duplicates:
            return [f"{duplicates} slice(s) at the position of another one that nothing in the headers tells apart"]
        middle = float(np.median(self.steps))
        tolerance = max(STEP_TOLERANCE_MM, STEP_TOLERANCE_SHARE * middle)
        problems = []
        shift = self._most_sideways_shift()
        if shift > tolerance:
            problems.append(f"slices shifted sideways by up to {shift:.2f} mm")
        uneven = np.abs(self.steps - middle) > tolerance
        if uneven.any():
            problems.append(
                f"slice distances from {self.steps.min():.2f} to {self.steps.max():.2f} mm, {int(uneven.sum())} of "
                f"{len(self.steps)} other than {middle:.2f} mm (slices missing or unevenly spaced)"
            )
        return problems

    def _most_sideways_shift(self) -> float:
        """The largest distance [mm] of a plane's first pixel from the line through those of first and last plane."""
        along = self.positions @ self.normal
        share = (along - along[0]) / (along[-1] - along[0])
        expected = self.positions[0] + np.outer(share, self.positions[-1] - self.positions[0])
        return float(np.linalg.norm(self.positions - expected, axis=1).max())
