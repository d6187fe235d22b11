# SPDX-License-Identifier: Apache-2.0
"""Polygons as masks by COCO's convention, pixel for pixel those of pycocotools; not contours in space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco

from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = ["coco_mask_of", "polygons_mask"]


def polygons_mask(polygons: Sequence[Sequence[float]], shape: tuple[int, ...], where: str) -> MaskRLE:
    """Give the mask of what any of several polygons encloses.

    Args:
        polygons: flat lists ``x0, y0, x1, y1, ...`` in pixel edges.
        shape: size (x, y) of the image.
        where: what the message calls them.

    Raises:
        DataError: for a polygon that is not at least three pairs of finite numbers.
    """
    for polygon in polygons:
        try:
            points = np.asarray(polygon, dtype=np.float64)
        except (TypeError, ValueError):
            points = np.zeros(0)
        if points.ndim != 1 or points.size < 6 or points.size % 2 or not np.isfinite(points).all():
            raise DataError(
                f"{where}: expected a polygon of at least three pairs of numbers, got {str(polygon)[:80]}; correct it"
            )
    return coco_mask_of([list(map(float, polygon)) for polygon in polygons], shape, where)


def coco_mask_of(segmentation: Any, shape: tuple[int, ...], where: str) -> MaskRLE:
    """Give the mask of COCO's polygons or run lengths, compressed or not.

    Args:
        segmentation: a list of polygons, or ``{"size", "counts"}``.
        shape: size (x, y) of the image.
        where: what the message calls it.

    Raises:
        DataError: when run lengths are damaged or of another size.
    """
    if isinstance(segmentation, dict):
        return _runs_mask(segmentation, shape, where)
    width, height = shape
    parts = coco.frPyObjects(segmentation, height, width)
    return MaskRLE.from_coco(coco.merge(parts))


def _runs_mask(segmentation: dict[str, Any], shape: tuple[int, ...], where: str) -> MaskRLE:
    size = segmentation.get("size")
    if size != [shape[1], shape[0]]:
        raise DataError(f"{where}: expected run lengths of the size [{shape[1]}, {shape[0]}] of the image, got {size}")
    try:
        return MaskRLE.from_coco({"size": size, "counts": segmentation.get("counts", "")})
    except (ValueError, TypeError) as problem:
        raise DataError(f"{where}: expected run lengths that fill the image, got: {problem}") from problem
