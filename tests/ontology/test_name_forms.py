# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.ontology import Side
from monai_medglip.ontology.name_forms import name_key, side_forms, split_side, token_key


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  LEFT   Lung ", "left lung"),
        ("left-lung", "left lung"),
        ("the left lung", "left lung"),
        ("tumours", "tumor"),
        ("Oesophagus", "esophagus"),
        ("haemorrhages", "hemorrhage"),
        ("foetal head", "fetal head"),
        ("naevi", "nevus"),
        ("leucocytes", "leukocyte"),
        ("oedema", "edema"),
        ("intervertebral disks", "intervertebral disc"),
        ("metastases", "metastasis"),
        ("cavities", "cavity"),
        ("nuclei", "nucleus"),
        ("sarcomata", "sarcoma"),
        ("teeth", "tooth"),
        ("vertebrae", "vertebra"),
        ("baby's head", "baby head"),
        ("seventh rib", "7th rib"),
        ("L-2 vertebra", "l2 vertebra"),
        ("Rt. kidney", "right kidney"),
    ],
)
def test_spellings_of_one_name_have_one_key(typed: str, name: str) -> None:
    assert name_key(typed) == name_key(name)


@pytest.mark.parametrize(
    ("first", "second"),
    [("left lung", "right lung"), ("7th rib", "8th rib"), ("l1 vertebra", "l2 vertebra"), ("vein", "vena")],
)
def test_names_of_different_things_have_different_keys(first: str, second: str) -> None:
    assert name_key(first) != name_key(second)


@pytest.mark.parametrize("word", ["pelvis", "thalamus", "mass", "abscess", "gas", "iris"])
def test_a_singular_in_s_is_no_plural(word: str) -> None:
    assert token_key(word) == word


def test_articles_have_no_key() -> None:
    assert name_key("the a an any") == ""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("left lung", (Side.LEFT, "lung")),
        ("lung, right", (Side.RIGHT, "lung")),
        ("lung on the left-hand side", (Side.LEFT, "lung")),
        ("left-sided lung", (Side.LEFT, "lung")),
        ("both lungs", (Side.BOTH, "lung")),
        ("left and right lungs", (Side.BOTH, "lung")),
        ("lungs on both sides", (Side.BOTH, "lung")),
        ("upper right canine", (Side.RIGHT, "upper canine")),
        ("heart", (Side.NONE, "heart")),
        ("left lung right lung", (Side.BOTH, "left lung right lung")),
    ],
)
def test_side_words_come_out_of_a_name(typed: str, expected: tuple[Side, str]) -> None:
    assert split_side(name_key(typed)) == expected


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_every_side_form_gives_its_side_and_name_back(side: Side) -> None:
    for form in side_forms("parotid gland", side):
        assert split_side(name_key(form)) == (side, "parotid gland")
