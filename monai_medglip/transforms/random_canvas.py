# SPDX-License-Identifier: Apache-2.0
"""A random view of the image on the canvas, by one resampling; never a mirrored one, see `mirroring`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config.type_definitions import KeysCollection
from monai.data.utils import to_affine_nd
from monai.transforms.transform import MapTransform, Randomizable, RandomizableTransform

from monai_medglip.geometry import index_map
from monai_medglip.transforms.affine_sampling import Interpolation, sample_affine
from monai_medglip.transforms.canvas import Canvas, checked_shape, checked_size, interpolations
from monai_medglip.transforms.random_view import ViewRanges
from monai_medglip.transforms.random_volume_window import RandVolumeWindow
from monai_medglip.transforms.tracked_affine import TensorT, tracked_affine, with_affine

__all__ = ["RandCanvas", "RandCanvasd"]


class RandCanvas(RandomizableTransform):
    """Puts a random view of an image on the canvas: another zoom, aspect, angle and place than `Canvas` has.

    The view is chosen as a destination affine and sampled once. Its determinant is positive: no view is mirrored.
    When it does not fire the image is put on the canvas as `Canvas` does.

    Args:
        size: of the canvas (x, y[, z]).
        prob: how often the view is random [0, 1].
        zoom_range: of the image's size relative to the whole image fitting exactly; drawn evenly in its logarithm.
        aspect_range: of the first axis' scale relative to the others'; drawn evenly in its logarithm.
        rotation_degrees: the largest angle either way, in the plane of the first two axes [degrees].
        shift: the largest shift either way beyond what fits, as a share of the canvas.
    """

    def __init__(
        self,
        size: Sequence[int] = (320, 320),
        *,
        prob: float = 0.9,
        zoom_range: tuple[float, float] = (0.75, 1.5),
        aspect_range: tuple[float, float] = (0.75, 1.33),
        rotation_degrees: float = 10.0,
        shift: float = 0.05,
    ) -> None:
        super().__init__(prob)
        self.size = checked_size(size)
        self.ranges = ViewRanges(zoom_range, aspect_range, rotation_degrees, shift)
        self._canvas = Canvas(size)
        self._index_map: np.ndarray | None = None

    def randomize(self, image: torch.Tensor) -> None:
        """Choose the view for images on the grid of ``image`` (C, x, y[, z])."""
        super().randomize(None)
        shape = np.asarray(checked_shape(image, self.size), dtype=np.float64)
        fit = float((np.asarray(self.size) / shape).min())
        # The numbers are drawn whether it fires or not, so that one item's chance does not shift the next one's view.
        to_fitted = self.ranges.draw(self.R, (fit * shape).tolist(), self.size)
        view = index_map(np.diag([*[1.0 / fit] * len(shape), 1.0]) @ to_fitted)
        self._index_map = view if self._do_transform else None

    def __call__(
        self, image: TensorT, interpolation: str | Interpolation = Interpolation.LINEAR, *, randomize: bool = True
    ) -> TensorT:
        """Put a view of an image on the canvas.

        Args:
            image: MetaTensor (C, x, y[, z]).
            interpolation: "linear" for intensities, "nearest" for instance maps.
            randomize: choose a new view; otherwise the last one is used again.

        Returns:
            MetaTensor (C, *size), 0 outside of the image, whose affine tells where the canvas lies.

        Raises:
            GeometryError: when the image has no affine, or not as many axes as the canvas.
        """
        affine = tracked_affine(image)
        if randomize:
            self.randomize(image)
        if self._index_map is None:
            return self._canvas(image, interpolation)
        way = Interpolation.parse(interpolation)
        values = sample_affine(image, self._index_map, self.size, interpolation=way)
        return with_affine(values, image, affine @ to_affine_nd(3, self._index_map))


class RandCanvasd(Randomizable, MapTransform):
    """Puts the same random view of all images of an item on the canvas.

    Args:
        keys: the images and instance maps, which all lie on one grid.
        view: how views are chosen, `RandCanvas` for 2D images and `RandVolumeWindow` for volumes.
        interpolation: "linear" or "nearest", one for all or one per key.
        allow_missing_keys: whether an item without some of the keys passes.
    """

    def __init__(
        self,
        keys: KeysCollection,
        view: RandCanvas | RandVolumeWindow | None = None,
        *,
        interpolation: str | Sequence[str] = "linear",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.view = RandCanvas() if view is None else view
        self.interpolation = interpolations(interpolation, len(self.keys))

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> RandCanvasd:
        """Seed the view, for reproducible runs."""
        self.view.set_random_state(seed, state)
        return self

    def randomize(self, image: torch.Tensor) -> None:
        """Choose the view for images on the grid of ``image`` (C, x, y[, z])."""
        self.view.randomize(image)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with a random view on the canvas."""
        item = dict(data)
        first = self.first_key(item)
        if first in item:
            self.randomize(item[first])
        for key, way in self.key_iterator(item, self.interpolation):
            item[key] = self.view(item[key], way, randomize=False)
        return item
