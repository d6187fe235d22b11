# SPDX-License-Identifier: Apache-2.0
"""From what was drawn of a label to its instances, by the rule of the label; no files are read here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule
from monai_medglip.data_engine.record import Region
from monai_medglip.errors import DataError
from monai_medglip.geometry.box_from_mask import boxes_from_instances
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = [
    "SMALLEST_COMPONENT",
    "bounds_of",
    "components",
    "regions_from_annotations",
    "regions_from_boxes",
    "regions_from_masks",
]

SMALLEST_COMPONENT = 16
"""Pixels that a component needs to count as an instance; smaller ones are specks of drawing or resampling."""

Attributes = tuple[tuple[str, str], ...]


def regions_from_annotations(
    annotations: Iterable[Annotation],
    rules: Sequence[LabelRule],
    smallest: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Region, ...]:
    """Give the regions of one image from what a data set drew in it.

    A mask settles the box of its region; a box that was drawn beside it is kept for the checks alone, see
    `Region.drawn_box`. Attributes stay with the regions; where several annotations become one region, those that all of
    them have.

    Args:
        annotations: in any order.
        rules: what the source's values mean.
        smallest: the pixels that a component of a label needs to count, where they are not `SMALLEST_COMPONENT`.

    Returns:
        The regions label by label in the order of the rules; components that are too small, and what the source says
        is to be ignored, are marked as ignored, the latter last in their label.

    Raises:
        DataError: for a value without a rule.
    """
    drawn: dict[str, list[Annotation]] = {rule.value: [] for rule in rules}
    for annotation in annotations:
        if annotation.value not in drawn:
            near = difflib.get_close_matches(annotation.value, drawn, n=1)
            raise DataError(
                f"expected values that the source's labels list, {', '.join(drawn)}; got {annotation.value!r}"
                + (f" (did you mean {near[0]!r}?)" if near else "")
            )
        drawn[annotation.value].append(annotation)
    return tuple(
        region
        for rule in rules
        for region in _regions(rule, drawn[rule.value], smallest.get(rule.label, SMALLEST_COMPONENT))
    )


def regions_from_masks(rule: LabelRule, masks: Sequence[npt.NDArray[np.bool_]]) -> tuple[Region, ...]:
    """Give the regions of one label from its masks.

    Args:
        rule: how the label's pixels become instances.
        masks: one bool array (x, y[, z]) per annotation of the label; an empty one has no region.

    Returns:
        The regions; components under `SMALLEST_COMPONENT` pixels come last and are marked as ignored.
    """
    coded = [_DrawnMask(MaskRLE.encode(mask)) for mask in masks if mask.any()]
    return _mask_regions(rule, coded, SMALLEST_COMPONENT)


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


def components(mask: npt.NDArray[np.bool_]) -> list[tuple[MaskRLE, tuple[float, ...]]]:
    """Give the connected components of a mask (x, y[, z]), by 8 neighbors in an image and 26 in a volume.

    Returns:
        Mask and box (2D,) of each, in the order of their first pixels.
    """
    import cc3d

    # cc3d takes the first axis as the slowest in C order, so the numbering is the same on every machine.
    labels = cc3d.connected_components(np.ascontiguousarray(mask), connectivity=8 if mask.ndim == 2 else 26)
    numbers, boxes = boxes_from_instances(labels)
    masks = masks_of_labels(labels)
    return [(masks[int(number)], tuple(box.tolist())) for number, box in zip(numbers, boxes, strict=True)]


def _regions(rule: LabelRule, annotations: Sequence[Annotation], least: int) -> tuple[Region, ...]:
    """Give the regions of one label, those with masks first and those that the source ignores last."""
    counted = [entry for entry in annotations if not entry.ignored]
    masks = [_DrawnMask(entry.mask, entry.box, entry.attributes) for entry in counted if entry.mask is not None]
    boxes = [(entry.box, entry.attributes) for entry in counted if entry.mask is None and entry.box is not None]
    if rule.instances is InstanceRule.ONE and len(boxes) > 1:
        boxes = [(bounds_of([box for box, _ in boxes]), _shared(told for _, told in boxes))]
    return (
        *_mask_regions(rule, masks, least),
        *(Region(rule.label, box, None, rule.truth, attributes=told) for box, told in boxes),
        *(_ignored(rule, entry) for entry in annotations if entry.ignored),
    )


class _DrawnMask(NamedTuple):
    mask: MaskRLE
    box: tuple[float, ...] | None = None
    attributes: Attributes = ()


def _ignored(rule: LabelRule, entry: Annotation) -> Region:
    box = entry.box if entry.mask is None else tuple(entry.mask.box.tolist())
    if box is None:
        raise DataError(f"expected a box or a mask of {rule.label!r} to ignore, got neither")
    return Region(rule.label, box, entry.mask, rule.truth, True, entry.attributes)


def _mask_regions(rule: LabelRule, drawn: Sequence[_DrawnMask], least: int) -> tuple[Region, ...]:
    if not drawn:
        return ()
    if rule.instances is InstanceRule.COMPONENTS:
        regions = [
            Region(rule.label, box, part, rule.truth, part.area < least, one.attributes, one.box)
            for one in drawn
            for part, box in components(one.mask.decode())
        ]
        return tuple(sorted(regions, key=lambda region: region.ignored))
    if rule.instances is not InstanceRule.BOXES and len(drawn) > 1:
        drawn = [_union(drawn)]
    return tuple(
        Region(rule.label, tuple(mask.box.tolist()), mask, rule.truth, attributes=told, drawn_box=box)
        for mask, box, told in drawn
    )


def _union(drawn: Sequence[_DrawnMask]) -> _DrawnMask:
    """Join masks of one value, and the boxes where all of them have one."""
    boxes = [one.box for one in drawn if one.box is not None]
    return _DrawnMask(
        MaskRLE.encode(np.logical_or.reduce([one.mask.decode() for one in drawn])),
        bounds_of(boxes) if len(boxes) == len(drawn) else None,
        _shared(one.attributes for one in drawn),
    )


def _shared(attributes: Iterable[Attributes]) -> Attributes:
    """Give what all of several annotations say."""
    first, *others = attributes
    return tuple(entry for entry in first if all(entry in other for other in others))
