# SPDX-License-Identifier: Apache-2.0
"""From a transformed image to the tensors that the losses compare with: boxes, masks, presence, what to ignore.

Everything is read off the transformed instance map in one pass, so that boxes and masks cannot disagree.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
import torch
from monai.transforms.transform import Transform

from monai_medglip.data_engine.region_table import RegionRow
from monai_medglip.data_engine.source_concepts import ConceptTruth, Presence
from monai_medglip.errors import ConfigurationError, DataError

__all__ = ["SampleTargetsd"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _CanvasRegions:
    """The regions of one image after its transforms: boxes (R, 2D), shares inside (R,) in [0, 1]."""

    boxes: Floats
    inside: Floats


class SampleTargetsd(Transform):
    """Makes the targets of one sample; the last transform before collation.

    Reads ``instances``, ``region_table``, ``region_boxes`` with ``region_boxes_inside`` and ``valid_region`` (2D,) as
    `BoxesToFramed` leaves them, ``concept_truths`` and ``record``; takes the consumed keys away and adds:

    * ``presence`` float32 (P,): 1 present, 0 known absent, -1 unknown;
    * ``boxes`` float32 (n, 2D) in canvas edges with ``box_phrase`` int64 (n,); ``ignore_boxes``, ``ignore_phrase``;
    * ``masks`` float32 (P, X/s, Y/s[, Z/s]): share of each cell of ``s`` pixels; ``mask_known`` bool (P,);
    * ``background_weight`` float32 (P,): 0.5 where a source may have left out some of many instances, else 1;
    * ``modality``: index of the record's modality; ``valid_region`` and ``whole_image`` float32 (2D,);
    * ``dropped_regions``: how many regions lie less than `smallest_share` inside the canvas.

    Such a region is no target any more: what is left of it is ignored, and a phrase with nothing else is unknown.

    Args:
        smallest_share: share of a region that must be inside the canvas, in [0, 1].
        mask_stride: canvas pixels per cell of a mask, along every axis; that of the network's masks.

    Raises:
        ConfigurationError: when the share is out of range or the stride is less than 1.
    """

    consumed = (
        "instances",
        "region_table",
        "region_boxes",
        "region_boxes_inside",
        "region_boxes_lost",
        "concept_truths",
    )

    def __init__(self, smallest_share: float = 0.3, *, mask_stride: int = 2) -> None:
        if not 0 <= smallest_share <= 1:
            raise ConfigurationError(f"expected a share in [0, 1], got {smallest_share}")
        if mask_stride < 1:
            raise ConfigurationError(f"expected a mask stride of at least 1, got {mask_stride}")
        self.smallest_share = smallest_share
        self.mask_stride = mask_stride

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give a copy of the item with targets instead of regions."""
        table: Sequence[RegionRow] = data["region_table"]
        truths: Sequence[ConceptTruth] = data["concept_truths"]
        instances = _whole_numbers(np.asarray(data["instances"]))
        canvas = _canvas_regions(data, table, instances)
        kept = canvas.inside >= self.smallest_share
        item = {key: value for key, value in data.items() if key not in self.consumed}
        item.update(_box_targets(truths, canvas, kept))
        item.update(_mask_targets(truths, table, canvas, instances, self.mask_stride))
        item["background_weight"] = torch.tensor([_background_weight(truth) for truth in truths], dtype=torch.float32)
        item["modality"] = data["record"].modality.index
        item["valid_region"] = torch.as_tensor(data["valid_region"], dtype=torch.float32)
        item["whole_image"] = torch.as_tensor(data["whole_image"], dtype=torch.float32)
        item["dropped_regions"] = int(np.count_nonzero(~kept))
        return item


