# SPDX-License-Identifier: Apache-2.0
"""Layouts: every word and value is checked, and the message says what would do."""

from __future__ import annotations

from dataclasses import fields

import pytest

from monai_medglip.data_engine.adapters import READERS, adapter_from_layout
from monai_medglip.data_engine.adapters.registry import adapter_class
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality

LABEL_MAP = {"reader": "label_map", "images": "{id}.png", "masks": "{id}_mask.png"}


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_is_documented_with_all_its_words(reader, repository):
    page = (repository / "docs" / "how-to" / "read-a-data-set.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| `{reader}` |"))
    missing = [entry.name for entry in fields(adapter_class(reader)) if f"`{entry.name}`" not in row]
    assert not missing


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reader": "labelmap"}, r"layout.reader: expected one of .*, got 'labelmap' \(did you mean 'label_map'\?\)"),
        ({"mask": "x"}, r"layout: expected words among images, masks.*, got 'mask' \(did you mean 'masks'\?\)"),
        ({"without_file": "emtpy"}, r"layout.without_file: expected one of error, empty, leave_out, got 'emtpy'"),
        ({"background": "zero"}, r"layout.background\[0\]: expected a value of type int, got 'zero'"),
        ({"images": {"file": "x"}}, r"layout.images: expected words among files, .*, got 'file'"),
        (
            {"images": {"files": "x", "pixels": 3}},
            "layout.images.pixels: expected a mapping of offset, volume, array",
        ),
        ({"images": {"files": True}}, r"layout.images.files\[0\]: expected a value of type str, got True; put it in"),
        ({"images": {"files": "x", "attributes": "y"}}, "layout.images.attributes: expected a mapping, got 'y'"),
        ({"images": {"files": "x", "split": {"column": "y"}}}, "layout.images.split: expected table, key_column"),
        (
            {"images": {"files": "x", "split": {"colunm": "y"}}},
            "layout.images.split: expected the words text, words; or",
        ),
    ],
)
def test_a_bad_layout_is_refused(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        adapter_from_layout({**LABEL_MAP, **changes})


def test_a_missing_word_is_named():
    with pytest.raises(ConfigurationError, match="layout: expected masks to be told, got images"):
        adapter_from_layout({"reader": "label_map", "images": "{id}.png"})


def test_a_cards_modality_and_region_hold_where_the_layout_tells_none():
    adapter = adapter_from_layout(LABEL_MAP, modality=Modality.CT, body_region="chest")
    assert (adapter.images.modality.text, adapter.images.body_region) == ("CT", "chest")
    told = {**LABEL_MAP, "images": {"files": "{id}.png", "modality": "MR", "body_region": "head"}}
    adapter = adapter_from_layout(told, modality=Modality.CT, body_region="chest")
    assert (adapter.images.modality.text, adapter.images.body_region) == ("MR", "head")


def test_the_parts_of_a_set_are_layouts_of_their_own():
    parts = [LABEL_MAP, {**LABEL_MAP, "images": "test/{id}.png"}]
    adapter = adapter_from_layout({"reader": "parts", "parts": parts}, modality=Modality.MR)
    assert [part.images.files for part in adapter.parts] == [("{id}.png",), ("test/{id}.png",)]
    assert {part.images.modality.text for part in adapter.parts} == {"MR"}
    with pytest.raises(ConfigurationError, match="layout: expected 'parts', a list of layouts"):
        adapter_from_layout({"reader": "parts", "parts": {}})
