# SPDX-License-Identifier: Apache-2.0
"""Groundings of 2D images as a COCO data set, which is its own list of results; volumes have no COCO form.

``pycocotools`` reads the file as truth (``COCO(path)``), and its ``annotations`` as results (``loadRes``), since each
carries its score. Status, presence and provenance have no place there: write JSON beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import GeometryError
from monai_medglip.grounding.region import GroundedRegion
from monai_medglip.grounding.result import Grounding

__all__ = ["to_coco", "write_coco"]


def to_coco(
    groundings: Mapping[str, Grounding], *, categories: Mapping[str, int] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Give groundings of 2D images as COCO's three lists.

    Args:
        groundings: one grounding for each file name; image ids count from 1 in this order.
        categories: the category id of each phrase text, as in the truth to compare with; counted from 1 in the order
            of the phrases when not given.

    Returns:
        ``images``, ``annotations`` (one for each region: ``bbox`` as ``[x, y, width, height]``, ``area`` in pixels,
        ``score``, and ``segmentation`` where it has a mask) and ``categories``.

    Raises:
        GeometryError: for a volume.
        KeyError: when ``categories`` lacks a phrase.

    Example:
        >>> sorted(to_coco({}))
        ['annotations', 'categories', 'images']
    """
    for name, grounding in groundings.items():
        if grounding.frame.spatial_dims != 2:
            raise GeometryError(
                f"COCO holds 2D images, {name} is a volume {grounding.frame.shape}; write NIfTI masks or JSON"
            )
    texts = dict.fromkeys(phrase.text for grounding in groundings.values() for phrase in grounding.phrases)
    ids = categories if categories is not None else {text: number for number, text in enumerate(texts, start=1)}
    images, annotations = [], []
    for image_id, (name, grounding) in enumerate(groundings.items(), start=1):
        width, height = grounding.frame.shape
        images.append({"id": image_id, "file_name": name, "width": width, "height": height})
        annotations += [_annotation(region, image_id, ids[region.phrase.text]) for region in grounding]
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number
    return {"images": images, "annotations": annotations, "categories": _categories(texts, ids)}


def write_coco(
    path: str | os.PathLike[str], groundings: Mapping[str, Grounding], *, categories: Mapping[str, int] | None = None
) -> None:
    """Write what `to_coco` gives, whole or not at all.

    Raises:
        GeometryError: for a volume.
        KeyError: when ``categories`` lacks a phrase.
        OutputError: when the file cannot be written.
    """
    document = to_coco(groundings, categories=categories)
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _annotation(region: GroundedRegion, image_id: int, category_id: int) -> dict[str, Any]:
    x0, y0, x1, y1 = region.box.tolist()
    annotation: dict[str, Any] = {
        "image_id": image_id,
        "category_id": category_id,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "score": region.score,
        "iscrowd": 0,
    }
    if region.mask is not None:
        annotation |= {"area": region.mask.area, "segmentation": region.mask.to_coco()}
    return annotation


def _categories(texts: Iterable[str], ids: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"id": ids[text], "name": text} for text in sorted(texts, key=lambda text: ids[text])]
