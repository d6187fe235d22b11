# SPDX-License-Identifier: Apache-2.0
"""What the bundle says of its data, its weights and its keys is complete."""

from __future__ import annotations

import json
import re

import pytest

from monai_medglip.data_engine.licenses import permissive_sources, read_licenses


def words(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


@pytest.mark.parametrize("terms", read_licenses().values(), ids=lambda terms: terms.source)
def test_the_terms_of_every_source_come_with_the_weights(bundle_2d, terms):
    text = (bundle_2d / "docs" / "data_license.txt").read_text(encoding="utf-8")
    entry = next(part for part in text.split("\n\n") if part.split("\n")[0] == terms.source)
    assert words(f"Citation: {terms.citation} License: {terms.license}") in words(entry)
    assert f"Commercial use: {terms.commercial_use.value}" in words(entry)


def test_the_weights_license_points_to_the_terms_of_the_data(bundle_2d):
    text = (bundle_2d / "LICENSE.weights").read_text(encoding="utf-8")
    assert "docs/data_license.txt" in text
    assert "not commercial" in words(text)


def test_every_source_of_the_data_set_is_listed_as_its_own_page_says(shared_data):
    pages = {page.parent.name: page.read_text(encoding="utf-8") for page in (shared_data / "2d").glob("*/README.md")}
    said = {source: re.search(r"Commercial use: (\w+)", page)[1] for source, page in pages.items()}
    assert {source: terms.commercial_use.value for source, terms in read_licenses().items()} == said


def test_the_cleared_sources_of_the_data_set_are_known_by_name():
    cleared = ["bccd", "dsb2018", "figshare_brain_tumor", "hc18", "usgra_seg"]
    assert permissive_sources(sorted(read_licenses())) == cleared


@pytest.mark.parametrize("name", ["train", "evaluate", "inference"])
def test_every_key_of_a_configuration_is_explained(bundle_2d, name):
    table = re.findall(r"^\| \w+ \| (.*?) \|", (bundle_2d / "docs" / "README.md").read_text("utf-8"), re.MULTILINE)
    explained = set(re.findall(r"`(\w+)`", " ".join(table)))
    config = json.loads((bundle_2d / "configs" / f"{name}.json").read_text(encoding="utf-8"))
    assert {key.split("#")[0] for key in config} - explained == set()
