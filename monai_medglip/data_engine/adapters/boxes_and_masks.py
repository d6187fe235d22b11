# SPDX-License-Identifier: Apache-2.0
"""Boxes and masks of the same things as one set of annotations, so that nothing is counted twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.mask_reading import mask_numbers
from monai_medglip.data_engine.instances import bounds_of
from monai_medglip.errors import DataError
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["boxes_and_masks", "boxes_beside_masks", "named_masks"]


def boxes_and_masks(
    boxes: Sequence[tuple[str, tuple[float, ...]]], masks: Mapping[str, MaskRLE]
) -> tuple[Annotation, ...]:
    """Join boxes and masks by their names.

    Args:
        boxes: names and boxes (4,); several of one name are parts of it.
        masks: masks by name.

    Returns:
        One annotation for each mask, with the bounds of its name's boxes where there are some, and one for each box of
        a name without mask.
    """
    drawn: dict[str, list[tuple[float, ...]]] = {}
    for name, box in boxes:
        drawn.setdefault(name, []).append(box)
    with_mask = (
        Annotation(name, bounds_of(drawn[name]) if name in drawn else None, mask) for name, mask in masks.items()
    )
    without = (Annotation(name, box) for name, box in boxes if name not in masks)
    return (*with_mask, *without)


def boxes_beside_masks(
    boxes: Sequence[tuple[str, tuple[float, ...]]], masks: Sequence[tuple[str, MaskRLE]]
) -> tuple[Annotation, ...]:
    """Join boxes and masks that were drawn one by one.

    Args:
        boxes: names and boxes (4,).
        masks: names and masks.

    Returns:
        One annotation for each mask, with the box of its name that it overlaps most, each box once; and one for each
        box that is left.
    """
    bounds = [mask.box for _, mask in masks]
    pairs = sorted(
        (
            (-_common(np.asarray(box), bounds[place]), number, place)
            for number, (name, box) in enumerate(boxes)
            for place, (other, _) in enumerate(masks)
            if name == other
        ),
    )
    box_of: dict[int, int] = {}
    for common, number, place in pairs:
        if common < 0 and place not in box_of and number not in box_of.values():
            box_of[place] = number
    with_mask = (
        Annotation(name, boxes[box_of[place]][1] if place in box_of else None, mask)
        for place, (name, mask) in enumerate(masks)
    )
    left = (Annotation(name, box) for number, (name, box) in enumerate(boxes) if number not in box_of.values())
    return (*with_mask, *left)


def _common(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    """Give the pixels that two boxes (4,) share, as a share of those that either has."""
    inside = np.prod(np.maximum(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0))
    either = np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - inside
    return float(inside / either)


def named_masks(path: Path, names: Mapping[int, str], scan: Scan) -> dict[str, MaskRLE]:
    """Read a label map.

    Args:
        path: the map.
        names: what its numbers stand for.
        scan: the image.

    Raises:
        DataError: when it cannot be read, does not fit the image, or has a number without a name.
    """
    masks = masks_of_labels(mask_numbers(path, scan))
    unknown = sorted(set(masks) - set(names))
    if unknown:
        raise DataError(f"{path}: expected numbers that have a name ({sorted(names)}), got {unknown}")
    return {names[number]: mask for number, mask in masks.items()}
