# SPDX-License-Identifier: Apache-2.0
"""Which phrases a bundle may call validated, from validation answers at its operating point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monai_medglip.evaluation.operating_point import MASK_THRESHOLDS
from monai_medglip.evaluation.protocol import Group
from monai_medglip.evaluation.validation_units import HIT, ValidationUnit
from monai_medglip.inference import OperatingPoint, ValidatedPhrase, ValidatedPhrases
from monai_medglip.metrics.patient_bootstrap import MIN_PATIENTS

__all__ = ["validated_phrases"]

MOST_MISPLACED = 0.5
"""A phrase is not validated for location when it is missed or misplaced in more images than this share."""

MOST_DENIED = 0.2
"""A phrase is not validated for absence when nothing is found in more of the images that show it than this share."""


@dataclass(frozen=True)
class _Kind:
    """A phrase on one kind of image."""

    phrase: str
    modality: str
    body_region: str | None


def validated_phrases(units: Sequence[ValidationUnit], point: OperatingPoint) -> ValidatedPhrases:
    """Return the two lists of a bundle.

    A phrase is validated for location on a modality and body region when images of at least eight patients show it, and
    for absence when in addition images of at least eight patients are known to lack it.

    Args:
        units: as `FittedPoint.units`; labels drawn by other programs are not used.
        point: the operating point.
    """
    kinds: dict[_Kind, list[ValidationUnit]] = defaultdict(list)
    for unit in units:
        if unit.group in (Group.NAMES, Group.PARENTS):
            concept = unit.question.phrase.concept or unit.question.name
            kinds[_Kind(concept, unit.record.modality.value, unit.record.body_region)].append(unit)
    ordered = sorted(kinds.items(), key=lambda item: (item[0].modality, item[0].body_region or "", item[0].phrase))
    return ValidatedPhrases(
        location=tuple(row for kind, own in ordered for row in _location(kind, own, point)),
        absence=tuple(row for kind, own in ordered for row in _absence(kind, own, point)),
        data=point.fitted_on,
    )


def _location(kind: _Kind, units: Sequence[ValidationUnit], point: OperatingPoint) -> list[ValidatedPhrase]:
    shown = [unit for unit in units if unit.is_present]
    lacking = _hard_absent(units)
    patients = _patients(shown)
    misplaced = [not _is_located(unit, point) for unit in shown]
    if patients < MIN_PATIENTS or np.mean(misplaced) > MOST_MISPLACED:
        return []
    return [_row(kind, point, np.mean(misplaced), _false_rate(lacking, point), patients)]


def _absence(kind: _Kind, units: Sequence[ValidationUnit], point: OperatingPoint) -> list[ValidatedPhrase]:
    shown, lacking = [unit for unit in units if unit.is_present], _hard_absent(units)
    denied = [not _is_found(unit, point) for unit in shown]
    if min(_patients(shown), _patients(lacking)) < MIN_PATIENTS or np.mean(denied) > MOST_DENIED:
        return []
    return [_row(kind, point, np.mean(denied), _false_rate(lacking, point), _patients(lacking))]


def _row(
    kind: _Kind, point: OperatingPoint, miss_rate: np.floating, false_rate: float | None, patients: int
) -> ValidatedPhrase:
    return ValidatedPhrase(
        phrase=kind.phrase,
        modality=kind.modality,
        body_region=kind.body_region,
        threshold=point.box_threshold,
        miss_rate=round(float(miss_rate), 4),
        false_rate=None if false_rate is None else round(false_rate, 4),
        patients=patients,
    )


def _hard_absent(units: Sequence[ValidationUnit]) -> list[ValidationUnit]:
    return [unit for unit in units if unit.is_absent and not unit.question.easy]


def _patients(units: Sequence[ValidationUnit]) -> int:
    return len({unit.record.patient for unit in units})


def _false_rate(lacking: Sequence[ValidationUnit], point: OperatingPoint) -> float | None:
    return float(np.mean([_is_found(unit, point) for unit in lacking])) if lacking else None


def _is_found(unit: ValidationUnit, point: OperatingPoint) -> bool:
    """Whether the product would show a region."""
    return float(point.calibration.box_probability(unit.best_score)) >= point.box_threshold


def _is_located(unit: ValidationUnit, point: OperatingPoint) -> bool:
    """Whether a region that the product would show lies right."""
    if unit.mask_only:
        at = MASK_THRESHOLDS.index(point.mask_threshold)
        return _is_found(unit, point) and bool(unit.dices) and unit.dices[at] >= HIT
    shown = point.calibration.box_probability(unit.matches.scores) >= point.box_threshold
    return bool((unit.matches.hits[0] & shown).any())
