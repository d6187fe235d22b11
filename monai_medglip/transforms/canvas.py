# SPDX-License-Identifier: Apache-2.0
"""The network's canvas: the whole image, aspect kept, in a grid of fixed size; not augmentation, see `random_canvas`.

The image stands at the low corner (a picture's top left), what is left over is padding. So a canvas edge is a source
edge times one factor per axis, and no offset depends on the size of the image.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from monai.config.type_definitions import KeysCollection
from monai.data.utils import to_affine_nd
from monai.transforms.transform import MapTransform
from monai.utils.misc import ensure_tuple_rep

from monai_medglip.errors import ConfigurationError, GeometryError
from monai_medglip.geometry import index_map
from monai_medglip.transforms.affine_sampling import Interpolation, sample_affine
from monai_medglip.transforms.tracked_affine import TensorT, tracked_affine, with_affine

__all__ = ["Canvas", "Canvasd", "letterbox_content"]


def letterbox_content(shape: Sequence[int], size: Sequence[int]) -> tuple[int, ...]:
    """Give the size of the image on its canvas: as large as fits with the aspect kept, whole voxels, at least one."""
    scale = min(room / extent for room, extent in zip(size, shape, strict=True))
    return tuple(min(room, max(1, round(scale * extent))) for room, extent in zip(size, shape, strict=True))


class Canvas:
    """Puts an image on the canvas by one resampling, smoothed where it is reduced.

    Args:
        size: of the canvas (x, y[, z]).
        padding_value: the value beside the image. 0 after `NormalizeIntensity` is what convolutions pad with, so the
            network meets one kind of image border.
    """

    def __init__(self, size: Sequence[int] = (320, 320), *, padding_value: float = 0.0) -> None:
        self.size = checked_size(size)
        self.padding_value = padding_value

    def __call__(self, image: TensorT, interpolation: str | Interpolation = Interpolation.LINEAR) -> TensorT:
        """Put an image on the canvas.

        Args:
            image: MetaTensor (C, x, y[, z]).
            interpolation: "linear" for intensities, "nearest" for instance maps.

        Returns:
            MetaTensor (C, *size), float32 when linear, whose affine tells where the canvas lies.

        Raises:
            GeometryError: when the image has no affine, or not as many axes as the canvas.
        """
        affine, shape = tracked_affine(image), checked_shape(image, self.size)
        content = letterbox_content(shape, self.size)
        steps = np.asarray(shape) / np.asarray(content)
        to_image = index_map(np.diag([*steps, 1.0]))  # the edges 0 of both grids coincide
        way = Interpolation.parse(interpolation)
        if way is Interpolation.LINEAR and len(shape) == 2:
            values = _smoothly_resized(image.as_subclass(torch.Tensor).to(torch.float32), content)
        else:
            values = sample_affine(image, to_image, content, interpolation=way)
        missing = [(0, room - taken) for room, taken in zip(self.size, content, strict=True)]
        padded = F.pad(values, [side for pair in reversed(missing) for side in pair], value=self.padding_value)
        return with_affine(padded, image, affine @ to_affine_nd(3, to_image))


class Canvasd(MapTransform):
    """Puts the images of an item on the canvas.

    Args:
        keys: the images and instance maps.
        size: of the canvas (x, y[, z]).
        interpolation: "linear" or "nearest", one for all or one per key.
        padding_value: the value beside the images; instance maps have 0 there.
        allow_missing_keys: whether an item without some of the keys passes.
    """

    def __init__(
        self,
        keys: KeysCollection,
        size: Sequence[int] = (320, 320),
        *,
        interpolation: str | Sequence[str] = "linear",
        padding_value: float = 0.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.interpolation = interpolations(interpolation, len(self.keys))
        self.canvas = Canvas(size, padding_value=padding_value)
        self.map_canvas = Canvas(size)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with its images on the canvas."""
        item = dict(data)
        for key, way in self.key_iterator(item, self.interpolation):
            canvas = self.canvas if way is Interpolation.LINEAR else self.map_canvas
            item[key] = canvas(item[key], way)
        return item


def checked_size(size: Sequence[int]) -> tuple[int, ...]:
    """Give a canvas size as a tuple; ConfigurationError when it is none."""
    if len(size) not in (2, 3) or any(int(extent) != extent or extent < 1 for extent in size):
        raise ConfigurationError(f"expected a canvas size of 2 or 3 whole positive numbers, got {tuple(size)}")
    return tuple(int(extent) for extent in size)


def checked_shape(image: torch.Tensor, size: Sequence[int]) -> tuple[int, ...]:
    """Give the spatial shape of an image (C, x, y[, z]); GeometryError when it does not fit the canvas or is empty."""
    shape = tuple(int(extent) for extent in image.shape[1:])
    if len(shape) != len(size) or 0 in shape:
        raise GeometryError(
            f"expected an image of shape (C, {'x, y' if len(size) == 2 else 'x, y, z'}) without an empty axis for a "
            f"canvas of size {tuple(size)}, got {tuple(image.shape)}"
        )
    return shape


def interpolations(words: str | Sequence[str], count: int) -> tuple[Interpolation, ...]:
    """Give one interpolation per key."""
    return tuple(Interpolation.parse(word) for word in ensure_tuple_rep(words, count))


def _smoothly_resized(values: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """A 2D image resized with a filter as wide as the reduction, edge to edge."""
    return F.interpolate(values[None], size=tuple(size), mode="bilinear", antialias=True, align_corners=False)[0]
