# SPDX-License-Identifier: Apache-2.0
"""Asking a trained network: `Grounder`, bundles, candidates, calibration; no training and no evaluation."""

from __future__ import annotations

from monai_medglip.inference.answer_reader import AnswerReader
from monai_medglip.inference.bundle import Bundle
from monai_medglip.inference.bundle_location import find_bundle
from monai_medglip.inference.calibration import Calibration, fit_temperature
from monai_medglip.inference.candidates import Candidates, CandidateSettings, select_candidates
from monai_medglip.inference.grounder import EncodedScan, Grounder
from monai_medglip.inference.operating_point import OperatingPoint
from monai_medglip.inference.phrase_rules import PhraseRules
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.inference.validated_phrases import ValidatedPhrase, ValidatedPhrases

__all__ = [
    "AnswerReader",
    "Bundle",
    "Calibration",
    "CandidateSettings",
    "Candidates",
    "EncodedScan",
    "Grounder",
    "OperatingPoint",
    "PhraseRules",
    "PlacedScan",
    "ValidatedPhrase",
    "ValidatedPhrases",
    "find_bundle",
    "fit_temperature",
    "select_candidates",
]
