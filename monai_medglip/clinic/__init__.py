# SPDX-License-Identifier: Apache-2.0
"""DICOM series in, DICOM results out, with the rules of a clinic; no network traffic, no queue, no Deploy operator."""

from __future__ import annotations

from monai_medglip.clinic.asking import Asker, BundleAsker, BundleFacts
from monai_medglip.clinic.process_series import (
    OUTCOME_FILE,
    SeriesOutcome,
    SeriesReader,
    SeriesStatus,
    process_series,
)
from monai_medglip.clinic.selection_rules import DEFAULT_RULES, SelectionRule, SelectionRules
from monai_medglip.clinic.series_facts import SeriesFacts, SeriesFiles, find_series

__all__ = [
    "DEFAULT_RULES",
    "OUTCOME_FILE",
    "Asker",
    "BundleAsker",
    "BundleFacts",
    "SelectionRule",
    "SelectionRules",
    "SeriesFacts",
    "SeriesFiles",
    "SeriesOutcome",
    "SeriesReader",
    "SeriesStatus",
    "find_series",
    "process_series",
]
