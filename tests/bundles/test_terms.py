# SPDX-License-Identifier: Apache-2.0
"""What the bundles say of the terms of their data and their weights is complete."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from monai_medglip.data_engine.cards import source_card
from monai_medglip.data_engine.licenses import permissive_sources
from tests.bundles.conftest import dimensions


def words(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


@pytest.fixture
def entries(bundle: Path) -> dict[str, str]:
    """What a bundle says of each of its data sets, on one line."""
    paragraphs = (bundle / "docs" / "data_license.txt").read_text(encoding="utf-8").split("\n\n")
    return {name: words(rest) for name, _, rest in (text.partition("\n") for text in paragraphs) if " " not in name}


@pytest.fixture
def weights_license(bundle: Path) -> str:
    return words((bundle / "LICENSE.weights").read_text(encoding="utf-8"))


def test_the_terms_of_every_data_set_are_those_of_its_card(entries):
    for source, terms in ((source, source_card(source)) for source in entries):
        assert f"Citation: {terms.citation} License: {terms.license} " in entries[source]
        assert f"Commercial use: {terms.commercial_use.value}" in entries[source]


def test_the_data_sets_are_those_that_the_weights_were_trained_on(bundle, entries, shared_data):
    with (shared_data / f"{dimensions(bundle)}d" / "INDEX.tsv").open(encoding="utf-8", newline="") as table:
        trained_on = {row["source"] for row in csv.DictReader(table, delimiter="\t") if row["split"] == "train"}
    assert set(entries) == trained_on


def test_every_paper_counts_as_many_data_sets(entries, metadata, weights_license):
    assert metadata["data_source"].startswith(f"{len(entries)} public ")
    assert f"trained on {len(entries)} public data sets" in weights_license


def test_the_weights_license_names_its_bundle_and_points_to_the_terms_of_the_data(bundle, weights_license):
    assert weights_license.startswith(f"License of the weights of {bundle.name} ")
    assert "docs/data_license.txt" in weights_license
    assert "not commercial" in weights_license


def test_the_weights_license_names_the_cleared_data_sets_that_ask_to_share_alike(entries, weights_license):
    share_alike = [source for source, entry in entries.items() if "share alike" in entry]
    assert all(f"{source} asks that" in weights_license for source in share_alike)


def test_every_source_of_the_data_sets_is_listed_as_its_own_page_says(shared_data):
    pages = {page.parent.name: page.read_text(encoding="utf-8") for page in shared_data.glob("[23]d/*/README.md")}
    said = {source: re.search(r"Commercial use: (\w+)", page)[1] for source, page in pages.items()}
    assert {source: source_card(source).commercial_use.value for source in said} == said


def test_the_cleared_sources_of_the_data_sets_are_known_by_name(shared_data):
    assert permissive_sources(sorted({page.parent.name for page in shared_data.glob("[23]d/*/README.md")})) == [
        "bccd", "dsb2018", "figshare_brain_tumor", "hc18", "msd_hippocampus", "sts", "usgra_seg",
    ]  # fmt: skip
