# SPDX-License-Identifier: Apache-2.0
"""A volume made small enough for a page: whole voxels are averaged, so that every pixel covers a known box of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry.box_from_mask import box_from_mask
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
        """Give an array ``(x, y, z)`` as stored on this grid."""
        return _averaged(self.order.apply(grid), self.factors)

    def mask(self, mask: MaskRLE) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Give the part of this grid that a mask lies in: where it covers at least half, or anything if nowhere half.

        Args:
            mask: not empty.

        Returns:
            The first voxel ``(3,)`` of the part, and the part.
        """
        dense = mask.decode()
        # Only the blocks that the mask touches are averaged: forty organs of a large volume take seconds, not minutes.
        low, high = np.split(self.order.apply_boxes(box_from_mask(dense)[None])[0].astype(np.int64), 2)
        factors = np.array(self.factors, np.int64)
        first, last = low // factors, -(-high // factors)
        part = tuple(slice(*ends) for ends in zip(first * factors, last * factors, strict=True))
        share = _averaged(self.order.apply(dense)[part], self.factors)
        return first, share >= 0.5 if (share >= 0.5).any() else share > 0

    def boxes(self, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give boxes ``(N, 6)`` as stored as edges of this grid."""
        return np.asarray(self.order.apply_boxes(boxes) / np.tile(self.factors, 2))


def volume_grid(order: VolumeOrder, longest: int) -> VolumeGrid:
    """Give the finest grid whose axes have at most ``longest`` voxels."""
    factors = [-(-size // longest) for size in order.shape]
    return VolumeGrid(order, (factors[0], factors[1], factors[2]))


def _averaged(displayed: npt.NDArray[np.generic], factors: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    """Give the averages of blocks of voxels; a slice at a time, so that a large volume is not copied."""
    depth = -(-displayed.shape[2] // factors[2])
    slabs = (displayed[..., place * factors[2] : (place + 1) * factors[2]] for place in range(depth))
    return np.stack([_averaged_plane(slab.mean(2, np.float32), factors[:2]) for slab in slabs], axis=2)


def _averaged_plane(plane: npt.NDArray[np.float32], factors: tuple[int, int]) -> npt.NDArray[np.float32]:
    averages: npt.NDArray[Any] = plane
    for axis, factor in enumerate(factors):
        starts = np.arange(0, plane.shape[axis], factor)
        counts = np.diff(starts, append=plane.shape[axis]).astype(np.float32)
        averages = np.add.reduceat(averages, starts, axis=axis) / (counts[:, None] if axis == 0 else counts)
    return averages
