# SPDX-License-Identifier: Apache-2.0
"""Groundings as DICOM objects that viewers show: structured report and segmentation; reading DICOM is `readers`."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("highdicom") is None:
    raise ImportError("expected highdicom for DICOM objects, it is not installed; pip install 'monai-medglip[dicom]'")

from monai_medglip.dicom.clinical_answer import NOTICE, ClinicalAnswer, clinical_answers, shown_regions
from monai_medglip.dicom.segmentation import SegmentationKind, segmentation
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.dicom.structured_report import structured_report
from monai_medglip.dicom.write_object import write_object

__all__ = [
    "NOTICE",
    "ClinicalAnswer",
    "SegmentationKind",
    "SourceImages",
    "clinical_answers",
    "segmentation",
    "shown_regions",
    "structured_report",
    "write_object",
]
