# SPDX-License-Identifier: Apache-2.0
"""A random window of a volume at a random spacing near its working spacing, by one resampling, in RAS order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from monai.transforms.transform import Randomizable

from monai_medglip.geometry import index_map
from monai_medglip.transforms.affine_sampling import Interpolation, sample_affine
from monai_medglip.transforms.canvas import checked_shape, checked_size
from monai_medglip.transforms.random_view import ViewRanges
from monai_medglip.transforms.tracked_affine import TensorT, tracked_affine, with_affine
from monai_medglip.transforms.working_grid import VolumeGrid

__all__ = ["RandVolumeWindow"]


class RandVolumeWindow(Randomizable):
    """Shows the part of a volume that a window has room for, as the coarse or the refining pass would see it.

    Zoom 1 is the working spacing of the volume (see `working_grid`), 2 half of it. The window lies as the patient does
    (RAS+), so nothing is mirrored, and a mirroring before it would be undone while its exchanged words stay:
    `RandMirrorPhrasesd` stands after the window.

    Args:
        size: of the window (x, y, z).
        grid_voxels: budget of the working grid that zoom 1 means; None for as many as the window has.
        zoom_range: drawn evenly in its logarithm; never finer than half the finest spacing of the volume.
        aspect_range: of the first axis' scale relative to the others'; drawn evenly in its logarithm.
        rotation_degrees: the largest angle either way about the patient's long axis [degrees].
        shift: the largest shift either way beyond what fits, as a share of the window.

    Raises:
        ConfigurationError: when a size or a range is none.
    """

    def __init__(
        self,
        size: Sequence[int] = (64, 64, 64),
        *,
        grid_voxels: int | None = None,
        zoom_range: tuple[float, float] = (0.75, 1.6),
        aspect_range: tuple[float, float] = (0.87, 1.15),
        rotation_degrees: float = 10.0,
        shift: float = 0.1,
    ) -> None:
        self.size = checked_size(size)
        self.grid = VolumeGrid(math.prod(self.size) if grid_voxels is None else grid_voxels)
        self.ranges = ViewRanges(zoom_range, aspect_range, rotation_degrees, shift)
        self._index_map = np.eye(4)

    def randomize(self, image: torch.Tensor) -> None:
        """Choose the window for volumes on the grid of ``image`` (C, x, y, z)."""
        grid = self.grid.of(tracked_affine(image), checked_shape(image, self.size))
        to_grid = self.ranges.draw(self.R, grid.content, self.size, largest_zoom=grid.largest_zoom)
        self._index_map = index_map(grid.edge_map @ to_grid)

    def __call__(
        self, image: TensorT, interpolation: str | Interpolation = Interpolation.LINEAR, *, randomize: bool = True
    ) -> TensorT:
        """Show a window of a volume.

        Args:
            image: MetaTensor (C, x, y, z).
            interpolation: "linear" for intensities, "nearest" for instance maps.
            randomize: choose a new window; otherwise the last one is used again.

        Returns:
            MetaTensor (C, *size), 0 outside of the volume, whose affine tells where the window lies.

        Raises:
            GeometryError: when the volume has no affine, or not three axes.
        """
        affine = tracked_affine(image)
        if randomize:
            self.randomize(image)
        values = sample_affine(image, self._index_map, self.size, interpolation=Interpolation.parse(interpolation))
        return with_affine(values, image, affine @ self._index_map)
