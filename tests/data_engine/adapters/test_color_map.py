# SPDX-License-Identifier: Apache-2.0
"""Masks in color: listed colors, colors of JPEG files, unknown ones."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError, DataError
from tests.data_engine.adapters.reading import block, noise, read_card, read_layout, write_picture

SHAPE = (40, 30)


def _colored(background, **blocks):
    colors = np.full((*SHAPE, 3), background, np.uint8)
    for color, ranges in blocks.items():  # named as in cff7272
        colors[block(SHAPE, *ranges)] = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return colors


def test_colors_are_values(tmp_path):
    """The layout of CholecSeg8k."""
    clip = tmp_path / "video01" / "video01_00080"
    write_picture(clip / "frame_80_endo.png", np.repeat(noise(SHAPE)[..., None], 3, axis=2))
    colors = _colored(127, cff7272=((0, 10), (0, 30)), caaff00=((20, 24), (5, 15)))
    write_picture(clip / "frame_80_endo_color_mask.png", colors)
    ((item, drawn),) = read_card(tmp_path, "cholecseg8k").values()
    assert item.patient == "video01"
    assert [(a.value, a.mask.box.tolist()) for a in drawn] == [
        ("liver", [0, 0, 10, 30]),
        ("grasper", [20, 5, 24, 15]),
    ]


def test_colors_that_jpeg_blurred_are_those_they_are_nearest_to(tmp_path):
    """The layout of BKAI NeoPolyp."""
    colors = _colored(0, cff0000=((0, 16), (0, 16)), c00ff00=((24, 40), (8, 24)))
    write_picture(tmp_path / "train" / "train" / "0a.jpeg", colors)
    write_picture(tmp_path / "train_gt" / "train_gt" / "0a.jpeg", colors, quality=90, subsampling=0)
    ((_, drawn),) = read_card(tmp_path, "neopolyp").values()
    truth = {"neoplastic": colors[..., 0] > 0, "non-neoplastic": colors[..., 1] > 0}
    assert [a.value for a in drawn] == list(truth)
    for annotation in drawn:
        # Whole blocks of 8 x 8 pixels are of one color, so that the border is not blurred away.
        assert np.array_equal(annotation.mask.decode(), truth[annotation.value])


def test_an_unknown_color_is_named_with_how_often_it_is_there(tmp_path):
    write_picture(tmp_path / "a.jpg", noise(SHAPE))
    write_picture(tmp_path / "a.png", _colored(0, c0000ff=((0, 2), (0, 3))))
    layout = {"reader": "color_map", "images": "{id}.jpg", "masks": "{id}.png", "colors": {"#ff0000": "x"}}
    with pytest.raises(DataError, match=r"a.png: expected the colors #ff0000, #000000, got 6 pixels .*#0000ff"):
        read_layout(tmp_path, layout)


def test_a_color_that_is_none_is_refused():
    layout = {"reader": "color_map", "images": "{id}.jpg", "masks": "{id}.png", "colors": {"red": "x"}}
    with pytest.raises(ConfigurationError, match="expected colors as #rrggbb, got 'red'"):
        read_layout(None, layout)
