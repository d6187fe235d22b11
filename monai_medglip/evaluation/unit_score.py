# SPDX-License-Identifier: Apache-2.0
"""What one prediction is worth: a phrase in an image against its truth; nothing is averaged here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from monai_medglip.data_engine import PhraseTruth, Presence
from monai_medglip.evaluation.predictions import PhrasePrediction
from monai_medglip.imaging import MaskRLE
from monai_medglip.metrics import COCO_THRESHOLDS, BoxMatches, dice, match_boxes

__all__ = ["UnitScore", "match_phrase", "score_unit"]

VOLUME_THRESHOLDS = (0.3, *COCO_THRESHOLDS)
"""In volumes an IoU of 0.3 is scored too: the same shift costs a third axis."""


@dataclass(frozen=True)
class UnitScore:
    """What one phrase of one image got.

    Attributes:
        source: the image's source.
        patient: the image's patient.
        name: the phrase.
        presence: what is true; an easy-absent phrase was asked only for its presence score.
        presence_score: probability that the predictor gives; nan where it cannot say.
        spatial_dims: 2 or 3.
        matches: how the boxes fared; None where boxes are not scored.
        dice: of the phrase mask; None where there is no true mask, or the phrase is not there.
        false_boxes: boxes over the operating threshold on a hard-absent phrase; None elsewhere.
        mask_only: whether the phrase is scored by its mask alone.
        exhaustive: whether false boxes can be told.
        baselines: how the boxes of baselines fared.
    """

    source: str
    patient: str
    name: str
    presence: Presence
    presence_score: float
    spatial_dims: int
    matches: BoxMatches | None = None
    dice: float | None = None
    false_boxes: int | None = None
    mask_only: bool = False
    exhaustive: bool = True
    baselines: Mapping[str, BoxMatches] = field(default_factory=dict)


def score_unit(
    unit: tuple[str, str, str],
    truth: PhraseTruth,
    prediction: PhrasePrediction,
    *,
    shape: tuple[int, ...],
    baselines: Mapping[str, PhrasePrediction],
) -> UnitScore:
    """Return what a prediction is worth.

    Args:
        unit: source, patient and phrase.
        truth: what is true of the phrase in the image.
        prediction: what the predictor said.
        shape: grid of the image.
        baselines: what each baseline says.
    """
    source, patient, name = unit
    mask_only = truth.scored_as == "mask_only"
    scores_boxes = not mask_only and truth.presence is not Presence.ABSENT_EASY
    absent = truth.presence is Presence.ABSENT_HARD
    return UnitScore(
        source=source,
        patient=patient,
        name=name,
        presence=truth.presence,
        presence_score=prediction.presence,
        spatial_dims=len(shape),
        matches=match_phrase(prediction, truth, shape) if scores_boxes else None,
        dice=_dice(prediction.mask, truth.mask) if truth.presence is Presence.PRESENT else None,
        false_boxes=int(np.count_nonzero(prediction.scores >= prediction.threshold)) if absent else None,
        mask_only=mask_only,
        exhaustive=truth.exhaustive,
        baselines={b: match_phrase(boxes, truth, shape) for b, boxes in baselines.items()} if scores_boxes else {},
    )


def match_phrase(prediction: PhrasePrediction, truth: PhraseTruth, shape: tuple[int, ...]) -> BoxMatches:
    """Return how a prediction's boxes fare against the instances of the truth."""
    return match_boxes(
        prediction.boxes,
        prediction.scores,
        [region.box for region in truth.instances],
        ignore=[region.box for region in truth.ignore],
        thresholds=VOLUME_THRESHOLDS if len(shape) == 3 else COCO_THRESHOLDS,
    )


def _dice(mask: MaskRLE | None, truth: MaskRLE | None) -> float | None:
    if truth is None:
        return None
    return 0.0 if mask is None else dice(mask.decode(), truth.decode())
