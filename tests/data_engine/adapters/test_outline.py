# SPDX-License-Identifier: Apache-2.0
"""Drawn outlines are filled; those that a border cuts too, open ones are refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_card

SIZE = (80, 54)


def _drawing(box, width=2):
    picture = Image.new("L", SIZE)
    ImageDraw.Draw(picture).ellipse(box, outline=255, width=width)
    return picture


def _filled(box):
    """What Pillow fills, an independent way to the same region."""
    picture = Image.new("L", SIZE)
    ImageDraw.Draw(picture).ellipse(box, fill=255)
    return np.asarray(picture).T > 0


def _read(tmp_path, drawing):
    """The layout of HC18."""
    folder = tmp_path / "training_set"
    folder.mkdir()
    Image.fromarray(noise(SIZE).T).save(folder / "010_2HC.png")
    drawing.save(folder / "010_2HC_Annotation.png")
    ((item, drawn),) = read_card(tmp_path, "hc18").values()
    assert item.patient == "010"
    return drawn


def test_what_an_ellipse_encloses_is_the_region(tmp_path):
    box = (12, 8, 66, 45)
    (annotation,) = _read(tmp_path, _drawing(box))
    assert np.array_equal(annotation.mask.decode(), _filled(box))


def test_an_ellipse_that_the_border_cuts_is_filled_up_to_it(tmp_path):
    box = (-14, 6, 70, 62)
    (annotation,) = _read(tmp_path, _drawing(box))
    assert np.array_equal(annotation.mask.decode(), _filled(box))


def test_an_open_line_is_refused(tmp_path):
    picture = Image.new("L", SIZE)
    ImageDraw.Draw(picture).arc((12, 8, 66, 45), 20, 300, fill=255)
    with pytest.raises(DataError, match=r"010_2HC_Annotation.png: expected a closed outline"):
        _read(tmp_path, picture)
