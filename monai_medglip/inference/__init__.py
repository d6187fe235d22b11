# SPDX-License-Identifier: Apache-2.0
"""Asking a trained network: `Grounder`, bundles, candidates, calibration; no training and no evaluation.

The names are loaded when they are first used, so that a bundle can be found and its facts read without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monai_medglip.inference.answer_reader import AnswerReader
    from monai_medglip.inference.bundle import Bundle
    from monai_medglip.inference.bundle_location import find_bundle, installed_bundle
    from monai_medglip.inference.bundle_stamp import stamp_bundle
    from monai_medglip.inference.calibration import Calibration, fit_temperature
    from monai_medglip.inference.candidates import Candidates, CandidateSettings, select_candidates
    from monai_medglip.inference.config_location import config_root
    from monai_medglip.inference.grounder import EncodedScan, Grounder
    from monai_medglip.inference.operating_point import OperatingPoint
    from monai_medglip.inference.phrase_rules import PhraseRules
    from monai_medglip.inference.placed_scan import PlacedScan
    from monai_medglip.inference.refinement import Refinement, Refiner
    from monai_medglip.inference.scan_dataset import AskPhrasesd, PlaceScand, collate_scans, scan_items
    from monai_medglip.inference.validated_phrases import ValidatedPhrase, ValidatedPhrases

__all__ = [
    "AnswerReader",
    "AskPhrasesd",
    "Bundle",
    "Calibration",
    "CandidateSettings",
    "Candidates",
    "EncodedScan",
    "Grounder",
    "OperatingPoint",
    "PhraseRules",
    "PlaceScand",
    "PlacedScan",
    "Refinement",
    "Refiner",
    "ValidatedPhrase",
    "ValidatedPhrases",
    "collate_scans",
    "config_root",
    "find_bundle",
    "fit_temperature",
    "installed_bundle",
    "scan_items",
    "select_candidates",
    "stamp_bundle",
]

_DEFINED_IN = {
    "AnswerReader": "answer_reader",
    "AskPhrasesd": "scan_dataset",
    "Bundle": "bundle",
    "Calibration": "calibration",
    "CandidateSettings": "candidates",
    "Candidates": "candidates",
    "EncodedScan": "grounder",
    "Grounder": "grounder",
    "OperatingPoint": "operating_point",
    "PhraseRules": "phrase_rules",
    "PlaceScand": "scan_dataset",
    "PlacedScan": "placed_scan",
    "Refinement": "refinement",
    "Refiner": "refinement",
    "ValidatedPhrase": "validated_phrases",
    "ValidatedPhrases": "validated_phrases",
    "collate_scans": "scan_dataset",
    "config_root": "config_location",
    "find_bundle": "bundle_location",
    "fit_temperature": "calibration",
    "installed_bundle": "bundle_location",
    "scan_items": "scan_dataset",
    "select_candidates": "candidates",
    "stamp_bundle": "bundle_stamp",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(f"{__name__}.{_DEFINED_IN[name]}"), name)
    globals()[name] = found
    return found
