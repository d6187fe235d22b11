# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from monai_medglip.errors import DataError
from monai_medglip.evaluation.results_table import filled_page, main, quality_table, sources_table, stale_pages

PAGE = "Before.\n\n<!-- results:{} -->\nold\n<!-- end -->\n\nAfter.\n"


def measure(value, low=None, high=None, **more):
    return {"value": value, "low": low, "high": high, "n": 9, **more}


@pytest.fixture
def results(tmp_path):
    quality = {
        "per_source": {"busi": {"AP50": measure(0.8, 0.7, 0.9)}, "drive": {"Dice": measure(0.6)}},
        "macro": {"AP50": measure(0.8)},
        "per_phrase": {"busi": {"breast tumor": {"AP50": measure(0.75, lower_bound=True)}}},
    }
    (tmp_path / "quality_2d.json").write_text(json.dumps({"results": quality}))
    (tmp_path / "cost.json").write_text(json.dumps({"results": {"encode": {"seconds": 0.07812}, "ratio": None}}))
    output = "Grounding: 1 region\n  'heart': found\n"
    (tmp_path / "quickstart.json").write_text(json.dumps({"results": {"output": output}}))
    return tmp_path


def test_sources_are_rows_and_metrics_columns(results):
    page = filled_page(PAGE.format("quality_2d"), results)
    assert "| source | AP50 | Dice |" in page
    assert "| busi | 0.800 (0.700 to 0.900) |  |" in page
    assert "| drive |  | 0.600 |" in page
    assert "| **mean over phrases** | 0.800 |  |" in page


def test_the_text_around_the_table_stays(results):
    page = filled_page(PAGE.format("quality_2d"), results)
    assert page.startswith("Before.\n\n<!-- results:quality_2d -->\n")
    assert page.endswith("\n<!-- end -->\n\nAfter.\n")
    assert "old" not in page


def test_filling_twice_changes_nothing(results):
    page = filled_page(PAGE.format("quality_2d"), results)
    assert filled_page(page, results) == page


def test_a_part_of_the_results_may_be_asked_for(results):
    page = filled_page(PAGE.format("quality_2d per_phrase busi"), results)
    assert "| phrase | AP50 |" in page
    assert "| breast tumor | ≥ 0.750 |" in page


def test_phrases_of_all_sources_name_their_source(results):
    assert "| busi: breast tumor |" in filled_page(PAGE.format("quality_2d per_phrase"), results)


def test_other_results_become_keys_and_values(results):
    page = filled_page(PAGE.format("cost"), results)
    assert "| encode, seconds | 0.07812 |" in page
    assert "| ratio |  |" in page


def test_numbers_of_the_same_names_stand_side_by_side(results):
    numbers = {"mask": {"organ": 0.61234, "lesion": None}, "sides": {"organ": 0.5, "lesion": 0.4}}
    (results / "boxes.json").write_text(json.dumps({"results": {"mean_iou": numbers, "dice": {"first": 0.7}}}))
    page = filled_page(PAGE.format("boxes mean_iou"), results)
    assert "| | organ | lesion |\n| --- | --- | --- |\n| mask | 0.6123 |  |\n| sides | 0.5 | 0.4 |" in page
    assert "| first | 0.7 |" in filled_page(PAGE.format("boxes dice"), results)


def test_numbers_beside_words_of_the_same_names_stand_side_by_side(results):
    opened = {"value": 0.25, "goal": "<= 0.5", "met": True}
    goals = {"open_s": opened, "rate": {"value": 40123.4, "goal": ">= 50000", "met": False}}
    (results / "goals.json").write_text(json.dumps({"results": goals}))
    page = filled_page(PAGE.format("goals"), results)
    assert "| open s | 0.25 | <= 0.5 | True |\n| rate | 40123 | >= 50000 | False |" in page


def test_a_text_becomes_a_block(results):
    page = filled_page(PAGE.format("quickstart output"), results)
    assert "-->\n\n```text\nGrounding: 1 region\n  'heart': found\n```\n\n<!--" in page


def test_what_is_not_measured_yet_is_said(results):
    assert "\nNot measured yet.\n" in filled_page(PAGE.format("quality_3d"), results)
    assert "\nNot measured yet.\n" in filled_page(PAGE.format("cost ratio"), results)


def test_a_missing_part_is_named(results):
    with pytest.raises(DataError, match="per_phrase > nobody"):
        filled_page(PAGE.format("quality_2d per_phrase nobody"), results)


def test_a_metric_without_a_value_is_an_empty_cell():
    assert quality_table({"a": {"ECE": measure(None)}}).endswith("| a |  |")


def test_a_source_of_few_images_is_shown_with_a_mark():
    figures = {"per_source": {"tiny": {}}, "per_source_all_phrases": {"tiny": {"AP50": measure(0.7)}}, "macro": {}}
    table = sources_table(figures)
    assert "| tiny † | 0.700 |" in table
    assert "† fewer than 8 images" in table


def test_figures_of_volumes_have_a_column_more():
    row = {"AP50": measure(0.7, 0.6, 0.8), "AP30": measure(0.9), "Dice": measure(0.7)}
    table = sources_table({"per_source": {"openkbp": row}, "macro": {}})
    assert "| source | AP50 | AP30 | Dice |" in table
    assert "| openkbp | 0.700 (0.600 to 0.800) | 0.900 | 0.700 |" in table


def test_check_fails_until_the_page_is_written(results, capsys):
    page = results / "page.md"
    page.write_text(PAGE.format("quality_2d"))
    words = [str(page), "--results", str(results)]
    assert main(["--check", *words]) == 1
    assert main(["--write", *words]) == 0
    assert main(["--check", *words]) == 0
    assert "out of date" in capsys.readouterr().err


def test_a_missing_page_is_said(results, capsys):
    assert main(["--check", str(results / "none.md"), "--results", str(results)]) == 1
    assert "none.md" in capsys.readouterr().err


def test_the_tables_of_this_repository_are_up_to_date(repository):
    pages = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md"), *(repository / "bundles").rglob("*.md")]
    assert stale_pages(pages, repository / "benchmarks" / "results") == []
