# SPDX-License-Identifier: Apache-2.0
"""From scored units to the figures that a result file holds.

Figures of a phrase are taken over its source's images, figures of a source over those of its phrases that at least
eight images show. ``macro`` is the mean over all such phrases, ``macro_over_sources`` the mean over the sources, in
which 32 teeth weigh as much as one polyp. ``per_source_all_phrases`` is there for small folders: it averages over every
phrase, however few its images. The calibration error is taken over all boxes together, since a mean of
errors of few boxes each measures how few they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monai_medglip.data_engine import Presence
from monai_medglip.evaluation.measure import Measure, mean_over
from monai_medglip.evaluation.phrase_measures import box_measures, calibration, phrase_measures
from monai_medglip.evaluation.protocol import MIN_POSITIVE_IMAGES, Group
from monai_medglip.evaluation.unit_score import UnitScore
from monai_medglip.metrics import PatientBootstrap

__all__ = ["METRICS", "summarize"]

METRICS = (
    "AP50", "AP75", "AP", "AP30", "R1_50", "mIoU", "Dice", "presence_AUROC_hard", "presence_AUROC_easy", "FP", "ECE",
)  # fmt: skip
"""Every metric of the protocol, in the order of tables."""

Measures = dict[str, Measure]


@dataclass(frozen=True)
class _PhraseUnits:
    """All images that one phrase of one source is scored on."""

    source: str
    name: str
    group: Group
    units: Sequence[UnitScore]
    easy: Sequence[UnitScore]

    @property
    def positive(self) -> list[UnitScore]:
        return [unit for unit in self.units if unit.presence is Presence.PRESENT]

    @property
    def mask_only(self) -> bool:
        return any(unit.mask_only for unit in self.units)

    @property
    def counts(self) -> bool:
        """Whether enough images show the phrase for a mean over phrases."""
        return len(self.positive) >= MIN_POSITIVE_IMAGES


_Measured = tuple[_PhraseUnits, Measures]


def summarize(
    units: Sequence[UnitScore], groups: Mapping[str, Mapping[str, Group]], baselines: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the figures of scored units.

    Args:
        units: every phrase of every image.
        groups: for each source, its phrases and the group of each.
        baselines: names of the baselines that the units were scored with.

    Returns:
        ``per_source``, ``per_phrase``, ``macro``, ``macro_over_sources`` and ``baselines`` of the names; the same,
        without baselines, under ``parents`` and ``other_truth``; and ``phrases``, what each phrase's figures rest on.
    """
    bootstrap = PatientBootstrap(sorted({(unit.source, unit.patient) for unit in units}))
    phrases = _by_phrase(units, groups)

    def of_model(phrase: _PhraseUnits) -> Measures:
        return phrase_measures(phrase.units, phrase.easy, bootstrap)

    def of_baseline(name: str) -> Callable[[_PhraseUnits], Measures]:
        return lambda phrase: box_measures(phrase.units, bootstrap, lambda unit: unit.baselines.get(name))

    members = {group: [phrase for phrase in phrases if phrase.group is group] for group in Group}
    names = members[Group.NAMES]
    return {
        **_figures(names, of_model, bootstrap),
        "baselines": {name: _figures(names, of_baseline(name)) for name in baselines},
        Group.PARENTS.value: _figures(members[Group.PARENTS], of_model, bootstrap),
        Group.OTHER_TRUTH.value: _figures(members[Group.OTHER_TRUTH], of_model, bootstrap),
        "phrases": _facts(phrases),
    }


def _by_phrase(units: Sequence[UnitScore], groups: Mapping[str, Mapping[str, Group]]) -> list[_PhraseUnits]:
    own: dict[tuple[str, str], list[UnitScore]] = defaultdict(list)
    easy: dict[str, list[UnitScore]] = defaultdict(list)
    for unit in units:
        if unit.presence is Presence.ABSENT_EASY:
            easy[unit.name].append(unit)
        else:
            own[unit.source, unit.name].append(unit)
    return [
        _PhraseUnits(source, name, group, own[source, name], easy[name])
        for source, names in groups.items()
        for name, group in names.items()
        if own[source, name]
    ]


def _figures(
    phrases: Sequence[_PhraseUnits],
    measures_of: Callable[[_PhraseUnits], Measures],
    pooled: PatientBootstrap | None = None,
) -> dict[str, Any]:
    """Return the figures per phrase, per source and over all; the calibration error only with draws to pool by."""
    measured = [(phrase, measures_of(phrase)) for phrase in phrases]
    counted = [(phrase, measures) for phrase, measures in measured if phrase.counts]
    sources = dict.fromkeys(phrase.source for phrase in phrases)
    per_source = {source: _mean_of(_of_source(counted, source), pooled) for source in sources}
    of_all = {source: _mean_of(_of_source(measured, source), pooled) for source in sources}
    macro, over_sources = _mean_of(counted, pooled), _means(list(per_source.values()))
    per_phrase: dict[str, Any] = defaultdict(dict)
    for phrase, measures in measured:
        per_phrase[phrase.source][phrase.name] = _written(measures)
    return {
        "per_source": {source: _written(measures) for source, measures in per_source.items()},
        "per_phrase": dict(per_phrase),
        "macro": _written(macro),
        "macro_over_sources": _written(over_sources),
        "per_source_all_phrases": {source: _written(measures) for source, measures in of_all.items()},
    }


def _of_source(measured: Sequence[_Measured], source: str) -> list[_Measured]:
    return [(phrase, measures) for phrase, measures in measured if phrase.source == source]


def _mean_of(measured: Sequence[_Measured], pooled: PatientBootstrap | None) -> Measures:
    """Return the mean of each metric over phrases; the calibration error of all their boxes."""
    means = _means([measures for _, measures in measured])
    if pooled is not None:
        boxes = [unit for phrase, _ in measured if not phrase.mask_only for unit in phrase.units]
        means.update(calibration(boxes, pooled))
    return means


def _means(rows: Sequence[Measures]) -> Measures:
    """Return the mean of each metric over the rows that have it."""
    means = {metric: mean_over([row[metric] for row in rows if metric in row]) for metric in METRICS}
    return {metric: mean for metric, mean in means.items() if mean is not None}


def _written(measures: Measures) -> dict[str, Any]:
    return {metric: measures[metric].to_dict() for metric in METRICS if metric in measures}


def _facts(phrases: Sequence[_PhraseUnits]) -> dict[str, dict[str, Any]]:
    """Return what the figures of each phrase rest on."""
    facts: dict[str, dict[str, Any]] = defaultdict(dict)
    for phrase in phrases:
        facts[phrase.source][phrase.name] = {
            "group": phrase.group.value,
            "positive_images": len(phrase.positive),
            "hard_absent_images": sum(unit.presence is Presence.ABSENT_HARD for unit in phrase.units),
            "easy_absent_images": len(phrase.easy),
            "patients": len({unit.patient for unit in phrase.positive}),
            "exhaustive": all(unit.exhaustive for unit in phrase.units),
            "scored_as": "mask_only" if phrase.mask_only else "boxes",
            "in_macro": phrase.counts,
        }
    return dict(facts)
