# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from monai_medglip.data_engine.cards import Access, CommercialUse
from monai_medglip.data_engine.source_terms import SourceTerms
from monai_medglip.data_engine.statistics import DataStatistics, render_statistics_page, write_statistics_page
from monai_medglip.data_engine.statistics.charts import bar_chart, column_chart, count_text, rank_curve
from monai_medglip.data_engine.statistics.data_statistics import ConceptCount, RecordCount, SourceCount
from monai_medglip.imaging import Modality
from monai_medglip.ontology.concept import Level
from tests.browser_page import open_page

EVIL = "<script>alert(1)</script>"
EMPTY = DataStatistics((), (), (), {}, {}, 0, 0, {}, {}, {}, {})


def statistics() -> DataStatistics:
    """A million images, counted."""
    terms = SourceTerms("A title", "CC BY 4.0", CommercialUse.YES, Access.FREE)
    return DataStatistics(
        records=(
            RecordCount("big", Modality.CT, 3, "train", 900_000),
            RecordCount(EVIL, Modality.XR, 2, "test", 100_000),
        ),
        sources=(
            SourceCount("big", 900_000, 300_000, 4_000_000, 2, terms),
            SourceCount(EVIL, 100_000, 90_000, 500_000, 1, SourceTerms(EVIL)),
        ),
        concepts=(
            ConceptCount("liver", Level.ORGAN, 3_999_998, 900_000, 1),
            ConceptCount(EVIL, Level.LESION, 500_000, 100_000, 1),
            ConceptCount("caries", Level.FINDING, 2, 2, 1),
        ),
        levels={
            (Modality.CT, Level.ORGAN): 3_999_998,
            (Modality.CT, Level.FINDING): 2,
            (Modality.XR, Level.LESION): 500_000,
        },
        body_regions={"abdomen": 900_000, None: 100_000},
        masks=4_000_000,
        specks=12,
        shares={2: {-5: 500_000}, 3: {-9: 3_000_000, -1: 1_000_000}},
        lengths_mm={3: {5: 4_000_000}},
        per_record={0: 10, 4: 900_000, 5: 99_990},
        findings={("regions", "region extent"): 7},
    )


class Tags(HTMLParser):
    """The names and attributes of a page's tags, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data) -> None:
        self.text += data


def test_bars_are_as_long_as_their_counts() -> None:
    first, second = bar_chart([("a", "", {"x": 30, "y": 10}), ("b", "", {"y": 20})], ["x", "y"])
    assert [(part.start, part.size) for part in first.segments] == [(0, 75), (75, 25)]
    assert [(part.series, part.size) for part in second.segments] == [(1, 50)]
    (share,) = bar_chart([("b", "", {"y": 20})], ["x", "y"], is_share=True)
    assert share.segments[0].size == 100


def test_columns_share_the_width_and_the_highest_reaches_the_top() -> None:
    chart = column_chart([("a", {"x": 1}), ("b", {"x": 4})], ["x"], {0: "0", 2: "2"})
    assert [(column.start, column.width, column.segments[0].size) for column in chart.columns] == [
        (0, 50, 25),
        (50, 50, 100),
    ]
    assert [tick.place for tick in chart.ticks] == [0, 100]


def test_the_curve_is_logarithmic_on_both_axes() -> None:
    curve = rank_curve([100, *[10] * 98, 1])
    assert curve.points.split()[0] == "0.00,0.00"
    assert curve.points.split()[9] == "50.00,50.00"  # the tenth of 100 labels has 10 of 100 regions
    assert curve.points.split()[-1] == "100.00,100.00"
    assert [(tick.place, tick.label) for tick in curve.up] == [(100, "1"), (50, "10"), (0, "100")]


def test_counts_are_told_as_people_read_them() -> None:
    assert [count_text(count) for count in (7, 12345, 1_000_000, 5_312_000)] == [
        "7",
        "12,345",
        "1 million",
        "5.31 million",
    ]


def test_the_page_tells_every_count_and_the_terms() -> None:
    text = re.sub(r"\s+", " ", Tags(render_statistics_page(statistics(), title="Med-GLIP")).text)
    for told in (
        "900,000",
        "4.5 million",
        "CT 4,000,000 regions",
        "CC BY 4.0",
        "free",
        "not known",
        "1 label has fewer than 10",
        "12 specks",
    ):
        assert told in text


def test_the_page_needs_nothing_from_outside_and_escapes_every_text() -> None:
    tags = Tags(render_statistics_page(statistics(), title=EVIL)).tags
    assert [name for name, _ in tags if name in ("script", "link", "img", "iframe")] == []
    assert [attributes for _, attributes in tags if {"src", "href"} & set(attributes)] == []
    policy = next(attributes["content"] for name, attributes in tags if name == "meta" and "http-equiv" in attributes)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_a_collection_without_anything_has_a_page_too() -> None:
    assert "Sources and their terms" in render_statistics_page(EMPTY, title="nothing")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 380])
def test_a_browser_draws_bars_in_proportion_and_nothing_hangs_over(tmp_path, width) -> None:
    write_statistics_page(tmp_path / "page.html", statistics(), title="Med-GLIP")
    with open_page(width) as (page, seen):
        page.goto((tmp_path / "page.html").as_uri())
        bars = page.locator("section").filter(has_text="How the images were made").locator("td.bar rect")
        widths = [bars.nth(number).bounding_box()["width"] for number in range(bars.count())]
        overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert widths[0] / widths[1] == pytest.approx(9, rel=0.02)
    assert overhang == 0
    assert seen.problems == []
    assert len(seen.addresses) == 1
