# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.phrases import Phrase
from monai_medglip.visualize import phrase_color
from monai_medglip.visualize.legend import draw_legend, phrase_answer
from tests.grounding_phantoms import POLYP, chest

FRAME = Frame.pixel((8, 8))


def test_found_and_absent_carry_their_presence():
    assert phrase_answer(chest(), 0) == "found (0.98)"
    assert phrase_answer(chest(), 2) == "absent (0.03)"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.UNSUPPORTED, "not found, absence cannot be told"),
        (Status.NOT_APPLICABLE, "not applicable to this image"),
        (Status.NEGATED, "negated, not looked for"),
    ],
)
def test_every_other_status_is_said_in_words(status, words):
    assert phrase_answer(Grounding.empty(FRAME, (POLYP,), status=status), 0) == words


def test_without_presence_the_best_score_stands_in():
    assert phrase_answer(dataclasses.replace(chest(), presence=[np.nan] * 3), 0) == "found (0.90)"


def test_a_wording_that_was_never_tested_is_marked():
    untested = dataclasses.replace(chest(), support=(Support.UNSEEN,) * 3)
    assert phrase_answer(untested, 1) == "found (0.80), unseen wording"


def test_the_legend_shows_the_color_of_each_phrase():
    colors = set(map(tuple, np.asarray(draw_legend(chest(), 600, 16, has_truth=False)).reshape(-1, 3).tolist()))
    assert {phrase_color(index) for index in range(3)} <= colors


def test_without_phrases_and_truth_there_is_no_legend():
    assert draw_legend(Grounding.empty(FRAME), 600, 16, has_truth=False).size == (600, 0)


def test_truth_is_explained():
    assert draw_legend(Grounding.empty(FRAME), 600, 16, has_truth=True).height > 16


@pytest.mark.parametrize("width", [120, 640, 1280])
def test_five_hundred_long_phrases_stay_within_the_width_and_a_page(width):
    phrases = tuple(Phrase(f"{number} " + "very long words " * 20) for number in range(500))
    strip = draw_legend(Grounding.empty(FRAME, phrases), width, 16, has_truth=True)
    assert strip.width == width
    assert strip.height < 43 * 24
