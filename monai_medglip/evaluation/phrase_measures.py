# SPDX-License-Identifier: Apache-2.0
"""The metrics of one phrase of one source, from the scores of its images; no average over phrases is taken here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from monai_medglip.data_engine import Presence
from monai_medglip.evaluation.measure import Measure
from monai_medglip.evaluation.unit_score import UnitScore
from monai_medglip.metrics import (
    COCO_THRESHOLDS,
    AveragePrecision,
    BoxMatches,
    CalibrationError,
    PatientBootstrap,
    PatientMean,
    PresenceAUROC,
    recall_at_one,
)
from monai_medglip.metrics.recall_at_one import top_box_iou

__all__ = ["box_measures", "calibration", "phrase_measures"]

LEAST_CONFIDENCE = 0.05
"""Boxes under this score are left out of the calibration error: hundreds of boxes near 0 would make it vanish."""

_AP_THRESHOLDS = {"AP50": (0.5,), "AP75": (0.75,), "AP": COCO_THRESHOLDS}
_VOLUME_AP_THRESHOLDS = {**_AP_THRESHOLDS, "AP30": (0.3,)}


def phrase_measures(
    units: Sequence[UnitScore], easy: Sequence[UnitScore], bootstrap: PatientBootstrap
) -> dict[str, Measure]:
    """Return every metric that one phrase of one source has.

    Args:
        units: the images of the source that were asked the phrase.
        easy: images of other sources that cannot show it and were asked it nevertheless.
        bootstrap: the draws, which know the patients of both.

    Returns:
        Metric name to measure; what cannot be scored is not in it.
    """
    mask_only = any(unit.mask_only for unit in units)
    measures = {} if mask_only else box_measures(units, bootstrap, lambda unit: unit.matches)
    masks = [(unit, unit.dice) for unit in units if unit.dice is not None]
    if masks:
        measures["Dice"] = _mean([unit for unit, _ in masks], [dice for _, dice in masks], bootstrap)
    if mask_only or not units or not all(unit.exhaustive for unit in units):
        return measures
    return {
        **measures,
        **_presence(units, easy, bootstrap),
        **_false_boxes(units, bootstrap),
        **calibration(units, bootstrap),
    }


def box_measures(
    units: Sequence[UnitScore], bootstrap: PatientBootstrap, matches_of: Callable[[UnitScore], BoxMatches | None]
) -> dict[str, Measure]:
    """Return what boxes alone give: average precision, R@1 and mIoU.

    Args:
        units: the images of the source that were asked the phrase.
        bootstrap: the draws.
        matches_of: the boxes to look at: the predictor's or a baseline's.
    """
    scored = [(unit, matches) for unit in units if (matches := matches_of(unit)) is not None]
    shown = [(unit, matches) for unit, matches in scored if unit.presence is Presence.PRESENT]
    if not shown:
        return {}
    columns = [_column(unit, bootstrap) for unit, _ in scored]
    patients = {_column(unit, bootstrap) for unit, _ in shown}
    volume = shown[0][0].spatial_dims == 3
    lower_bound = not all(unit.exhaustive for unit, _ in scored)
    measures = {}
    for name, thresholds in (_VOLUME_AP_THRESHOLDS if volume else _AP_THRESHOLDS).items():
        statistic = AveragePrecision([matches for _, matches in scored], columns, thresholds=thresholds)
        measures[name] = Measure.of(statistic, bootstrap, patients=patients, n=len(scored), lower_bound=lower_bound)
    positives = [unit for unit, _ in shown]
    measures["R1_50"] = _mean(positives, [recall_at_one(matches) for _, matches in shown], bootstrap)
    measures["mIoU"] = _mean(positives, [top_box_iou(matches) for _, matches in shown], bootstrap)
    return measures


def calibration(units: Sequence[UnitScore], bootstrap: PatientBootstrap) -> dict[str, Measure]:
    """Return the calibration error of the boxes' scores, each box right when it hits at IoU 0.5; {} without boxes."""
    confidences, right, columns = [], [], []
    for unit in units:
        if unit.matches is None or not unit.exhaustive:
            continue
        row = unit.matches.thresholds.index(0.5)
        kept = ~unit.matches.ignored[row] & (unit.matches.scores >= LEAST_CONFIDENCE)
        confidences.append(unit.matches.scores[kept])
        right.append(unit.matches.hits[row][kept])
        columns.append(np.full(int(kept.sum()), _column(unit, bootstrap)))
    count = sum(len(scores) for scores in confidences)
    if count == 0:
        return {}
    owners = np.concatenate(columns)
    statistic = CalibrationError(np.concatenate(confidences), np.concatenate(right), owners)
    return {"ECE": Measure.of(statistic, bootstrap, patients=owners.tolist(), n=count)}


def _presence(units: Sequence[UnitScore], easy: Sequence[UnitScore], bootstrap: PatientBootstrap) -> dict[str, Measure]:
    present = [unit for unit in units if unit.presence is Presence.PRESENT and np.isfinite(unit.presence_score)]
    hard = [unit for unit in units if unit.presence is Presence.ABSENT_HARD and np.isfinite(unit.presence_score)]
    soft = [unit for unit in easy if np.isfinite(unit.presence_score)]
    measures = {}
    for name, absent in (("presence_AUROC_hard", hard), ("presence_AUROC_easy", soft)):
        if present and absent:
            rows = [_column(unit, bootstrap) for unit in present]
            columns = [_column(unit, bootstrap) for unit in absent]
            statistic = PresenceAUROC(_presence_scores(present), rows, _presence_scores(absent), columns)
            fewer = min(set(rows), set(columns), key=len)
            measures[name] = Measure.of(statistic, bootstrap, patients=fewer, n=len(present) + len(absent))
    return measures


def _false_boxes(units: Sequence[UnitScore], bootstrap: PatientBootstrap) -> dict[str, Measure]:
    absent = [(unit, unit.false_boxes) for unit in units if unit.false_boxes is not None]
    if not absent:
        return {}
    return {"FP": _mean([unit for unit, _ in absent], [count for _, count in absent], bootstrap)}


def _mean(units: Sequence[UnitScore], values: Sequence[float], bootstrap: PatientBootstrap) -> Measure:
    columns = [_column(unit, bootstrap) for unit in units]
    return Measure.of(PatientMean(values, columns), bootstrap, patients=columns, n=len(units))


def _presence_scores(units: Sequence[UnitScore]) -> list[float]:
    return [unit.presence_score for unit in units]


def _column(unit: UnitScore, bootstrap: PatientBootstrap) -> int:
    return bootstrap.index(unit.source, unit.patient)
