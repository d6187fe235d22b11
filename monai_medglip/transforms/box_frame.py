# SPDX-License-Identifier: Apache-2.0
"""Boxes that follow their image through any MONAI spatial transforms; no transform of its own moves the image.

`RecordFramed` stands right after loading and remembers where the image lay. Any spatial transforms that keep the affine
right may follow. `BoxesToFramed` then carries the boxes from the remembered affine to the present one. A crop that is
followed by a pad leaves no trace in the affine: put `ValidRegiond` between the two, and boxes end where the image did.

Boxes are (N, 2D) voxel edges in array-axis order. `RandGridDistortion` and the elastic transforms are not affine, and
`Resize(mode="nearest")` shifts voxels against the affine that MONAI writes ("nearest-exact" does not).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config.type_definitions import KeysCollection
from monai.transforms.transform import MapTransform, Transform
from monai.utils.misc import ensure_tuple

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import Frame, map_boxes
from monai_medglip.transforms.tracked_affine import tracked_affine

__all__ = ["BoxFrame", "BoxesToFramed", "CarriedBoxes", "RecordFramed", "ValidRegiond", "carry_boxes"]


@dataclasses.dataclass(frozen=True, eq=False)
class BoxFrame:
    """Where boxes were drawn, and the grids outside of which the image was cut away since.

    Attributes:
        source: the frame of the image right after loading.
        cuts: the frames of the image after the crops that were marked, in order.
    """

    source: Frame
    cuts: tuple[Frame, ...] = ()

    def whole_image(self, affine: np.ndarray) -> np.ndarray:
        """Give where the whole source image lies in a grid, also what the grid does not show.

        Args:
            affine: (4, 4) of the grid.

        Returns:
            (2D,) voxel edges, beyond the grid where it shows a part only; the bounds where the grid is rotated.
        """
        carried: np.ndarray = map_boxes(self.source.extent[None], self.source.affine, affine)[0]
        return carried

    def valid_region(self, affine: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        """Give the part of a grid that shows the source image.

        Args:
            affine: (4, 4) of the grid.
            shape: its size (x, y[, z]) [voxels].

        Returns:
            (2D,) voxel edges; the bounds of that part where the grid is rotated against the source.
        """
        low, high = np.zeros(len(shape)), np.asarray(shape, dtype=np.float64)
        for frame in (self.source, *self.cuts):
            carried = map_boxes(frame.extent[None], frame.affine, affine)[0]
            low, high = np.maximum(low, carried[: len(shape)]), np.minimum(high, carried[len(shape) :])
        return np.concatenate([low, np.maximum(low, high)])


@dataclasses.dataclass(frozen=True, eq=False)
class CarriedBoxes:
    """Boxes in the present grid.

    Attributes:
        boxes: (N, 2D) voxel edges, clipped to the valid region.
        inside: (N,) share of each carried box that the valid region holds [0, 1].
        valid_region: (2D,) voxel edges.
    """

    boxes: np.ndarray
    inside: np.ndarray
    valid_region: np.ndarray


def carry_boxes(boxes: np.ndarray | torch.Tensor, box_frame: BoxFrame, image: torch.Tensor) -> CarriedBoxes:
    """Carry boxes from a recorded frame to the present grid of an image, by all 2^D corners.

    Args:
        boxes: (N, 2D) voxel edges of the recorded grid.
        box_frame: what was recorded.
        image: the image (C, x, y[, z]) as it is now.

    Returns:
        The boxes in the present grid, with the share of each that is inside the valid region.

    Raises:
        GeometryError: when the boxes have another shape, or the image has no affine.
    """
    affine, shape = tracked_affine(image), tuple(image.shape[1:])
    dims = len(shape)
    source = np.asarray(boxes, dtype=np.float64)
    if source.ndim != 2 or source.shape[1] != 2 * dims:
        raise GeometryError(
            f"expected boxes of shape (N, {2 * dims}) for an image of {dims} axes, got {source.shape}; "
            f"an item without boxes has shape (0, {2 * dims})"
        )
    region = box_frame.valid_region(affine, shape)
    carried = map_boxes(source, box_frame.source.affine, affine)
    clipped = np.clip(carried, np.tile(region[:dims], 2), np.tile(region[dims:], 2))
    sizes, kept = (carried[:, dims:] - carried[:, :dims]), (clipped[:, dims:] - clipped[:, :dims])
    inside = np.divide(kept, sizes, out=np.zeros_like(kept), where=sizes > 0).prod(axis=1)
    return CarriedBoxes(clipped, inside, region)


class RecordFramed(MapTransform):
    """Remembers under ``frame_key`` where the image lies; stands right after loading, where the boxes were drawn.

    Args:
        keys: the image. With several keys the last one counts, so give one.
        frame_key: where the `BoxFrame` is put.
        allow_missing_keys: whether an item without the image passes unchanged.
    """

    def __init__(self, keys: KeysCollection, *, frame_key: str = "box_frame", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.frame_key = frame_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with its `BoxFrame`."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[self.frame_key] = BoxFrame(_present_frame(item[key]))
        return item


class ValidRegiond(MapTransform):
    """Marks that everything outside the present grid is cut away; stands after a crop that a pad may follow.

    Args:
        keys: the image.
        frame_key: where `RecordFramed` has put the `BoxFrame`.
        allow_missing_keys: whether an item without the image passes unchanged.
    """

    def __init__(self, keys: KeysCollection, *, frame_key: str = "box_frame", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.frame_key = frame_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with the present grid among the cuts of its `BoxFrame`."""
        item = dict(data)
        for key in self.key_iterator(item):
            box_frame = _recorded(item, self.frame_key)
            cuts = (*box_frame.cuts, _present_frame(item[key]))
            item[self.frame_key] = dataclasses.replace(box_frame, cuts=cuts)
        return item


