# SPDX-License-Identifier: Apache-2.0
"""Groundings as DICOM objects that viewers show: structured report and segmentation; reading DICOM is `readers`."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("highdicom") is None:
    raise ImportError("expected highdicom for DICOM objects, it is not installed; pip install 'monai-medglip[dicom]'")

from monai_medglip.dicom.clinical_answer import (
    NOTICE,
    ClinicalAnswer,
    clinical_answers,
    shown_regions,
    stated_miss_rate,
)
from monai_medglip.dicom.destination_profile import PROFILES, DestinationProfile, RegionForm, destination_profile
from monai_medglip.dicom.refusal_report import refusal_report
from monai_medglip.dicom.result_identity import MANUFACTURER
from monai_medglip.dicom.secondary_capture import secondary_capture
from monai_medglip.dicom.segmentation import SegmentationKind, segmentation
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.dicom.structured_report import structured_report
from monai_medglip.dicom.write_object import write_object

__all__ = [
    "MANUFACTURER",
    "NOTICE",
    "PROFILES",
    "ClinicalAnswer",
    "DestinationProfile",
    "RegionForm",
    "SegmentationKind",
    "SourceImages",
    "clinical_answers",
    "destination_profile",
    "refusal_report",
    "secondary_capture",
    "segmentation",
    "shown_regions",
    "stated_miss_rate",
    "structured_report",
    "write_object",
]
