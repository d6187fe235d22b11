# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from monai_medglip.visualize.text import drawable_text, fit_text, font_of_size, text_width


@pytest.mark.parametrize("text", ["left lung", "lungenrundherd größer", "νεφρός", "лёгкое", "رئة", "polyp ≥ 5 mm²"])
def test_scripts_that_the_font_has_stay_as_they_are(text):
    assert drawable_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("폐 nodule", "pye nodule"), ("はい", "hai"), ("肺", "[80BA]"), ("a\tb\n c\x00", "a b c"), ("🫁", "lungs")],
)
def test_other_scripts_are_spelled(text, shown):
    assert drawable_text(text) == shown


@pytest.mark.parametrize("text", ["肺结节", "फेफड़ा", "ปอด", "폐", "🫁 lung", "\ue000x", "ཕྱི"])
def test_no_character_is_drawn_as_the_empty_box(text):
    def drawn(character):
        image = Image.new("L", (40, 40))
        ImageDraw.Draw(image).text((5, 5), character, fill=255, font=font_of_size(16))
        return np.asarray(image).tobytes()

    assert all(drawn(character) != drawn("\uffff") for character in drawable_text(text))


def test_long_text_is_cut_to_the_width():
    font = font_of_size(16)
    cut = fit_text("a nodule of the left upper lobe " * 20, font, 200)
    assert cut.endswith("…")
    assert 150 < text_width(cut, font) <= 200


def test_short_text_is_not_cut():
    assert fit_text("heart", font_of_size(16), 200) == "heart"


def test_no_room_at_all_leaves_one_letter():
    assert fit_text("heart", font_of_size(16), 1) == "h…"