class BoxesToFramed(Transform):
    """Carries boxes to the present grid of the image and clips them to the valid region.

    Rows stay in place, so that tables and masks beside the boxes keep their meaning. Beside ``KEY`` it writes
    ``KEY_inside`` (N,) float32, the share of each box that the valid region holds, and ``KEY_lost``, how many boxes
    have less than ``min_inside`` of it: what becomes of those is for the consumer to say, since "cut off" is not
    "absent". It also writes the valid region (2D,) float32 and, not clipped to the grid, where the whole image lies
    (2D,) float32; and the present grid becomes the recorded one.

    Args:
        box_keys: the boxes, (N, 2D) voxel edges of the recorded grid; with none, only the valid region is written.
        ref_key: the image whose affine tells where the boxes go.
        frame_key: where `RecordFramed` has put the `BoxFrame`.
        valid_key: where the valid region is put.
        whole_key: where the place of the whole image is put, which positions in the image are relative to.
        min_inside: the least share [0, 1] of a box inside the valid region for it not to count as lost.
    """

    def __init__(
        self,
        box_keys: KeysCollection = (),
        ref_key: str = "image",
        *,
        frame_key: str = "box_frame",
        valid_key: str = "valid_region",
        whole_key: str = "whole_image",
        min_inside: float = 0.25,
    ) -> None:
        self.box_keys = ensure_tuple(box_keys)
        self.ref_key = ref_key
        self.frame_key = frame_key
        self.valid_key = valid_key
        self.whole_key = whole_key
        self.min_inside = min_inside

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with its boxes in the present grid."""
        item = dict(data)
        image, box_frame = item[self.ref_key], _recorded(item, self.frame_key)
        affine = tracked_affine(image)
        region = box_frame.valid_region(affine, image.shape[1:])
        item[self.valid_key] = torch.as_tensor(region, dtype=torch.float32)
        item[self.whole_key] = torch.as_tensor(box_frame.whole_image(affine), dtype=torch.float32)
        for key in self.box_keys:
            carried = carry_boxes(item[key], box_frame, image)
            item[key] = torch.as_tensor(carried.boxes, dtype=torch.float32)
            item[f"{key}_inside"] = torch.as_tensor(carried.inside, dtype=torch.float32)
            item[f"{key}_lost"] = int((carried.inside < self.min_inside).sum())
        item[self.frame_key] = BoxFrame(_present_frame(image), (box_frame.source, *box_frame.cuts))
        return item


def _present_frame(image: torch.Tensor) -> Frame:
    """The frame of an image as MONAI tracks it; what of it is known does not matter for carrying boxes."""
    return Frame(tracked_affine(image), tuple(int(size) for size in image.shape[1:]))


def _recorded(item: Mapping[Hashable, Any], frame_key: str) -> BoxFrame:
    """The frame that was recorded for an item."""
    box_frame = item.get(frame_key)
    if not isinstance(box_frame, BoxFrame):
        raise GeometryError(
            f"expected a BoxFrame under {frame_key!r}, got {type(box_frame).__name__}; "
            "put RecordFramed right after the loading transform"
        )
    return box_frame
