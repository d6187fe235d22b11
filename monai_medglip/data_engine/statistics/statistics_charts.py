# SPDX-License-Identifier: Apache-2.0
"""The charts of the statistics page: which counts each shows, in which words and order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from monai_medglip.data_engine.cards import CommercialUse
from monai_medglip.data_engine.statistics.charts import Bar, Columns, Curve, bar_chart, column_chart, rank_curve
from monai_medglip.data_engine.statistics.data_statistics import SIZE_BINS_PER_DECADE, DataStatistics
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Level

__all__ = ["StatisticsCharts"]

MOST_LABELS = 24
"""Labels that have a bar of their own."""
MOST_SOURCES = 40
"""Sources that have a bar of their own."""

_DIMS = {2: "images", 3: "volumes"}
_SPLITS = ("train", "val", "test")
_LEVELS = tuple(level.value for level in Level)
_MODALITY_NAMES = {
    Modality.XR: "X-ray",
    Modality.US: "ultrasound",
    Modality.ES: "endoscopy",
    Modality.DS: "dermoscopy",
    Modality.FU: "fundus",
    Modality.MI: "microscopy",
    Modality.UNKNOWN: "not told",
}
# What is not known has the color of the last series, a grey.
_USES = {
    CommercialUse.YES: "allow commercial use",
    CommercialUse.NO: "forbid commercial use",
    CommercialUse.UNKNOWN: "not known",
}
# First and last number of regions of each column; the last column has no end.
_PER_RECORD = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 64), (65, 128), (129, 256))

Group = TypeVar("Group")


@dataclass(frozen=True)
class StatisticsCharts:
    """The charts of one collection.

    Attributes:
        statistics: what was counted.
    """

    statistics: DataStatistics

    dims = tuple(_DIMS.values())
    levels = _LEVELS
    splits = _SPLITS
    uses = (*list(_USES.values())[:2], "", "", "", "", _USES[CommercialUse.UNKNOWN])

    def modalities(self) -> list[Bar]:
        """Images and volumes by modality, with the number of their regions."""
        counts: dict[Modality, dict[str, int]] = {}
        regions: dict[Modality, int] = {}
        for one in self.statistics.records:
            _add(counts.setdefault(one.modality, {}), _DIMS[one.spatial_dims], one.records)
        for (modality, _), count in self.statistics.levels.items():
            _add(regions, modality, count)
        order = sorted(counts, key=lambda modality: -sum(counts[modality].values()))
        rows = [
            (modality_name(modality), f"{regions.get(modality, 0):,} regions", counts[modality]) for modality in order
        ]
        return bar_chart(rows, self.dims)

    def levels_by_modality(self) -> list[Bar]:
        """Regions by level, as shares of those of each modality."""
        counts: dict[Modality, dict[str, int]] = {}
        for (modality, level), regions in self.statistics.levels.items():
            _add(counts.setdefault(modality, {}), level.value, regions)
        order = sorted(counts, key=lambda modality: -sum(counts[modality].values()))
        return bar_chart([(modality_name(own), "", counts[own]) for own in order], _LEVELS, is_share=True)

    def labels(self) -> list[Bar]:
        """Regions of the most frequent labels."""
        shown = self.statistics.concepts[:MOST_LABELS]
        rows = [
            (own.name, f"in {own.sources} sources" if own.sources > 1 else "", {own.level.value: own.regions})
            for own in shown
        ]
        return bar_chart(rows, _LEVELS)

    def tail(self) -> Curve:
        """Regions of all labels over their rank."""
        return rank_curve([concept.regions for concept in self.statistics.concepts])

    def shares(self) -> Columns | None:
        """Regions by the share of the image that their box takes; None where there is none."""
        return _by_size(self.statistics.shares, 100, "%")

    def lengths(self) -> Columns | None:
        """Regions by the longest side of their box in millimeters; None where no spacing is known."""
        return _by_size(self.statistics.lengths_mm, 1, "mm")

    def per_record(self) -> Columns:
        """Images by the number of their regions."""
        ends = [*_PER_RECORD, (_PER_RECORD[-1][1] + 1, max([*self.statistics.per_record, 0]))]
        while len(ends) > 1 and ends[-1][0] > max(self.statistics.per_record, default=0):
            ends.pop()
        columns = []
        for first, last in ends:
            count = sum(records for regions, records in self.statistics.per_record.items() if first <= regions <= last)
            columns.append((str(first) if first == last else f"{first}–{last}", {"": count}))
        return column_chart(columns, [""], {})

    def splits_by_source(self) -> list[Bar]:
        """Images by split, as shares of all and of those of each source."""
        counts: dict[str, dict[str, int]] = {}
        for one in self.statistics.records:
            _add(counts.setdefault("all", {}), one.split, one.records)
            _add(counts.setdefault(one.source, {}), one.split, one.records)
        shown = ["all", *(source.name for source in self.statistics.sources)][: MOST_SOURCES + 1]
        return bar_chart([(name, "", counts[name]) for name in shown if name in counts], _SPLITS, is_share=True)

    def body_regions(self) -> list[Bar]:
        """Images by what they show."""
        told = self.statistics.body_regions
        return bar_chart([(name or "not told", "", {"": count}) for name, count in told.items()], [""])

    def terms(self) -> list[Bar]:
        """Images and regions by what the terms of their sources allow."""
        images: dict[str, int] = {}
        regions: dict[str, int] = {}
        for source in self.statistics.sources:
            use = _USES[source.terms.commercial_use]
            _add(images, use, source.records)
            _add(regions, use, source.regions)
        return bar_chart([("images", "", images), ("regions", "", regions)], self.uses, is_share=True)


def modality_name(modality: Modality) -> str:
    """Give the name of a modality for people."""
    return _MODALITY_NAMES.get(modality, modality.value)


def _add(counts: dict[Group, int], key: Group, count: int) -> None:
    counts[key] = counts.get(key, 0) + count


def _by_size(counts: Mapping[int, Mapping[int, int]], scale: float, unit: str) -> Columns | None:
    """A histogram over the bins of sizes, with a tick at each power of ten; sizes are told times ``scale``."""
    bins = sorted({number for own in counts.values() for number in own})
    if not bins:
        return None
    low = bins[0] // SIZE_BINS_PER_DECADE * SIZE_BINS_PER_DECADE
    high = -(-(bins[-1] + 1) // SIZE_BINS_PER_DECADE) * SIZE_BINS_PER_DECADE
    edges = [scale * 10 ** (number / SIZE_BINS_PER_DECADE) for number in range(low, high + 1)]
    columns = [
        (
            f"{_short(edges[place])} to {_short(edges[place + 1])} {unit}",
            {_DIMS[dims]: own[low + place] for dims, own in counts.items() if low + place in own},
        )
        for place in range(high - low)
    ]
    ticks = {place: _short(edges[place]) for place in range(0, high - low + 1, SIZE_BINS_PER_DECADE)}
    return column_chart(columns, tuple(_DIMS.values()), ticks)


def _short(size: float) -> str:
    """A size with two digits, without an exponent."""
    digits = max(0, 1 - math.floor(math.log10(size) + 1e-9))
    return f"{size:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{size:,.0f}"
