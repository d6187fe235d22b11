# SPDX-License-Identifier: Apache-2.0
"""Chooses how a trained network is read: presence power, temperatures, thresholds; from validation answers alone.

Which phrases may be called validated is decided in `validated_lists`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_medglip.errors import DataError
from monai_medglip.evaluation.protocol import Group
from monai_medglip.evaluation.validation_units import HIT, ValidationUnit
from monai_medglip.inference import Calibration, CandidateSettings, OperatingPoint, fit_temperature
from monai_medglip.metrics.average_precision import average_precision

__all__ = ["MASK_THRESHOLDS", "FittedPoint", "fit_operating_point"]

MASK_THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
"""Probabilities that are tried as the border of masks."""

PRESENCE_POWERS = (0.0, 0.5, 1.0)
"""Powers of the presence score that are tried as a factor of box scores."""

MIN_IMAGES = 4
"""A phrase counts in a choice when at least this many validation images show it; fewer are mostly chance."""

EASY_SHARE_UNDER = 0.97
"""Share of easy-absent phrases whose best box must stay under the box threshold. 0.95 is promised on other images; a
threshold that just reaches it here would miss it there every other time."""

_GRID = np.round(np.arange(0.05, 0.96, 0.01), 2)

Units = Sequence[ValidationUnit]


@dataclass(frozen=True)
class FittedPoint:
    """A chosen operating point with the figures behind the choice.

    Attributes:
        operating_point: what goes into the bundle.
        units: the answers; scores are raw, with the chosen power of presence.
        scores: mean validation score of each power of presence.
        mean_f1: mean F1 over phrases at the box threshold.
        easy_under: share of easy-absent phrases whose best box stays under the box threshold.
        mean_dice: mean Dice over phrases at the mask threshold; nan without masks.
    """

    operating_point: OperatingPoint
    units: tuple[ValidationUnit, ...]
    scores: Mapping[float, float]
    mean_f1: float
    easy_under: float
    mean_dice: float


def fit_operating_point(answers: Units, *, canvas: tuple[int, ...], fitted_on: str) -> FittedPoint:
    """Return the operating point that serves the validation answers best.

    Args:
        answers: with Dice at `MASK_THRESHOLDS`.
        canvas: on which they were given.
        fitted_on: in words, the data.

    Raises:
        DataError: when no phrase is shown by enough images to choose anything.
        ConfigurationError: when all boxes hit or none does, so that no temperature fits.
    """
    scores = {power: _detection_score([unit.with_presence(power) for unit in answers]) for power in PRESENCE_POWERS}
    power = max(scores, key=lambda power: scores[power])  # of equals the first: the smaller one
    units = tuple(unit.with_presence(power) for unit in answers)
    calibration = Calibration(box=_box_temperature(units), presence=_presence_temperature(units))
    box_threshold, f1_at = _box_threshold(units, calibration)
    dices = _mean_dices(units)
    mask_threshold = 0.5 if dices is None else MASK_THRESHOLDS[int(np.argmax(dices))]
    point = OperatingPoint(
        canvas=canvas,
        box_threshold=box_threshold,
        mask_threshold=mask_threshold,
        calibration=calibration,
        candidates=CandidateSettings(presence_power=power),
        fitted_on=fitted_on,
    )
    best_easy = _best_easy(units, calibration)
    return FittedPoint(
        operating_point=point,
        units=units,
        scores=scores,
        mean_f1=f1_at(box_threshold),
        easy_under=float(np.mean(best_easy < box_threshold)) if len(best_easy) else float("nan"),
        mean_dice=float("nan") if dices is None else float(dices.max()),
    )


def _detection_score(units: Units) -> float:
    """Mean over phrases of AP50 of predicted sides, or of Dice where only masks are scored."""
    values = []
    for phrase in _by_phrase(units):
        if phrase[0].mask_only:
            values.append(float(np.mean([unit.dices for unit in phrase if unit.dices], axis=0).max()))
        else:
            values.append(average_precision([unit.matches for unit in phrase], threshold=HIT))
    return float(np.mean(values))


def _by_phrase(units: Units) -> list[list[ValidationUnit]]:
    """The units of each name of each source that enough images show."""
    phrases: dict[tuple[str, str], list[ValidationUnit]] = defaultdict(list)
    for unit in units:
        if unit.group is Group.NAMES:
            phrases[unit.record.source, unit.question.name].append(unit)
    counted = [phrase for phrase in phrases.values() if sum(unit.is_present for unit in phrase) >= MIN_IMAGES]
    if not counted:
        raise DataError(
            f"expected a phrase that at least {MIN_IMAGES} validation images show, there is none; "
            "move more patients into the split 'val'"
        )
    return counted


def _box_temperature(units: Units) -> float:
    """The event: a box overlaps a true one by half, be it the first to do so or not.

    All candidates count. With those near 0 left out, a temperature that lifts them, hundreds per phrase, would seem
    to cost nothing.
    """
    scores, hits = [], []
    for unit in units:
        if unit.tells_misses:
            kept = ~unit.matches.ignored[0]
            scores.append(unit.matches.scores[kept])
            hits.append(unit.matches.best_iou[kept] >= HIT)
    return fit_temperature(np.concatenate(scores), np.concatenate(hits))


def _presence_temperature(units: Units) -> float:
    known = [unit for unit in units if unit.is_present or unit.is_absent]
    return fit_temperature([unit.presence for unit in known], [unit.is_present for unit in known])


def _box_threshold(units: Units, calibration: Calibration) -> tuple[float, Callable[[float], float]]:
    """The threshold with the best mean F1 over phrases that keeps easy-absent phrases under it; and that mean F1."""
    curves = [_f1_curve(phrase, calibration) for phrase in _by_phrase(units) if phrase[0].tells_misses]
    if not curves:
        raise DataError("expected a phrase whose false boxes are known (exhaustive=yes) to choose a threshold on")

    def mean_f1(threshold: float) -> float:
        return float(np.mean([curve(threshold) for curve in curves]))

    best = float(max(_GRID, key=lambda threshold: mean_f1(float(threshold))))
    easy = _best_easy(units, calibration)
    if len(easy):
        limit = float(np.quantile(easy, EASY_SHARE_UNDER, method="higher"))
        best = max(best, min(1.0, (np.floor(limit * 1000) + 1) / 1000))  # just above it, in three digits
    return best, mean_f1


def _f1_curve(phrase: Units, calibration: Calibration) -> Callable[[float], float]:
    kept = [~unit.matches.ignored[0] for unit in phrase]
    scores = np.concatenate([unit.matches.scores[keep] for unit, keep in zip(phrase, kept, strict=True)])
    hits = np.concatenate([unit.matches.hits[0][keep] for unit, keep in zip(phrase, kept, strict=True)])
    probability, truth = calibration.box_probability(scores), sum(unit.matches.truth_count for unit in phrase)

    def f1(threshold: float) -> float:
        shown = probability >= threshold
        return 2 * float(hits[shown].sum()) / (float(shown.sum()) + truth)

    return f1


def _best_easy(units: Units, calibration: Calibration) -> NDArray[np.float64]:
    """Calibrated score of the best box of every easy-absent phrase."""
    return calibration.box_probability([unit.best_score for unit in units if unit.question.easy])


def _mean_dices(units: Units) -> NDArray[np.float64] | None:
    """Mean Dice over phrases at each mask threshold, ``(M,)``."""
    rows = []
    for phrase in _by_phrase(units):
        dices = [unit.dices for unit in phrase if unit.dices]
        if dices:
            rows.append(np.mean(dices, axis=0))
    return np.mean(rows, axis=0) if rows else None
