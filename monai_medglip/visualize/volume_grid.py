# SPDX-License-Identifier: Apache-2.0
"""A volume made small enough for a page: whole voxels are averaged, so that every pixel covers a known box of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.imaging import MaskRLE
from monai_medglip.visualize.volume_order import VolumeOrder

__all__ = ["VolumeGrid", "volume_grid"]


@dataclass(frozen=True)
class VolumeGrid:
    """The grid that a page shows.

    Attributes:
        order: how the volume is displayed.
        factors: voxels that become one, along each displayed axis; the last ones of an axis may be fewer.
    """

    order: VolumeOrder
    factors: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """The voxels of the page along each displayed axis."""
        sizes = [-(-size // factor) for size, factor in zip(self.order.shape, self.factors, strict=True)]
        return sizes[0], sizes[1], sizes[2]

    @property
    def pixel_size(self) -> tuple[float, float, float]:
        """The length of one of them along each displayed axis, in the unit of the order."""
        sizes = [size * factor for size, factor in zip(self.order.pixel_size, self.factors, strict=True)]
        return sizes[0], sizes[1], sizes[2]

    def averaged(self, grid: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """Give an array ``(x, y, z)`` as stored on this grid; a slice at a time, so that a large one stays one."""
        displayed = self.order.apply(grid)
        averages = np.empty(self.shape, np.float32)
        for place in range(self.shape[2]):
            start = place * self.factors[2]
            averages[..., place] = self._average(displayed[..., start : start + self.factors[2]].mean(2, np.float32))
        return averages

    def _average(self, plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        for axis, factor in enumerate(self.factors[:2]):
            starts = np.arange(0, plane.shape[axis], factor)
            counts = np.diff(starts, append=plane.shape[axis]).astype(np.float32)
            plane = np.add.reduceat(plane, starts, axis=axis) / (counts[:, None] if axis == 0 else counts)
        return plane

    def mask(self, mask: MaskRLE) -> npt.NDArray[np.bool_]:
        """Give a mask on this grid: where it covers at least half, or anything if it is nowhere half."""
        if set(self.factors) == {1}:
            return np.asarray(self.order.apply(mask.decode()), bool)
        share = self.averaged(mask.decode())
        half = share >= 0.5
        return half if half.any() else share > 0

    def boxes(self, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give boxes ``(N, 6)`` as stored as edges of this grid."""
        return np.asarray(self.order.apply_boxes(boxes) / np.tile(self.factors, 2))


def volume_grid(order: VolumeOrder, longest: int) -> VolumeGrid:
    """Give the finest grid whose axes have at most ``longest`` voxels."""
    factors = [-(-size // longest) for size in order.shape]
    return VolumeGrid(order, (factors[0], factors[1], factors[2]))
