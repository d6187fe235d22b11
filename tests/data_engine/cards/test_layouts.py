# SPDX-License-Identifier: Apache-2.0
"""What a card tells people of the files, and what it tells the reader, are the same: files made after the one are
found by the other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monai_medglip.data_engine.adapters.data_folder import DataFolder
from monai_medglip.data_engine.adapters.mask_items import NoAnnotation
from monai_medglip.data_engine.cards import SourceCard, source_card
from monai_medglip.data_engine.cards.catalog import source_names
from monai_medglip.data_engine.grounding_folder import GroundingFolder

# The readers that find annotation by the names of files; the others need tables and indices with content.
BY_NAME = (
    "color_map",
    "imagescope",
    "instance_map",
    "label_map",
    "labelme",
    "lidc",
    "mask_files",
    "outline",
    "slice_pictures",
    "sparse_masks",
    "voc",
    "yolo",
)


def _told_paths(card: SourceCard) -> Iterator[str]:
    """The paths that ``on_disk`` names: one or several on a line, remarks in brackets, ``{a,b}`` for a or b,
    a folder with a slash behind."""
    for line in card.on_disk.splitlines():
        plain = re.sub(r"(?<=\S) \((?![0-9]+\))[^()]*\)", "", line)
        folder = ""
        for part in re.split(r", (?![^{]*\})", plain):
            words = re.sub(r",? (one file|its|a value|empty|a folder).*", "", part).strip()
            if re.search(r"\.\w+$|/$", words) is None or "..." in words:
                continue
            path = (words if "/" in words else folder + words).replace("*", "1")
            folder = path.rpartition("/")[0] + "/" if "/" in path else ""
            choices = [piece.split(",") for piece in re.split(r"\{([^{}]*)\}", path)]
            pieces = [[",".join(choice)] if number % 2 == 0 else choice for number, choice in enumerate(choices)]
            yield from ("".join(chosen) for chosen in itertools.product(*pieces))


def _tables(settings: Any) -> Iterator[tuple[str, str]]:
    """The tables of facts that a layout names, with their header."""
    if isinstance(settings, dict):
        if "key_column" in settings:
            yield settings["table"], settings.get("delimiter", ",").join((settings["key_column"], settings["column"]))
        for value in settings.values():
            yield from _tables(value)


def _cards() -> list[str]:
    cards = (source_card(name) for name in source_names())
    return [card.name for card in cards if card.layout and card.layout.reader in BY_NAME]


@pytest.mark.parametrize("name", _cards())
def test_the_files_that_a_card_names_are_an_image_and_its_annotation_to_its_reader(name, tmp_path: Path):
    card = source_card(name)
    for path in _told_paths(card):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (tmp_path / path).mkdir()
        else:
            (tmp_path / path).touch()
    headers: dict[str, list[str]] = {}
    for table, header in _tables(card.layout.settings):
        headers.setdefault(table, []).append(header)
    for table, columns in headers.items():
        (tmp_path / table).write_text(",".join(dict.fromkeys(columns)) + "\n", encoding="utf-8")
    items = list(card.adapter().items(tmp_path))
    assert any(not isinstance(item.annotation, NoAnnotation) for item in items)


FOLDERS = ("2d", "3d")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_value_in_our_data_folders_is_on_the_card_of_its_source(folder, shared_data):
    data = GroundingFolder(shared_data / folder)
    for source in data.sources:
        card = source_card(source)
        items = list(DataFolder(source).items(shared_data / folder))
        assert len(items) == len(data.records(sources=[source]))
        values = {annotation.value for item in items[:8] for annotation in item.annotation.read(item.read())}
        assert values
        assert values <= {label.value for label in card.labels}


def test_the_list_of_slake_is_read_by_its_card(shared_data):
    card = source_card("slake_subset")
    items = list(card.adapter().items(shared_data / "vqa" / "slake"))
    values = {annotation.value for item in items[::4] for annotation in item.annotation.read(item.read())}
    assert len(values) > 10
    assert values <= {label.value for label in card.labels}
    assert {item.modality for item in items} == set(card.modalities)
