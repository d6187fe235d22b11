# SPDX-License-Identifier: Apache-2.0
"""The result of grounding phrases in an image, and its file formats; it knows no network and no drawing."""

from __future__ import annotations

from monai_medglip.grounding.coco_format import to_coco, write_coco
from monai_medglip.grounding.json_format import from_json, read_json, to_json, write_json
from monai_medglip.grounding.measurements import (
    box_sizes_mm,
    mask_volume_ml,
    phrase_volumes_ml,
    region_volumes_ml,
    size_text,
    volume_text,
)
from monai_medglip.grounding.nifti_masks import MaskKind, write_nifti_masks
from monai_medglip.grounding.region import GroundedRegion
from monai_medglip.grounding.result import Grounding
from monai_medglip.grounding.slicer_markups import to_slicer_markups, write_slicer_markups
from monai_medglip.grounding.status import Status, Support

__all__ = [
    "GroundedRegion",
    "Grounding",
    "MaskKind",
    "Status",
    "Support",
    "box_sizes_mm",
    "from_json",
    "mask_volume_ml",
    "phrase_volumes_ml",
    "read_json",
    "region_volumes_ml",
    "size_text",
    "to_coco",
    "to_json",
    "to_slicer_markups",
    "volume_text",
    "write_coco",
    "write_json",
    "write_nifti_masks",
    "write_slicer_markups",
]
