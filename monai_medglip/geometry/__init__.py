# SPDX-License-Identifier: Apache-2.0
"""Where things are: frames, affines, boxes and how much boxes overlap, in 2D and 3D.

Numpy only, except for the overlap measures, whose torch is loaded when one of their names is first used. No file
formats, no image content, no drawing. Every convention stands in ``docs/explanation/conventions.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from monai_medglip.geometry.affine import LPS_FROM_RAS, check_affine, index_map, map_boxes, map_points
from monai_medglip.geometry.box_arrays import box_array, clip_boxes
from monai_medglip.geometry.box_from_mask import box_from_mask, boxes_from_instances
from monai_medglip.geometry.boxes import Boxes
from monai_medglip.geometry.display_order import DisplayOrder, display_order
from monai_medglip.geometry.frames import AxisPair, Frame

if TYPE_CHECKING:
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
    "DisplayOrder",
    "Frame",
    "box_array",
    "box_from_mask",
    "box_volume",
    "boxes_from_instances",
    "check_affine",
    "clip_boxes",
    "display_order",
    "index_map",
    "map_boxes",
    "map_points",
    "non_max_suppression",
    "paired_giou",
    "paired_iou",
    "pairwise_giou",
    "pairwise_iou",
]


def __getattr__(name: str) -> Any:
    # Whatever is exported and not imported above is one of the overlap measures.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("monai_medglip.geometry.overlap"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
