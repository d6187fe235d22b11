# SPDX-License-Identifier: Apache-2.0
"""Annotated images: data folders, what is true of a phrase in them, and the samples that training draws from them.

Tables and truth need numpy only; the names that need torch and MONAI are loaded when they are asked for. The functions
`phrase_truth.phrase_truth` and `sampling_weights.sampling_weights` are imported from their modules, which they share
their names with.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.data_engine.collate import collate_grounding
    from monai_medglip.data_engine.folder_record import AnnotationKind, FolderRecord
    from monai_medglip.data_engine.grounding_data import GroundingData
    from monai_medglip.data_engine.grounding_dataset import LoadGroundingd, grounding_items
    from monai_medglip.data_engine.grounding_folder import GroundingFolder
    from monai_medglip.data_engine.known_phrases import AskKnownPhrasesd
    from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule, Relation, SourceFacts
    from monai_medglip.data_engine.open_data import open_grounding_data
    from monai_medglip.data_engine.phrase_sampling import SamplePhrasesd
    from monai_medglip.data_engine.phrase_truth import PhraseTruth, Presence
    from monai_medglip.data_engine.record import Record, Region, Truth
    from monai_medglip.data_engine.region_table import RegionRow
    from monai_medglip.data_engine.sample_targets import SampleTargetsd

_HOMES = {
    "AnnotationKind": "folder_record",
    "AskKnownPhrasesd": "known_phrases",
    "FolderRecord": "folder_record",
    "GroundingData": "grounding_data",
    "GroundingFolder": "grounding_folder",
    "InstanceRule": "label_rules",
    "LabelRule": "label_rules",
    "LoadGroundingd": "grounding_dataset",
    "PhraseTruth": "phrase_truth",
    "Presence": "phrase_truth",
    "Record": "record",
    "Region": "record",
    "RegionRow": "region_table",
    "Relation": "label_rules",
    "SamplePhrasesd": "phrase_sampling",
    "SampleTargetsd": "sample_targets",
    "SourceFacts": "label_rules",
    "Truth": "record",
    "collate_grounding": "collate",
    "grounding_items": "grounding_dataset",
    "open_grounding_data": "open_data",
}

__all__ = [
    "AnnotationKind",
    "AskKnownPhrasesd",
    "FolderRecord",
    "GroundingData",
    "GroundingFolder",
    "InstanceRule",
    "LabelRule",
    "LoadGroundingd",
    "PhraseTruth",
    "Presence",
    "Record",
    "Region",
    "RegionRow",
    "Relation",
    "SamplePhrasesd",
    "SampleTargetsd",
    "SourceFacts",
    "Truth",
    "collate_grounding",
    "grounding_items",
    "open_grounding_data",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
