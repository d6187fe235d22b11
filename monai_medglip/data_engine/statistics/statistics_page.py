# SPDX-License-Identifier: Apache-2.0
"""The statistics of a collection as one page of plots in a single file, to look at, to print and to show in a talk."""

from __future__ import annotations

import os
from collections.abc import Iterator

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.statistics.charts import count_text
from monai_medglip.data_engine.statistics.data_statistics import DataStatistics
from monai_medglip.data_engine.statistics.statistics_charts import StatisticsCharts, modality_name
from monai_medglip.visualize.page_template import page_template

__all__ = ["render_statistics_page", "write_statistics_page"]

RARE_BELOW = 10
"""Regions below which a label counts as rare."""
FREQUENT = 10
"""How many of the most frequent labels the page tells the share of."""


def render_statistics_page(statistics: DataStatistics, *, title: str) -> str:
    """Give the page as HTML text; every text is escaped, and nothing is loaded from elsewhere.

    Args:
        statistics: what was counted.
        title: of the page.
    """
    concepts = statistics.concepts
    frequent = sum(concept.regions for concept in concepts[:FREQUENT])
    modalities: dict[str, set[str]] = {}
    for count in statistics.records:
        modalities.setdefault(count.source, set()).add(modality_name(count.modality))
    return page_template("statistics.html", "monai_medglip.data_engine.statistics").render(
        title=title,
        statistics=statistics,
        charts=StatisticsCharts(statistics),
        tiles=list(_tiles(statistics)),
        count_text=count_text,
        frequent=min(FREQUENT, len(concepts)),
        frequent_share=f"{100 * frequent / max(statistics.region_count, 1):.0f} %",
        rare_below=RARE_BELOW,
        rare=[concept for concept in concepts if concept.regions < RARE_BELOW],
        modalities_of={source: ", ".join(sorted(names)) for source, names in modalities.items()},
    )


def write_statistics_page(path: str | os.PathLike[str], statistics: DataStatistics, *, title: str) -> None:
    """Write what `render_statistics_page` gives, whole or not at all.

    Raises:
        OutputError: when the file cannot be written.
    """
    page = render_statistics_page(statistics, title=title)
    with atomic_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _tiles(statistics: DataStatistics) -> Iterator[tuple[str, str]]:
    """The figures at the head of the page; a kind that is not there has none."""
    counts = {
        "images": statistics.record_count(spatial_dims=2),
        "volumes": statistics.record_count(spatial_dims=3),
        "regions": statistics.region_count,
        "with masks": statistics.masks,
        "labels": len(statistics.concepts),
        "modalities": len({count.modality for count in statistics.records}),
        "patients": statistics.patient_count,
        "sources": len(statistics.sources),
    }
    for name, count in counts.items():
        if count:
            yield count_text(count), name if count > 1 else name.removesuffix("s")
