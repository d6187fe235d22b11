# SPDX-License-Identifier: Apache-2.0
"""Where things are: frames, affines, boxes and how much boxes overlap, in 2D and 3D.

Numpy only, and loaded name by name, so that ``import monai_medglip.geometry`` is light; the overlap measures are the
one place that needs torch. No file formats, no image content, no drawing. Every convention stands in
``docs/explanation/conventions.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.geometry.affine import LPS_FROM_RAS, check_affine, map_boxes, map_points
    from monai_medglip.geometry.box_array import box_array, clip_boxes
    from monai_medglip.geometry.box_from_mask import box_from_mask, boxes_from_instances
    from monai_medglip.geometry.boxes import Boxes
    from monai_medglip.geometry.frames import AxisPair, Frame
    from monai_medglip.geometry.overlap import (
        box_volume,
        non_max_suppression,
        paired_giou,
        paired_iou,
        pairwise_giou,
        pairwise_iou,
    )

__all__ = [
    "LPS_FROM_RAS",
    "AxisPair",
    "Boxes",
    "Frame",
    "box_array",
    "box_from_mask",
    "box_volume",
    "boxes_from_instances",
    "check_affine",
    "clip_boxes",
    "map_boxes",
    "map_points",
    "non_max_suppression",
    "paired_giou",
    "paired_iou",
    "pairwise_giou",
    "pairwise_iou",
]

_MODULE_OF = {
    "LPS_FROM_RAS": "affine",
    "AxisPair": "frames",
    "Boxes": "boxes",
    "Frame": "frames",
    "box_array": "box_array",
    "box_from_mask": "box_from_mask",
    "box_volume": "overlap",
    "boxes_from_instances": "box_from_mask",
    "check_affine": "affine",
    "clip_boxes": "box_array",
    "map_boxes": "affine",
    "map_points": "affine",
    "non_max_suppression": "overlap",
    "paired_giou": "overlap",
    "paired_iou": "overlap",
    "pairwise_giou": "overlap",
    "pairwise_iou": "overlap",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
