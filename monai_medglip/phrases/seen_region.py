# SPDX-License-Identifier: Apache-2.0
"""Regions of one image as far as words can be made of them: what each is and where it lies in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = ["SeenRegion", "SeenRegions"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SeenRegion:
    """One region.

    Args:
        concept: the name of its concept.
        box: (2D,) voxel edges, ``(lo..., hi...)``.
        mask: its pixels, or None.
    """

    concept: str
    box: tuple[float, ...]
    mask: MaskRLE | None = None


@dataclass(frozen=True)
class SeenRegions:
    """The regions of one image, and the frame in which they lie.

    Args:
        regions: the regions.
        frame: of the image; what it does not know is never said.
    """

    regions: tuple[SeenRegion, ...]
    frame: Frame

    def __len__(self) -> int:
        return len(self.regions)

    @cached_property
    def bounds(self) -> FloatArray:
        """(N, 2, 3) lowest and highest RAS+ world coordinate of each box; [mm] where the frame's spacing is known."""
        return np.array([_bounds(region.box, self.frame) for region in self.regions]).reshape(-1, 2, 3)

    @property
    def told_axes(self) -> tuple[AxisPair, ...]:
        """The patient's axes along which the image extends and whose direction is known."""
        return tuple(axis for axis in AxisPair if axis in self.frame.axes and axis in self.frame.known_axes)

    def of_concepts(self, names: Sequence[str]) -> tuple[int, ...]:
        """Give the positions of the regions of some concepts."""
        return tuple(i for i, region in enumerate(self.regions) if region.concept in names)

    def share_inside(self, inner: int, outer: int) -> float:
        """Give the share of a region that lies inside another: by their masks, or by boxes where one has none."""
        small, large = self.regions[inner], self.regions[outer]
        if small.mask is not None and large.mask is not None:
            return small.mask.common_area(large.mask) / small.mask.area
        dims = len(small.box) // 2
        first, second = np.asarray(small.box), np.asarray(large.box)
        common = np.minimum(first[dims:], second[dims:]) - np.maximum(first[:dims], second[:dims])
        return float(np.prod(np.maximum(common, 0)) / np.prod(first[dims:] - first[:dims]))


def _bounds(box: tuple[float, ...], frame: Frame) -> FloatArray:
    """World bounds (2, 3) of all 2^D corners."""
    edges = np.asarray(box, dtype=np.float64).reshape(2, -1)
    corners = np.array(list(product(*edges.T)))
    world = frame.edge_to_world(corners)
    return np.stack([world.min(axis=0), world.max(axis=0)])
