# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Side, side_of
from monai_medglip.phrases.laterality import phrase_side


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("left lung", Side.LEFT),
        ("Lung on the RIGHT side", Side.RIGHT),
        ("left-sided pneumothorax", Side.LEFT),
        ("rt kidney", Side.RIGHT),
        ("both lungs", Side.BOTH),
        ("bilateral lungs", Side.BOTH),
        ("right and left lung", Side.BOTH),
        ("left lung and right lung", Side.BOTH),
        ("heart", Side.NONE),
        ("upright film", Side.NONE),
        ("cleft", Side.NONE),
    ],
)
def test_words_tell_the_side(text: str, side: Side) -> None:
    assert side_of(text) is side


def test_a_concept_tells_the_side_where_the_words_do_not() -> None:
    assert phrase_side("tooth 16", Ontology.default().resolve("tooth 16")) is Side.RIGHT


def test_words_tell_the_side_before_the_concept_does() -> None:
    assert phrase_side("left melanoma", Ontology.default()["melanoma"]) is Side.LEFT
