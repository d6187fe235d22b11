# SPDX-License-Identifier: Apache-2.0
"""The network's grid of a volume: RAS order, one spacing for all axes, bounded size; the 3D sibling of `canvas`.

A picture is letterboxed onto a canvas of fixed size. Volumes differ too much in extent for that: a cube around a thin
stack would be mostly padding. So a volume gets the finest isotropic grid that its voxel budget allows, at the low
corner, padded to what the network's strides need. Its axes are exchanged and reversed until they run to
the patient's right, front and head (RAS+) as nearly as they can; nothing is rotated, so an oblique volume stays a full
block. One spacing for all axes means that no stride ever falls along a coarse axis
(``docs/decisions/0010-working-grid.md``).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from monai.config.type_definitions import KeysCollection
from monai.transforms.transform import MapTransform

from monai_medglip.errors import ConfigurationError, GeometryError
from monai_medglip.geometry import Frame, index_map
from monai_medglip.transforms.affine_sampling import sample_affine
from monai_medglip.transforms.canvas import interpolations
from monai_medglip.transforms.tracked_affine import tracked_affine, with_affine

__all__ = ["VolumeGrid", "WorkingGrid", "WorkingGridd"]

_FINEST_SHARE = 0.5
"""The working spacing is at least that share of the finest spacing of the volume: finer grids invent detail."""


@dataclass(frozen=True)
class WorkingGrid:
    """Where the network's grid of a volume lies.

    Attributes:
        spacing: working spacing, the same along all axes [mm where the volume's is].
        content: size of the volume on the grid (x, y, z) [working voxels], not rounded.
        shape: voxels of the grid (x, y, z), the padding included.
        edge_map: ``(4, 4)`` edge coordinates of the grid to those of the volume.
        largest_zoom: how much finer a grid may be before it is finer than half the volume's finest spacing.
    """

    spacing: float
    content: tuple[float, ...]
    shape: tuple[int, ...]
    edge_map: np.ndarray
    largest_zoom: float

    @property
    def index_map(self) -> np.ndarray:
        """``(4, 4)`` voxel-center indices of the grid to those of the volume."""
        mapped: np.ndarray = index_map(self.edge_map)
        return mapped


@dataclass(frozen=True)
class VolumeGrid:
    """Chooses the working grid of volumes.

    Args:
        voxels: about the most voxels that the content of a grid may have.
        divisor: each side of a grid is padded to a multiple of it.

    Raises:
        ConfigurationError: when one of them is less than 1.
    """

    voxels: int
    divisor: int = 16

    def __post_init__(self) -> None:
        """Refuse an empty grid."""
        if self.voxels < 1 or self.divisor < 1:
            raise ConfigurationError(
                f"expected at least one voxel and a divisor of at least 1, got {self.voxels} and {self.divisor}"
            )

    def of(self, affine: np.ndarray, shape: Sequence[int]) -> WorkingGrid:
        """Give the working grid of a volume.

        Args:
            affine: (4, 4) voxel-center index -> RAS+ world.
            shape: voxels of the volume (x, y, z).

        Raises:
            GeometryError: when the shape is that of an image, or has an empty axis.
        """
        if len(shape) != 3 or min(shape) < 1:
            raise GeometryError(
                f"expected the shape (x, y, z) of a volume without an empty axis, got {tuple(shape)}; images are put "
                "on a canvas, see Canvasd"
            )
        native = np.linalg.norm(affine[:3, :3], axis=0)
        extent = native * np.asarray(shape)
        finest = _FINEST_SHARE * float(native.min())
        spacing = max(_isotropic_spacing(extent, self.voxels), finest)
        edge_map = np.zeros((4, 4))
        edge_map[3, 3] = 1.0
        content = [0.0, 0.0, 0.0]
        for axis, world in enumerate(Frame(affine, tuple(shape)).axes):
            step = spacing / native[axis]
            backwards = affine[world.value, axis] < 0
            edge_map[axis, world.value] = -step if backwards else step
            edge_map[axis, 3] = float(shape[axis]) if backwards else 0.0
            content[world.value] = float(extent[axis] / spacing)
        # a content that exceeds whole voxels by rounding errors alone needs no further voxel
        padded = (math.ceil(math.ceil(size - 1e-6) / self.divisor) * self.divisor for size in content)
        return WorkingGrid(spacing, tuple(content), tuple(padded), edge_map, spacing / finest)


class WorkingGridd(MapTransform):
    """Resamples the volumes of an item to their working grid.

    Before random transforms it bounds what a cache holds; before a network it shows the whole volume.

    Args:
        keys: the images and instance maps, which all lie on one grid.
        voxels: about the most voxels of the content of a grid, see `VolumeGrid`.
        divisor: each side is padded to a multiple of it.
        keep_smaller: leave volumes with no more voxels than that as they are.
        interpolation: "linear" or "nearest", one for all or one per key.
        allow_missing_keys: whether an item without some of the keys passes.
    """

    def __init__(
        self,
        keys: KeysCollection,
        voxels: int,
        *,
        divisor: int = 16,
        keep_smaller: bool = False,
        interpolation: str | Sequence[str] = "linear",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.grid = VolumeGrid(voxels, divisor)
        self.keep_smaller = keep_smaller
        self.interpolation = interpolations(interpolation, len(self.keys))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with its volumes on their working grid."""
        item = dict(data)
        for key, way in self.key_iterator(item, self.interpolation):
            image = item[key]
            if self.keep_smaller and math.prod(image.shape[1:]) <= self.grid.voxels:
                continue
            affine = tracked_affine(image)
            grid = self.grid.of(affine, image.shape[1:])
            values = sample_affine(image, grid.index_map, grid.shape, interpolation=way)
            item[key] = with_affine(values, image, affine @ grid.index_map)
        return item


def _isotropic_spacing(extent: np.ndarray, voxels: int) -> float:
    """The spacing at which a block of an extent (3,) has so many voxels."""
    return float((extent.prod() / voxels) ** (1.0 / 3.0))