def _whole_numbers(instances: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Give the map as integers again; MONAI's zooms and affines return floats, exact under nearest sampling."""
    whole = instances.astype(np.int16, copy=False)
    if whole is not instances and not np.array_equal(whole, instances):
        raise DataError("expected whole numbers in 'instances', got fractions; move it with nearest-exact sampling")
    return whole


def _canvas_regions(
    data: Mapping[Hashable, Any], table: Sequence[RegionRow], instances: npt.NDArray[np.int16]
) -> _CanvasRegions:
    """Measure every region on the canvas: by its mask where it has one, else by its carried box."""
    dims = instances.ndim - 1
    carried = np.asarray(data["region_boxes"], dtype=np.float64).reshape(-1, 2 * dims)
    if len(carried) != len(table):
        raise DataError(f"expected a carried box for each of {len(table)} regions, got {len(carried)}")
    if not table:
        return _CanvasRegions(carried, np.zeros(0))
    inside = np.asarray(data["region_boxes_inside"], dtype=np.float64).copy()
    boxes = carried.copy()
    has_mask = np.array([row.has_mask for row in table])
    if has_mask.any():
        mask_boxes, pixels = _measure(instances, len(table))
        areas = np.array([max(row.area, 1) for row in table]) * _pixels_per_source_pixel(data, dims)
        boxes[has_mask] = mask_boxes[has_mask]
        inside[has_mask] = (pixels / areas)[has_mask]
    return _CanvasRegions(boxes, inside)


def _pixels_per_source_pixel(data: Mapping[Hashable, Any], dims: int) -> float:
    """Give how many canvas pixels one pixel of the stored image became, by the affines before and after."""
    instances = data["instances"]
    if "original_affine" not in getattr(instances, "meta", {}):
        raise DataError("expected 'instances' as a MetaTensor with its original affine; keep MONAI's track_meta on")
    before, after = (np.asarray(affine, np.float64) for affine in (instances.meta["original_affine"], instances.affine))
    return abs(float(np.linalg.det(before[:dims, :dims]) / np.linalg.det(after[:dims, :dims])))


def _measure(instances: npt.NDArray[np.int16], count: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Give box (count, 2D) and pixels (count,) of every id in the map; zeros where an id is not in it."""
    boxes = np.zeros((count, 2 * (instances.ndim - 1)))
    pixels = np.zeros(count, np.int64)
    for channel in instances:
        found = cc3d.statistics(channel.astype(np.uint16), no_slice_conversion=True)
        counts = found["voxel_counts"][1 : count + 1].astype(np.int64)
        here = np.flatnonzero(counts)
        bounds = found["bounding_boxes"][here + 1].astype(np.float64)
        # Bounds come as first and last index of each axis in turn.
        boxes[here] = np.concatenate([bounds[:, ::2], bounds[:, 1::2] + 1], axis=1)
        pixels[here] = counts[here]
    return boxes, pixels


def _box_targets(
    truths: Sequence[ConceptTruth], canvas: _CanvasRegions, kept: npt.NDArray[np.bool_]
) -> dict[str, torch.Tensor]:
    boxes: list[Floats] = []
    ignored: list[Floats] = []
    box_phrase: list[int] = []
    ignore_phrase: list[int] = []
    presence = np.array([_PRESENCE[truth.presence] for truth in truths], np.float32)
    for phrase, truth in enumerate(truths):
        groups = [np.array(group) for group in truth.instances]
        found = [group[kept[group]] for group in groups]
        left_over = [np.array(truth.ignore, np.int64), *(group[~kept[group]] for group in groups)]
        if groups and not any(len(group) for group in found):
            presence[phrase] = _PRESENCE[Presence.UNKNOWN]
        for group in found:
            if len(group):
                boxes.append(_bounds(canvas.boxes[group]))
                box_phrase.append(phrase)
        rest = [i for i in np.concatenate(left_over) if canvas.inside[i] > 0]
        ignored.extend(canvas.boxes[rest])
        ignore_phrase.extend([phrase] * len(rest))
    width = canvas.boxes.shape[1]
    return {
        "presence": torch.from_numpy(presence),
        "boxes": torch.from_numpy(np.array(boxes, np.float32).reshape(-1, width)),
        "box_phrase": torch.tensor(box_phrase, dtype=torch.int64),
        "ignore_boxes": torch.from_numpy(np.array(ignored, np.float32).reshape(-1, width)),
        "ignore_phrase": torch.tensor(ignore_phrase, dtype=torch.int64),
    }


_PRESENCE = {Presence.PRESENT: 1.0, Presence.ABSENT_HARD: 0.0, Presence.ABSENT_EASY: 0.0, Presence.UNKNOWN: -1.0}


def _bounds(boxes: Floats) -> Floats:
    low, high = np.split(boxes, 2, axis=1)
    return np.concatenate([low.min(axis=0), high.max(axis=0)])


def _background_weight(truth: ConceptTruth) -> float:
    return 0.5 if truth.many and not truth.exhaustive else 1.0


def _mask_targets(
    truths: Sequence[ConceptTruth],
    table: Sequence[RegionRow],
    canvas: _CanvasRegions,
    instances: npt.NDArray[np.int16],
    stride: int,
) -> dict[str, torch.Tensor]:
    shape = instances.shape[1:]
    if any(size % stride for size in shape):
        raise ConfigurationError(f"expected a canvas whose sizes masks of stride {stride} divide, got {shape}")
    masks = np.zeros((len(truths), *(size // stride for size in shape)), np.float32)
    known = np.ones(len(truths), bool)
    for phrase, truth in enumerate(truths):
        members = [i for group in truth.instances for i in group]
        known[phrase] = truth.presence is not Presence.UNKNOWN and all(table[i].has_mask for i in members)
        visible = [i for i in members if canvas.inside[i] > 0]
        if known[phrase] and visible:
            _draw(masks[phrase], instances, visible, _bounds(canvas.boxes[visible]), stride)
    return {"masks": torch.from_numpy(masks), "mask_known": torch.from_numpy(known)}


def _draw(
    mask: npt.NDArray[np.float32],
    instances: npt.NDArray[np.int16],
    members: Sequence[int],
    box: Floats,
    stride: int,
) -> None:
    """Write the share of each cell that the members cover; only cells inside their bounds are looked at."""
    dims = mask.ndim
    cells = tuple(slice(int(box[i]) // stride, -(-int(box[dims + i]) // stride)) for i in range(dims))
    pixels = (slice(None), *(slice(stride * cell.start, stride * cell.stop) for cell in cells))
    wanted = np.zeros(max(int(instances.max()), max(members) + 1) + 1, bool)
    wanted[np.array(members) + 1] = True
    covered = wanted[instances[pixels]].any(axis=0)
    split = covered.reshape([size for cell in cells for size in (cell.stop - cell.start, stride)])
    mask[cells] = split.mean(axis=tuple(range(1, 2 * dims, 2)), dtype=np.float32)
