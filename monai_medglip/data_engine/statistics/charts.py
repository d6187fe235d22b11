# SPDX-License-Identifier: Apache-2.0
"""From counts to the places of bars, columns and curves in percent; a template draws them, nothing medical is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "Bar",
    "Column",
    "Columns",
    "Curve",
    "Segment",
    "Tick",
    "bar_chart",
    "column_chart",
    "count_text",
    "rank_curve",
]

_MILLION = 1_000_000


@dataclass(frozen=True)
class Segment:
    """A part of a bar or of a column.

    Attributes:
        name: of its series.
        series: position of its color.
        count: what it stands for.
        start: where it begins, in percent of the chart.
        size: how long it is, in percent of the chart.
    """

    name: str
    series: int
    count: int
    start: float
    size: float


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart.

    Attributes:
        label: what it is about.
        note: in smaller letters behind it.
        total: of its segments.
        segments: from left to right.
    """

    label: str
    note: str
    total: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis.

    Attributes:
        place: in percent of the chart.
        label: beside it.
    """

    place: float
    label: str


@dataclass(frozen=True)
class Column:
    """One column of a histogram.

    Attributes:
        label: the values that it holds.
        start: its left edge in percent.
        width: in percent.
        segments: from the bottom to the top.
    """

    label: str
    start: float
    width: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Columns:
    """A histogram.

    Attributes:
        columns: from left to right.
        ticks: of the axis below.
        highest: the count at the upper edge.
    """

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    highest: int


@dataclass(frozen=True)
class Curve:
    """Counts in falling order over their rank, both axes logarithmic.

    Attributes:
        points: as SVG has them, in percent from the upper left corner.
        across: ticks of the rank, from the left.
        up: ticks of the count, from the top.
    """

    points: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def bar_chart(
    rows: Sequence[tuple[str, str, Mapping[str, int]]], series: Sequence[str], *, is_share: bool = False
) -> list[Bar]:
    """Give stacked bars.

    Args:
        rows: label, note and counts by series of each bar.
        series: the names of all series, in the order of their colors.
        is_share: whether each bar is as long as the chart, or the longest alone.
    """
    longest = max((sum(counts.values()) for _, _, counts in rows), default=0)
    bars = []
    for label, note, counts in rows:
        total = sum(counts.values())
        bars.append(Bar(label, note, total, _stacked(counts, series, total if is_share else longest)))
    return bars


def column_chart(
    columns: Sequence[tuple[str, Mapping[str, int]]], series: Sequence[str], ticks: Mapping[int, str]
) -> Columns:
    """Give stacked columns side by side.

    Args:
        columns: the values that each holds, in words, and its counts by series.
        series: the names of all series, in the order of their colors.
        ticks: labels by the number of the column at whose left edge they stand.
    """
    highest = max((sum(counts.values()) for _, counts in columns), default=0)
    width = 100 / max(len(columns), 1)
    return Columns(
        columns=tuple(
            Column(label, place * width, width, _stacked(counts, series, highest))
            for place, (label, counts) in enumerate(columns)
        ),
        ticks=tuple(Tick(place * width, label) for place, label in ticks.items()),
        highest=highest,
    )


def rank_curve(counts: Sequence[int]) -> Curve:
    """Give the curve of counts that fall and are at least 1."""
    wide, high = (max(math.log10(size), 1e-9) for size in (max(len(counts), 10), max([*counts, 10])))
    points = [
        f"{100 * math.log10(rank) / wide:.2f},{100 - 100 * math.log10(count) / high:.2f}"
        for rank, count in enumerate(counts, 1)
    ]
    return Curve(
        points=" ".join(points),
        across=tuple(Tick(100 * power / wide, f"{10**power:,}") for power in range(int(wide) + 1)),
        up=tuple(Tick(100 - 100 * power / high, count_text(10**power)) for power in range(int(high) + 1)),
    )


def count_text(count: int) -> str:
    """Give a number for people to read.

    Example:
        >>> count_text(12345), count_text(5_300_000)
        ('12,345', '5.3 million')
    """
    return f"{count:,}" if count < _MILLION else f"{count / _MILLION:,.3g} million"


def _stacked(counts: Mapping[str, int], series: Sequence[str], whole: int) -> tuple[Segment, ...]:
    segments, start = [], 0.0
    for place, name in enumerate(series):
        if count := counts.get(name, 0):
            size = 100 * count / whole
            segments.append(Segment(name, place, count, start, size))
            start += size
    return tuple(segments)
