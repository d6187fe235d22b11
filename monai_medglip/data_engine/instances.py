# SPDX-License-Identifier: Apache-2.0
"""From the pixels of a label to its instances, by the rule of LABELS.tsv; no files are read here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule
from monai_medglip.data_engine.record import Region
from monai_medglip.geometry.box_from_mask import box_from_mask
from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = ["SMALLEST_COMPONENT", "regions_from_boxes", "regions_from_masks"]

SMALLEST_COMPONENT = 16
"""Pixels that a component needs to count as an instance; smaller ones are specks of drawing or resampling."""


def regions_from_masks(rule: LabelRule, masks: Sequence[npt.NDArray[np.bool_]]) -> tuple[Region, ...]:
    """Give the regions of one label from its masks.

    Args:
        rule: how the label's pixels become instances.
        masks: one bool array (x, y[, z]) per annotation of the label; an empty one has no region.

    Returns:
        The regions; components under `SMALLEST_COMPONENT` pixels come last and are marked as ignored.
    """
    masks = [mask for mask in masks if mask.any()]
    if not masks:
        return ()
    if rule.instances is InstanceRule.BOXES:
        return tuple(_region(rule, mask) for mask in masks)
    if rule.instances is InstanceRule.COMPONENTS:
        parts = [part for mask in masks for part in _components(mask)]
        regions = [_region(rule, part, ignored=bool(part.sum() < SMALLEST_COMPONENT)) for part in parts]
        return tuple(sorted(regions, key=lambda region: region.ignored))
    return (_region(rule, np.logical_or.reduce(masks)),)


def regions_from_boxes(rule: LabelRule, boxes: Iterable[tuple[float, ...]]) -> tuple[Region, ...]:
    """Give the regions of one label from its boxes (2D,); where the rule is `ONE`, their bounds are the region."""
    rows = list(boxes)
    if rule.instances is InstanceRule.ONE and len(rows) > 1:
        rows = [bounds_of(rows)]
    return tuple(Region(rule.label, box, None, rule.truth) for box in rows)


def bounds_of(boxes: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Give the smallest box (2D,) around boxes (2D,)."""
    low, high = np.split(np.asarray(boxes, dtype=np.float64), 2, axis=1)
    return (*low.min(0).tolist(), *high.max(0).tolist())


def _region(rule: LabelRule, mask: npt.NDArray[np.bool_], *, ignored: bool = False) -> Region:
    box = tuple(float(edge) for edge in box_from_mask(mask))
    return Region(rule.label, box, MaskRLE.encode(mask), rule.truth, ignored)


def _components(mask: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.bool_]]:
    # cc3d takes the first axis as the slowest in C order, so the numbering is the same on every machine.
    import cc3d

    labels, count = cc3d.connected_components(mask, connectivity=8 if mask.ndim == 2 else 26, return_N=True)
    for number in range(1, count + 1):
        yield labels == number
