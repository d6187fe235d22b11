# SPDX-License-Identifier: Apache-2.0
"""Formulas of grounding quality on plain arrays; what is asked of which image is decided in ``evaluation``.

Every metric is a *patient statistic*: an object that is called with how often each patient counts and gives one value
per row of counts. Called with ones it is the metric; called with the draws of a
:class:`~monai_medglip.metrics.patient_bootstrap.PatientBootstrap` it gives the values behind the interval.
"""

from __future__ import annotations

from monai_medglip.metrics.average_precision import AveragePrecision
from monai_medglip.metrics.box_matching import COCO_THRESHOLDS, BoxMatches, match_boxes
from monai_medglip.metrics.calibration_error import CalibrationError
from monai_medglip.metrics.dice import dice
from monai_medglip.metrics.grounding_score import GroundingScore
from monai_medglip.metrics.patient_bootstrap import PatientBootstrap, PatientMean, PatientStatistic
from monai_medglip.metrics.presence_auroc import PresenceAUROC
from monai_medglip.metrics.recall_at_one import recall_at_one

__all__ = [
    "COCO_THRESHOLDS",
    "AveragePrecision",
    "BoxMatches",
    "CalibrationError",
    "GroundingScore",
    "PatientBootstrap",
    "PatientMean",
    "PatientStatistic",
    "PresenceAUROC",
    "dice",
    "match_boxes",
    "recall_at_one",
]
