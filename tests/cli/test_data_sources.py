# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine.cards import source_cards
from tests.architecture.fresh_process import heavy_modules_after


def printed(capsys, *words: str) -> str:
    assert main(["data", "sources", *words]) == 0
    return capsys.readouterr().out


def first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines()[1:] if line]


def test_the_list_has_a_line_for_every_card(capsys):
    names = first_words(printed(capsys))[:-1]
    assert names == list(source_cards())


def test_the_list_of_a_modality_has_no_other(capsys):
    names = first_words(printed(capsys, "--modality", "fundus"))[:-1]
    assert "drive" in names
    assert "kits23" not in names


def test_the_list_of_cleared_sets_has_none_that_forbids_commercial_use(capsys):
    cards = json.loads(printed(capsys, "--permissive", "--json"))
    assert {card["commercial_use"] for card in cards} == {"yes"}
    assert "hc18" in {card["name"] for card in cards}


def test_one_set_says_how_to_get_it_what_it_looks_like_and_what_it_gives(capsys):
    text = printed(capsys, "kits23")
    for words in ("How to get it (free)", "dataset/case_00000/imaging.nii.gz", "2 -> kidney tumor", "KiTS21", "CC BY"):
        assert words in text


def test_one_set_names_those_that_share_images_with_it(capsys):
    assert "lidc_idri: " in printed(capsys, "luna16")
    assert "luna16: " in printed(capsys, "lidc_idri")


def test_a_recalled_layout_says_so(capsys):
    assert "(reader label_map; confirmed)" in printed(capsys, "kits23")
    assert "recalled, not confirmed)" in printed(capsys, "lits")
    assert "(no reader for this form)" in printed(capsys, "cbis_ddsm")


def test_json_of_one_set_has_its_labels(capsys):
    card = json.loads(printed(capsys, "kits23", "--json"))
    assert card["labels"] == {"1": "kidney", "2": "kidney tumor", "3": "kidney cyst"}
    assert (card["reader"], card["layout_confirmed"]) == ("label_map", True)


def test_an_unknown_set_is_an_error_with_the_nearest_name(capsys):
    assert main(["data", "sources", "kits32"]) == 1
    assert "did you mean 'kits23'" in capsys.readouterr().err


def test_an_unknown_modality_is_an_error_with_the_nearest_name(capsys):
    assert main(["data", "sources", "--modality", "fundsu"]) == 1
    assert "fundus" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["data", "sources"], ["data", "sources", "kits23"]], ids=" ".join)
def test_it_loads_no_heavy_library(words):
    assert heavy_modules_after(f"from monai_medglip.cli.main import main\nmain({words})") == set()
